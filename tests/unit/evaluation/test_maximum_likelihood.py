import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import multivariate_normal

from apnp.evaluation.maximum_likelihood import ProfileLikelihood, fit_exponential

FLOOR = 1e-6


def problem(n, seed, sill=9.0, range_km=400.0, nugget=1.5):
    rng = np.random.default_rng(seed)
    where = rng.uniform(0, 2500, (n, 3))
    distance = cdist(where, where)
    drift = np.column_stack([np.ones(n), rng.normal(size=n)])
    covariance = sill * np.exp(-distance / range_km) + nugget * np.eye(n)
    value = np.linalg.cholesky(covariance) @ rng.normal(size=n)
    return distance, drift, value + drift @ [4.0, -2.5]


def test_profile_is_the_normal_likelihood_at_its_best_sill_and_coefficients():
    distance, drift, value = problem(35, 0)
    likelihood = ProfileLikelihood(distance, drift, value, FLOOR)
    theta = np.log([[300.0, 0.2], [900.0, 0.05]])
    losses = []
    for t in theta:
        range_km, ratio = np.exp(t)
        unit = np.exp(-distance / range_km) + ratio * np.eye(35)
        inverse = np.linalg.inv(unit)
        beta = np.linalg.solve(drift.T @ inverse @ drift, drift.T @ inverse @ value)
        sill = likelihood.sill(t)
        law = [
            multivariate_normal(drift @ beta, s * unit).logpdf(value)
            for s in (sill, 1.02 * sill, 0.98 * sill)
        ]
        assert law[0] > max(law[1:])
        losses.append(-law[0])
    assert likelihood(theta[0]) - likelihood(theta[1]) == pytest.approx(
        losses[0] - losses[1], rel=1e-8
    )


def test_gradient_is_that_of_the_loss():
    likelihood = ProfileLikelihood(*problem(50, 1), FLOOR)
    theta = np.log([250.0, 0.4])
    _, gradient = likelihood.with_gradient(theta)
    step = 1e-5 * np.eye(2)
    expected = [(likelihood(theta + s) - likelihood(theta - s)) / 2e-5 for s in step]
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)


@pytest.mark.parametrize(("n", "seed"), [(60, 2), (300, 3)])
def test_fit_is_no_worse_than_a_dense_search(n, seed):
    distance, drift, value = problem(n, seed)
    sill, range_km, nugget = fit_exponential(distance, drift, value, FLOOR)
    likelihood = ProfileLikelihood(distance, drift, value, FLOOR)
    found = likelihood(np.log([range_km, nugget / sill]))
    grid = [
        likelihood(np.log([r, g]))
        for r in np.geomspace(30, 8000, 14) for g in np.geomspace(1e-4, 30, 10)
    ]  # fmt: skip
    assert found < min(grid) + 0.02
    assert sill == pytest.approx(
        likelihood.sill(np.log([range_km, nugget / sill])) * n / (n - 2), rel=1e-6
    )


def test_fit_finds_the_law_that_made_the_data():
    fits = [fit_exponential(*problem(400, s), FLOOR) for s in range(5, 9)]
    sill, range_km, nugget = np.median(fits, axis=0)
    assert sill == pytest.approx(9, rel=0.3)
    assert range_km == pytest.approx(400, rel=0.4)
    assert nugget == pytest.approx(1.5, rel=0.5)


def test_white_noise_is_all_nugget():
    distance, drift, _ = problem(150, 10)
    value = np.random.default_rng(11).normal(size=150)
    sill, range_km, nugget = fit_exponential(distance, drift, value, FLOOR)
    near = np.exp(-np.median(distance) / range_km) * sill
    assert near < 0.15
    assert sill * (range_km > 30) + nugget == pytest.approx(1, abs=0.25)
