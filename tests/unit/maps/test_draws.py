import numpy as np
import pytest
import xarray as xr

from apnp.errors import ConfigError, DataError
from apnp.geometry.sphere import great_circle_km
from apnp.maps.draws import anchors
from apnp.maps.elevation import StationElevation
from apnp.prediction import Grid, Samples, block_means, region_mean

DAY = np.datetime64("2021-07-01", "ns")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((0,), "`samples` .* at least 1. Got 0"),
        ((3, -1), "`seed` .* at least 0. Got -1"),
        ((3, 0, 0), "`anchors` .* at least 1. Got 0"),
    ],
)
def test_impossible_draws_are_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        Samples(*given)


def test_numbers_of_a_row_are_its_own_whatever_rows_are_asked_for():
    grid, samples = Grid.regular(10, (0, 0, 50, 60)), Samples(3, seed=4)
    whole = samples.levels(DAY, grid, slice(0, 6))
    assert whole.shape == (3, 30)
    parts = [samples.levels(DAY, grid, slice(i, i + 4)) for i in (0, 4)]
    np.testing.assert_array_equal(np.concatenate(parts, -1), whole)
    assert len(np.unique(whole)) == whole.size
    next_day = samples.levels(DAY + np.timedelta64(1, "D"), grid, slice(0, 6))
    other = Samples(3, seed=5).levels(DAY, grid, slice(0, 6))
    shared = samples.shared(DAY).random(5)
    for numbers in (next_day, other, shared):
        assert not np.isin(numbers, whole).any()


def test_anchors_are_cells_far_from_one_another():
    grid = Grid.regular(1.0, (0, 0, 200, 80))
    elevation = StationElevation.of(
        np.array([10.0, 70]), np.array([5.0, 150]), np.array([100.0, 900])
    )
    sites = anchors(grid, elevation, DAY, 40)
    assert len(sites) == 40
    assert np.isin(sites.lat, grid.lat).all()
    assert np.isin(sites.lon, grid.lon).all()
    apart = great_circle_km(
        sites.lat[:, None], sites.lon[:, None], sites.lat, sites.lon
    )
    nearest = (apart + 1e9 * np.eye(40)).min(1)
    assert nearest.min() > 1000
    np.testing.assert_allclose(sites.elevation, elevation.at(sites.lat, sites.lon))
    assert len(anchors(Grid.regular(10, (0, 0, 20, 20)), elevation, DAY, 40)) == 4


def field(values):
    return xr.Dataset(
        {"tas_sample": (("realization", "time", "lat", "lon"), values)},
        {"lat": [0.0, 60.0], "lon": [1.0, 2.0]},
    ).assign(tas=("time", [0.0]))


def test_a_region_has_the_mean_of_its_area_and_the_spread_of_its_draws():
    values = np.array([[[1.0, 2], [5, 7]], [[0.0, 4], [np.nan, 9]], [[3, 3], [3, 3]]])
    ds = field(values[:, None])
    ds["tas_sample"].attrs["units"] = "degC"
    found = region_mean(ds)
    each = [(1 + 2 + 2.5 + 3.5) / 3, (0 + 4 + 4.5) / 2.5, 3]
    assert found.tas.item() == pytest.approx(np.mean(each))
    assert found.tas_std.item() == pytest.approx(np.std(each, ddof=1))
    assert found.tas_std.attrs["units"] == "degC"


def test_a_region_without_draws_is_refused():
    ds = field(np.zeros((1, 1, 2, 2)))
    with pytest.raises(DataError, match=r"two or more, and this one has 1.*--samples"):
        region_mean(ds)
    with pytest.raises(DataError, match="this one has 0"):
        region_mean(
            ds.drop_vars("tas_sample").drop_dims("realization", errors="ignore")
        )
    with pytest.raises(DataError, match="every cell is masked"):
        region_mean(field(np.full((3, 1, 2, 2), np.nan)))


def test_a_block_is_a_region_of_its_own():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5, 1, 4, 6))
    values[:, :, 1, 2] = values[:, :, 2:, :3] = np.nan
    ds = xr.Dataset(
        {"tas_sample": (("realization", "time", "lat", "lon"), values)},
        {"lat": [10.0, 30, 50, 70], "lon": np.arange(6.0)},
    )
    ds["tas_sample"].attrs["units"] = "degC"
    found = block_means(ds, 2, 3)
    assert found.tas.shape == (1, 2, 2)
    np.testing.assert_array_equal(found.lat, [20, 60])
    for row, column in ((0, 0), (0, 1), (1, 1)):
        part = ds.isel(
            lat=slice(2 * row, 2 * row + 2), lon=slice(3 * column, 3 * column + 3)
        )
        wanted = region_mean(part)
        for name in ("tas", "tas_std"):
            assert found[name].values[0, row, column] == pytest.approx(
                wanted[name].item()
            )
    assert found.tas.isnull().sum() == 1
    with pytest.raises(DataError, match="Blocks of 3 cells along lat do not fill"):
        block_means(ds, 3, 3)
