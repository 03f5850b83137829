"""What models of points share: tokens of points, pairs of them, their attention."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from apnp.groups import Group, Trivial
from apnp.nn.attention import (
    Attention,
    HeadMixingAttention,
    PlainAttention,
    WindowAttention,
)
from apnp.nn.gaussian import gaussian
from apnp.nn.mlp import first_weight, mlp
from apnp.types import Domain, PointSet

AttentionKind = Literal["plain", "gaussian_bias", "te_tnp"]
"""How attention knows of pairs: not at all, by Gaussian windows of learned length and
shift, or by the network of the published equivariant TNP."""


@dataclass(frozen=True)
class TokenLayers:
    """The attention of a model of tokens.

    Attributes:
        width: Channels of tokens.
        count: Number of times that a target reads the tokens.
        heads: Heads of each reading.
        attention: How attention knows of pairs.

    Raises:
        ValueError: If a size is not above zero.
    """

    width: int = 64
    count: int = 4
    heads: int = 4
    attention: AttentionKind = "gaussian_bias"

    def __post_init__(self) -> None:
        check_sizes(None, width=self.width, layers=self.count, heads=self.heads)


def attention_layers(
    kind: AttentionKind,
    group: Group,
    width: int,
    heads: int,
    lengths: Sequence[float],
    count: int,
) -> nn.ModuleList:
    """`count` layers of attention that know of pairs what `group` leaves of them."""
    return nn.ModuleList(
        _attention(kind, group, width, heads, lengths) for _ in range(count)
    )


def _attention(
    kind: AttentionKind,
    group: Group,
    width: int,
    heads: int,
    lengths: Sequence[float],
) -> Attention:
    if kind == "plain":
        return PlainAttention(width, heads)
    if kind == "gaussian_bias":
        return WindowAttention(width, heads, group.dx, group.pair_invariants, lengths)

    features = PairFeatures(group, lengths)
    return HeadMixingAttention(width, heads, features.count, features)


class PairFeatures:
    """What a group leaves of pairs of locations: offsets, and bells of distance.

    Args:
        group: The symmetry.
        lengths: Widths of the bells, units of `x`; offsets are scaled by the first.
    """

    def __init__(self, group: Group, lengths: Sequence[float]) -> None:
        self.group, self.lengths = group, tuple(lengths)
        origin = torch.zeros(group.dx)
        self.count = self(origin, origin).shape[-1]

    def __call__(self, x: Tensor, other: Tensor) -> Tensor:
        """(..., dx) and (..., dx), which broadcast, to (..., count)."""
        squared = (other - x).square().sum(-1)
        near = [gaussian(squared, length) for length in self.lengths]
        offsets = self.group.pair_invariants(x, other) / self.lengths[0]
        return torch.cat((offsets, torch.stack(near, dim=-1)), dim=-1)


def check_sizes(lengths: Sequence[float] | None, **sizes: int) -> None:
    """Refuse sizes that are not above zero.

    Raises:
        ValueError: Naming the size, what it must be and what it is.
    """
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"`{name}` is a number above zero. Got {value}.")
    if lengths is not None and (not lengths or min(lengths) <= 0):
        raise ValueError(
            f"`lengths` are one or more lengths above zero. Got {list(lengths)}."
        )


def known(context: PointSet, domain: Domain) -> PointSet:
    """The context with zeros where unobserved; a point without a value lies nowhere.

    A padded point may hold anything as its location: it is put at the domain's centre.
    """
    mask = context.y_mask.any(-1, keepdim=True)
    return replace(
        context,
        x=torch.where(mask, context.x, domain.centre[:, None]),
        y=torch.where(context.y_mask, context.y, 0.0),
        w=torch.where(context.w_mask, context.w, 0.0),
    )


def masked_mean(
    values: Float[Tensor, "b n m c"], mask: Bool[Tensor, "b m"]
) -> Float[Tensor, "b n c"]:
    """The mean over the members `m` where the mask is True; zero where none is.

    All values must be finite, masked ones too.
    """
    share = mask.to(values) / mask.sum(-1, keepdim=True).clamp(min=1)
    # An einsum would copy the values.
    return (share[:, None, None] @ values).squeeze(2)


def inputs_of(points: PointSet) -> Tensor:
    """Values and covariates, each with its mask, (b, n, 2 dy + 2 dw)."""
    masks = (mask.to(points.x) for mask in (points.y_mask, points.w_mask))
    return torch.cat((points.y, points.w, *masks), dim=-1)


class PointEmbedding(nn.Module):
    """Tokens of points and targets: values, covariates, what a group leaves of places.

    Args:
        group: The symmetry.
        dy: Number of variables.
        dw: Number of covariates.
        width: Channels of tokens.
    """

    def __init__(self, group: Group, dy: int, dw: int, width: int) -> None:
        super().__init__()
        self.group = group
        n_here = group.point_invariants(torch.zeros(1, group.dx)).shape[-1]
        self.point = mlp(n_here + 2 * dy + 2 * dw, width, width, hidden=1)
        # Where nothing is known of a target beforehand it is a learned constant.
        self.blank = int(n_here + 2 * dw == 0)
        self.target = mlp(n_here + 2 * dw + self.blank, width, width, hidden=1)

    def location_weights(self) -> list[Tensor] | None:
        """The columns of absolute locations, which only the trivial group leaves."""
        if not isinstance(self.group, Trivial):
            return None
        first = (first_weight(each) for each in (self.point, self.target))
        return [weight[:, : self.group.dx] for weight in first]

    def points(self, points: PointSet) -> Tensor:
        """Tokens of `known` points, (b, n, width)."""
        invariants = self.group.point_invariants(points.x)
        return self.point(torch.cat((invariants, inputs_of(points)), dim=-1))

    def targets(self, xt: Tensor, wt: Tensor, et: Tensor | None) -> Tensor:
        """First embeddings of targets, with their fixed inputs, (b, nt, width)."""
        features = torch.cat((self.group.point_invariants(xt), wt), dim=-1)
        h = self.target(nn.functional.pad(features, (0, self.blank)))
        return h if et is None else h + et
