"""Transformer neural process (Nguyen and Grover 2022) under any group of isometries."""

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
from apnp.types import AuxiliarySet, Domain, PointSet, Tokens


class TNP(Backbone[Tokens]):
    """Every token reads every other, every target all tokens, layer by layer.

    Locations enter a token by what the group leaves of them alone, and the logits of a
    pair by what it leaves of the pair. With the trivial group and plain attention it
    is the plain TNP; with a group it is equivariant (Ashman 2024a, whose attention is
    `published`).

    Args:
        group: The symmetry, a group of isometries of locations.
        dy: Number of variables.
        dw: Number of covariates.
        lengths: Length scales of the distance features, units of `x`.
        layers: Their attention.
    """

    embeds_targets = True

    def __init__(
        self,
        group: Group,
        dy: int,
        dw: int,
        lengths: Sequence[float],
        layers: TokenLayers = TokenLayers(),
    ) -> None:
        super().__init__()
        check_sizes(lengths)
        self.group, self.dy, self.dw = group, dy, dw
        self.dz = self.d_out = layers.width
        self.embed = PointEmbedding(group, dy, dw, layers.width)
        made = (layers.attention, group, layers.width, layers.heads, lengths)
        self.mixing = attention_layers(*made, layers.count - 1)
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
        """One token a context point, of its value and its covariates."""
        self.check_context(context, domain, auxiliary)
        points = known(context, domain)
        mask = points.y_mask.any(-1)
        return Tokens(self.embed.points(points), points.x, mask, points, domain)

    def process(self, latent: Tokens) -> Tokens:
        """The tokens of every layer, (b, layers, m, width)."""
        pairs = Pairs(latent.sites, latent.sites, latent.mask)
        layers = [latent.z]
        for layer in self.mixing:
            layers.append(layer(layers[-1], layers[-1], pairs))
        return replace(latent, z=torch.stack(layers, dim=1))

    def decode(
        self, latent: Tokens, xt: Tensor, wt: Tensor, et: Tensor | None = None
    ) -> Tensor:
        """Read the tokens of every layer."""
        self.check_targets(latent, xt, wt)
        h = self.embed.targets(xt, wt, et)
        pairs = Pairs(xt, latent.sites, latent.mask)
        for layer, tokens in zip(self.reading, latent.z.unbind(1), strict=True):
            h = layer(h, tokens, pairs)
        return h
