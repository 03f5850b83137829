import numpy as np
import pytest

from apnp.pretraining.random_fields import matern_field, stretched


def products(make, x, n=600):
    """Mean over fields of f(x_0) f(x_i), (len(x),), and the fields' values."""
    values = np.stack([make(np.random.default_rng([9, k]))(x) for k in range(n)])
    return (values[:, :1] * values).mean(0), values


def test_mean_is_zero_and_variance_one():
    x = np.random.default_rng(0).uniform(-3, 3, (40, 3))
    _, values = products(lambda rng: matern_field(rng, np.full(3, 0.7), 1.5), x)
    assert abs(values.mean()) < 0.02
    np.testing.assert_allclose(values.var(), 1, atol=0.03)


@pytest.mark.parametrize(
    ("smoothness", "correlation"),
    [
        (0.5, lambda r: np.exp(-r)),
        (1.5, lambda r: (1 + np.sqrt(3) * r) * np.exp(-np.sqrt(3) * r)),
    ],
)
def test_the_covariance_is_of_the_matern_family(smoothness, correlation):
    r = np.array([0.0, 0.3, 0.8, 1.6])
    x = np.stack([0.6 * r, 0.8 * r, 0 * r], -1) * 0.4
    found, _ = products(
        lambda rng: matern_field(rng, np.full(3, 0.4), smoothness), x, n=2500
    )
    np.testing.assert_allclose(found, correlation(r), atol=0.07)


def test_a_stretched_field_is_smoother_along_its_direction():
    along = np.array([0.6, 0.8, 0.0])
    across = np.array([-0.8, 0.6, 0.0])
    matrix = stretched(0.4, along, 2.5)
    x = np.stack([0 * along, along, 0.4 * across])
    found, _ = products(lambda rng: matern_field(rng, matrix, 1.5), x, n=2500)
    # At 2.5 lengthscales along and at 1 across the correlation is the same.
    expected = (1 + np.sqrt(3)) * np.exp(-np.sqrt(3))
    np.testing.assert_allclose(found[1:], expected, atol=0.07)
