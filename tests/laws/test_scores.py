"""Scores are those of the laws, and are averaged and compared on the same tasks."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from apnp import scores
from apnp.observations import Scores

CASES = [(1.3, 0.4, 0.7), (-2.0, 1.5, 2.6), (0.2, 0.3, 0.05)]


@pytest.mark.parametrize(("y", "mean", "std"), CASES)
def test_crps_is_the_integral_of_the_squared_difference_of_cdfs(y, mean, std):
    below, _ = quad(lambda x: norm.cdf(x, mean, std) ** 2, min(y, mean) - 12 * std, y)
    above, _ = quad(lambda x: norm.sf(x, mean, std) ** 2, y, max(y, mean) + 12 * std)
    expected = below + above
    assert scores.crps_gaussian(y, mean, std) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("y", "mean", "std"), CASES)
def test_density_and_pit_are_those_of_the_normal_law(y, mean, std):
    law = norm(mean, std)
    assert scores.log_density_gaussian(y, mean, std) == pytest.approx(law.logpdf(y))
    assert scores.pit_gaussian(y, mean, std) == pytest.approx(law.cdf(y))


def test_crps_of_a_narrow_prediction_is_the_absolute_error():
    assert scores.crps_gaussian(3.2, 1.0, 1e-9) == pytest.approx(2.2)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_a_calibrated_prediction_covers_its_level(level):
    rng = np.random.default_rng(0)
    mean, std = rng.normal(size=50_000), rng.uniform(0.3, 2, 50_000)
    y = rng.normal(mean, std)
    pit = scores.pit_gaussian(y, mean, std)
    assert scores.covered(pit, level).mean() == pytest.approx(level, abs=0.006)
    wide = scores.pit_gaussian(y, mean, 2 * std)
    assert scores.covered(wide, level).mean() > level + 0.02


def test_standard_error_counts_tasks():
    mean, error = scores.mean_and_error([1.0, 2.0, 4.0, 6.0])
    assert (mean, error) == pytest.approx((3.25, np.sqrt(14.75 / 3 / 4)))
    assert np.isnan(scores.mean_and_error([1.7])[1])


def test_pairing_removes_what_tasks_share():
    rng = np.random.default_rng(1)
    shared = rng.normal(5, 2, 200)
    a, b = shared + 0.3 + 0.01 * rng.normal(size=200), shared
    difference, error = scores.paired_difference(a, b)
    assert difference == pytest.approx(0.3, abs=0.005)
    assert error == pytest.approx(0.01 / np.sqrt(200), rel=0.2)


def test_error_of_a_ratio_is_that_of_repeated_draws():
    rng = np.random.default_rng(2)
    b = rng.gamma(9, 0.5, (3000, 60))
    a = 0.8 * b + rng.normal(0, 0.4, b.shape)
    ratios, errors = np.transpose(
        [scores.paired_ratio(*ab) for ab in zip(a, b, strict=True)]
    )
    assert ratios.mean() == pytest.approx(0.8, abs=0.002)
    assert errors.mean() == pytest.approx(ratios.std(), rel=0.05)


def test_refuses_what_has_no_score():
    with pytest.raises(ValueError, match=r"`std` must be above 0 everywhere. Got 0.0"):
        scores.crps_gaussian([1.0, 2.0], 0.0, [1.0, 0.0])
    with pytest.raises(ValueError, match=r"`level` is a probability .* Got 1.2"):
        scores.covered(0.7, 1.2)
    with pytest.raises(ValueError, match="only on the same tasks"):
        scores.paired_difference([1.0, 2.0], [1.0])


def test_gaussians_score_themselves():
    y, mean, std = (np.array(v) for v in zip(*CASES, strict=True))
    found = scores.GaussianMarginals(mean, std).score(y)
    np.testing.assert_array_equal(found.crps, scores.crps_gaussian(y, mean, std))
    np.testing.assert_array_equal(found.nll, -scores.log_density_gaussian(y, mean, std))
    pit = scores.pit_gaussian(y, mean, std)
    for seed in (0, 1):
        drawn = found.pit(np.random.default_rng(seed))
        np.testing.assert_array_equal(drawn, pit)


def test_transforms_at_an_atom_are_uniform_and_cover_their_level():
    """Zero with probability 0.7, else uniform on (0, 1)."""
    rng = np.random.default_rng(0)
    y = np.maximum(rng.uniform(-0.7, 0.3, 50_000) / 0.3, 0.0)
    upto = 0.7 + 0.3 * y
    found = Scores(y, y, np.where(y > 0, upto, 0.0), upto)
    pit = found.pit(np.random.default_rng(1))
    share, _ = np.histogram(pit, np.linspace(0, 1, 11))
    assert np.abs(share / 5000 - 1).max() < 0.06
    assert scores.covered(pit, 0.9).mean() == pytest.approx(0.9, abs=0.006)


def test_the_ends_of_an_interval_are_covered_and_no_level_is_zero_or_one():
    assert scores.covered([0.25, 0.75, 0.76], 0.5).tolist() == [True, True, False]
    for level in (0.0, 1.0):
        with pytest.raises(ValueError, match="`level` is a probability"):
            scores.covered(0.5, level)


def test_two_tasks_have_an_error_and_one_has_none():
    assert scores.mean_and_error([1.0, 4.0]) == pytest.approx((2.5, 1.5))
    mean, error = scores.mean_and_error([4.0])
    assert mean == 4.0
    assert np.isnan(error)


def test_scores_of_single_precision_are_computed_in_double():
    y, mean, std = np.array([[1.5], [1.1], [0.7]], dtype=np.float32)
    assert scores.crps_gaussian(y, mean, std).dtype == np.float64
    a, b = np.array([[1.1, 2.3, 0.7], [0.1, 0.3, 0.9]], dtype=np.float32)
    wide = a.astype(np.float64), b.astype(np.float64)
    assert scores.mean_and_error(a) == scores.mean_and_error(wide[0])
    assert scores.paired_difference(a, b) == scores.paired_difference(*wide)
    assert scores.paired_ratio(a, b) == scores.paired_ratio(*wide)
