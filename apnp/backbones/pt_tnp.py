"""Pseudo-token transformer neural process (Feng 2023) under any group of isometries."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from apnp.backbones.backbone import Backbone
from apnp.backbones.tokens import (
    PointEmbedding,
    TokenLayers,
    attention_layers,
    check_sizes,
    known,
)
from apnp.groups import Group
from apnp.nn.attention import Pairs
from apnp.nn.farthest_point_sampling import farthest_points
from apnp.types import AuxiliarySet, Domain, PointSet, Tokens


class PTTNP(Backbone[Tokens]):
    """A few pseudo-tokens read the context, and targets read the pseudo-tokens.

    Pseudo-tokens start as those context points that lie farthest from one another,
    which move with the context under every group. Layer by layer they read the context
    points, and these read them (the induced-set form, Lee 2019); targets read the
    pseudo-tokens of every layer. Time and memory are linear in context points.

    Args:
        group: The symmetry, a group of isometries of locations.
        dy: Number of variables.
        dw: Number of covariates.
        lengths: Length scales of the distance features, units of `x`.
        pseudo: Largest number of pseudo-tokens.
        layers: Their attention.
    """

    def __init__(
        self,
        group: Group,
        dy: int,
        dw: int,
        lengths: Sequence[float],
        pseudo: int = 64,
        layers: TokenLayers = TokenLayers(),
    ) -> None:
        super().__init__()
        check_sizes(lengths, pseudo=pseudo)
        self.group, self.dy, self.dw = group, dy, dw
        self.dz = self.d_out = layers.width
        self.pseudo = pseudo
        self.embed = PointEmbedding(group, dy, dw, layers.width)
        made = (layers.attention, group, layers.width, layers.heads, lengths)
        self.gathering = attention_layers(*made, layers.count)
        self.scattering = attention_layers(*made, layers.count - 1)
        self.reading = attention_layers(*made, layers.count)

    def location_weights(self) -> list[Tensor] | None:
        """The columns of absolute locations where tokens are embedded."""
        return self.embed.location_weights()

    def encode(
        self,
        context: PointSet,
        domain: Domain,
        auxiliary: tuple[AuxiliarySet, ...] = (),
    ) -> Tokens:
        """The pseudo-tokens; the context is carried beside."""
        self.check_context(context, domain, auxiliary)
        points = known(context, domain)
        values = torch.cat((points.y, points.w), dim=-1)
        observed = points.y_mask.any(-1)
        index, mask = farthest_points(points.x, values, observed, self.pseudo)
        z, sites = (
            torch.take_along_dim(of, index[..., None], dim=1)
            for of in (self.embed.points(points), points.x)
        )
        return Tokens(z, sites, mask, points, domain)

    def process(self, latent: Tokens) -> Tokens:
        """The pseudo-tokens of every layer, (b, layers, m, width)."""
        points = latent.points
        inwards = Pairs(latent.sites, points.x, points.y_mask.any(-1))
        outwards = Pairs(points.x, latent.sites, latent.mask)
        z, layers = self.embed.points(points), [latent.z]
        for i, gather in enumerate(self.gathering):
            layers.append(gather(layers[-1], z, inwards))
            if i < len(self.scattering):
                z = self.scattering[i](z, layers[-1], outwards)
        return replace(latent, z=torch.stack(layers[1:], dim=1))

    def decode(
        self, latent: Tokens, xt: Tensor, wt: Tensor, et: Tensor | None = None
    ) -> Tensor:
        """Read the pseudo-tokens of every layer."""
        self.check_targets(latent, xt, wt)
        h = self.embed.targets(xt, wt, et)
        pairs = Pairs(xt, latent.sites, latent.mask)
        for layer, tokens in zip(self.reading, latent.z.unbind(1), strict=True):
            h = layer(h, tokens, pairs)
        return h
