import pytest
import torch
from torch import nn

from apnp.approx import ApproximatelyEquivariant, FixedInputs
from apnp.backbones import ConvCNP
from apnp.groups import Translations
from apnp.nn.lattice import PlaneLattice
from apnp.types import Domain, PointSet


def backbone():
    lattice = PlaneLattice((4, 6), 0.5)
    return ConvCNP(lattice, Translations(2), 1, 0, (3,), (1,), 3, (1.0,)).double()


def task():
    x = torch.tensor([[[0.1, 0.2]], [[3.0, 4.0]]], dtype=torch.float64)
    domain = Domain(x[:, 0], torch.ones(2, 2).double(), torch.tensor([True, False]))
    return PointSet.observed(x, x[..., :1]), domain


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


def test_it_stands_for_the_backbone_it_holds():
    strict = backbone()
    model = ApproximatelyEquivariant(strict, Ramp())
    assert model.strict() is strict
    assert strict.strict() is strict
    for name in ("group", "dy", "dw", "dz", "d_out"):
        assert getattr(model, name) is getattr(strict, name)


def test_fixed_inputs_of_other_channels_are_refused():
    context, domain = task()
    for dz in (1, 4):
        model = ApproximatelyEquivariant(backbone(), FixedInputs(2, dz, 1).double())
        with pytest.raises(ValueError, match=rf"\(2, 4, 6, 3\).*\(2, 4, 6, {dz}\)"):
            model.encode(context, domain)
