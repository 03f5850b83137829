import numpy as np
import pytest

from apnp.geometry.sphere import great_circle_km, unit_vectors
from apnp.maps import extrapolation as support
from apnp.maps.extrapolation import Network, Support
from apnp.maps.grid import Grid
from apnp.observations import Sites

DAY = np.datetime64("2021-07-01", "ns")
GRID = Grid.regular((6, 5), (-180, -90, 180, 90))


def stations(n=60, seed=3):
    rng = np.random.default_rng(seed)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    return Sites(lat, rng.uniform(-180, 180, n), rng.uniform(50, 900, n), DAY)


def network(sites, times=3):
    return Network.of(sites.lat, sites.lon, times)


def cells(rows):
    lat, lon = GRID.points(rows)
    return lat, lon, unit_vectors(lat, lon)


def nearest(sites, lat, lon):
    return great_circle_km(lat[:, None], lon[:, None], sites.lat, sites.lon).min(1)


@pytest.mark.parametrize("kept", [0.9, 0.5, 0.05])
def test_distances_are_to_the_nearest_station_of_that_time(kept):
    """Whether most of the network is observed, or hardly any of it."""
    all_of_it, rng = stations(), np.random.default_rng(8)
    of_all = network(all_of_it)
    for _ in range(4):
        seen = all_of_it.take(rng.random(60) < kept)
        read = Support.of(seen, of_all)
        for rows in (slice(0, 10), slice(10, 30)):
            lat, lon, unit = cells(rows)
            distance, _ = read.judge(rows, unit, np.zeros(len(lat)))
            np.testing.assert_allclose(distance, nearest(seen, lat, lon), rtol=1e-9)


def test_places_are_known_once_however_often_they_are_observed():
    one, other = stations(5), stations(7, seed=4)
    twice = network(
        Sites(*(np.tile(np.r_[getattr(one, k), getattr(other, k)], 2)
                for k in ("lat", "lon", "elevation")), DAY)
    )  # fmt: skip
    assert len(twice.places) == 12
    assert twice.observed(Support.of(one, twice).places).sum() == 5
    assert not twice.observed(Support.of(stations(9, seed=5), twice).places).any()


def test_a_place_is_known_though_its_vector_was_rounded_otherwise():
    sites = stations()
    of_all, read = network(sites), Support.of(sites, network(sites))
    moved = read.places * (1 + 2**-52)
    assert of_all.observed(moved).all()


def test_what_is_remembered_has_a_limit(monkeypatch):
    monkeypatch.setattr(support, "KEPT_CELLS", 72 * 10)
    sites = stations()
    of_all, seen = network(sites), sites.take(np.arange(0, 60, 2))
    read = Support.of(seen, of_all)
    for rows in (slice(0, 8), slice(8, 16), slice(16, 18), slice(0, 8)):
        lat, lon, unit = cells(rows)
        distance, _ = read.judge(rows, unit, np.zeros(len(lat)))
        np.testing.assert_allclose(distance, nearest(seen, lat, lon), rtol=1e-9)
    assert sum(len(two) for two in of_all._two.values()) == 72 * 10


def test_nothing_is_remembered_for_one_time():
    sites = stations()
    of_one = network(sites, times=1)
    lat, lon, unit = cells(slice(0, 8))
    distance, _ = Support.of(sites, of_one).judge(slice(0, 8), unit, np.zeros(len(lat)))
    np.testing.assert_allclose(distance, nearest(sites, lat, lon), rtol=1e-9)
    assert not of_one._two


def test_support_ends_where_stations_are_rare_or_the_ground_is_higher():
    lon = np.array([10.0, 11, 12, 13, 16])
    height = np.array([10.0, 200, 300, 400, 250])
    sites = Sites(np.full(5, 50.0), lon, height, DAY)
    read = Support.of(sites, network(sites))
    # The 99th percentile lies 96 % of the way from one degree to three.
    near, far = (great_circle_km(50, 10, 50, 10 + d) for d in (1, 3))
    assert read.limit_km == pytest.approx(0.04 * near + 0.96 * far, rel=1e-6)
    asked = unit_vectors(50.0, np.array([10.3, 18.91, 18.93, 10.3, 10.3]))
    heights = np.array([200.0, 200, 200, 501, -91])
    distance, flag = read.judge(slice(0, 1), asked, heights)
    assert flag.tolist() == [0, 0, 1, 1, 1]
    np.testing.assert_allclose(
        distance[0], great_circle_km(50, 10.3, 50, 10), rtol=1e-6
    )


@pytest.mark.parametrize("n", [0, 1])
def test_everything_is_extrapolated_from_one_station_or_none(n):
    one = stations().take(np.arange(n))
    lat, _, unit = cells(slice(0, 5))
    read = Support.of(one, network(one))
    distance, flag = read.judge(slice(0, 5), unit, np.full(len(lat), 400.0))
    assert (flag == 1).all()
    assert np.isfinite(distance).all() == bool(n)
