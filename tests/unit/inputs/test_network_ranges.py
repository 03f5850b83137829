"""What tells networks apart, and which are unlike those learned from."""

from dataclasses import replace

import numpy as np
import pytest

from apnp.geometry.sphere import EARTH_RADIUS_KM
from apnp.inputs.network_ranges import NetworkRanges, measures
from apnp.observations import Sites

DAY = np.datetime64("2019-07-01")


def network(n, seed, lat=(35, 55), lon=(-10, 30), height=(0, 2500)):
    rng = np.random.default_rng(seed)
    draws = (rng.uniform(*ends, n) for ends in (lat, lon, height))
    return Sites(*draws, DAY)


LEARNED = [network(n, n) for n in (8, 20, 50, 150, 400)]
RANGES = NetworkRanges.of(LEARNED)


def test_measures_are_the_numbers_that_they_are_called():
    degree = EARTH_RADIUS_KM * np.pi / 180
    row = Sites(
        np.array([-1.0, 0.0, 1.0, 4.0]), np.zeros(4),
        np.array([10.0, 30.0, 50.0, 900.0]), DAY,
    )  # fmt: skip
    found = measures(row)
    # Nearest neighbours: 1, 1, 1 and 3 degrees; the centre lies at 1 degree north.
    assert found["stations"] == 4
    assert found["spacing_km"] == pytest.approx(degree, rel=1e-4)
    assert found["spread_km"] == pytest.approx(1.5 * degree, rel=1e-2)
    assert (found["height_m"], found["highest_m"]) == (40.0, 900.0)
    assert found["latitude"] == 1.0


def test_networks_of_the_training_are_not_unlike_it():
    for sites in LEARNED:
        assert RANGES.departures(sites) == []


def test_order_and_longitude_do_not_matter():
    sites = network(60, 3, height=(0, 9000))
    turned = replace(sites, lon=sites.lon + 123.0).take(np.arange(60)[::-1])
    assert RANGES.departures(turned) == RANGES.departures(sites) != []


@pytest.mark.parametrize(
    ("other", "measure"),
    [
        (network(60, 1, lat=(76, 82)), "median latitude, north or south (degrees) "),
        (network(60, 1, lat=(-82, -76)), "median latitude, north or south (degrees) "),
        (network(60, 1, height=(8900, 9000)), "highest station (m) "),
        (network(5, 1), "number of stations 5, learned from 8 to 400"),
        (network(60, 1, lat=(45, 45.1), lon=(8, 8.1)), "median distance to the nea"),
        (network(9, 1, lat=(-40, 40), lon=(-170, 170)), "median distance from the ce"),
    ],
)
def test_other_networks_are_unlike_it(other, measure):
    assert any(each.startswith(measure) for each in RANGES.departures(other))


def test_many_stations_at_a_known_spacing_are_no_departure():
    rng = np.random.default_rng(4)
    dense = LEARNED[-1]
    twice = Sites(
        *(np.concatenate([v, v[:200] + rng.normal(0, s, 200)])
          for v, s in ((dense.lat, 0.3), (dense.lon, 0.3))),
        np.concatenate([dense.elevation, dense.elevation[:200]]), DAY,
    )  # fmt: skip
    assert len(twice) > RANGES.bounds["stations"][1]
    assert not any("number" in each for each in RANGES.departures(twice))


def test_nothing_observed_says_nothing():
    assert RANGES.departures(LEARNED[0].take(np.array([], dtype=int))) == []


def test_one_station_has_measures():
    assert all(np.isfinite(list(measures(network(1, 1)).values())))


def test_ranges_survive_json_and_refuse_what_is_none():
    record = RANGES.to_dict()
    assert NetworkRanges.from_dict(record) == RANGES
    for wrong in ([3.0, 2.0], [1.0], [0.0, float("nan")]):
        with pytest.raises(ValueError, match="latitude"):
            NetworkRanges.from_dict(record | {"latitude": wrong})
    with pytest.raises(ValueError, match="at least one"):
        NetworkRanges.of([])
