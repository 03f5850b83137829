import numpy as np
import pytest

from apnp.geometry.plane import LambertAzimuthal
from apnp.geometry.sphere import EARTH_RADIUS_KM, great_circle_km


def test_agrees_with_snyders_worked_example():
    # Snyder (1987), p. 332: centre 40 N 100 W, point 20 S 100 E, R = 3.0.
    xy = LambertAzimuthal(40.0, -100.0).project(-20.0, 100.0) / EARTH_RADIUS_KM
    np.testing.assert_allclose(3.0 * xy, [-4.2339303, 4.0257775], atol=1e-6)


@pytest.mark.parametrize("centre", [(50.0, 15.0), (-12.0, 178.0), (90.0, 30.0)])
def test_inverse_undoes_project_over_the_whole_sphere(centre):
    plane = LambertAzimuthal(*centre)
    rng = np.random.default_rng(5)
    lat, lon = rng.uniform(-89, 89, 300), rng.uniform(-180, 180, 300)
    far = great_circle_km(lat, lon, *centre) < 19000
    lat, lon = lat[far], lon[far]
    back_lat, back_lon = plane.inverse(plane.project(lat, lon))
    np.testing.assert_allclose(back_lat, lat, atol=1e-9)
    np.testing.assert_allclose(back_lon, lon, atol=1e-8)


def test_the_radius_is_the_chord_from_the_centre():
    plane = LambertAzimuthal(48.0, 10.0)
    lat, lon = np.array([50.0, 35.0, -20.0]), np.array([-12.0, 40.0, 100.0])
    arc = great_circle_km(48.0, 10.0, lat, lon) / EARTH_RADIUS_KM
    radius = np.linalg.norm(plane.project(lat, lon), axis=-1)
    np.testing.assert_allclose(radius, 2 * EARTH_RADIUS_KM * np.sin(arc / 2))


def test_areas_are_kept():
    plane, h = LambertAzimuthal(45.0, 0.0), 1e-4
    p = plane.project([60.0, 60.0, 60.0 + h], [33.0, 33.0 + h, 33.0])
    east, north = p[1] - p[0], p[2] - p[0]
    area = abs(east[0] * north[1] - east[1] * north[0])
    true = EARTH_RADIUS_KM**2 * np.radians(h) ** 2 * np.cos(np.radians(60.0))
    assert area == pytest.approx(true, rel=1e-5)


def test_the_longitude_convention_does_not_matter():
    a = LambertAzimuthal(10.0, 175.0).project(12.0, -178.0)
    b = LambertAzimuthal(10.0, -185.0).project(12.0, 182.0)
    np.testing.assert_allclose(a, b, atol=1e-9)
    assert 700 < a[0] < 800  # seven degrees east, not 353 west


def test_impossible_points_are_refused():
    plane = LambertAzimuthal(40.0, 20.0)
    with pytest.raises(ValueError, match="antipode of the centre"):
        plane.project(-40.0, -160.0)
    with pytest.raises(ValueError, match="12742 km"):
        plane.inverse([13000.0, 0.0])
    with pytest.raises(ValueError, match=r"\[-90, 90\] degrees. Got 91"):
        LambertAzimuthal(91.0, 0.0)
