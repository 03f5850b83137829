from dataclasses import replace

import numpy as np
import pytest

from apnp.geometry.sphere import unit_vectors
from apnp.pretraining.altered_days import Alterations

LAW = Alterations(share=1.0)
SAME = replace(LAW, factor=(1.0, 1.0), lapse=0.0, gradient=0.0)


@pytest.fixture(scope="module")
def network():
    """Unit vectors, heights in metres, and the values of two days at 400 stations."""
    rng = np.random.default_rng(2)
    unit = unit_vectors(rng.uniform(30, 48, 400), rng.uniform(-120, -75, 400))
    elevation = rng.uniform(0, 2500, 400)
    mean, rate = np.array([[4.0], [12.0]]), np.array([[6.5], [3.0]])
    days = mean + rng.normal(0, 2, (2, 400)) - rate * elevation / 1000
    return unit, elevation, days


def lapse(value, elevation):
    return -1000 * np.polyfit(elevation, value, 1)[0]


def test_a_law_that_changes_nothing_gives_the_day_itself(network):
    unit, elevation, days = network
    found = SAME.values(np.random.default_rng(0), (days[0], None), unit, elevation)
    np.testing.assert_allclose(found, days[0], atol=1e-10)


def test_a_day_mixed_with_itself_keeps_its_trend(network):
    unit, elevation, days = network
    rng = np.random.default_rng(1)
    found = SAME.values(rng, (days[0], days[0]), unit, elevation)
    # Its anomalies grow by cos + sin of the angle, as what both days share does.
    assert lapse(found, elevation) == pytest.approx(lapse(days[0], elevation), abs=0.1)
    ratio = np.std(found + 6.5 * elevation / 1000) / np.std(
        days[0] + 6.5 * elevation / 1000
    )
    assert 1.01 < ratio < 1.42


def test_mixed_days_have_trends_between_and_anomalies_of_the_same_size(network):
    unit, elevation, days = network
    lapses, spreads = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        found = SAME.values(rng, (days[0], days[1]), unit, elevation)
        lapses.append(lapse(found, elevation))
        rest = np.polyfit(elevation, found, 1)
        spreads.append(np.std(found - np.polyval(rest, elevation)))
    assert 2.7 < min(lapses) < 3.6
    assert 5.9 < max(lapses) < 6.8
    np.testing.assert_allclose(spreads, 2.0, rtol=0.15)


def test_anomalies_are_multiplied_and_the_trend_is_not(network):
    unit, elevation, days = network
    law = replace(SAME, factor=(1.5, 1.5))
    found = law.values(np.random.default_rng(0), (days[0], None), unit, elevation)
    assert lapse(found, elevation) == pytest.approx(lapse(days[0], elevation), abs=0.1)
    assert np.std(found - days[0]) == pytest.approx(0.5 * 2.0, rel=0.1)


def test_added_lapse_rates_and_gradients_have_their_spread(network):
    unit, elevation, days = network
    law = replace(SAME, lapse=2.0)
    lapses = [
        lapse(law.values(np.random.default_rng(k), (days[0], None), unit, elevation),
              elevation) - lapse(days[0], elevation)
        for k in range(400)
    ]  # fmt: skip
    assert np.std(lapses) == pytest.approx(2.0, rel=0.12)
    law = replace(SAME, gradient=3.0)
    two = np.array([[1.0, 0.0, 0.0], [np.cos(0.1), np.sin(0.1), 0.0]])
    flat, zeros = np.zeros(2), np.zeros(2)
    steps = [
        np.diff(law.values(np.random.default_rng(k), (zeros, None), two, flat))[0]
        for k in range(400)
    ]
    assert np.std(steps) == pytest.approx(3.0 * 0.6371, rel=0.12)


def test_stations_without_the_other_day_have_no_value(network):
    unit, elevation, days = network
    other = np.where(np.arange(400) < 30, np.nan, days[1])
    found = LAW.values(np.random.default_rng(3), (days[0], other), unit, elevation)
    np.testing.assert_array_equal(np.isnan(found), np.arange(400) < 30)
