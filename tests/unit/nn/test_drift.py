import numpy as np
import pytest
import torch

from apnp.nn.drift import LinearDrift

F = torch.float64


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def drift(n_covariates=1, n_trend=1, dy=2):
    module = LinearDrift(n_covariates, n_trend, dy, (1.5, 0.6), ridge=0.7).double()
    with torch.no_grad():
        module.prior_mean.copy_(normal(dy, n_covariates + 1, seed=5))
    return module


def data(n=6, dy=2):
    mask = normal(2, n, dy, seed=3) > -0.7
    return normal(2, n, 2, seed=4), normal(2, n, 2), normal(2, n, dy, seed=1), mask


def dense(module, x, features, y, mask):
    """Generalised least squares, the prior stacked as uncorrelated observations."""
    prior = np.c_[module.prior_mean.detach().numpy(), np.zeros((2, 1))]
    k = prior.shape[1]
    out = np.empty((features.shape[0], *prior.shape))
    for b in range(out.shape[0]):
        for v in range(out.shape[1]):
            keep = mask[b, :, v].numpy()
            points = x[b, keep][None]
            everywhere = torch.ones(1, keep.sum(), dtype=torch.bool)
            c = module.covariance.matrix(points, everywhere)[0].detach().numpy()
            f = np.c_[np.ones(keep.sum()), features[b].numpy()[keep]]
            white = np.linalg.cholesky(np.linalg.inv(c)).T if len(c) else c
            design = np.r_[white @ f, np.sqrt(0.7) * np.eye(k)]
            aim = np.r_[white @ y[b, :, v].numpy()[keep], np.sqrt(0.7) * prior[v]]
            out[b, v] = np.linalg.lstsq(design, aim, rcond=None)[0]
    return torch.from_numpy(out)


@pytest.mark.parametrize("n", [0, 1, 2, 6, 30])
def test_posterior_is_least_squares_with_the_prior_as_observations(n):
    module, (x, features, y, mask) = drift(), data(n)
    beta = module.fit(x, features, y, mask)
    expected = dense(module, x, features, y, mask)
    torch.testing.assert_close(beta, expected, rtol=0, atol=1e-10)


def test_without_observations_the_prior_is_left():
    module, (x, features, y, mask) = drift(), data()
    expected = torch.nn.functional.pad(module.prior_mean, (0, 1)).expand(2, -1, -1)
    for context in (data(0), (x, features, y, torch.zeros_like(mask))):
        torch.testing.assert_close(module.fit(*context), expected)


def test_unobserved_values_and_features_may_be_anything():
    module, (x, features, y, mask) = drift(), data()
    mask[:, 4] = False
    expected = module.fit(x, features, y, mask)
    features[:, 4] = float("nan")
    y = torch.where(mask, y, float("nan"))
    torch.testing.assert_close(module.fit(x, features, y, mask), expected)


def test_many_observations_outweigh_the_prior():
    module = drift()
    x, features = normal(1, 400, 2, seed=4), 30 * normal(1, 400, 2)
    truth = normal(2, 3, seed=8)
    y = module(truth[None], features)
    beta = module.fit(x, features, y, torch.ones_like(y, dtype=torch.bool))
    torch.testing.assert_close(beta[0, :, 1:], truth[:, 1:], rtol=0, atol=5e-3)


def test_drift_is_constant_plus_slopes_for_each_variable():
    module = drift()
    beta = torch.tensor([[[0.5, 2.0, -1.0], [3.0, 0.0, 0.25]]], dtype=F)
    features = torch.tensor([[[0.3, 0.7], [-2.0, 4.0]]], dtype=F)
    expected = torch.tensor([[[0.4, 3.175], [-7.5, 4.0]]], dtype=F)
    torch.testing.assert_close(module(beta, features), expected)


def test_prior_learns_through_the_posterior():
    module, (x, features, y, mask) = drift(), data()
    module.fit(x, features, y, mask).square().sum().backward()
    for p in module.parameters():
        assert (p.grad.abs() > 1e-6).all()


def test_duplicate_points_leave_the_posterior_defined():
    module = drift()
    x = features = normal(1, 1, 2).expand(1, 8, 2)
    y, mask = normal(1, 8, 2, seed=2), torch.ones(1, 8, 2, dtype=torch.bool)
    beta = module.fit(x, features, y, mask)
    torch.testing.assert_close(beta, dense(module, x, features, y, mask))
