from dataclasses import replace

import pytest
import torch
from torch import nn

from apnp.approx import FixedInputs
from apnp.backbones import ConvCNP, RelaxedConvCNP
from apnp.groups import Translations
from apnp.nn.cnn import CNN
from apnp.nn.lattice import PlaneLattice
from apnp.nn.unet import UNet
from apnp.types import Domain, PointSet

F = torch.float64


class Silent(nn.Module):
    """A relaxation that takes nothing from the east."""

    def forward(self, x):
        return -(x[..., :1] > 0).to(x)


def convcnp(depth=1):
    lattice = PlaneLattice((8, 6), 0.4)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = CNN(4, depth, 5, 2, lattice.pad)
        for block in net.blocks:
            nn.init.normal_(block.contract.weight)
        return ConvCNP(lattice, Translations(2), 1, 1, net, (1.0, 2.0)).double()


def latent(model, absolute=True):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, 3, 2, generator=generator, dtype=F)
    centre = torch.zeros(1, 2, dtype=F)
    domain = Domain(centre, centre + 2, torch.tensor([absolute]))
    return model.encode(PointSet.observed(x, x[..., :1], x[..., 1:]), domain)


def reached(model, field, node):
    """Where the processed field changes when one node does."""
    step = torch.zeros_like(field.z)
    step[:, :, *node] = 1.0
    moved = replace(field, z=field.z + step)
    change = model.process(moved).z - model.process(field).z
    return change.abs().amax((0, 1)) > 1e-9


def test_a_relaxed_convolution_weighs_what_it_takes_from_a_place():
    model = RelaxedConvCNP(convcnp(), [Silent()])
    field = latent(model)
    alone = torch.zeros(8, 6, dtype=torch.bool)
    alone[4, 2] = True  # the first node of the east
    assert torch.equal(reached(model, field, (4, 2)), alone)
    around = reached(model, field, (3, 2))
    assert around[1:6, :5].all()
    assert around.sum() == 25


def test_without_absolute_location_nothing_is_relaxed():
    model = RelaxedConvCNP(convcnp(), [Silent()])
    field = latent(model, absolute=False)
    assert reached(model, field, (4, 2)).sum() == 25
    assert torch.equal(model.process(field).z, model.strict().process(field).z)
    assert not torch.equal(
        model.process(latent(model)).z, model.strict().process(field).z
    )


def test_its_strict_form_is_the_convcnp_and_weights_are_counted_once():
    inner = convcnp(2)
    model = RelaxedConvCNP(inner, [FixedInputs(2, 1, 1, 0.3, 8) for _ in range(2)])
    assert model.strict() is inner
    names = set(model.state_dict())
    assert names == {f"convcnp.{n}" for n in inner.state_dict()} | {
        f"relaxations.{n}" for n in model.relaxations.state_dict()
    }


def test_refusals():
    with pytest.raises(ValueError, match=r"`relaxations` are .* 2. Got 1"):
        RelaxedConvCNP(convcnp(2), [Silent()])
    lattice = PlaneLattice((8, 6), 0.4)
    net = UNet((4,), (1,), 3, 2, lattice.pad)
    with pytest.raises(ValueError, match=r"must have a CNN.* Got a UNet"):
        RelaxedConvCNP(ConvCNP(lattice, Translations(2), 1, 1, net, (1.0,)), [Silent()])
