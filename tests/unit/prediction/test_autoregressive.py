from dataclasses import replace

import pytest
import torch

from apnp.backbones import TNP, ConvCNP, GriddedOptions, TokenLayers
from apnp.groups import Translations
from apnp.likelihoods import HeteroscedasticGaussian
from apnp.model import NeuralProcess
from apnp.nn.cnn import CNN
from apnp.nn.lattice import PlaneLattice
from apnp.prediction.autoregressive import (
    ar_sample,
    joined,
    repeated,
    with_values,
)
from apnp.types import Domain, GriddedField, PointSet, Task

B, NC, NT = 2, 5, 4


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


def model(kind=HeteroscedasticGaussian):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        backbone = TNP(Translations(2), 1, 1, (1.0,), TokenLayers(8, 2, 2))
        made = NeuralProcess(backbone, kind(backbone.d_out, 1)).double()
        with torch.no_grad():
            for p in made.parameters():
                p += 0.4 * torch.randn_like(p)
    return made


def task():
    def points(n, seed):
        mask = torch.ones(B, n, 1, dtype=torch.bool)
        x, y, w = (normal(B, n, d, seed=seed + d) for d in (2, 1, 1))
        return PointSet(x, y, w, mask, mask.clone())

    centre = torch.zeros(B, 2, dtype=torch.float64)
    domain = Domain(centre, centre + 3, torch.ones(B, dtype=torch.bool))
    target = points(NT, 20)
    mask = target.y_mask.clone()
    mask[1, 2] = False
    return Task(points(NC, 0), replace(target, y_mask=mask), domain)


def part(points, *index):
    i = list(index)
    return PointSet(
        points.x[:, i], points.y[:, i], points.w[:, i], points.y_mask[:, i],
        points.w_mask[:, i],
    )  # fmt: skip


def test_draws_follow_the_chain():
    """The first is drawn from its prediction, the next from that given the first."""
    made, given, k = model(), task(), 3
    drawn = ar_sample(
        made, given.context, given.domain, given.target, k, seeded(5)
    ).flatten(0, 1)
    generator = seeded(5)
    asked = repeated(given, k)
    seen = asked.context
    with torch.no_grad():
        for i in torch.randperm(NT, generator=generator).tolist():
            one = part(asked.target, i)
            p = made(Task(seen, one, asked.domain))
            y = p.sample(1, generator)[0]
            torch.testing.assert_close(drawn[:, i : i + 1], y, rtol=0, atol=1e-12)
            seen = joined(seen, with_values(one, y))
    assert drawn.unflatten(0, (k, B)).std(0).min() > 0.1
    alone = made(Task(asked.context, one, asked.domain))
    assert (p.mean - alone.mean).abs().min() > 1e-6


def test_draws_repeat_with_the_generator_and_read_no_target_value():
    made, given = model(), task()
    junk = replace(given.target, y=torch.full_like(given.target.y, 1e6))

    def draw(target, seed, block=2):
        generator = torch.Generator().manual_seed(seed)
        return ar_sample(made, given.context, given.domain, target, 3, generator, block)

    assert torch.equal(draw(given.target, 1), draw(junk, 1))
    assert not torch.equal(draw(given.target, 1), draw(given.target, 2))
    assert draw(given.target, 1).std(0).min() > 0


def test_draws_read_the_auxiliary_sets_of_their_own_task():
    lattice = PlaneLattice((4, 4), 0.8)
    net = CNN(4, 1, 3, 2, lattice.pad)
    backbone = ConvCNP(
        lattice, Translations(2), 1, 1, net, (1.0,), GriddedOptions((1,))
    )
    made = NeuralProcess(backbone, HeteroscedasticGaussian(backbone.d_out, 1)).double()
    given, y = task(), normal(B, 3, 2, 1, seed=8)
    axes = normal(B, 3, seed=6), normal(B, 2, seed=7)
    found = []
    for by in (0.0, 3.0):
        other = y.clone()
        other[0] += by
        auxiliary = (GriddedField.observed(axes, other),)
        target, generator = given.target, torch.Generator().manual_seed(1)
        drawn = ar_sample(
            made, given.context, given.domain, target, 3, generator, NT, auxiliary
        )
        found.append(drawn.movedim(1, 0))
    one, other = found
    assert (one[0] - other[0]).abs().min() > 1e-6
    torch.testing.assert_close(one[1], other[1], rtol=0, atol=1e-12)


def test_impossible_chains_are_refused():
    made, given = model(), task()
    places = made, given.context, given.domain, given.target
    with pytest.raises(ValueError, match=r"`block`.*above zero. Got 0"):
        ar_sample(*places, 1, torch.Generator(), block=0)
    with pytest.raises(ValueError, match=r"`k`.*above zero. Got 0"):
        ar_sample(*places, 0, torch.Generator())
