from dataclasses import dataclass

import netCDF4
import numpy as np
import pytest
import xarray as xr
from compliance_checker.runner import CheckSuite, ComplianceChecker
from pyproj import CRS

from apnp.errors import ConfigError
from apnp.geometry.sphere import great_circle_km
from apnp.maps.curvilinear_grid import CurvilinearGrid
from apnp.maps.draws import Samples
from apnp.maps.elevation import StationElevation
from apnp.maps.extrapolation import Network
from apnp.maps.field_metadata import FieldMetadata
from apnp.maps.grid import Grid
from apnp.maps.grid_choice import as_grid
from apnp.maps.predict_field import FieldJob
from apnp.maps.projected_grid import ProjectedGrid
from apnp.maps.region_mean import region_mean
from apnp.observations import Observations, Sites
from apnp.output.field_output import FieldOutput
from apnp.output.write_field import write_field
from apnp.variables import get_variable

DAY = np.datetime64("2021-07-01", "ns")


@dataclass(frozen=True)
class Lapse:
    """A predictor known in closed form: warm near the equator, cold on mountains."""

    fails_after: int = 10**9

    def condition(self, context):
        return Answer(context.value.mean(), self.fails_after)


@dataclass
class Answer:
    level: float
    left: int

    def summary(self, sites, levels=()):
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("the power failed")
        mean = self.level - 0.0065 * sites.elevation - 0.3 * np.abs(sites.lat)
        mean = mean + 2 * np.sin(np.radians(3 * sites.lon))
        std = 1.5 + 0.01 * sites.lat
        quantiles = [mean + (p - 0.5) * std for p in levels]
        return mean, std, np.reshape(quantiles, (len(levels), len(sites)))

    def sampler(self, samples, cells):
        shared = samples.shared(cells.time).normal(size=(samples.number, 1))

        def draw(sites, levels, numbers):
            mean, std, _ = self.summary(sites)
            return mean + std * (shared + levels)

        return draw


def context(n=40, seed=3, level=17.0, day=0):
    rng = np.random.default_rng(seed)
    sites = Sites(
        rng.uniform(30, 60, n), rng.uniform(-20, 30, n), rng.uniform(50, 900, n),
        DAY + np.timedelta64(day, "D"),
    )  # fmt: skip
    return Observations(sites, rng.normal(level, 3, n))


def header(grid, contexts, quantiles=(), day_interval=""):
    return FieldMetadata(
        grid=grid,
        times=np.array([c.sites.time for c in contexts]),
        period=np.timedelta64(1, "D"),
        variable=get_variable("tas"),
        cell_methods="time: mean",
        quantiles=quantiles,
        elevation_source="made up",
        attributes={
            "title": "A field", "source": "a test", "history": "pytest", "comment": "-",
        },
        day_interval=day_interval,
    )  # fmt: skip


def fields(
    contexts,
    grid=None,
    quantiles=(),
    fails_after=10**9,
    day_interval="",
    output=None,
    **options,
):
    grid = grid or Grid.regular((2, 2.5), (-20, 30, 30, 60))
    at = contexts[0].sites
    elevation = StationElevation.of(at.lat, at.lon, at.elevation)
    head = header(grid, contexts, quantiles, day_interval)
    lat, lon = (
        np.concatenate([getattr(c.sites, name) for c in contexts])
        for name in ("lat", "lon")
    )
    network = Network.of(lat, lon, len(contexts))
    job = FieldJob(
        Lapse(fails_after), Listed(contexts, network), head, elevation, **options
    )
    return write_field(job, FieldOutput(output, chunk_cells=job.chunk_cells), {})


@dataclass(frozen=True)
class Listed:
    """Contexts of a list."""

    each: list
    stations: Network

    def __len__(self):
        return len(self.each)

    def __getitem__(self, index):
        return self.each[index]

    def network(self):
        return self.stations


