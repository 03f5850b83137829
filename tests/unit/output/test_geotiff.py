import sys

import numpy as np
import pytest
import xarray as xr
from pyproj import CRS

from apnp.errors import ConfigError
from apnp.maps.grid import Grid
from apnp.maps.grid_choice import as_grid
from apnp.output.geotiff import check_geotiff, write_geotiff

rasterio = pytest.importorskip("rasterio")


def field(grid, times=1):
    """A field of known values: mean 100 x row + column, standard error a tenth."""
    value = 100.0 * np.arange(grid.shape[0])[:, None] + np.arange(grid.shape[1])
    value = np.stack([value] * times)
    value[0, 0, 1] = np.nan
    dims = ("time", *grid.dims)
    days = np.arange("2021-07-01", "2021-07-09", dtype="M8[D]")[:times].astype("M8[ns]")
    ds = xr.Dataset(
        {
            "tas": (dims, value, {"units": "degC", "long_name": "warmth"}),
            "tas_stderr": (dims, value / 10, {"units": "degC", "long_name": "error"}),
            "tas_quantile": (
                ("time", "quantile", *grid.dims), value[:, None] + [[[1.0]], [[2.0]]],
                {"units": "degC", "long_name": "quantiles"},
            ),
            "elevation": (grid.dims, np.zeros(grid.shape)),
        },
        {"time": days, "quantile": [0.1, 0.9]},
        {"title": "A field", "source": "a test"},
    )  # fmt: skip
    for each in grid.variables():
        if each.values is not None and not each.name.endswith("_bnds"):
            ds[each.name] = each.dims, each.values, each.attrs
    return ds


@pytest.mark.parametrize(
    ("text", "region", "epsg", "origin", "step"),
    [
        ("2", (-10, 40, 20, 60), 4326, (-10, 60), 2),
        ("5", (170, -50, -170, -30), 4326, (170, -30), 5),  # runs past 180
        ("EPSG:3035,100000", (5, 50, 9, 53), 3035, (3900000, 3400000), 100000),
        ("EPSG:2056,20000", (6, 46, 10, 47.5), 2056, None, 20000),
    ],
)
def test_bands_lie_where_the_cells_are_north_up(
    tmp_path, text, region, epsg, origin, step
):
    grid = as_grid(text, region)
    ds = field(grid)
    write_geotiff(ds, tmp_path / "f.tif")
    assert [p.name for p in tmp_path.iterdir()] == ["f.tif"]
    with rasterio.open(tmp_path / "f.tif") as file:
        assert file.crs.to_epsg() == epsg
        assert file.transform.a == -file.transform.e == step
        if origin:
            assert (file.transform.c, file.transform.f) == origin
        assert file.count == 4
        assert file.descriptions == (
            "warmth", "error", "quantiles, quantile 0.1", "quantiles, quantile 0.9",
        )  # fmt: skip
        assert file.units == ("degC",) * 4
        assert np.isnan(file.nodata)
        assert file.tags()["title"] == "A field"
        assert file.tags()["AREA_OR_POINT"] == "Area"
        assert file.tags()["time"] == "2021-07-01T00:00:00Z"
        assert file.tags(4)["quantile"] == "0.9"
        for band, expected in enumerate(
            (ds.tas[0], ds.tas_stderr[0], *ds.tas_quantile[0]), start=1
        ):
            np.testing.assert_allclose(file.read(band), expected[::-1], rtol=1e-6)
        # The centre of a cell is where the grid has it.
        x, y = (ds[name].values for name in grid.dims[::-1])
        assert file.xy(grid.shape[0] - 1 - 2, 3) == pytest.approx((x[3], y[2]))


@pytest.mark.parametrize("first", [0.0, 2.5, 181.0, 350.0])
def test_longitudes_of_other_conventions_become_those_of_180(tmp_path, first):
    lon = first + np.arange(0, 360, 5.0) if first < 180 else first + np.arange(4) * 2.0
    grid = Grid.of_centres(np.arange(40.0, 60, 5), lon)
    ds = field(grid)
    write_geotiff(ds, tmp_path / "f.tif")
    with rasterio.open(tmp_path / "f.tif") as file:
        west, east = file.bounds.left, file.bounds.right
        assert -182.5 <= west < east <= 182.5
        for index in (0, 3):
            at = (lon[index] + 180) % 360 - 180
            at = at if at >= west else at + 360
            (value,) = file.sample([(at, 50.0)], indexes=1)
            assert value[0] == 200 + index


def test_rows_that_fall_already_stay(tmp_path):
    grid = Grid.of_centres(np.arange(60.0, 40, -5), np.arange(0.0, 20, 5))
    write_geotiff(field(grid), tmp_path / "f.tif")
    with rasterio.open(tmp_path / "f.tif") as file:
        assert file.transform.f == 62.5
        assert file.read(1)[2].tolist() == [200, 201, 202, 203]


def test_what_a_geotiff_cannot_hold_is_refused(tmp_path):
    path = tmp_path / "f.tif"
    even = as_grid("5", (0, 40, 20, 60))
    uneven = Grid.of_centres(np.array([40.0, 45, 51]), np.array([0.0, 5, 10]))
    unknown = as_grid("+proj=eqearth +lon_0=3 +ellps=intl,1e6", (-9, 0, 9, 20))
    curved = field(even).drop_vars("lon").rename(lon="x")
    for ds, message in (
        (field(even, times=3), "holds one time, and 3.*one `time` for each file"),
        (field(uneven), "of one size, and those along lat"),
        (curved, "curvilinear grid"),
        (field(unknown), "cannot hold the reference system"),
    ):
        with pytest.raises(ConfigError, match=message):
            write_geotiff(ds, path)
    with pytest.raises(ConfigError, match="no rotated latitude"):
        check_geotiff(path, 1, ("rlat", "rlon"))
    with pytest.raises(ConfigError, match="absent does not exist"):
        write_geotiff(field(even), tmp_path / "absent" / "f.tif")
    assert not list(tmp_path.iterdir())


def test_rasterio_is_named_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(ConfigError, match=r"needs rasterio: pip install 'apnp\[geo"):
        check_geotiff(tmp_path / "f.tif", 1, ("y", "x"))


def test_an_even_axis_of_float32_is_even(tmp_path):
    lat, lon = (np.float32(a) for a in (np.arange(40, 41, 0.1), np.arange(5, 6, 0.1)))
    grid = Grid.of_centres(lat.astype(float), lon.astype(float))
    write_geotiff(field(grid), tmp_path / "f.tif")
    with rasterio.open(tmp_path / "f.tif") as file:
        assert file.transform.a == pytest.approx(0.1, rel=1e-5)
        assert CRS.from_user_input(file.crs).to_epsg() == 4326
