import math

import pytest
import torch

from apnp.likelihoods import GaussianPredictive, HeteroscedasticGaussian


def test_head_gives_means_then_spreads_through_softplus():
    likelihood = HeteroscedasticGaussian(2, 2, floor=0.3).double()
    with torch.no_grad():
        likelihood.head.weight.zero_()
        likelihood.head.bias.copy_(torch.tensor([1.5, -2.0, 0.7, -1.0]))
    predictive = likelihood(torch.ones(1, 1, 2, dtype=torch.float64))
    assert predictive.mean[0, 0].tolist() == pytest.approx([1.5, -2.0])
    spread = [0.3 + math.log1p(math.exp(raw)) for raw in (0.7, -1.0)]
    assert predictive.variance.sqrt()[0, 0].tolist() == pytest.approx(spread)


def test_it_starts_with_the_mean_and_a_fifth_or_the_spread_of_its_channels():
    h = torch.randn(
        2, 3, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        own, predicts_moments = (
            HeteroscedasticGaussian(5, 2, 0.3, predicts_moments=g).double()(h)
            for g in (False, True)
        )
    torch.testing.assert_close(own.mean, h[..., :2])
    torch.testing.assert_close(predicts_moments.mean, h[..., :2])
    std = 0.3 + torch.log1p(h[..., 2:4].exp())
    torch.testing.assert_close(predicts_moments.variance.sqrt(), std)
    assert own.variance.sqrt().mean().item() == pytest.approx(0.5, abs=0.05)


def test_closed_forms_at_known_values():
    """N(1.5, 0.49): density, CRPS and quantile as scipy and scoringrules give them."""
    predictive = GaussianPredictive(
        torch.tensor([[[1.5]]], dtype=torch.float64),
        torch.tensor([[[0.49]]], dtype=torch.float64),
    )
    y = torch.tensor([[[2.2]]], dtype=torch.float64)
    log_prob = predictive.log_prob(y, torch.ones_like(y, dtype=torch.bool)).item()
    assert log_prob == pytest.approx(-0.5 - math.log(0.7 * math.sqrt(2 * math.pi)))
    assert predictive.crps(y).item() == pytest.approx(0.7 * 0.60244135, rel=1e-6)
    assert predictive.quantile(0.9).item() == pytest.approx(1.5 + 0.7 * 1.2815515655)


def test_means_and_variances_of_different_shape_are_refused(unchecked):
    with pytest.raises(ValueError, match=r"same shape.*\(1, 2, 1\) and \(1, 3, 1\)"):
        GaussianPredictive(torch.zeros(1, 2, 1), torch.ones(1, 3, 1))


@pytest.mark.parametrize("floor", [0.0, -0.1])
def test_a_floor_that_lets_the_spread_vanish_is_refused(floor):
    with pytest.raises(ValueError, match=rf"`floor`.*above zero.*{floor}"):
        HeteroscedasticGaussian(2, 1, floor=floor)
