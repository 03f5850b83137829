import numpy as np
import pytest
import xarray as xr

from apnp.errors import DataError
from apnp.maps.elevation import Relief, StationElevation
from apnp.maps.grid import Grid

ALL = slice(None)


def plane(lat, lon):
    """Linear in latitude, a wave in longitude that is steep at 0 and 180: metres."""
    return 1000 + 8 * lat + 300 * np.sin(np.radians(lon - 10))


def relief_file(path, lat, lon, values=None, dims=("lat", "lon"), **attrs):
    lat, lon = np.asarray(lat, dtype=float), np.asarray(lon, dtype=float)
    if values is None:
        values = plane(lat[:, None], lon[None])
    field = xr.DataArray(values, {"lat": lat, "lon": lon}, ("lat", "lon"))
    field.attrs.update({"units": "m", **attrs})
    field.transpose(*dims).to_dataset(name="elevation").to_netcdf(path)
    return path


CENTRES = np.arange(-89.0, 90, 2.0)
ORDERS = {
    "west first": (CENTRES, np.arange(-179, 180, 2.0), ("lat", "lon")),
    "from Greenwich, descending": (
        CENTRES[::-1],
        np.arange(1, 360, 2.0),
        ("lat", "lon"),
    ),
    "transposed": (CENTRES, np.arange(-179, 180, 2.0), ("lon", "lat")),
    "first meridian twice": (CENTRES, np.arange(0, 361, 2.0), ("lat", "lon")),
    "westward": (CENTRES, np.arange(179, -180, -2.0), ("lat", "lon")),
    "broken at the date line": (
        CENTRES,
        np.concatenate([np.arange(1, 180, 2.0), np.arange(-179, 0, 2.0)]),
        ("lat", "lon"),
    ),
}


@pytest.mark.parametrize("order", ORDERS)
def test_any_order_and_longitude_convention_reads_the_same(tmp_path, order):
    lat, lon, dims = ORDERS[order]
    relief = Relief.open(relief_file(tmp_path / "r.nc", lat, lon, dims=dims))
    assert relief.variable.grid.periodic
    at_lat, at_lon = (
        np.array([-35.3, 10.1, 88.2, 47.0, 3]),
        np.array([179.9, 359.7, -31, 4.4, 360]),
    )
    np.testing.assert_allclose(
        relief.at(at_lat, at_lon), plane(at_lat, at_lon), atol=0.1
    )
    grid = Grid.regular(1.0, (170, -50, -170, -30))
    expected = plane(grid.lat[:, None], grid.lon[None])
    np.testing.assert_allclose(relief.on(grid, ALL), expected, atol=0.1)
    np.testing.assert_allclose(relief.on(grid, slice(3, 5)), expected[3:5], atol=0.1)


def test_a_finer_file_is_averaged_over_cells(tmp_path):
    rng = np.random.default_rng(5)
    lat, lon = np.arange(-87.5, 90, 5), np.arange(2.5, 360, 5)
    values = rng.uniform(10, 4000, (36, 72))
    relief = Relief.open(relief_file(tmp_path / "r.nc", lat[::-1], lon, values[::-1]))
    mean = values.reshape(12, 3, 24, 3).mean((1, 3))
    np.testing.assert_allclose(
        relief.on(Grid.regular(15), ALL), np.roll(mean, 12, axis=1), rtol=1e-6
    )
    across = relief.on(Grid.regular(10, (355, 0, 5, 10)), ALL)
    np.testing.assert_allclose(across, [[values[18:20, [71, 0]].mean()]], rtol=1e-6)
    # Cells that split the file's: 7.5 degrees hold one and a half of 5.
    half = relief.on(Grid.regular((15, 7.5), (0, 0, 15, 15)), ALL)
    rows = values[18:21, :3].mean(0)
    expected = [(rows[0] + rows[1] / 2) / 1.5, (rows[1] / 2 + rows[2]) / 1.5]
    np.testing.assert_allclose(half[0], expected, rtol=1e-6)


def test_depths_and_missing_values_are_sea_level_before_the_mean(tmp_path):
    values = np.array([[-3000.0, 600.0], [np.nan, 200.0], [5.0, 7.0], [9.0, 11.0]])
    path = relief_file(
        tmp_path / "r.nc", [10.5, 11.5, 12.5, 13.5], [20.5, 21.5], values
    )
    relief = Relief.open(path)
    assert not relief.variable.grid.periodic
    assert relief.on(Grid.regular(2, (20, 10, 22, 14)), ALL).tolist() == [
        [200.0],
        [8.0],
    ]
    np.testing.assert_allclose(relief.at(np.array([10.5]), np.array([21.0])), [300.0])