def test_the_field_is_what_the_predictor_says_at_each_cell():
    one = context()
    ds = fields([one], quantiles=(0.1, 0.9))
    assert ds.tas.dims == ("time", "lat", "lon")
    assert ds.tas_quantile.dims == ("time", "quantile", "lat", "lon")
    lat, lon = np.meshgrid(ds.lat, ds.lon, indexing="ij")
    sites = Sites(lat.ravel(), lon.ravel(), ds.elevation.values.ravel(), DAY)
    mean, std, quantiles = Lapse().condition(one).summary(sites, (0.1, 0.9))
    np.testing.assert_allclose(ds.tas.values.ravel(), mean, rtol=1e-5)
    np.testing.assert_allclose(ds.tas_stderr.values.ravel(), std, rtol=1e-5)
    np.testing.assert_allclose(
        ds.tas_quantile.values.reshape(2, -1), quantiles, rtol=1e-5
    )
    nearest = great_circle_km(
        sites.lat[:, None], sites.lon[:, None], one.sites.lat, one.sites.lon
    ).min(1)
    np.testing.assert_allclose(
        ds.distance_to_station.values.ravel(), nearest, rtol=1e-5
    )


@pytest.mark.parametrize(
    ("day", "hours"),
    [("18-18 UTC", -6), ("00-00 UTC+01:00", -1), ("09-09 UTC", 0), ("00-00 local", 0),
     ("06-06 UTC; 18-18 UTC", 0)],
)  # fmt: skip
def test_the_bounds_of_a_day_are_its_24_hours(day, hours):
    """Times of days that start after midnight UTC are those starts already."""
    ds = fields([context()], day_interval=day)
    start = ds.time.values[0] + np.timedelta64(hours, "h")
    assert ds.time_bnds.values[0].tolist() == [
        start.astype(int), (start + np.timedelta64(24, "h")).astype(int),
    ]  # fmt: skip
    assert ds.tas.attrs["day_interval"] == day
    for name, edge in (("start", 0), ("end", 1)):
        told = np.datetime64(ds.attrs[f"time_coverage_{name}"][:-1])
        assert told == ds.time_bnds.values[0, edge]


def test_chunked_equals_unchunked(tmp_path):
    contexts = [context(), context(seed=4, day=1)]
    whole = fields(contexts, quantiles=(0.05,), mask="land", chunk_cells=10**9)
    for cells in (1, 45, 100):
        path = tmp_path / f"{cells}.nc"
        part = fields(
            contexts, quantiles=(0.05,), mask="land", chunk_cells=cells, output=path
        )
        del whole.attrs["history"], part.attrs["history"]
        xr.testing.assert_identical(part.load(), whole)
        whole.attrs["history"] = "-"
        part.close()


def test_draws_are_fields_of_their_own_in_chunks_of_any_size(tmp_path):
    contexts = [context(), context(seed=4, day=1)]
    asked = {"samples": Samples(4, seed=7), "mask": "land"}
    whole = fields(contexts, **asked, chunk_cells=10**9)
    assert whole.tas_sample.dims == ("time", "realization", "lat", "lon")
    assert whole.tas_sample.shape == (2, 4, 15, 20)
    plain = fields(contexts, mask="land")
    np.testing.assert_array_equal(plain.tas, whole.tas)
    assert "realization" not in plain.dims
    np.testing.assert_array_equal(
        whole.tas_sample.isnull(),
        whole.tas.isnull().expand_dims(realization=4, axis=1),
    )
    for cells in (1, 45):
        part = fields(contexts, **asked, chunk_cells=cells, output=tmp_path / "f.nc")
        np.testing.assert_array_equal(part.tas_sample, whole.tas_sample)
        part.close()
    later = fields(contexts[1:], **asked)
    one, other = ((ds.tas_sample - ds.tas)[-1] for ds in (later, whole))
    np.testing.assert_allclose(one, other, atol=1e-5)
    assert np.abs((whole.tas_sample - whole.tas)[0] - other).max() > 0.1


