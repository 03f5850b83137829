"""Every likelihood gives a predictive distribution, and that keeps probability's laws.

Laws of a predictive are read through `log_prob`, so a new member needs only a row.
"""

import inspect
import pkgutil
from importlib import import_module

import pytest
import torch
from torch import nn

import apnp.likelihoods
from apnp.likelihoods import GaussianPredictive, HeteroscedasticGaussian, Predictive

F = torch.float64
B, NT, DY, D_IN = 2, 2, 2, 4


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def gaussian():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return HeteroscedasticGaussian(D_IN, DY, floor=0.05).double()


LIKELIHOODS = {HeteroscedasticGaussian: gaussian}
PREDICTIVES = {GaussianPredictive}


@pytest.fixture(params=LIKELIHOODS.values(), ids=lambda make: make.__name__)
def likelihood(request):
    return request.param()


@pytest.fixture
def predictive(likelihood):
    return likelihood(2 * normal(B, NT, D_IN))


def density(predictive, y):
    """The density of each value alone, (b, nt, dy)."""
    out = torch.empty_like(predictive.mean)
    for index in torch.cartesian_prod(*map(torch.arange, out.shape)):
        mask = torch.zeros_like(out, dtype=torch.bool)
        mask[tuple(index)] = True
        out[tuple(index)] = predictive.log_prob(y, mask)[index[0]]
    return out.exp()


def grid(predictive, n=241, reach=12.0):
    """Values far into both tails, (n, b, nt, dy), and their density."""
    u = torch.linspace(-reach, reach, n, dtype=F).reshape(-1, 1, 1, 1)
    y = predictive.mean + predictive.variance.sqrt() * u
    return y, torch.stack([density(predictive, v) for v in y])


@pytest.fixture
def curve(predictive):
    return grid(predictive)


def test_every_likelihood_and_every_predictive_is_in_the_table(classes):
    exist = {
        cls
        for module in pkgutil.iter_modules(apnp.likelihoods.__path__)
        for _, cls in inspect.getmembers(
            import_module(f"apnp.likelihoods.{module.name}"), inspect.isclass
        )
        if issubclass(cls, nn.Module) and cls.__module__.startswith("apnp.likelihoods")
    }
    assert exist == set(LIKELIHOODS)
    assert classes(Predictive, "apnp.likelihoods") == PREDICTIVES


def test_density_integrates_to_one_with_the_stated_moments(predictive, curve):
    y, p = curve
    one = torch.ones_like(predictive.mean)
    torch.testing.assert_close(torch.trapezoid(p, y, dim=0), one)
    mean = torch.trapezoid(p * y, y, dim=0)
    torch.testing.assert_close(mean, predictive.mean)
    variance = torch.trapezoid(p * (y - mean) ** 2, y, dim=0)
    torch.testing.assert_close(variance, predictive.variance)


@pytest.mark.parametrize("p", [0.001, 0.1, 0.37, 0.975])
def test_quantile_inverts_the_distribution_function(predictive, p):
    quantile = predictive.quantile(p)
    low = predictive.mean - 12 * predictive.variance.sqrt()
    steps = torch.linspace(0, 1, 201, dtype=F).reshape(-1, 1, 1, 1)
    y = low + steps * (quantile - low)
    below = torch.trapezoid(torch.stack([density(predictive, v) for v in y]), y, dim=0)
    torch.testing.assert_close(below, torch.full_like(below, p), rtol=2e-3, atol=0)


@pytest.mark.parametrize("p", [0.0, 1.0, -0.2, 1.3])
def test_quantile_refuses_what_is_no_probability(predictive, p):
    with pytest.raises(ValueError, match=rf"`p` is a probability in \(0, 1\).*{p}"):
        predictive.quantile(p)


