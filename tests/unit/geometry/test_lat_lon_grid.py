import numpy as np
import pytest

from apnp.geometry.lat_lon_grid import KM_PER_DEGREE, LatLonGrid


def globe(n=12, west=-180.0):
    step = 360 / n
    lat = -90 + step / 2 + step * np.arange(n // 2)
    return LatLonGrid(lat, west + step / 2 + step * np.arange(n))


def europe():
    return LatLonGrid(np.arange(40.0, 56.0, 1.5), np.arange(-5.0, 20.0, 2.5))


def bilinear(lat, lon):
    return 3.0 - 0.2 * lat + 0.07 * lon + 0.013 * lat * lon


def on(grid, function):
    return function(grid.lat[:, None], grid.lon[None])


def test_a_bilinear_field_is_read_exactly_in_any_convention():
    grid, g = europe(), np.random.default_rng(3)
    lat, lon = g.uniform(40, 54, 60), g.uniform(-5, 17.5, 60)
    for turn in (0.0, 360.0, -720.0):
        read = grid.at(on(grid, bilinear), lat, lon + turn)
        np.testing.assert_allclose(read, bilinear(lat, lon), atol=1e-10)


@pytest.mark.parametrize("west", [-180.0, 0.0, 37.0])
def test_a_global_field_is_continuous_and_linear_across_its_seam(west):
    grid = globe(west=west)
    values = np.random.default_rng(1).normal(size=grid.shape)
    lat, seam = np.linspace(-80, 80, 9), np.full(9, west)
    read = grid.at(values, lat, seam)
    for shift in (-1e-11, 1e-11, 360.0):
        np.testing.assert_allclose(grid.at(values, lat, seam + shift), read, atol=1e-9)
    ends = [grid.at(values, lat, seam + by) for by in (-15.0, 15.0)]
    np.testing.assert_allclose(read, np.mean(ends, axis=0), atol=1e-10)


def test_missing_nodes_have_no_weight_until_they_have_most_of_it():
    grid = LatLonGrid(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    values = np.array([[2.0, np.nan], [5.0, 11.0]])
    (read,) = grid.at(values, [0.75], [0.4])
    weights = np.array([0.25 * 0.6, 0.75 * 0.6, 0.75 * 0.4])
    np.testing.assert_allclose(read, weights @ [2, 5, 11] / weights.sum(), atol=1e-10)
    assert np.isnan(grid.at(values, [0.2], [0.9])).all()
    assert grid.at(values, [1.0], [1.0]) == 11.0


def test_beyond_its_cells_a_field_is_missing_and_at_their_edge_constant():
    grid = europe()
    values = on(grid, bilinear)
    read = grid.at(values, [39.3, 39.2, 45, 45, 45], [0, 0, 18.7, 18.8, -6.3])
    np.testing.assert_array_equal(np.isnan(read), [0, 1, 0, 1, 1])
    assert read[0] == pytest.approx(bilinear(40.0, 0.0))
    assert read[2] == pytest.approx(bilinear(45.0, 17.5))
    assert np.isfinite(globe().at(np.ones((6, 12)), [90, -90], [10, 179.9])).all()


def test_blocks_are_means_of_what_is_known_in_them():
    grid = LatLonGrid(np.arange(0.0, 5.0), np.arange(10.0, 16.0))
    values = np.random.default_rng(2).normal(size=grid.shape)
    values[0, 0] = np.nan
    values[2:4, 2:4] = np.nan
    coarse, means = grid.coarsened(values, 2 * KM_PER_DEGREE)
    np.testing.assert_allclose(coarse.lat, [0.5, 2.5, 4.0])
    np.testing.assert_allclose(coarse.lon, [10.5, 12.5, 14.5])
    assert means[0, 0] == pytest.approx(np.mean([values[0, 1], *values[1, :2]]))
    assert means[2, 1] == pytest.approx(values[4, 2:4].mean())
    assert np.isnan(means).sum() == np.isnan(means[1, 1])
    same, kept = grid.coarsened(values, 10.0)
    assert same.shape == grid.shape
    np.testing.assert_array_equal(kept, values)


def test_a_window_keeps_a_constant_whatever_is_missing():
    grid = europe()
    values = np.full(grid.shape, 7.3)
    values[2:5, :3] = np.nan
    np.testing.assert_allclose(grid.smoothed(values, 300.0), 7.3, atol=1e-10)


def test_a_window_is_as_wide_in_kilometres_eastward_as_northward():
    grid = LatLonGrid(np.arange(40.25, 80.0, 0.5), np.arange(-179.75, 180.0, 0.5))
    values = np.zeros(grid.shape)
    values[40, 0] = 1.0  # 60.25 N, beside the date line
    mass = grid.smoothed(values, 150.0) * np.cos(np.radians(grid.lat))[:, None]
    north = (grid.lat - 60.25) * KM_PER_DEGREE
    lon = (grid.lon + 179.75 + 180) % 360 - 180
    east = lon * KM_PER_DEGREE * np.cos(np.radians(60.25))
    for axis, km in ((0, east), (1, north)):
        along = mass.sum(axis)
        assert np.sqrt(along @ km**2 / along.sum()) == pytest.approx(150, rel=0.03)
        assert abs(along @ km / along.sum()) < 10


@pytest.mark.parametrize(
    ("lat", "lon", "message"),
    [
        ([1.0, 0.0], [0.0, 1.0], "`lat` must hold two or more rising values"),
        ([0.0, 1.0], [5.0], "`lon` must hold two or more rising values"),
        ([0.0, 1.0], [0.0, 180.0, 360.0], "within one turn.*0 to 360"),
    ],
)
def test_axes_out_of_order_are_refused(lat, lon, message):
    with pytest.raises(ValueError, match=message):
        LatLonGrid(np.array(lat), np.array(lon))


def window_means(grid, values, km):
    """The means of `smoothed`, pair by pair of nodes."""
    area = np.cos(np.radians(grid.lat))
    degree = KM_PER_DEGREE * np.diff(grid.lat).mean()
    columns = grid.lon.size
    widths = km / (degree * np.maximum(area, km / (degree * columns)))

    def window(offsets, width):
        radius = int(4 * width + 0.5)
        weights = np.exp(-0.5 * (offsets / width) ** 2)
        return np.where(abs(offsets) <= radius, weights, 0.0)

    seen = np.isfinite(values)
    out = np.full(values.shape, np.nan)
    for row in range(grid.lat.size):
        up = window(np.arange(grid.lat.size) - row, km / degree) * area
        turns = columns * np.arange(-9, 10)[:, None]
        for column in range(columns):
            offsets = np.arange(columns) - column + turns
            weights = np.outer(up, window(offsets, widths[row]).sum(0)) * seen
            if weights.sum() > 1e-9:
                out[row, column] = np.nansum(weights * values) / weights.sum()
    return out


def test_a_window_weighs_nodes_by_distance_and_area_up_to_the_pole():
    grid = LatLonGrid(np.arange(40.0, 90.0, 6.0), np.arange(0.0, 360.0, 6.0))
    values = np.random.default_rng(0).normal(size=grid.shape)
    for missing in (False, True):
        if missing:
            values[2:5, 10:40] = np.nan
        wanted = window_means(grid, values, 700.0)
        np.testing.assert_allclose(grid.smoothed(values, 700.0), wanted, atol=1e-10)
