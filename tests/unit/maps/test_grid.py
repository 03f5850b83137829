import numpy as np
import pytest
import xarray as xr

from apnp.errors import ConfigError, DataError
from apnp.maps.grid import Grid
from apnp.maps.grid_choice import as_grid, region_around
from apnp.maps.grid_file import read_grid


def test_global_cells_are_centred_and_end_at_the_poles_and_date_line():
    grid = Grid.regular(7.5)
    assert grid.shape == (24, 48)
    assert grid.lat[[0, -1]].tolist() == [-86.25, 86.25]
    assert grid.lon[[0, -1]].tolist() == [-176.25, 176.25]
    np.testing.assert_allclose(grid.lat_bnds[[0, -1]], [[-90, -82.5], [82.5, 90]])
    np.testing.assert_allclose(grid.lon_bnds[[0, -1]], [[-180, -172.5], [172.5, 180]])


@pytest.mark.parametrize(
    ("region", "first", "last", "columns"),
    [
        ((170, -50, -170, -30), 171.25, 188.75, 8),  # across the date line
        ((350, -50, 10, -30), -8.75, 8.75, 8),  # across Greenwich, other convention
        ((0, -50, 360, -30), 1.25, 358.75, 144),  # a whole turn from 0
        ((180, -50, 190, -30), -178.75, -171.25, 4),
    ],
)
def test_longitudes_rise_across_any_meridian(region, first, last, columns):
    grid = Grid.regular((5, 2.5), region)
    assert grid.shape == (4, columns)
    assert grid.lon[[0, -1]].tolist() == [first, last]
    np.testing.assert_allclose(np.diff(grid.lon), 2.5)
    np.testing.assert_allclose(grid.lat, [-47.5, -42.5, -37.5, -32.5])


def test_points_run_along_rows():
    lat, lon = Grid.regular((5, 10), (0, 40, 30, 60)).points(slice(1, 3))
    assert lat.tolist() == [47.5] * 3 + [52.5] * 3
    assert lon.tolist() == [5, 15, 25] * 2


@pytest.mark.parametrize(
    ("resolution", "region", "message"),
    [
        (0, None, "positive cell size"),
        (-1.0, None, "positive cell size"),
        (float("nan"), None, "positive cell size"),
        ((1, 1, 1), None, "positive cell size"),
        (7, None, "do not fill the 180 degrees of latitude"),
        (0.3, (0, 0, 10, 3), "10 degrees of longitude exactly.*such as 0.30303"),
        (1, (0, 50, 10, 40), "south < north.*south 50 and north 40"),
        (1, (0, 40, 10, 91), "north 91"),
        (1, (-200, 40, 10, 50), "west -200"),
        (1, (-90, 40, 300, 50), "east 300"),
        (1, (20, 40, 20, 50), "no width"),
        (1, (20, 40, 50), "west, south, east, north"),
        (1, (20, 40, np.inf, 50), "west, south, east, north"),
    ],
)
def test_refusals_name_the_value(resolution, region, message):
    with pytest.raises(ConfigError, match=message):
        Grid.regular(resolution, region)


@pytest.mark.parametrize("lat", [[50.0, 48.5, 47.5], [47.5, 48.5, 50.0]])
def test_the_grid_of_a_file_is_kept_as_it_stands(tmp_path, lat):
    path = tmp_path / "grid.nc"
    attrs = {"standard_name": "longitude"}
    xr.Dataset(
        coords={"latitude": lat, "east": ("east", [350.0, 355.0, 359.0], attrs)}
    ).to_netcdf(path)
    grid = as_grid(str(path))
    assert grid.lat.tolist() == lat
    assert grid.lon.tolist() == [350, 355, 359]
    assert grid.lon_bnds.tolist() == [[347.5, 352.5], [352.5, 357], [357, 361]]
    upward = lat[0] < lat[1]
    expected = [[47, 48], [48, 49.25], [49.25, 50.75]]
    assert grid.lat_bnds.tolist() == (
        expected if upward else [[b, a] for a, b in expected[::-1]]
    )
    with pytest.raises(ConfigError, match="goes with a resolution"):
        as_grid(path, (0, 0, 10, 10))


@pytest.mark.parametrize(
    ("coords", "message"),
    [
        ({"x": [1.0, 2.0], "lon": [1.0, 2.0]}, "no one-dimensional latitude"),
        ({"lat": [1.0, 3.0, 2.0], "lon": [1.0, 2.0]}, "only rise or only fall"),
        ({"lat": [1.0], "lon": [1.0, 2.0]}, "two or more"),
        ({"lat": [80.0, 95.0], "lon": [1.0, 2.0]}, r"\[-90, 90\]"),
        ({"lat": [1.0, 2.0], "lon": [0.0, 180.0, 360.0]}, "within one turn"),
        ({"lat": [1.0, np.nan], "lon": [1.0, 2.0]}, "finite"),
    ],
)
def test_files_without_a_grid_are_refused(tmp_path, coords, message):
    path = tmp_path / "grid.nc"
    xr.Dataset(coords=coords).to_netcdf(path)
    with pytest.raises(DataError, match=message) as error:
        read_grid(path)
    assert str(path) in str(error.value)


def test_what_is_neither_a_size_nor_a_file_is_refused(tmp_path):
    assert as_grid("10,20").shape == (18, 18)
    assert as_grid((10, 20)).shape == (18, 18)
    assert as_grid(20).shape == (9, 18)
    with pytest.raises(ConfigError, match="neither"):
        as_grid(str(tmp_path / "absent.nc"))
    (tmp_path / "text.nc").write_text("not a grid")
    with pytest.raises(DataError, match="cannot be read as NetCDF"):
        as_grid(tmp_path / "text.nc")


@pytest.mark.parametrize(
    ("lon", "expected"),
    [
        ([3.2, 8.0, -4.9], (-5, 41, 8, 43)),
        ([175.0, -175.5, 178.0], (175, 41, -175, 43)),
        ([355.0, 4.5], (-5, 41, 5, 43)),
        ([7.25], (7, 42, 8, 43)),
        ([-120.0, 0.0, 120.0, 60.0, -60.0, 179.0], (-120, 41, 179, 43)),
    ],
)
def test_region_around_points_is_the_short_way_round(lon, expected):
    lat = np.resize([42.25, 41.5], len(lon))
    region = region_around(lat, np.array(lon), 1.0)
    assert region == expected
    assert Grid.regular(1.0, region).lat[-1] == 42.5


def test_region_around_points_all_over_the_globe_is_the_whole_turn():
    lat, lon = np.linspace(-89.9, 89.9, 12), np.arange(-170, 190, 30)
    region = region_around(lat, lon, 45.0)
    assert region == (-180, -90, 180, 90)
