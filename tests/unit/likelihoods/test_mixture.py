import math

import pytest
import torch

from apnp.likelihoods import GaussianMixture, MixturePredictive


def tensor(*values):
    return torch.tensor([[[values]]], dtype=torch.float64)


def test_closed_forms_of_two_components():
    """0.3 N(-1, 0.25) + 0.7 N(2, 1), as numbers computed by hand say."""
    p = MixturePredictive(tensor(0.3, 0.7).log(), tensor(-1.0, 2.0), tensor(0.5, 1.0))
    assert p.mean.item() == pytest.approx(0.3 * -1 + 0.7 * 2)
    second = 0.3 * (0.25 + 1) + 0.7 * (1 + 4)
    assert p.variance.item() == pytest.approx(second - 1.1**2)
    y = torch.full_like(p.mean, 0.5)
    phi = 0.3 * 0.5 * (1 + math.erf(3 / 2**0.5))
    phi += 0.7 * 0.5 * (1 + math.erf(-1.5 / 2**0.5))
    assert p.cdf(y).item() == pytest.approx(phi)
    density = 0.3 * math.exp(-4.5) / 0.5 + 0.7 * math.exp(-1.125)
    density /= math.sqrt(2 * math.pi)
    assert p.log_density(y).item() == pytest.approx(math.log(density))


@pytest.mark.parametrize("predicts_moments", [False, True])
def test_it_starts_about_its_gaussian_with_components_side_by_side(predicts_moments):
    h = torch.randn(2, 3, 9, generator=torch.Generator().manual_seed(1))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        likelihood = GaussianMixture(
            9, 2, components=3, predicts_moments=predicts_moments
        )
    p, gaussian = likelihood(h), likelihood.marginal(h)
    std = gaussian.variance.sqrt()
    assert ((p.mean - gaussian.mean) / std).abs().max() < 0.3
    assert (p.variance.sqrt() / std - 1).abs().max() < 0.3
    assert (p.centre.diff(dim=-1) / std[..., None]).min() > 0.2


def test_no_component_is_narrower_than_the_floor():
    likelihood = GaussianMixture(9, 2, components=3, floor=0.3)
    h = 50 * torch.randn(2, 3, 9, generator=torch.Generator().manual_seed(1))
    assert likelihood(h).spread.min() >= 0.3


@pytest.mark.parametrize("components", [1, 0])
def test_a_mixture_of_one_is_refused(components):
    with pytest.raises(ValueError, match=rf"two or more.*Got {components}"):
        GaussianMixture(4, 1, components=components)
