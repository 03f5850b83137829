"""Every likelihood gives a predictive distribution, and that keeps probability's laws.

A new member needs a row: how it is made.
"""

import inspect
import math
import pkgutil
from importlib import import_module

import pytest
import torch
from torch import nn

import apnp.likelihoods
from apnp.likelihoods import (
    GaussianMixture,
    GaussianPredictive,
    HeteroscedasticGaussian,
    Likelihood,
    LowRankGaussian,
    LowRankPredictive,
    MixturePredictive,
    Predictive,
)

F = torch.float64
B, NT, DY, D_IN, FLOOR = 2, 2, 2, 7, 0.05
EXACT = {"rtol": 1e-10, "atol": 1e-10}


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


LIKELIHOODS = {
    HeteroscedasticGaussian: {},
    LowRankGaussian: {"rank": 3},
    GaussianMixture: {"components": 3},
}
PREDICTIVES = {GaussianPredictive, LowRankPredictive, MixturePredictive}


def made(kind, predicts_moments=False):
    """A likelihood whose weights are drawn at order one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = kind(
            D_IN,
            DY,
            floor=FLOOR,
            predicts_moments=predicts_moments,
            **LIKELIHOODS[kind],
        )
        with torch.no_grad():
            for p in module.parameters():
                p += 0.25 * torch.randn_like(p)
    return module.double()


ROWS = [
    (kind, predicts_moments)
    for kind in LIKELIHOODS
    for predicts_moments in (False, True)
]


@pytest.fixture(params=ROWS, ids=lambda r: r[0].__name__ + ", predicts_moments" * r[1])
def likelihood(request):
    return made(*request.param)


@pytest.fixture
def predictive(likelihood):
    return likelihood(normal(B, NT, D_IN))


T = torch.linspace(-40, 40, 4001, dtype=F).reshape(-1, 1, 1, 1)
STEP = (T[1] - T[0]).item()


def left(y):
    """Nodes and weights of the integral up to y.

    The trapezoids of an integrand that falls off exponentially at both ends.
    """
    return y - T.exp(), T.exp() * STEP


def right(y):
    return y + T.exp(), T.exp() * STEP


def expectation(predictive, function):
    """Of a function of the value, by quadrature."""
    return sum(
        (w * predictive.log_density(y).exp() * function(y)).sum(0)
        for y, w in (left(predictive.mean), right(predictive.mean))
    )


def test_every_likelihood_and_every_predictive_is_in_the_table(classes):
    exist = {
        cls
        for module in pkgutil.iter_modules(apnp.likelihoods.__path__)
        for _, cls in inspect.getmembers(
            import_module(f"apnp.likelihoods.{module.name}"), inspect.isclass
        )
        if issubclass(cls, nn.Module) and cls.__module__.startswith("apnp.likelihoods")
    }
    assert exist == {*LIKELIHOODS, Likelihood}
    assert classes(Predictive, "apnp.likelihoods") == PREDICTIVES
    assert {
        type(made(kind)(normal(B, NT, D_IN))) for kind in LIKELIHOODS
    } == PREDICTIVES


def test_density_integrates_to_one_with_the_stated_moments(predictive):
    one = expectation(predictive, torch.ones_like)
    torch.testing.assert_close(one, torch.ones_like(one), **EXACT)
    mean = expectation(predictive, lambda y: y)
    torch.testing.assert_close(mean, predictive.mean, **EXACT)
    variance = expectation(predictive, lambda y: (y - mean) ** 2)
    torch.testing.assert_close(variance, predictive.variance, **EXACT)


@pytest.mark.parametrize("p", [0.001, 0.1, 0.37, 0.975])
def test_quantile_inverts_the_distribution_function(predictive, p):
    quantile = predictive.quantile(p)
    cdf = predictive.cdf(quantile)
    torch.testing.assert_close(cdf, torch.full_like(cdf, p), **EXACT)
    y, w = left(quantile)
    below = (w * predictive.log_density(y).exp()).sum(0)
    torch.testing.assert_close(cdf, below, **EXACT)
    several = predictive.quantile(torch.full((3, B, NT, DY), p, dtype=F))
    torch.testing.assert_close(several, quantile.expand(3, -1, -1, -1), **EXACT)


@pytest.mark.parametrize("p", [0.0, 1.0, -0.2, 1.3])
def test_quantile_refuses_what_is_no_probability(predictive, p):
    with pytest.raises(ValueError, match=rf"`p` is a probability in \(0, 1\).*{p:g}"):
        predictive.quantile(p)


@pytest.mark.parametrize("shift", [-2.25, 0.0, 0.05, 0.75])
def test_crps_is_the_integral_of_the_squared_error_of_the_distribution(
    predictive, shift
):
    value = predictive.mean + shift * predictive.variance.sqrt()
    (low, w), (high, v) = left(value), right(value)
    expected = (w * predictive.cdf(low) ** 2).sum(0)
    expected = expected + (v * (1 - predictive.cdf(high)) ** 2).sum(0)
    torch.testing.assert_close(predictive.crps(value), expected, **EXACT)


def test_crps_is_the_score_of_samples(predictive):
    value = predictive.mean + 0.8
    draws = predictive.sample(40000, torch.Generator().manual_seed(0))
    far = (draws - value).abs().mean(0)
    apart = (draws[::2] - draws[1::2]).abs().mean(0)
    expected = far - 0.5 * apart
    torch.testing.assert_close(predictive.crps(value), expected, rtol=0.05, atol=5e-3)


def test_samples_have_the_stated_moments_and_repeat_with_the_generator(predictive):
    k = 20000
    draws, again = (
        predictive.sample(k, torch.Generator().manual_seed(3)) for _ in range(2)
    )
    assert torch.equal(draws, again)
    assert draws.shape == (k, B, NT, DY)
    error = (draws.mean(0) - predictive.mean) / (predictive.variance / k).sqrt()
    assert error.abs().max() < 4
    squares = (draws - predictive.mean) ** 2
    error = (squares.mean(0) - predictive.variance) / (squares.std(0) / k**0.5)
    assert error.abs().max() < 4


def test_samples_are_coherent_as_far_as_values_are(predictive):
    """The covariance of draws is the one that the joint density says."""
    k = 20000
    draws = predictive.sample(k, torch.Generator().manual_seed(5))
    factor = getattr(predictive, "factor", predictive.mean[..., None][..., :0])
    factor = factor.flatten(1, 2)
    covariance = factor @ factor.mT
    apart = (draws - predictive.mean).flatten(2)
    products = apart[..., :, None] * apart[..., None, :]
    error = (products.mean(0) - covariance) / (products.std(0) / k**0.5)
    off = ~torch.eye(NT * DY, dtype=torch.bool)
    assert error[:, off].abs().max() < 5
    assert (predictive.n_shared > 0) == (covariance.abs().max() > 0.01).item()


def test_draws_of_some_targets_are_those_of_all(likelihood):
    h = normal(B, NT, D_IN)
    both = likelihood(h)
    level = torch.rand(
        5, B, NT, DY, dtype=F, generator=torch.Generator().manual_seed(1)
    )
    shared = normal(5, B, both.n_shared, seed=2)
    draws = both.realise(level, shared)
    for i in range(NT):
        one = likelihood(h[:, i : i + 1]).realise(level[:, :, i : i + 1], shared)
        torch.testing.assert_close(one, draws[:, :, i : i + 1], **EXACT)
    assert likelihood.n_shared == both.n_shared


def test_log_prob_of_one_value_is_its_log_density(predictive):
    y = normal(B, NT, DY, seed=1)
    log_density = predictive.log_density(y)
    for index in torch.cartesian_prod(*map(torch.arange, y.shape)).tolist():
        mask = torch.zeros_like(y, dtype=torch.bool)
        mask[tuple(index)] = True
        one = predictive.log_prob(y, mask)[index[0]]
        torch.testing.assert_close(one, log_density[tuple(index)], **EXACT)


def test_log_prob_counts_observed_values_alone(predictive):
    y = normal(B, NT, DY, seed=1)
    mask = normal(B, NT, DY, seed=2) > 0
    assert mask.any()
    assert not mask.all()
    expected = predictive.log_prob(y, mask)
    if predictive.n_shared == 0:
        alone = torch.where(mask, predictive.log_density(y), 0.0).sum((-1, -2))
        torch.testing.assert_close(expected, alone, **EXACT)
    for junk in (1e30, -1e30, float("inf"), float("nan")):
        total = predictive.log_prob(torch.where(mask, y, junk), mask)
        assert total.shape == (B,)
        torch.testing.assert_close(total, expected, rtol=0, atol=0)
    nothing = predictive.log_prob(y, torch.zeros_like(mask))
    assert torch.equal(nothing, torch.zeros(B, dtype=F))


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_low_rank_is_the_dense_gaussian(share):
    nt = 9
    predictive = made(LowRankGaussian)(normal(B, nt, D_IN))
    y = normal(B, nt, DY, seed=1)
    mask = torch.rand(y.shape, generator=torch.Generator().manual_seed(0)) <= share
    found = predictive.log_prob(y, mask)
    for b in range(B):
        factor = predictive.factor[b].flatten(0, 1)
        dense = factor @ factor.T + predictive.own[b].flatten().diag()
        seen = mask[b].flatten()
        law = torch.distributions.MultivariateNormal(
            predictive.mean[b].flatten()[seen], dense[seen][:, seen]
        )
        expected = law.log_prob(y[b].flatten()[seen])
        torch.testing.assert_close(found[b], expected, **EXACT)
        correlation = dense / dense.diag().sqrt() / dense.diag().sqrt()[:, None]
        assert (correlation - torch.eye(nt * DY)).abs().max() > 0.3


def test_unobserved_junk_leaves_the_gradient_finite(likelihood):
    mask = torch.ones(B, NT, DY, dtype=torch.bool)
    mask[:, 1] = False
    y = torch.where(mask, normal(B, NT, DY, seed=1), float("nan"))
    h = normal(B, NT, D_IN).requires_grad_()
    likelihood(h).log_prob(y, mask).sum().backward()
    assert all(p.grad.abs().max() > 0 for p in likelihood.parameters())
    assert all(p.grad.isfinite().all() for p in likelihood.parameters())
    assert torch.equal(h.grad[:, 1], torch.zeros_like(h.grad[:, 1]))


def test_gradients_are_those_of_the_scores(likelihood):
    y, h = normal(1, NT, DY, seed=1), normal(1, NT, D_IN).requires_grad_()
    mask = torch.ones_like(y, dtype=torch.bool)
    for score in (
        lambda h: likelihood(h).log_prob(y, mask), lambda h: likelihood(h).crps(y),
    ):  # fmt: skip
        torch.autograd.gradcheck(score, (h,), rtol=1e-5, atol=1e-7)


def test_shifted_moves_the_distribution(predictive):
    offset = normal(B, NT, DY, seed=4)
    moved, y = predictive.shifted(offset), normal(B, NT, DY, seed=1)
    mask = torch.ones_like(y, dtype=torch.bool)
    torch.testing.assert_close(
        moved.log_prob(y, mask), predictive.log_prob(y - offset, mask), **EXACT
    )
    torch.testing.assert_close(moved.mean, predictive.mean + offset)
    torch.testing.assert_close(moved.quantile(0.2), predictive.quantile(0.2) + offset)


def test_widened_spreads_the_distribution_about_its_mean(predictive):
    wide = predictive.widened(1.7)
    y = normal(B, NT, DY, seed=1)
    mask = torch.ones_like(y, dtype=torch.bool)
    narrow = predictive.mean + (y - predictive.mean) / 1.7
    torch.testing.assert_close(
        wide.log_prob(y, mask),
        predictive.log_prob(narrow, mask) - NT * DY * math.log(1.7), **EXACT,
    )  # fmt: skip
    torch.testing.assert_close(wide.mean, predictive.mean, **EXACT)
    torch.testing.assert_close(wide.variance, 1.7**2 * predictive.variance, **EXACT)
    torch.testing.assert_close(wide.cdf(y), predictive.cdf(narrow), **EXACT)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_spread_never_falls_below_its_floor(likelihood, scale):
    for dtype in (torch.float32, torch.float64):
        predictive = likelihood.to(dtype)(scale * normal(B, NT, D_IN).to(dtype))
        assert predictive.variance.min() >= FLOOR**2 * (1 - 1e-4)
        assert predictive.variance.isfinite().all()
        for y in (torch.zeros_like(predictive.mean), torch.ones_like(predictive.mean)):
            mask = torch.ones_like(y, dtype=torch.bool)
            assert predictive.log_prob(y, mask).isfinite().all()
            assert predictive.crps(y).isfinite().all()


def test_no_targets_are_a_distribution_of_nothing(likelihood):
    nothing = likelihood(normal(B, 0, D_IN))
    y = torch.zeros(B, 0, DY, dtype=F)
    assert torch.equal(nothing.log_prob(y, y.bool()), torch.zeros(B, dtype=F))
    assert nothing.sample(3, torch.Generator()).shape == (3, B, 0, DY)


def test_samples_are_one_or_more(predictive):
    with pytest.raises(ValueError, match=r"`k` is a number of draws.*Got 0"):
        predictive.sample(0, torch.Generator())
