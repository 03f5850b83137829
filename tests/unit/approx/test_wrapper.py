import pytest
import torch
from torch import nn

from apnp.approx import ApproximatelyEquivariant, FixedInputs
from apnp.backbones import ConvCNP, LocalTNP
from apnp.groups import Translations
from apnp.nn.cnn import CNN
from apnp.nn.lattice import PlaneLattice
from apnp.types import Domain, PointSet

F = torch.float64


def backbone():
    lattice = PlaneLattice((4, 6), 0.5)
    net = CNN(3, 1, 3, 2, lattice.pad)
    return ConvCNP(lattice, Translations(2), 1, 1, net, (1.0,)).double()


def local():
    return LocalTNP(Translations(2), 1, 1, (1.0,), 2, width=3, heads=1).double()


def task():
    x = torch.tensor([[[0.1, 0.2]], [[3.0, 4.0]]], dtype=torch.float64)
    domain = Domain(x[:, 0], torch.ones(2, 2).double(), torch.tensor([True, False]))
    return PointSet.observed(x, x[..., :1], x[..., 1:]), domain


class Ramp(nn.Module):
    """t(x) = (x0, x1, 2)."""

    def forward(self, x):
        return torch.cat((x, 2 + 0 * x[..., :1]), dim=-1)


def test_fixed_inputs_enter_at_the_sites_of_tasks_that_know_where_they_are():
    strict, (context, domain) = backbone(), task()
    model = ApproximatelyEquivariant(strict, Ramp())
    added = model.encode(context, domain).z - strict.encode(context, domain).z
    sites = strict.lattice.sites(domain.centre)
    torch.testing.assert_close(added[0, :2], sites[0].movedim(-1, 0))
    torch.testing.assert_close(added[0, 2], torch.full((4, 6), 2.0).double())
    assert added[1].abs().max() == 0


@pytest.mark.parametrize("make", [backbone, local])
def test_targets_have_fixed_inputs_where_the_backbone_embeds_them(make, monkeypatch):
    """And only those of tasks that know where they are."""
    strict, (context, domain) = make(), task()
    model = ApproximatelyEquivariant(strict, Ramp())
    given, decode = [], strict.decode

    def spy(latent, xt, wt, et=None):
        given.append(et)
        return decode(latent, xt, wt, et)

    monkeypatch.setattr(strict, "decode", spy)
    latent = model.process(model.encode(context, domain))
    xt = torch.tensor([[[0.4, -3.0], [2.0, 5.0]]], dtype=F).expand(2, -1, -1)
    model.decode(latent, xt, torch.zeros(2, 2, 2, dtype=F))
    (et,) = given
    if not strict.embeds_targets:
        assert et is None
        return
    assert et[0].tolist() == [[0.4, -3.0, 2], [2, 5, 2]]
    assert et[1].abs().max() == 0


def test_fixed_inputs_enter_at_the_points_of_tokens():
    strict, (context, domain) = local(), task()
    model = ApproximatelyEquivariant(strict, Ramp())
    added = model.encode(context, domain).z - strict.encode(context, domain).z
    expected = torch.tensor([[[0.1, 0.2, 2]], [[0, 0, 0]]], dtype=F)
    torch.testing.assert_close(added, expected)


@pytest.mark.parametrize("make", [backbone, local])
def test_it_stands_for_the_backbone_it_holds(make):
    strict = make()
    model = ApproximatelyEquivariant(strict, Ramp())
    assert model.strict() is strict
    assert strict.strict() is strict
    for name in (
        "group", "dy", "dw", "dz", "d_out", "predicts_moments", "embeds_targets",
    ):  # fmt: skip
        assert getattr(model, name) is getattr(strict, name)


def test_fixed_inputs_of_other_channels_are_refused():
    context, domain = task()
    for dz in (1, 4):
        model = ApproximatelyEquivariant(backbone(), FixedInputs(2, dz, 1).double())
        with pytest.raises(ValueError, match=rf"\(2, 4, 6, 3\).*\(2, 4, 6, {dz}\)"):
            model.encode(context, domain)