def test_each_time_has_its_own_field_and_bounds():
    ds = fields([context(day=0, level=5), context(day=2, level=25)])
    assert (ds.time.values == DAY + np.array([0, 2], "timedelta64[D]")).all()
    assert (ds.time_bnds[:, 0] == ds.time).all()
    assert (ds.time_bnds[:, 1] - ds.time == np.timedelta64(1, "D")).all()
    gap = (ds.tas[1] - ds.tas[0]).values
    np.testing.assert_allclose(gap, gap[0, 0], rtol=1e-4)
    assert 18 < gap[0, 0] < 22


def test_the_sea_is_masked_and_flagged():
    ds = fields([context()], grid=Grid.regular(5, (-40, 40, 20, 50)), mask="land")
    sea, land = ds.sel(lon=-37.5).isel(time=0), ds.sel(lon=2.5).isel(time=0)
    assert np.isnan(sea.tas).all()
    assert np.isnan(sea.tas_stderr).all()
    assert (sea.tas_flag == 2).all()
    assert np.isfinite(sea.distance_to_station).all()
    assert np.isfinite(land.tas).all()


def test_a_mask_may_be_an_array():
    mask = np.zeros((15, 20), dtype=bool)
    mask[4, 7] = True
    ds = fields([context()], mask=mask, chunk_cells=60)
    assert np.argwhere(np.isfinite(ds.tas.values[0])).tolist() == [[4, 7]]


def test_a_run_that_fails_midway_leaves_the_former_file_alone(tmp_path):
    path = tmp_path / "field.nc"
    path.write_bytes(b"what stood here")
    with pytest.raises(RuntimeError, match="power failed"):
        fields([context()], output=path, chunk_cells=40, fails_after=3)
    assert path.read_bytes() == b"what stood here"
    assert [p.name for p in tmp_path.iterdir()] == ["field.nc"]
    fields([context()], output=path).close()
    assert path.stat().st_size > 1000


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"folder .*absent does not exist"):
        fields([context()], output=tmp_path / "absent" / "field.nc")


GRIDS = {
    "across the date line": lambda: Grid.regular(5, (170, 40, -170, 60)),
    "projected": lambda: as_grid("EPSG:3035,2e5", (0, 45, 20, 55)),
    "of another datum": lambda: as_grid("EPSG:27700,2e5", (-6, 50, 1, 58)),
    "rotated": lambda: ProjectedGrid.of_centres(
        np.arange(-9.0, 6, 3), np.arange(-6.0, 9, 3), CRS.from_cf(ROTATED)
    ),
    "curvilinear": lambda: CurvilinearGrid(
        *np.meshgrid(np.arange(45.0, 55, 2), np.arange(0.0, 20, 3), indexing="ij")
    ),
}
ROTATED = {
    "grid_mapping_name": "rotated_latitude_longitude",
    "grid_north_pole_latitude": 39.25, "grid_north_pole_longitude": -162.0,
}  # fmt: skip


@pytest.mark.parametrize("kind", [kind for kind in GRIDS if kind[0] != "a"])
def test_cells_of_any_grid_have_places_areas_and_their_own_prediction(kind):
    one, grid = context(), GRIDS[kind]()
    ds = fields([one], grid=grid, samples=Samples(3), chunk_cells=12)
    assert ds.tas.dims == ("time", *grid.dims)
    assert ds.lat.dims == ds.cell_area.dims == ds.elevation.dims == grid.dims
    lat, lon = grid.points(slice(None))
    np.testing.assert_array_equal(ds.lat.values.ravel(), lat)
    np.testing.assert_array_equal(ds.lon.values.ravel(), lon)
    sites = Sites(lat, lon, ds.elevation.values.ravel(), DAY)
    mean, _, _ = Lapse().condition(one).summary(sites)
    np.testing.assert_allclose(ds.tas.values.ravel(), mean, rtol=1e-5)
    nearest = great_circle_km(
        lat[:, None], lon[:, None], one.sites.lat, one.sites.lon
    ).min(-1)
    np.testing.assert_allclose(
        ds.distance_to_station.values.ravel(), nearest, rtol=1e-4
    )
    draws = ds.tas_sample.values[0].reshape(3, -1)
    area = grid.located(slice(None))["cell_area"].ravel()
    found = region_mean(ds)
    expected = (draws * area).sum(-1) / area.sum()
    assert found.tas.item() == pytest.approx(expected.mean(), rel=1e-5)
    assert found.tas_std.item() == pytest.approx(expected.std(ddof=1), rel=1e-4)


