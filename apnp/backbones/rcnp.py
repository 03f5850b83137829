"""Relational conditional neural process (Huang 2023) under any group of isometries."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from apnp.backbones.backbone import Backbone
from apnp.backbones.tokens import (
    PairFeatures,
    PointEmbedding,
    check_sizes,
    known,
    masked_mean,
)
from apnp.groups import Group
from apnp.nn.mlp import mlp
from apnp.types import AuxiliarySet, Domain, PointSet, Tokens

_NUMBERS = 2**21
"""Numbers in the relations of the targets decoded at once: it bounds the memory, and
larger tensors would be mapped afresh by the system at every operation."""


class RCNP(Backbone[Tokens]):
    """A deep set of relations to the target: no attention, nothing but a mean.

    A target's embedding is the mean over context points of a perceptron of the
    relation of both, the context point's token and the target's covariates (section
    3.1 of Huang 2023). In the `full` form the mean is over ordered pairs of context
    points, whose relation to each other enters too: it tells apart sets that the
    simple form confuses where distances alone are left of a pair, at n times the cost.

    A relation is what the group leaves of the pair: offsets and distance. So the map
    is equivariant under every group of isometries, whatever the dimension.

    Args:
        group: The symmetry, a group of isometries of locations.
        dy: Number of variables.
        dw: Number of covariates.
        lengths: Length scales of the distance features, units of `x`.
        width: Channels of tokens and of the perceptron of a relation.
        layers: Hidden layers of that perceptron.
        full: Whether pairs of context points are related to the target.
    """

    embeds_targets = True

    def __init__(
        self,
        group: Group,
        dy: int,
        dw: int,
        lengths: Sequence[float],
        width: int = 64,
        layers: int = 2,
        full: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(lengths, width=width, layers=layers)
        self.group, self.dy, self.dw = group, dy, dw
        self.dz = self.d_out = width
        self.relation, self.full = PairFeatures(group, lengths), full
        n_relation = self.relation.count
        self.embed = PointEmbedding(group, dy, dw, width)
        if full:
            self.among = nn.Linear(n_relation, width, bias=False)
            self.partner = nn.Linear(width, width, bias=False)
        # The first layer of the perceptron is a sum of what each member says, and its
        # last, being linear, is left to the readout: both outside the largest tensor.
        self.relate = nn.Linear(n_relation, width, bias=False)
        hidden: list[nn.Module] = [nn.GELU()]
        for _ in range(layers - 1):
            hidden += [nn.Linear(width, width), nn.GELU()]
        self.perceptron = nn.Sequential(*hidden)
        self.readout = mlp(2 * width, width, width, hidden=1)

    def encode(
        self,
        context: PointSet,
        domain: Domain,
        auxiliary: tuple[AuxiliarySet, ...] = (),
    ) -> Tokens:
        """One token a context point, of its value and its covariates."""
        self.check_context(context, domain, auxiliary)
        points = known(context, domain)
        mask = points.y_mask.any(-1)
        return Tokens(self.embed.points(points), points.x, mask, points, domain)

    def process(self, latent: Tokens) -> Tokens:
        """In the full form one token an ordered pair, (b, m, m, width)."""
        if not self.full:
            return latent
        x = latent.sites
        among = self.among(self.relation(x[:, :, None], x[:, None]))
        z = latent.z[:, :, None] + self.partner(latent.z)[:, None] + among
        return replace(latent, z=z)

    def decode(
        self, latent: Tokens, xt: Tensor, wt: Tensor, et: Tensor | None = None
    ) -> Tensor:
        """The mean of the relations of the tokens to each target."""
        self.check_targets(latent, xt, wt)
        h = self.embed.targets(xt, wt, et)
        step = max(_NUMBERS // max(latent.z.numel(), 1), 1)
        starts = range(0, max(xt.shape[1], 1), step)
        related = torch.cat(
            [
                self._related(latent, xt[:, i : i + step], h[:, i : i + step])
                for i in starts
            ],
            dim=1,
        )
        return self.readout(torch.cat((related, h), dim=-1))

    def _related(self, latent: Tokens, x: Tensor, h: Tensor) -> Tensor:
        """The mean over context points, or pairs of them, (b, n, width)."""
        mask = latent.mask
        relation = self.relation(x[:, :, None], latent.sites[:, None])
        # One product makes `relate` of the relation plus h: no sum of large tensors.
        ones = functional.pad(relation, (0, 1), value=1.0)
        weight = self.relate.weight.mT.expand(*h.shape[:2], -1, -1)
        relation = ones @ torch.cat((weight, h[:, :, None]), dim=2)
        if self.full:
            mask = (mask[:, :, None] & mask[:, None]).flatten(1)
            members = (relation[:, :, :, None] + latent.z[:, None]).flatten(2, 3)
        else:
            members = relation.add_(latent.z[:, None])
        return masked_mean(self.perceptron(members), mask)
