import socket

import numpy as np
import pytest
import shapely

from apnp.geometry.coastline import (
    _land,
    border_lines,
    coast_distance_km,
    coast_lines,
    is_land,
)


@pytest.mark.parametrize("scale", ["110m", "50m"])
def test_known_places(scale):
    places = {
        "Berlin": (52.5, 13.4, True),
        "Nebraska": (41.5, -99.8, True),
        "Alice Springs": (-23.7, 133.9, True),
        "mid Atlantic": (40.0, -40.0, False),
        "Caspian Sea": (42.0, 50.5, False),
        "Gulf of Guinea": (0.0, 0.0, False),
        "North Pole": (90.0, 12.0, False),
        "South Pole": (-90.0, 12.0, True),
        "Ross Ice Shelf": (-84.9, -179.9, True),
        "Chukotka, east of the date line": (66.8, -178.5, True),
        "Chukotka, on the date line": (67.5, -180.0, True),
        "Chukotka, on the date line as +180": (67.5, 180.0, True),
        "Bering Sea on the date line": (58.0, 180.0, False),
    }
    lat, lon, land = zip(*places.values(), strict=True)
    wrong = is_land(lat, lon, scale) != np.array(land)
    assert not wrong.any(), [n for n, w in zip(places, wrong, strict=True) if w]


def test_the_longitude_convention_does_not_matter_and_arguments_broadcast():
    lat, lon = np.arange(-90.0, 91.0, 7.5), np.arange(-180.0, 180.0, 5.0)
    west = is_land(lat[:, None], lon)
    assert west.shape == (25, 72)
    np.testing.assert_array_equal(west, is_land(lat[:, None], lon % 360.0))


def test_land_covers_29_percent_of_the_sphere():
    lat, lon = np.arange(-89.5, 90.0), np.arange(-179.5, 180.0)
    share = np.average(is_land(lat[:, None], lon).mean(1), weights=np.cos(lat / 57.3))
    assert share == pytest.approx(0.29, abs=0.005)


def test_polygons_are_valid_and_the_mask_agrees_with_them():
    land = _land("50m", -180.0, -90.0, 180.0, 90.0)
    assert land.is_valid
    assert land.bounds[:3] == (-180.0, -90.0, 180.0)
    rng = np.random.default_rng(8)
    lat, lon = rng.uniform(-90, 90, 4000), rng.uniform(-180, 180, 4000)
    shapely.prepare(land)
    expected = shapely.contains_xy(land, lon, lat)
    np.testing.assert_array_equal(is_land(lat, lon), expected)


def test_land_goes_on_across_the_date_line():
    both = shapely.get_parts(_land("50m", -181.0, -90.0, 181.0, 90.0))
    over = [p for p in both if p.bounds[0] < -180 and p.bounds[2] > -180]
    assert len(over) >= 3  # Chukotka, Wrangel Island, Fiji, Antarctica


def test_coast_lines_hold_no_edge_along_the_date_line_or_the_pole():
    for part in coast_lines().geoms:
        lon, lat = np.asarray(part.coords).T
        cut = (np.abs(lon[1:]) == 180.0) & (np.abs(lon[:-1]) == 180.0)
        assert not cut.any()
        assert lat.min() > -86.0
        assert np.abs(np.diff(lon)).max() < 20.0


def test_nothing_is_fetched(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the coastline asked for the network")

    monkeypatch.setattr(socket, "socket", refuse)
    assert len(_land("50m", -180.0, -90.0, 180.0, 90.0).geoms) > 100


def test_distance_to_the_coast_is_positive_on_land_and_one_at_any_longitude():
    """Madrid, the Baltic south of Gotland, the middle of Asia, the Fiji Sea."""
    lat = [40.4, 56.0, 46.3, -18.0]
    lon = [-3.7, 18.5, 86.7, 180.0]
    found = coast_distance_km(lat, lon)
    assert found[0] == pytest.approx(310, abs=30)
    assert -150 < found[1] < -30
    assert found[2] == pytest.approx(2500, abs=200)  # the pole of inaccessibility
    np.testing.assert_allclose(coast_distance_km(lat, np.array(lon) - 360), found)


def test_distance_to_the_coast_is_continuous_across_the_shore_and_the_date_line():
    lon = np.linspace(-10.5, -7.5, 301)  # the west of Portugal
    shore = coast_distance_km(40.0, lon)
    assert (np.abs(np.diff(shore)) < 8).all()
    assert shore[0] < 0 < shore[-1]
    east = coast_distance_km(66.0, np.array([179.99, -179.99]))
    assert abs(np.diff(east)[0]) < 2


def test_the_finer_map_knows_islands_and_capes_that_the_coarser_does_not():
    """Mallorca and the Isle of Man are sea at 1:110 million."""
    lat, lon = [39.6, 54.2], [3.0, -4.5]
    assert is_land(lat, lon, "50m").all()
    assert not is_land(lat, lon, "110m").any()
    assert (coast_distance_km(lat, lon, "50m") > 0).all()
    assert (coast_distance_km(lat, lon, "110m") < -30).all()


def test_borders_lie_between_countries_and_not_along_coasts():
    """The Rhine at Basel and the 49th parallel are borders; the Algarve is none."""
    on = shapely.points([(7.6, 47.6), (-105.0, 49.0)])
    off = shapely.points([(-8.5, 37.0), (-98.0, 39.0)])  # a coast, and Kansas
    borders = border_lines()
    assert (shapely.distance(borders, on) < 0.2).all()
    assert (shapely.distance(borders, off) > 0.8).all()
