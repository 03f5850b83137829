import numpy as np
import pytest

from apnp.network.history import ResidualCovariance, with_history
from apnp.network.spatial_noise import SpatialCorrelation, SpatialNoise

DAYS = np.arange(400.0)


def series(rng, n, usual=0.3, lasting=0.4, days=5.0, rest=0.5):
    kept = np.exp(-1 / days)
    slow = np.empty((len(DAYS), n))
    slow[0] = rng.standard_normal(n)
    for row in range(1, len(DAYS)):
        slow[row] = kept * slow[row - 1] + np.sqrt(1 - kept**2) * rng.standard_normal(n)
    noise = rng.standard_normal(slow.shape)
    habit = rng.standard_normal(n)
    return np.sqrt(usual) * habit + np.sqrt(lasting) * slow + np.sqrt(rest) * noise


def test_the_covariance_of_simulated_residuals_is_found():
    z = series(np.random.default_rng(0), 200)
    found = ResidualCovariance.fit(z, DAYS)
    assert found.usual == pytest.approx(0.3, abs=0.1)
    assert found.lasting == pytest.approx(0.4, abs=0.1)
    assert found.days == 5.0
    assert found.total == pytest.approx(np.mean(z**2), rel=0.02)


def test_residuals_that_mean_nothing_change_nothing():
    z = np.random.default_rng(0).standard_normal((400, 50))
    found = ResidualCovariance.fit(z, DAYS)
    mean, variance = found.predict(z[:20, 0], DAYS[:20], DAYS[20:24])
    assert np.abs(mean).max() < 0.1
    assert variance == pytest.approx(1.0, abs=0.05)


def test_a_prediction_is_that_of_the_joint_normal_law():
    law = ResidualCovariance(0.2, 0.5, 4.0, 0.3)
    known, asked = np.array([0.0, 1.0, 7.0]), np.array([3.0, 4.0])
    z = np.array([1.2, -0.4, 2.0])
    every = np.concatenate([known, asked])
    matrix = law.between(every, every) + 0.3 * np.eye(5)
    weight = matrix[3:, :3] @ np.linalg.inv(matrix[:3, :3])
    mean, variance = law.predict(z, known, asked)
    assert mean == pytest.approx(weight @ z)
    expected = np.diag(matrix[3:, 3:] - weight @ matrix[:3, 3:])
    assert variance == pytest.approx(expected)


def test_only_what_is_missing_is_predicted_and_better_than_without():
    rng = np.random.default_rng(4)
    z = series(rng, 60)
    law = ResidualCovariance.fit(z, DAYS)
    error = without = 0.0
    for column in z.T:
        missing = np.zeros(400, dtype=bool)
        missing[150:160] = True
        known = np.where(missing, np.nan, column)
        mean, variance = with_history(law, known, DAYS, missing)
        assert np.isfinite(mean).tolist() == missing.tolist()
        assert (variance[missing] < law.total).all()
        error += ((mean - column)[missing] ** 2).sum()
        without += (column[missing] ** 2).sum()
    assert error < 0.8 * without


def test_noise_has_the_correlation_it_was_given_in_space_and_in_time():
    lat, lon = np.array([50.0, 50.1, 55.0]), np.array([8.0, 8.0, 20.0])
    correlation = SpatialCorrelation(0.8, 40.0)
    factor = correlation.factor(lat, lon)
    drawn = np.array([True, True, False, True])
    law = ResidualCovariance(0.0, 0.5, 6.0, 0.5)
    noise = SpatialNoise(factor, drawn, law, 200, 3)
    days = np.stack(list(noise.days(np.arange(30.0))))
    assert days.shape == (30, 200, 4)
    assert (days[..., 2] == 0).all()
    flat = days[..., drawn].reshape(-1, 3)
    found = np.corrcoef(flat.T)
    assert np.var(flat) == pytest.approx(1.0, abs=0.05)
    assert found[0, 1] == pytest.approx(0.8 * np.exp(-11.1 / 40), abs=0.05)
    assert abs(found[0, 2]) < 0.05
    lagged = np.mean(days[:-1, :, 0] * days[1:, :, 0])
    assert lagged == pytest.approx(0.5 * np.exp(-1 / 6), abs=0.05)


def test_the_correlation_in_space_of_simulated_residuals_is_found():
    rng = np.random.default_rng(2)
    lat, lon = rng.uniform(47, 50, 150), rng.uniform(6, 11, 150)
    root = SpatialCorrelation(0.7, 80.0).factor(lat, lon)
    z = rng.standard_normal((60, 150)) @ root.T
    found = SpatialCorrelation.fit(z, lat, lon)
    assert found.length_km == 80.0
    assert found.share == pytest.approx(0.7, abs=0.1)
