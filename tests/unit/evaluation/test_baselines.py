import numpy as np
import pytest

from apnp.data.simulate import SimulatedClimate
from apnp.errors import ConfigError, DataError
from apnp.evaluation.baselines import (
    BASELINES,
    Climatology,
    InverseDistance,
    baseline,
    informed_kriging,
    true_law_kriging,
)
from apnp.evaluation.kriging import MINIMUM_STD, UNKNOWN_STD
from apnp.observations import Observations, Sites

TIME = np.datetime64("2021-07-01")


def observations(n, seed=0):
    rng = np.random.default_rng(seed)
    lat, lon = rng.uniform(60, 80, n), rng.uniform(150, 210, n)
    where = Sites(lat, lon, rng.uniform(0, 2000, n), TIME)
    return Observations(where, 3 + 0.2 * lat + rng.normal(size=n))


def at(lat, lon):
    n = len(lat)
    return Sites(np.array(lat, float), np.array(lon, float), np.full(n, 100.0), TIME)


def test_climatology_is_the_spread_of_the_context():
    context = observations(7)
    mean, std = Climatology().condition(context).predict(at([0, 10], [0, 0]))
    assert mean == pytest.approx([context.value.mean()] * 2)
    assert std == pytest.approx([context.value.std(ddof=1) * np.sqrt(8 / 7)] * 2)


def test_inverse_distance_weighs_by_the_square_across_the_date_line():
    three = Observations(at([0, 0, 0], [179, -179, 90]), np.array([2.0, 8.0, 1e3]))
    rule = InverseDistance(neighbours=2)
    mean, _ = rule.condition(three).predict(at([0, 0], [-179.5, 178.5]))
    near, far = np.sin(np.deg2rad([0.25, 0.75]))
    expected = (8 / near**2 + 2 / far**2) / (1 / near**2 + 1 / far**2)
    assert mean[0] == pytest.approx(expected)
    assert mean[1] < mean[0]


@pytest.mark.parametrize(("doubled", "neighbours"), [([], 5), ([0, 3], 99)])
def test_inverse_distance_spreads_as_stations_left_out_do(doubled, neighbours):
    context = observations(30, 1).take(np.r_[0:30, doubled].astype(int))
    context = Observations(
        context.sites, np.random.default_rng(2).normal(size=len(context))
    )
    rule = InverseDistance(neighbours=neighbours)
    errors = []
    for i in range(len(context)):
        others = context.take(np.arange(len(context)) != i)
        mean, _ = rule.condition(others).predict(context.sites.take(np.array([i])))
        errors.append(mean[0] - context.value[i])
    _, std = rule.condition(context).predict(at([70], [180]))
    assert std[0] == pytest.approx(np.sqrt(np.mean(np.square(errors))))


def test_inverse_distance_stands_many_stations_at_one_place():
    context = observations(6, 2).take(np.array([0, 0, 0, 0, 1, 2, 3, 4, 5]))
    mean, _ = InverseDistance(neighbours=2).condition(context).predict(context.sites)
    np.testing.assert_allclose(mean, context.value, rtol=1e-3)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("n", [1, 2, 3, 9])
def test_every_baseline_answers_from_few_stations(name, n):
    mean, std = baseline(name).condition(observations(n)).predict(at([65, -20], [1, 2]))
    assert np.isfinite(mean).all()
    assert (std > MINIMUM_STD).all()
    if n == 1:
        assert (std == UNKNOWN_STD).all()


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_ignores_the_order_of_its_context(name):
    context = observations(40, 3)
    order = np.random.default_rng(4).permutation(40)
    one = baseline(name).condition(context).predict(at([65, 71], [179, -175]))
    other = (
        baseline(name).condition(context.take(order)).predict(at([65, 71], [179, -175]))
    )
    np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_refuses_an_empty_context(name):
    with pytest.raises(DataError, match=r"Give at least one station"):
        baseline(name).condition(observations(3).take(np.arange(0)))


def test_kriging_with_the_true_law_is_calibrated_on_the_simulated_climate():
    climate = SimulatedClimate()
    rng = np.random.default_rng(5)
    lat, lon = rng.uniform(40, 60, 250), rng.uniform(0, 40, 250)
    elevation = climate.relief(lat, lon)
    z = []
    for day in ("2018-01-05", "2018-07-05"):
        time = np.datetime64(day)
        value = climate.truth(lat, lon, elevation, time)
        value = value + climate.noise_std * rng.normal(size=250)
        everything = Observations(Sites(lat, lon, elevation, time), value)
        context, target = (everything.take(np.arange(250) % 2 == k) for k in (0, 1))
        mean, std = true_law_kriging(climate).condition(context).predict(target.sites)
        z.append((target.value - mean) / std)
    assert np.std(z) == pytest.approx(1, abs=0.12)
    assert np.mean(z) == pytest.approx(0, abs=0.2)


def test_refuses_an_unknown_name():
    with pytest.raises(ConfigError, match=r"'cokriging'; known are climatology, "):
        baseline("cokriging")


def test_informed_kriging_uses_what_it_is_told_and_no_column_twice():
    context, where = observations(60, 4), observations(9, 5).sites

    def known(sites):
        return np.stack([sites.elevation, np.full(len(sites), 0.3)], axis=-1)

    def gap(sites):
        return np.sin(sites.lon)[:, None]

    regression = baseline("regression_kriging")
    for told in (known, lambda sites: np.hstack([known(sites), gap(sites)])):
        informed = informed_kriging(told).condition(context).predict(where)
        expected = regression.condition(context).predict(where)
        assert np.allclose(informed, expected, rtol=1e-6) == (told is known)
    wavy = Observations(context.sites, 7 * gap(context.sites)[:, 0] + context.value)
    mean, _ = informed_kriging(gap).condition(wavy).predict(where)
    plain, _ = regression.condition(context).predict(where)
    assert np.abs(mean - 7 * gap(where)[:, 0] - plain).max() < 1
    assert np.abs(regression.condition(wavy).predict(where)[0] - mean).max() > 3