@pytest.mark.parametrize("shift", [-2.25, 0.05, 0.75])
def test_crps_is_the_integral_of_the_squared_error_of_the_distribution(
    predictive, curve, shift
):
    y, p = curve
    # Halfway between two values of the curve, where the trapezoids are exact.
    value = predictive.mean + shift * predictive.variance.sqrt()
    step = (y[1:] - y[:-1]) / 2
    cdf = torch.cat((torch.zeros_like(y[:1]), ((p[1:] + p[:-1]) * step).cumsum(0)))
    error = (cdf - (y >= value).double()) ** 2
    expected = torch.trapezoid(error, y, dim=0)
    torch.testing.assert_close(predictive.crps(value), expected, rtol=2e-3, atol=0)


def test_crps_is_the_score_of_samples(predictive):
    value = predictive.mean + 0.8
    draws = predictive.sample(20000, torch.Generator().manual_seed(0))
    far = (draws - value).abs().mean(0)
    apart = (draws[::2] - draws[1::2]).abs().mean(0)
    expected = far - 0.5 * apart
    torch.testing.assert_close(predictive.crps(value), expected, rtol=0.05, atol=2e-3)


def test_samples_have_the_stated_moments_and_repeat_with_the_generator(predictive):
    k = 20000
    draws, again = (
        predictive.sample(k, torch.Generator().manual_seed(3)) for _ in range(2)
    )
    assert torch.equal(draws, again)
    assert draws.shape == (k, B, NT, DY)
    error = (draws.mean(0) - predictive.mean) / (predictive.variance / k).sqrt()
    assert error.abs().max() < 4
    ratio = draws.var(0) / predictive.variance
    assert (ratio - 1).abs().max() < 4 * (2 / k) ** 0.5


def test_log_prob_sums_observed_values_alone(predictive):
    y = normal(B, NT, DY, seed=1)
    mask = normal(B, NT, DY, seed=2) > 0
    assert mask.any()
    assert not mask.all()
    expected = torch.where(mask, density(predictive, y).log(), 0.0).sum((-1, -2))
    for junk in (1e30, float("inf"), float("nan")):
        total = predictive.log_prob(torch.where(mask, y, junk), mask)
        assert total.shape == (B,)
        torch.testing.assert_close(total, expected)
    nothing = predictive.log_prob(y, torch.zeros_like(mask))
    assert torch.equal(nothing, torch.zeros(B, dtype=F))


def test_unobserved_junk_leaves_the_gradient_finite(likelihood):
    mask = torch.ones(B, NT, DY, dtype=torch.bool)
    mask[:, 1] = False
    y = torch.where(mask, normal(B, NT, DY, seed=1), float("nan"))
    h = normal(B, NT, D_IN).requires_grad_()
    likelihood(h).log_prob(y, mask).sum().backward()
    assert all(p.grad.abs().max() > 0 for p in likelihood.parameters())
    assert all(p.grad.isfinite().all() for p in likelihood.parameters())
    assert torch.equal(h.grad[:, 1], torch.zeros_like(h.grad[:, 1]))


def test_shifted_moves_the_distribution(predictive):
    offset = normal(B, NT, DY, seed=4)
    moved, y = predictive.shifted(offset), normal(B, NT, DY, seed=1)
    torch.testing.assert_close(density(moved, y), density(predictive, y - offset))
    torch.testing.assert_close(moved.mean, predictive.mean + offset)
    torch.testing.assert_close(moved.quantile(0.2), predictive.quantile(0.2) + offset)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_spread_never_falls_below_its_floor(likelihood, scale):
    for dtype in (torch.float32, torch.float64):
        predictive = likelihood.to(dtype)(scale * normal(B, NT, D_IN).to(dtype))
        assert predictive.variance.min() >= likelihood.floor**2 * (1 - 1e-6)
        assert predictive.variance.isfinite().all()
        y = torch.zeros_like(predictive.mean)
        mask = torch.ones_like(y, dtype=torch.bool)
        assert predictive.log_prob(y, mask).isfinite().all()


def test_no_targets_are_a_distribution_of_nothing(likelihood):
    nothing = likelihood(normal(B, 0, D_IN))
    y = torch.zeros(B, 0, DY, dtype=F)
    assert torch.equal(nothing.log_prob(y, y.bool()), torch.zeros(B, dtype=F))
