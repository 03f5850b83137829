import pytest
import torch

from apnp.likelihoods import HeteroscedasticGaussian, LowRankGaussian


def channels(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


@pytest.fixture
def made():
    def make(*args, **kwargs):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return LowRankGaussian(*args, **kwargs).double()

    return make


@pytest.mark.parametrize("predicts_moments", [False, True])
def test_marginals_are_those_of_its_gaussian_whatever_the_features(
    made, predicts_moments
):
    likelihood, h = (
        made(9, 2, rank=4, predicts_moments=predicts_moments),
        channels(2, 3, 9),
    )
    with torch.no_grad():
        likelihood.features.weight.mul_(30.0)
    alone: HeteroscedasticGaussian = likelihood.marginal
    torch.testing.assert_close(likelihood(h).mean, alone(h).mean)
    torch.testing.assert_close(likelihood(h).variance, alone(h).variance)
    share = likelihood(h).own / likelihood(h).variance
    assert share.min() > 0.0099


def test_values_start_almost_independent_but_learn(made):
    likelihood, h = made(16, 1, rank=8), channels(2, 5, 16)
    predictive = likelihood(h)
    correlated = (predictive.variance - predictive.own) / predictive.variance
    assert 0 < correlated.max() < 0.2
    y = predictive.mean.detach() + 1.0  # all errors alike: values go together
    predictive.log_prob(y, torch.ones_like(y, dtype=torch.bool)).sum().backward()
    assert likelihood.features.weight.grad.abs().max() > 1e-3


def test_correlation_is_that_of_the_features(made):
    likelihood = made(2, 1, rank=2)
    with torch.no_grad():
        likelihood.features.weight.copy_(torch.eye(2))
        likelihood.features.bias.zero_()
    h = torch.tensor([[[3.0, 0.0], [2.0, 1.0]]]).double()
    p = likelihood(h)
    factor = p.factor[0, :, 0]
    std = p.variance[0, :, 0].sqrt()
    correlation = (factor[0] @ factor[1] / std.prod()).item()
    assert correlation == pytest.approx(0.99 * 6 / (10 * 6) ** 0.5)


def test_the_joint_density_is_found_in_single_precision_at_least(made):
    predictive = made(8, 1, rank=4).float()(channels(2, 40, 8).float())
    y, mask = torch.zeros(2, 40, 1), torch.ones(2, 40, 1, dtype=torch.bool)
    exact = predictive.double().log_prob(y.double(), mask).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = predictive.log_prob(y, mask)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, exact, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("rank", [0, -2])
def test_a_rank_without_columns_is_refused(rank):
    with pytest.raises(ValueError, match=rf"`rank`.*above zero. Got {rank}"):
        LowRankGaussian(4, 1, rank=rank)
