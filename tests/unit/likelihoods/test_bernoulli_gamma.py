import pytest
import torch
from scipy import stats

from apnp.likelihoods import BernoulliGamma, BernoulliGammaPredictive
from apnp.likelihoods.bernoulli_gamma import gamma_cdf


def tensor(value):
    return torch.tensor([[[value]]], dtype=torch.float64)


@pytest.fixture
def rain():
    return BernoulliGammaPredictive(tensor(0.6), tensor(0.7), tensor(0.2))


def test_closed_forms_are_those_of_scipy(rain):
    law = stats.gamma(0.7, scale=5.0)
    assert rain.mean.item() == pytest.approx(0.4 * law.mean())
    second = 0.4 * (law.var() + law.mean() ** 2)
    assert rain.variance.item() == pytest.approx(second - (0.4 * law.mean()) ** 2)
    y = tensor(2.3)
    assert rain.cdf(y).item() == pytest.approx(0.6 + 0.4 * law.cdf(2.3))
    assert rain.log_density(y).exp().item() == pytest.approx(0.4 * law.pdf(2.3))
    assert rain.log_density(0 * y).exp().item() == pytest.approx(0.6)
    assert rain.cdf(-y).item() == 0
    assert rain.cdf(0 * y).item() == pytest.approx(0.6)
    assert rain.quantile(0.55).item() == 0
    assert rain.quantile(0.9).item() == pytest.approx(law.ppf(0.75))
    assert rain.at_atom(0 * y).item()
    assert not rain.at_atom(y).item()


@pytest.mark.parametrize("predicts_moments", [False, True])
def test_mean_and_spread_are_those_of_the_channels_whatever_the_atom(predicts_moments):
    h = torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(1)).double()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        likelihood = BernoulliGamma(
            6, 2, floor=0.2, predicts_moments=predicts_moments
        ).double()
    with torch.no_grad():
        likelihood.share.bias.normal_(generator=torch.Generator().manual_seed(2))
    p = likelihood(h)
    channels = h[..., :4] if predicts_moments else likelihood.head(h)
    mean = 0.2 + torch.nn.functional.softplus(channels[..., :2], beta=4)
    std = 0.2 + torch.nn.functional.softplus(channels[..., 2:])
    torch.testing.assert_close(p.mean, mean)
    torch.testing.assert_close(p.variance, std**2 + (0.1 * mean) ** 2)
    assert p.dry.std() > 0.05


def test_values_below_zero_are_refused(rain):
    for score in (rain.crps, rain.log_density):
        with pytest.raises(ValueError, match=r"at or above zero.*Got -0.3"):
            score(tensor(-0.3))


@pytest.mark.parametrize("shape", [0.1, 0.7, 5.0, 300.0])
def test_the_incomplete_gamma_function_has_its_derivatives(shape):
    a = torch.full((4,), shape, dtype=torch.float64, requires_grad=True)
    x = shape * torch.tensor([0.3, 0.9, 1.2, 2.0], dtype=torch.float64)
    assert torch.autograd.gradcheck(gamma_cdf, (a, x.requires_grad_()), atol=1e-7)
    found = gamma_cdf(a, x).detach().numpy()
    assert found == pytest.approx(stats.gamma(shape).cdf(x.detach().numpy()))


def test_a_floor_that_lets_the_spread_vanish_is_refused():
    with pytest.raises(ValueError, match=r"`floor`.*above zero.*0.0"):
        BernoulliGamma(2, 1, floor=0.0)
