import numpy as np
import pytest
import xarray as xr

from apnp.data import from_arrays, observations_at, select_times
from apnp.data.select import select_region
from apnp.errors import ConfigError, DataError

DAYS = np.array(["2020-12-30", "2020-12-31", "2021-01-01", "2021-02-03"], "M8[ns]")


@pytest.fixture(scope="module")
def ds():
    values = [[1.5, np.nan, 3.5, np.nan], [2.5, 4.5, np.nan, np.nan], [7, 8, 9, np.nan]]
    return from_arrays(
        "tas", values, station=["A", "B", "C"], lat=[1.5, 2.5, 3.5],
        lon=[190.0, 20.0, 30.0], elevation=[100.0, 200.0, np.nan], time=DAYS,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ((20, 2, 30, 9), "BC"),
        ((20.1, 2, 30, 9), "C"),
        ((170, 0, 25, 9), "AB"),  # across the date line
        ((-170, 1.5, -169, 2), "A"),
        ((-180, -90, 180, 3), "AB"),
        ((21, -90, 381, 9), "ABC"),
    ],
)
def test_the_stations_of_a_region(ds, region, expected):
    assert "".join(select_region(ds, region)["station"].values) == expected


def test_a_region_without_stations_says_where_they_are(ds):
    with pytest.raises(DataError, match=r"None of 3 .* 1.5 to 3.5 N, -170 to 30 E"):
        select_region(ds, (40, 0, 50, 9))


def test_observations_are_those_observed_where_elevation_is_known(ds):
    at = observations_at(ds, "2020-12-30")
    assert at.value.tolist() == [1.5, 2.5]
    assert at.sites.lon.tolist() == [-170.0, 20.0]
    assert at.sites.elevation.tolist() == [100.0, 200.0]
    assert at.sites.time == DAYS[0]
    assert observations_at(ds, DAYS[1]).value.tolist() == [4.5]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2020-12-31", [1]),
        ("2020-12", [0, 1]),
        ("2021", [2, 3]),
        ("2020-12-31/2021-01-01", [1, 2]),
        ("2020-12-31/2021-01", [1, 2]),
        ("2020-12-31T00:00Z", [1]),
    ],
)
def test_times_of_any_precision(ds, when, expected):
    np.testing.assert_array_equal(select_times(ds, when), DAYS[expected])


def test_refusals(ds):
    there = "4 times from 2020-12-30 to 2021-02-03"
    for when in ("2022-01-01", "2021-01-02/2021-02-02"):
        with pytest.raises(DataError, match=f"No observations at {when}: .*{there}"):
            select_times(ds, when)
    with pytest.raises(DataError, match=f"at 2021-07-01: .*{there}"):
        observations_at(ds, "2021-07-01")
    with pytest.raises(DataError, match=r"2 times at 2020-12, .*; name one of them"):
        observations_at(ds, "2020-12")
    with pytest.raises(DataError, match=r"Nothing observed at 2021-02-03: 0 values"):
        observations_at(ds, "2021-02-03")
    with pytest.raises(DataError, match=r"No variable 'tasmax'.*it has tas"):
        observations_at(ds, "2020-12-30", variable="tasmax")
    with pytest.raises(ConfigError, match=r"Not a time: 'yesterday'"):
        select_times(ds, "yesterday")
    with pytest.raises(ConfigError, match=r"A before B"):
        select_times(ds, "2021-01-01/2020-12-31")


@pytest.mark.parametrize("when", ["0001-01-01", "2300-01-01", "1677", "2262", "9999"])
def test_times_beyond_nanoseconds_are_refused(when):
    with pytest.raises(ConfigError, match=rf"'{when}' lies outside the years 1678 to"):
        select_times(from_arrays(
            "tas", [[1.0]], station=["A"], lat=[1], lon=[2], elevation=[3],
            time=["2021-07-01"],
        ), when)  # fmt: skip


def test_a_time_to_the_nanosecond_is_that_time():
    """As numpy writes a time of a dataset."""
    ds = xr.Dataset(coords={"time": np.array(["2021-07-01", "2021-07-02"], "M8[ns]")})
    for when in (str(ds["time"].values[0]), "2021-07-01T00:00:00", "2021-07-01"):
        assert select_times(ds, when).tolist() == ds["time"].values[:1].tolist()
