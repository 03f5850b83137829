import numpy as np
import pandas as pd
import pytest
import xarray as xr

from apnp.data.heldout import heldout_tasks
from apnp.errors import DataError

N, DAYS = 50, 4
TIMES = pd.date_range("2019-03-01", periods=DAYS).values
HELD_OUT = np.arange(N) % 5 == 0  # 10 stations


@pytest.fixture
def ds():
    rng = np.random.default_rng(0)
    values = 100.0 * np.arange(DAYS) + np.arange(N)[:, None] + 0.25
    elevation = rng.uniform(0, 900, N)
    elevation[[3, 5]] = np.nan
    values[10, 1] = values[11, 1] = np.nan
    return xr.Dataset(
        {"tas": (("station", "time"), values)},
        {
            "lat": ("station", np.linspace(40, 60, N)),
            "lon": ("station", rng.uniform(-10, 30, N)),
            "elevation": ("station", elevation),
            "time": TIMES,
        },
    )


def stations(observations):
    return np.round(observations.value % 100 - 0.25).astype(int).tolist()


def tasks(ds, times=TIMES, n_context=12, pool="outside", seed=3, held_out=HELD_OUT):
    return list(
        heldout_tasks(
            ds, times, held_out, n_context=n_context, context_pool=pool, seed=seed
        )
    )


def test_targets_are_the_observed_held_out_stations_and_never_context(ds):
    for context, _ in tasks(ds):
        assert len(context) == 12
        assert not HELD_OUT[stations(context)].any()
    _, target = tasks(ds)[1]
    assert stations(target) == [
        0,
        15,
        20,
        25,
        30,
        35,
        40,
        45,
    ]  # 5, 10: unknown, missing


def test_values_and_sites_belong_to_the_station_and_the_time(ds):
    for day, (context, target) in enumerate(tasks(ds)):
        for part in (context, target):
            station = stations(part)
            np.testing.assert_array_equal(part.value, ds.tas.values[station, day])
            np.testing.assert_array_equal(part.sites.lat, ds.lat.values[station])
            np.testing.assert_array_equal(part.sites.lon, ds.lon.values[station])
            np.testing.assert_array_equal(
                part.sites.elevation, ds.elevation.values[station]
            )
            assert part.sites.time == TIMES[day]


def test_context_from_all_stations_takes_held_out_ones_off_the_targets(ds):
    n_in_context = 0
    for context, target in tasks(ds, pool="all", n_context=25):
        assert not set(stations(context)) & set(stations(target))
        assert HELD_OUT[stations(target)].all()
        n_in_context += HELD_OUT[stations(context)].sum()
        known = np.setdiff1d(np.flatnonzero(HELD_OUT), [5])
        seen = set(stations(context)) | set(stations(target))
        assert len(set(known) - seen) <= 1  # missing on one day
    assert n_in_context > 8


def test_a_task_follows_from_its_seed_and_time_alone(ds):
    forward = {str(t.sites.time): stations(c) for c, t in tasks(ds)}
    backward = {str(t.sites.time): stations(c) for c, t in tasks(ds, TIMES[::-2])}
    assert all(forward[time] == chosen for time, chosen in backward.items())
    assert len({tuple(chosen) for chosen in forward.values()}) == DAYS
    assert stations(tasks(ds, seed=4)[0][0]) != forward[str(TIMES[0])]


def test_a_smaller_context_is_part_of_a_larger_one(ds):
    small, large = tasks(ds, n_context=5)[0][0], tasks(ds, n_context=20)[0][0]
    assert stations(large)[:5] == stations(small)


def test_too_large_a_context_takes_what_there_is(ds):
    context, target = tasks(ds, n_context=1000)[0]
    assert (len(context), len(target)) == (39, 9)


def test_a_time_without_targets_gives_no_task(ds):
    ds.tas.values[HELD_OUT, 2] = np.nan
    assert [t.sites.time for _, t in tasks(ds)] == list(TIMES[[0, 1, 3]])


def test_refuses_when_nothing_is_left(ds):
    with pytest.raises(DataError, match=r"0 of 50 stations are held out.*Hold out"):
        tasks(ds, held_out=np.zeros(N, dtype=bool))
    with pytest.raises(DataError, match=r"drawn as context from all.*smaller context"):
        tasks(ds, pool="all", n_context=N)


def test_refuses_a_time_that_the_file_does_not_hold(ds):
    with pytest.raises(DataError, match=r"2020-01-01.*4 times from 2019-03-01"):
        tasks(ds, np.array(["2020-01-01"], dtype="datetime64[ns]"))


def test_refuses_arguments_out_of_range(ds):
    with pytest.raises(ValueError, match=r"shape \(50,\).*Got bool of shape \(4,\)"):
        tasks(ds, held_out=np.ones(4, dtype=bool))
    with pytest.raises(ValueError, match=r"`n_context` is a number of stations. Got 0"):
        tasks(ds, n_context=0)
