import numpy as np
import pytest

from apnp.geometry.insolation import SOLAR_CONSTANT, daily_insolation

DAYS = np.arange("2019-01-01", "2020-01-01", dtype="datetime64[D]")


@pytest.mark.parametrize("lat", [-75.0, -33.0, 0.0, 12.0, 51.0, 88.0])
def test_it_is_the_mean_over_the_day_of_the_height_of_the_sun(lat):
    hour = np.linspace(0, 2 * np.pi, 4001)[:-1]
    for day in DAYS[::53]:
        elapsed = (day - np.datetime64("2019-01-01")).astype(int)
        delta = -np.radians(23.44) * np.cos(2 * np.pi * (elapsed + 10) / 365.2425)
        phi = np.radians(lat)
        height = np.sin(phi) * np.sin(delta)
        height = height + np.cos(phi) * np.cos(delta) * np.cos(hour)
        expected = SOLAR_CONSTANT * np.maximum(height, 0).mean()
        np.testing.assert_allclose(daily_insolation(lat, day), expected, atol=0.2)


def test_hemispheres_have_each_other_s_seasons_half_a_year_apart():
    north, south = daily_insolation(43.0, DAYS), daily_insolation(-43.0, DAYS)
    np.testing.assert_allclose(north[:180], np.roll(south, 183)[:180], atol=6)
    assert daily_insolation(90.0, np.datetime64("2019-12-21")) == 0
