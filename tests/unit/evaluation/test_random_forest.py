from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from apnp.errors import ConfigError, DataError
from apnp.evaluation.random_forest import KernelMixture, RandomForest, without_times
from apnp.observations import Archive, Observations

DAY = 30


@pytest.fixture(scope="module")
def forest(offset_archive):
    archive, _ = offset_archive
    others = without_times(archive, archive.times[[DAY]])
    return RandomForest(others, n_context=40, trees=30, samples=600, neighbours=6)


def task(archive, n):
    sites = replace(archive.sites, time=archive.times[DAY])
    every = Observations(sites, archive.value[DAY])
    return every.take(np.arange(n)), every.take(np.arange(n, 60))


def test_a_forest_beats_the_mean_of_the_context(forest, offset_archive):
    archive, _ = offset_archive
    context, target = task(archive, 40)
    found = forest.condition(context).marginals(target.sites)
    error = np.abs(found.mean - target.value).mean()
    assert error < 0.7 * np.abs(context.value.mean() - target.value).mean()
    scores = found.score(target.value)
    assert (scores.crps > 0).all()
    assert np.isfinite(scores.nll).all()
    assert (np.abs(scores.upto - 0.5) < 0.475).mean() > 0.7


def test_a_forest_reads_its_context(forest, offset_archive):
    archive, _ = offset_archive
    context, target = task(archive, 40)
    warmer = Observations(context.sites, context.value + 20)
    before, _ = forest.condition(context).predict(target.sites)
    after, _ = forest.condition(warmer).predict(target.sites)
    assert (after - before).mean() > 10


def test_a_small_context_repeats_its_last_neighbour(forest, offset_archive):
    archive, _ = offset_archive
    context, target = task(archive, 3)
    mean, std = forest.condition(context).predict(target.sites)
    assert np.isfinite(mean).all()
    assert (std > 0).all()


def test_a_smoothed_sample_keeps_mean_and_variance_and_scores_itself():
    rng = np.random.default_rng(0)
    sample = rng.gamma(2.0, 3.0, (2, 300))
    law = KernelMixture.of_samples(sample)
    assert law.mean == pytest.approx(sample.mean(1))
    assert law.std == pytest.approx(sample.std(1))
    y = np.array([2.5, 9.0])
    scores = law.score(y)

    def cdf(x, i):
        at = replace(law, centre=law.centre[[i]], width=law.width[[i]])
        return at.score(np.array([x])).upto[0]

    for i in range(2):
        below = quad(lambda x, i=i: cdf(x, i) ** 2, -20, y[i], limit=200)[0]
        above = quad(lambda x, i=i: (1 - cdf(x, i)) ** 2, y[i], 80, limit=200)[0]
        assert scores.crps[i] == pytest.approx(below + above, rel=1e-4)
        slope = (cdf(y[i] + 1e-4, i) - cdf(y[i] - 1e-4, i)) / 2e-4
        assert scores.nll[i] == pytest.approx(-np.log(slope), rel=1e-4)


def test_what_cannot_train_a_forest_is_refused(offset_archive):
    archive, _ = offset_archive
    few = Archive(archive.sites, archive.times[:1], archive.value[:1])
    context, _ = task(archive, 40)
    with pytest.raises(DataError, match="the archive has 1: leave this baseline out"):
        RandomForest(few).condition(context)
    with pytest.raises(ConfigError, match="Every day of the stations"):
        without_times(archive, archive.times)