def test_means_weigh_rows_of_unequal_height_by_their_area():
    lat, lon = np.array([0.0, 10, 40]), np.array([0.0, 10, 30])
    ds = fields([context()], grid=Grid.of_centres(lat, lon), samples=Samples(2))
    sine = np.sin(np.radians([[-5, 5], [5, 25], [25, 55]]))
    weight = np.diff(sine)[:, 0][:, None] * [10, 15, 20]
    each = (ds.tas_sample[0].values * weight).sum((-1, -2)) / weight.sum()
    assert region_mean(ds).tas.item() == pytest.approx(each.mean(), rel=2e-3)
    flat = np.cos(np.radians(lat))[:, None] * [1, 1, 1]
    wrong = (ds.tas_sample[0].values * flat).sum((-1, -2)) / flat.sum()
    assert abs(wrong.mean() / each.mean() - 1) > 0.02


@pytest.mark.parametrize("kind", GRIDS)
def test_the_file_passes_the_cf_checker(tmp_path, kind):
    path, grid = tmp_path / "field.nc", GRIDS[kind]()
    contexts = [context(), context(seed=4, day=1)]
    fields(
        contexts,
        grid=grid,
        quantiles=(0.05, 0.95),
        mask="land",
        output=path,
        samples=Samples(3),
    ).close()
    CheckSuite.load_all_available_checkers()
    report = tmp_path / "report.json"
    passed, errors = ComplianceChecker.run_checker(
        str(path), ["cf:1.11"], 0, "strict",
        output_filename=str(report), output_format="json",
    )  # fmt: skip
    assert passed, report.read_text()
    assert not errors


def test_the_file_says_what_its_numbers_are(tmp_path):
    path = tmp_path / "field.nc"
    fields([context()], output=path, samples=Samples(3)).close()
    with netCDF4.Dataset(path) as nc:
        for name in ("lat", "lon", "time", "lat_bnds", "lon_bnds", "time_bnds"):
            assert "_FillValue" not in nc[name].ncattrs()
        assert nc["tas"].units == nc["tas_stderr"].units == "degC"
        assert nc["tas"].units_metadata == "temperature: on_scale"
        assert nc["tas_stderr"].units_metadata == "temperature: difference"
        assert nc["tas_stderr"].standard_name == "air_temperature standard_error"
        assert "includes observation noise" in nc["tas_stderr"].comment
        assert nc["tas"].cell_methods == "area: point time: mean"
        assert nc["tas"].dtype == np.float32
        assert nc["tas"].chunking() == [1, 15, 20]
        assert nc["tas"].filters()["zlib"]
        assert nc["tas"].filters()["complevel"] == 1
        assert nc["height"][:] == 2
        assert nc["realization"].standard_name == "realization"
        assert nc["realization"].units == "1"
        assert nc["realization"][:].tolist() == [0, 1, 2]
        # The mean alone is found by the name of the quantity.
        assert "standard_name" not in nc["tas_sample"].ncattrs()
        assert nc["tas_sample"].dimensions[:2] == ("time", "realization")
        assert nc["crs"].geographic_crs_name == "WGS 84"
        assert 'ID["EPSG",4326]' in nc["crs"].crs_wkt
        assert "errors of its cells go together" in nc["tas_sample"].comment
        assert nc["elevation"].comment == "made up"
        assert nc.history.endswith("Z pytest")
        assert nc.time_coverage_start == "2021-07-01T00:00:00Z"
        assert nc.time_coverage_end == "2021-07-02T00:00:00Z"