def test_geopotential_becomes_metres(tmp_path):
    values = np.full((4, 4), 9.80665 * 321)
    path = relief_file(
        tmp_path / "r.nc", [0, 1, 2, 3], [0, 1, 2, 3], values, units="m**2 s**-2"
    )
    np.testing.assert_allclose(
        Relief.open(path).at(np.array([1.5]), np.array([2.5])), 321
    )


def test_a_relief_that_does_not_cover_the_grid_is_refused(tmp_path):
    path = relief_file(tmp_path / "r.nc", [40, 41, 42], [175, 177, 179, -179])
    relief = Relief.open(path)
    inside = relief.on(Grid.regular(1, (175, 40, -179, 42)), ALL)
    assert inside.shape == (2, 6)
    for region in ((170, 40, 176, 42), (178, 40, -175, 42), (176, 38, 178, 42)):
        with pytest.raises(
            DataError, match=r"covers 39\.5 to 42\.5 N and 174 to 182 E"
        ):
            relief.on(Grid.regular(1, region), ALL)
    with pytest.raises(DataError, match="Give a relief that covers it"):
        relief.at(np.array([41.0]), np.array([0.0]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ds: ds.rename(elevation="colour"), "no elevation.*colour"),
        (lambda ds: ds.expand_dims(time=2), "select one time"),
        (lambda ds: ds.assign(elevation=ds.elevation.assign_attrs(units="ft")), "'ft'"),
        (lambda ds: ds.rename(lat="row"), "no one-dimensional latitude"),
        (lambda ds: ds.isel(lat=[0]), "must have the dimensions"),
        (lambda ds: ds.isel(lat=[0, 2, 1]), "only rise"),
        (lambda ds: ds.assign_coords(lon=[0, 179, 358]).pad(lon=(0, 1)), "finite"),
        (lambda ds: ds.isel(lon=[0, 1, 2, 1]), "only rise"),
    ],
)
def test_files_that_are_no_relief_are_refused(tmp_path, change, message):
    with xr.open_dataset(relief_file(tmp_path / "a.nc", [0, 1, 2], [5, 6, 7])) as ds:
        change(ds).to_netcdf(tmp_path / "r.nc")
    with pytest.raises(DataError, match=message) as error:
        Relief.open(tmp_path / "r.nc")
    assert "r.nc" in str(error.value)


def test_an_absent_relief_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read as NetCDF"):
        Relief.open(tmp_path / "absent.nc")


def test_station_elevation_is_a_mean_of_near_stations_and_sea_level_at_sea():
    lat = np.array([47.0, 47.0, 47.0])
    lon = np.array([8.0, 9.0, 360.0 + 12.0])
    elevation = StationElevation.of(lat, lon, np.array([500.0, 1700.0, np.nan]))
    at = elevation.at(np.array([47.0, 47.0, 45.0]), np.array([8.0, 8.25, -30.0]))
    np.testing.assert_allclose(at[0], 500, atol=1)
    np.testing.assert_allclose(at[1], (500 * 9 + 1700) / 10, rtol=0.005)
    assert at[2] == 0
    one = StationElevation.of(lat[:1], lon[:1], np.array([500.0]))
    assert one.on(Grid.regular(1, (7, 46, 9, 47)), ALL).tolist() == [[500, 500]]


def test_stations_of_unknown_elevation_are_refused():
    with pytest.raises(DataError, match="or a relief file"):
        StationElevation.of(np.zeros(2), np.zeros(2), np.full(2, np.nan))


@pytest.mark.parametrize("value", [np.inf, -np.inf, 32767.0, -32768.0, 1e20, 9999.0])
def test_impossible_heights_are_refused_with_their_place(tmp_path, value):
    values = plane(CENTRES[:, None], np.arange(-179, 180, 2.0)[None])
    values[60, 100] = value
    path = relief_file(tmp_path / "r.nc", CENTRES, np.arange(-179, 180, 2.0), values)
    relief = Relief.open(path)
    with pytest.raises(DataError, match=r"r.nc: elevation is .* m at 31 N, 21 E \(1 "):
        relief.at(np.array([31.0]), np.array([21.5]))
    with pytest.raises(DataError, match=r"the ground lies in .*_FillValue"):
        relief.on(Grid.regular((2, 2), (20, 30, 30, 40)), ALL)
    assert relief.at(np.array([-31.0]), np.array([21.5])) > 0


def test_geopotential_that_calls_itself_metres_is_refused(tmp_path):
    lon = np.arange(-179, 180, 2.0)
    values = plane(CENTRES[:, None], lon[None]) * 9.80665
    relief = Relief.open(relief_file(tmp_path / "r.nc", CENTRES, lon, values))
    with pytest.raises(DataError, match=r"geopotential"):
        relief.at(np.array([31.0]), np.array([21.5]))
