import numpy as np
import pytest
from scipy.spatial import cKDTree

from apnp.geometry.sphere import (
    EARTH_RADIUS_KM,
    chord_to_km,
    great_circle_km,
    km_to_chord,
    lat_lon,
    nearest_km,
    unit_vectors,
    wrap_longitude,
)


def scattered(n, seed):
    rng = np.random.default_rng(seed)
    return np.degrees(np.arcsin(rng.uniform(-1, 1, n))), rng.uniform(-180, 180, n)


def test_wrap_takes_any_convention_and_keeps_what_is_inside_exactly():
    lon = np.array([-540.0, -190.25, 180.0, 359.75, 720.5])
    assert wrap_longitude(lon).tolist() == [-180.0, 169.75, -180.0, -0.25, 0.5]
    inside = np.array([-180.0, -1e-17, 0.1, 179.99999999999997])
    assert np.array_equal(wrap_longitude(inside), inside)


def test_wrap_never_returns_plus_180():
    edge = np.nextafter(-180.0, -np.inf)
    assert wrap_longitude(edge) < 180.0


def test_unit_vectors_follow_the_documented_axes():
    x, y, z = unit_vectors(30.0, 70.0)
    assert x == pytest.approx(np.cos(np.pi / 6) * np.cos(np.radians(70)), abs=1e-15)
    assert y == pytest.approx(np.cos(np.pi / 6) * np.sin(np.radians(70)), abs=1e-15)
    assert z == pytest.approx(0.5, abs=1e-15)


def test_lat_lon_inverts_unit_vectors_up_to_the_poles():
    lat, lon = scattered(200, 1)
    lat[:2] = [89.9999999, -89.9999999]
    back = lat_lon(3.7 * unit_vectors(lat, lon))
    np.testing.assert_allclose(back[0], lat, atol=1e-12)
    np.testing.assert_allclose(back[1], lon, atol=1e-6)


def test_great_circle_at_known_distances():
    # Paris to New York by the haversine form on a sphere of 6371 km.
    d = great_circle_km(48.8567, 2.3508, 40.7128, -74.0060)
    assert d == pytest.approx(5837.1, abs=0.5)
    assert great_circle_km(20.0, 170.0, 20.0, -170.0) == great_circle_km(
        20, 350, 20, 10
    )
    antipode = great_circle_km(37.0, 12.0, -37.0, -168.0)
    assert antipode == pytest.approx(np.pi * EARTH_RADIUS_KM, rel=1e-12)
    metre = great_circle_km(51.0, 7.0, 51.0 + 0.001 / 111.19492664, 7.0)
    assert metre == pytest.approx(0.001, rel=1e-6)


def test_chord_and_arc_are_inverse_and_agree_with_unit_vectors():
    lat, lon = scattered(50, 2)
    u = unit_vectors(lat, lon)
    chord = np.linalg.norm(u[:25] - u[25:], axis=1)
    arc = great_circle_km(lat[:25], lon[:25], lat[25:], lon[25:])
    np.testing.assert_allclose(chord_to_km(chord), arc, rtol=1e-12)
    np.testing.assert_allclose(km_to_chord(arc), chord, rtol=1e-12)


def test_nearest_is_the_least_distance_also_across_the_date_line():
    lat, lon = scattered(40, 3)
    lat_s, lon_s = scattered(30, 4)
    lon_s[:5], lat_s[:5] = -179.9, [-60, -30, 0.3, 30, 60]
    lon[:5], lat[:5] = 179.8, lat_s[:5]
    all_km = great_circle_km(lat[:, None], lon[:, None], lat_s, lon_s)
    stations, sites = unit_vectors(lat_s, lon_s), unit_vectors(lat, lon)
    got = nearest_km(stations, sites.reshape(8, 5, 3))
    np.testing.assert_allclose(got.ravel(), all_km.min(1), rtol=1e-9)
    np.testing.assert_array_equal(nearest_km(cKDTree(stations), sites), got.ravel())


def test_nearest_without_stations_is_infinite():
    assert np.isinf(nearest_km(np.empty((0, 3)), unit_vectors([1.0, 2.0], 3.0))).all()
