import pytest
import torch

from apnp.backbones import PTTNP, TNP, TokenLayers
from apnp.groups import Translations
from apnp.types import Domain, PointSet

LENGTHS = (1.0, 0.3)


def context(n):
    generator = torch.Generator().manual_seed(1)
    x, y = (torch.randn(1, n, d, generator=generator) for d in (2, 1))
    domain = Domain(torch.zeros(1, 2), torch.ones(1, 2), torch.ones(1).bool())
    return PointSet.observed(x, y, torch.randn(1, n, 1, generator=generator)), domain


@pytest.mark.parametrize(("n", "tokens"), [(9, 4), (3, 3), (0, 0)])
def test_there_are_as_many_pseudo_tokens_as_asked_or_as_there_are_points(n, tokens):
    model = PTTNP(Translations(2), 1, 1, LENGTHS, 4, TokenLayers(width=8, heads=2))
    latent = model.process(model.encode(*context(n)))
    assert latent.z.shape == (1, 4, tokens, 8)


@pytest.mark.parametrize("name", ["width", "count", "heads"])
def test_sizes_are_above_zero(name):
    said = "layers" if name == "count" else name  # the word of configurations
    with pytest.raises(ValueError, match=rf"`{said}` is a number above zero. Got 0"):
        TokenLayers(**{name: 0})


def test_pseudo_tokens_are_above_zero():
    with pytest.raises(ValueError, match=r"`pseudo` is a number above zero. Got -1"):
        PTTNP(Translations(2), 1, 1, LENGTHS, pseudo=-1)


@pytest.mark.parametrize("lengths", [(), (1.0, 0.0)])
def test_lengths_are_above_zero(lengths):
    with pytest.raises(ValueError, match="`lengths` are one or more"):
        TNP(Translations(2), 1, 1, lengths)


def test_a_tnp_reads_fixed_inputs_at_its_targets():
    model = TNP(Translations(2), 1, 1, LENGTHS, TokenLayers(width=8, heads=2))
    latent = model.process(model.encode(*context(4)))
    xt, wt = torch.zeros(1, 2, 2), torch.zeros(1, 2, 2)
    et = torch.zeros(1, 2, 8)
    et[0, 1] = 1.0
    change = (model.decode(latent, xt, wt, et) - model.decode(latent, xt, wt)).abs()
    assert change[0, 0].max() == 0
    assert change[0, 1].min() > 1e-3
