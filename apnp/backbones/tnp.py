"""Transformer neural process (Nguyen and Grover 2022) under any group of isometries."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from apnp.backbones.backbone import Backbone
from apnp.groups import Group
from apnp.nn.global_attention import GlobalAttention, PairBias
from apnp.nn.mlp import mlp
from apnp.types import Domain, PointSet, Tokens


class TNP(Backbone[Tokens]):
    """Every token reads every other, every target all tokens, layer by layer.

    Locations enter a token by what the group leaves of them alone, and the logits of a
    pair by what it leaves of the pair: an additive bias of offsets and distance, made
    by one small network for all layers and heads. With the trivial group and without
    `pairs` it is the plain TNP; with a group it is equivariant (Ashman 2024a puts the
    same numbers through a network in every head of every layer, at many times the
    cost).

    Args:
        group: The symmetry, a group of isometries of locations.
        dy: Number of variables.
        dw: Number of covariates.
        lengths: Lengths at which distances are told apart, units of `x`.
        width: Channels of tokens.
        layers: Number of times that a target reads the context.
        heads: Heads of each reading.
        pairs: Whether logits have a bias.
    """

    embeds_targets = True

    def __init__(
        self,
        group: Group,
        dy: int,
        dw: int,
        lengths: Sequence[float],
        width: int = 64,
        layers: int = 4,
        heads: int = 4,
        pairs: bool = True,
    ) -> None:
        super().__init__()
        for name, value in (("width", width), ("layers", layers), ("heads", heads)):
            if value < 1:
                raise ValueError(f"`{name}` is a number above zero. Got {value}.")
        if not lengths or min(lengths) <= 0:
            raise ValueError(
                f"`lengths` are one or more lengths above zero. Got {list(lengths)}."
            )
        self.group, self.dy, self.dw = group, dy, dw
        self.dz = self.d_out = width
        self.lengths = tuple(lengths)
        origin = torch.zeros(1, group.dx)
        n_here = group.here(origin).shape[-1]
        n_pair = group.offsets(origin, origin).shape[-1] + len(lengths)
        self.embed = mlp(n_here + 2 * dy + 2 * dw, width, width, hidden=1)
        self.enter = mlp(n_here + 2 * dw, width, width, hidden=1)
        self.bias = PairBias(n_pair, 2 * layers - 1, heads) if pairs else None
        self.heads, self.layers = heads, layers
        self.mixing = nn.ModuleList(
            GlobalAttention(width, heads) for _ in range(layers - 1)
        )
        self.reading = nn.ModuleList(
            GlobalAttention(width, heads) for _ in range(layers)
        )

    def encode(self, context: PointSet, domain: Domain) -> Tokens:
        """One token a context point, of its value and its covariates."""
        self.check_context(context, domain)
        seen = context.y_mask.any(-1, keepdim=True)
        # A padded point may hold anything as its location.
        x = torch.where(seen, context.x, domain.centre[:, None])
        points = replace(
            context,
            x=x,
            y=torch.where(context.y_mask, context.y, 0.0),
            w=torch.where(context.w_mask, context.w, 0.0),
        )
        masks = (points.y_mask.to(x), points.w, points.w_mask.to(x))
        z = self.embed(torch.cat((self.group.here(x), points.y, *masks), dim=-1))
        return Tokens(z, x, points, domain)

    def process(self, latent: Tokens) -> Tokens:
        """The tokens of every layer, (b, layers, m, width)."""
        biases = self._biases(latent.sites, latent)
        layers = [latent.z]
        for layer, bias in zip(self.mixing, biases, strict=False):
            layers.append(layer(layers[-1], layers[-1], bias))
        return replace(latent, z=torch.stack(layers, dim=1))

    def decode(
        self, latent: Tokens, xt: Tensor, wt: Tensor, et: Tensor | None = None
    ) -> Tensor:
        """Read the tokens of every layer."""
        self.check_targets(latent, xt, wt)
        h = self.enter(torch.cat((self.group.here(xt), wt), dim=-1))
        if et is not None:
            h = h + et
        biases = self._biases(xt, latent)[self.layers - 1 :]
        for layer, tokens, bias in zip(
            self.reading, latent.z.unbind(1), biases, strict=True
        ):
            h = layer(h, tokens, bias)
        return h

    def _biases(self, x: Tensor, latent: Tokens) -> tuple[Tensor, ...]:
        """Biases of the mixing layers, then of the reading layers."""
        seen = latent.points.y_mask.any(-1)
        if self.bias is None:
            hidden = torch.zeros_like(seen, dtype=x.dtype).masked_fill(
                ~seen, -torch.inf
            )
            bias = hidden[:, None, None].expand(-1, self.heads, x.shape[1], -1)
            return (bias,) * (2 * self.layers - 1)
        left, right = x[:, :, None], latent.sites[:, None]
        squared = (right - left).square().sum(-1)
        near = [torch.exp(-0.5 * squared / length**2) for length in self.lengths]
        offsets = self.group.offsets(left, right) / self.lengths[0]
        pairs = torch.cat((offsets, torch.stack(near, dim=-1)), dim=-1)
        return self.bias(pairs, seen)
