import numpy as np
import pytest
import torch

from apnp.nn.drift import LinearDrift

F = torch.float64


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def drift(n_covariates=1, n_trend=1, dy=2):
    module = LinearDrift(n_covariates, n_trend, dy, ridge=0.7).double()
    with torch.no_grad():
        module.prior_mean.copy_(normal(dy, n_covariates + 1, seed=5))
    return module


def data(n=6, dy=2):
    mask = normal(2, n, dy, seed=3) > -0.7
    return normal(2, n, 2), normal(2, n, dy, seed=1), mask


def dense(module, features, y, mask):
    """Row by row and variable by variable, by stacking the prior as observations."""
    prior = np.c_[module.prior_mean.detach().numpy(), np.zeros((2, 1))]
    root = np.sqrt(0.7) * np.ones(prior.shape[1])
    out = np.empty((features.shape[0], *prior.shape))
    for b in range(out.shape[0]):
        for v in range(out.shape[1]):
            keep = mask[b, :, v].numpy()
            f = np.c_[np.ones(keep.sum()), features[b].numpy()[keep]]
            design = np.r_[f, np.diag(root)]
            aim = np.r_[y[b, :, v].numpy()[keep], root * prior[v]]
            out[b, v] = np.linalg.lstsq(design, aim, rcond=None)[0]
    return torch.from_numpy(out)


@pytest.mark.parametrize("n", [0, 1, 2, 6, 30])
def test_posterior_is_least_squares_with_the_prior_as_observations(n):
    module, (features, y, mask) = drift(), data(n)
    beta = module.fit(features, y, mask)
    torch.testing.assert_close(beta, dense(module, features, y, mask))


def test_without_observations_the_prior_is_left():
    module, (features, y, mask) = drift(), data()
    expected = torch.nn.functional.pad(module.prior_mean, (0, 1)).expand(2, -1, -1)
    for context in (data(0), (features, y, torch.zeros_like(mask))):
        torch.testing.assert_close(module.fit(*context), expected)


def test_unobserved_values_and_features_may_be_anything():
    module, (features, y, mask) = drift(), data()
    mask[:, 4] = False
    expected = module.fit(features, y, mask)
    features[:, 4] = float("nan")
    y = torch.where(mask, y, float("nan"))
    torch.testing.assert_close(module.fit(features, y, mask), expected)


def test_many_observations_outweigh_the_prior():
    module = drift()
    features, truth = normal(1, 5000, 2), normal(2, 3, seed=8)
    y = module(truth[None], features)
    beta = module.fit(features, y, torch.ones_like(y, dtype=torch.bool))
    torch.testing.assert_close(beta[0], truth, rtol=0, atol=5e-3)


def test_drift_is_constant_plus_slopes_for_each_variable():
    module = drift()
    beta = torch.tensor([[[0.5, 2.0, -1.0], [3.0, 0.0, 0.25]]], dtype=F)
    features = torch.tensor([[[0.3, 0.7], [-2.0, 4.0]]], dtype=F)
    expected = torch.tensor([[[0.4, 3.175], [-7.5, 4.0]]], dtype=F)
    torch.testing.assert_close(module(beta, features), expected)


def test_prior_learns_through_the_posterior():
    module, (features, y, mask) = drift(), data()
    module.fit(features, y, mask).square().sum().backward()
    for p in module.parameters():
        assert (p.grad.abs() > 1e-6).all()


def test_duplicate_points_leave_the_posterior_defined():
    module = drift()
    features, y = normal(1, 1, 2).expand(1, 8, 2), normal(1, 8, 2, seed=2)
    mask = torch.ones(1, 8, 2, dtype=torch.bool)
    beta = module.fit(features, y, mask)
    torch.testing.assert_close(beta, dense(module, features, y, mask))
