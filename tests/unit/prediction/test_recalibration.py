"""Laws of the correction that a network makes to a model's uncertainty."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from scipy.stats import norm

from apnp.likelihoods.mixture import MixturePredictive
from apnp.likelihoods.predictive import GaussianPredictive
from apnp.observations import Observations, Sites
from apnp.prediction.leave_out import covered_distances, distance_weights, leave_out
from apnp.prediction.recalibration import Recalibration, recalibrate

DAY = np.datetime64("2021-07-01")


@dataclass
class Model:
    """Predicts zero with a standard deviation of its own choice, whatever it reads."""

    std: float
    calls: int = 0

    def condition(self, context):
        self.calls += 1
        return self

    def marginals(self, sites):
        zero = torch.zeros(1, len(sites), 1)
        return Said(GaussianPredictive(zero, zero + self.std**2))


@dataclass
class Said:
    predictive: GaussianPredictive

    def scaled(self, value):
        return torch.from_numpy(value)[None, :, None]


def network(n, std=1.0, seed=1, outliers=0):
    rng = np.random.default_rng(seed)
    lat, lon = rng.uniform(40, 50, n), rng.uniform(0, 15, n)
    value = rng.normal(0, std, n)
    value[:outliers] *= 8
    return Observations(Sites(lat, lon, rng.uniform(0, 900, n), DAY), value)


def coverage(std, found, true=1.0):
    wide = np.sqrt(found.factor**2 * std**2 + found.variance)
    return 2 * norm.cdf(1.6449 * wide / true) - 1


@pytest.mark.parametrize("std", [0.4, 0.6, 2.0])
def test_a_model_that_is_too_sure_or_too_modest_gets_its_coverage_back(std):
    found = recalibrate(Model(std), [network(400)])
    assert abs(coverage(std, Recalibration()) - 0.9) > 0.05
    assert coverage(std, found) == pytest.approx(0.9, abs=0.03)


def test_a_calibrated_model_is_left_as_it_is():
    found = recalibrate(Model(1.0), [network(400, seed=5)])
    assert np.sqrt(found.factor**2 + found.variance) == pytest.approx(1, abs=0.06)


def test_few_stations_change_little_and_fewer_than_ten_nothing():
    changed = []
    for n in (10, 40, 400):
        found = [recalibrate(Model(0.5), [network(n, seed=k)]) for k in range(5)]
        wide = [np.hypot(f.factor, np.sqrt(f.variance) / 0.5) for f in found]
        changed.append(np.log(wide).mean())
    assert 0 <= changed[0] < changed[1] < changed[2]
    assert changed[2] == pytest.approx(np.log(2), abs=0.12)
    assert changed[0] < 0.5 * np.log(2)
    nothing = recalibrate(Model(0.5), [network(9)])
    assert nothing == Recalibration(1.0, 0.0, 0)
    assert recalibrate(Model(0.5), []) == nothing


def test_the_order_of_the_stations_has_no_part_in_it():
    context = network(120)
    order = np.random.default_rng(0).permutation(120)
    one, other = (recalibrate(Model(0.5), [c]) for c in (context, context.take(order)))
    assert one == other


def test_more_stations_that_agree_change_little():
    context = network(400)
    more = network(420)
    value = np.concatenate([context.value, more.value[400:]])
    sites = replace(
        context.sites,
        **{
            name: np.concatenate(
                [getattr(context.sites, name), getattr(more.sites, name)[400:]]
            )
            for name in ("lat", "lon", "elevation")
        },
    )
    one = recalibrate(Model(0.5), [context])
    other = recalibrate(Model(0.5), [Observations(sites, value)])
    wide = [np.hypot(f.factor * 0.5, np.sqrt(f.variance)) for f in (one, other)]
    assert wide[1] == pytest.approx(wide[0], rel=0.04)


def test_times_are_read_until_enough_stations_were_left_out():
    model = Model(0.5)
    found = recalibrate(model, (network(60, seed=k) for k in range(50)))
    few = recalibrate(Model(0.5), [network(60, seed=0)])
    assert 60 < few.stations <= 120
    assert few.stations < found.stations <= 8 * 120
    many = recalibrate(Model(0.5), (network(400, seed=k) for k in range(50)))
    assert many.stations < 1600


def test_every_station_is_left_out_once_singly_and_once_with_its_block():
    context = network(100)
    tasks = list(leave_out(context))
    left = np.concatenate([t.target.sites.lat for t in tasks])
    count = [(left == lat).sum() for lat in context.sites.lat]
    assert set(count) <= {1, 2}
    assert np.mean(count) > 1.4
    for task in tasks:
        assert not set(task.target.sites.lat) & set(task.context.sites.lat)
        assert len(task.target) + len(task.context) == 100
        assert len(task.target) <= 40


def test_weights_give_distances_the_distribution_of_places():
    """A cluster and a few stations far apart: most places lie far from stations."""
    rng = np.random.default_rng(3)
    lat = np.concatenate([rng.normal(45, 0.1, 150), rng.uniform(38, 52, 50)])
    lon = np.concatenate([rng.normal(5, 0.1, 150), rng.uniform(-5, 15, 50)])
    sites = Sites(lat, lon, np.zeros(200), DAY)
    wanted = covered_distances(sites)
    distance = np.concatenate(
        [t.distance for t in leave_out(Observations(sites, np.zeros(200)))]
    )
    weight = distance_weights(distance, wanted)
    assert weight.mean() == pytest.approx(1)
    assert (weight > 0).all()
    plain, weighted = np.median(distance), np.average(distance, weights=weight)
    assert plain < 0.3 * np.median(wanted)
    assert weighted > 0.5 * wanted.mean()


def test_noise_adds_its_variance_to_every_law():
    g = torch.Generator().manual_seed(2)
    weight = torch.log_softmax(torch.randn(1, 4, 1, 3, generator=g).double(), -1)
    centre = torch.randn(1, 4, 1, 3, generator=g).double()
    law = MixturePredictive(weight, centre, torch.rand(1, 4, 1, 3).double() + 0.2)
    each = torch.tensor([0.0, 0.3, 0.7, 1.5]).double()[None, :, None]
    for noisy, added in ((law.noised(0.7), 0.7), (law.noised(each), each)):
        torch.testing.assert_close(noisy.variance, law.variance + added)
        torch.testing.assert_close(noisy.mean, law.mean)
