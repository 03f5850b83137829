import numpy as np
import pytest

from apnp.errors import ConfigError
from apnp.experiments.patches.patch_tasks import PatchSampling
from apnp.experiments.patches.reanalysis_tasks import Grid, reanalysis_tasks, represent
from apnp.geometry.sphere import lat_lon

FLAT, DEEP = PatchSampling((5, 6), 0.1, 0.3), PatchSampling((3, 5, 6), 0.1, 0.3)
DAYS = np.arange("2018-12-01", "2019-02-01", dtype="M8[D]").astype("M8[ns]")


def field(lon=None, elevation=True):
    """Temperatures from which time, latitude and longitude can be read back."""
    lat = np.arange(40.0, 56.0)
    lon = np.arange(-6.0, 12.0) if lon is None else lon
    t, y, x = np.indices((len(DAYS), len(lat), len(lon)))
    height = 37.0 * y[0] + 11.0 * x[0] if elevation else None
    return Grid(DAYS, lat, lon, t * 1000.0 + y * 30 + x, height)


def cells(task, inputs):
    y = inputs.scaling.unscale(task.target.y[0, :, 0].double().numpy())
    found = np.round(y).astype(int)
    return found // 1000, found % 1000 // 30, found % 1000 % 30


@pytest.mark.parametrize("geometry", ["plane", "sphere"])
def test_values_and_absolute_locations_belong_together(geometry):
    grid = field()
    inputs = represent(grid, geometry)
    tasks = reanalysis_tasks(grid, inputs, FLAT)
    for i in range(10):
        task = tasks.task(i)
        t, y, x = cells(task, inputs)
        assert len(set(t)) == 1
        expected = inputs.projection.locations(grid.lat[y], grid.lon[x])
        assert task.target.x[0].numpy() == pytest.approx(expected, abs=1e-5)
        assert task.domain.absolute.all()
        assert 3 <= task.context.n_points <= 9
        if geometry == "sphere":
            assert task.domain.extent[0].tolist() == [2, 2, 2]
            assert lat_lon(task.target.x[0].double().numpy())[0] == pytest.approx(
                grid.lat[y], abs=1e-4
            )


def test_in_space_and_time_elevation_and_day_of_the_year_are_axes():
    grid = field()
    inputs = represent(grid, "plane")
    task = reanalysis_tasks(grid, inputs, DEEP).task(4)
    t, y, x = cells(task, inputs)
    assert set(np.diff(np.unique(t))) == {1}
    assert len(np.unique(t)) == 3
    found = task.target.x[0].numpy()
    assert found.shape[1] == 4
    assert found[:, 2] == pytest.approx(grid.elevation[y, x] / 1000, rel=1e-5)
    assert found[:, 3] == pytest.approx((334 + t - 182) / 10, rel=1e-6)
    assert task.domain.extent[0, 3] == pytest.approx(0.2, rel=1e-5)
    low = task.domain.centre - task.domain.extent / 2
    high = task.domain.centre + task.domain.extent / 2
    points = task.target.x[0]
    assert ((points >= low - 1e-4) & (points <= high + 1e-4)).all()


def test_another_region_has_no_absolute_location_and_lies_about_its_own_middle():
    inputs = represent(field(), "plane")
    away = reanalysis_tasks(field(np.arange(-106.0, -88.0)), inputs, FLAT)
    assert not any(away.task(i).domain.absolute.any() for i in range(5))
    assert abs(away.task(0).target.x).max() < 1.5


def test_a_grid_is_cut_by_region_time_and_land():
    grid = field()
    part = grid.cut((355, 42, 3, 50), "2018-12-05", "2018-12")
    assert part.lat.tolist() == list(range(42, 51))
    assert part.lon.tolist() == list(range(-5, 4))
    assert part.time[[0, -1]].astype("M8[D]").astype(str).tolist() == [
        "2018-12-05", "2018-12-31",
    ]  # fmt: skip
    assert part.values[0, 0, 0] == 4 * 1000 + 2 * 30 + 1
    assert part.elevation[0, 0] == 2 * 37 + 11
    land = grid.elevation > 300
    kept = np.isfinite(grid.cut(land=land).values)
    assert (kept == land).all()
    with pytest.raises(ConfigError, match=r"Nothing .* 40 to 55 N, -6 to 11 E"):
        grid.cut((100, 42, 120, 50))


def test_grids_and_patches_that_do_not_fit():
    grid = field(elevation=False)
    inputs = represent(grid, "plane")
    with pytest.raises(ConfigError, match=r"has none. Give `elevation`"):
        reanalysis_tasks(grid, inputs, DEEP)
    with pytest.raises(ConfigError, match=r"along \(lat, lon\) or .* Got \(9,\)"):
        reanalysis_tasks(grid, inputs, PatchSampling((9,), 1, 2))
    whole = field()
    kept = np.arange(len(DAYS)) != 9
    gap = Grid(DAYS[kept], whole.lat, whole.lon, whole.values[kept], whole.elevation)
    with pytest.raises(ConfigError, match=r"times at even steps"):
        reanalysis_tasks(gap, inputs, DEEP)
    with pytest.raises(ValueError, match=r"must have shape .* \(62, 15, 18\)"):
        Grid(DAYS, whole.lat[1:], whole.lon, whole.values)
    with pytest.raises(ValueError, match=r"`elevation` must be finite"):
        Grid(DAYS, whole.lat, whole.lon, whole.values, whole.elevation[1:])
