"""What transformer neural processes share: tokens of points, and their attention."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor, nn

from apnp.groups import Group
from apnp.nn.attention import (
    Attention,
    HeadMixingAttention,
    PlainAttention,
    WindowAttention,
)
from apnp.nn.mlp import mlp
from apnp.types import Domain, PointSet

AttentionKind = Literal["plain", "windows", "published"]
"""How attention knows of pairs: not at all, by Gaussian windows of learned length and
shift, or by the network of the published equivariant TNP."""


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
    if kind == "windows":
        return WindowAttention(width, heads, group.dx, group.offsets, lengths)

    def features(x: Tensor, other: Tensor) -> Tensor:
        squared = (other - x).square().sum(-1)
        near = [torch.exp(-0.5 * squared / length**2) for length in lengths]
        offsets = group.offsets(x, other) / lengths[0]
        return torch.cat((offsets, torch.stack(near, dim=-1)), dim=-1)

    origin = torch.zeros(group.dx)
    n_pair = features(origin, origin).shape[-1]
    return HeadMixingAttention(width, heads, n_pair, features)


def check_sizes(lengths: Sequence[float], **sizes: int) -> None:
    """Refuse sizes that are not above zero.

    Raises:
        ValueError: Naming the size, what it must be and what it is.
    """
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"`{name}` is a number above zero. Got {value}.")
    if not lengths or min(lengths) <= 0:
        raise ValueError(
            f"`lengths` are one or more lengths above zero. Got {list(lengths)}."
        )


def known(context: PointSet, domain: Domain) -> PointSet:
    """The context with zero where it is unobserved, and no location of padding."""
    seen = context.y_mask.any(-1, keepdim=True)
    # A padded point may hold anything as its location.
    return replace(
        context,
        x=torch.where(seen, context.x, domain.centre[:, None]),
        y=torch.where(context.y_mask, context.y, 0.0),
        w=torch.where(context.w_mask, context.w, 0.0),
    )


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
        n_here = group.here(torch.zeros(1, group.dx)).shape[-1]
        self.point = mlp(n_here + 2 * dy + 2 * dw, width, width, hidden=1)
        self.target = mlp(n_here + 2 * dw, width, width, hidden=1)

    def points(self, points: PointSet) -> Tensor:
        """Tokens of `known` points, (b, n, width)."""
        masks = (points.y_mask.to(points.y), points.w, points.w_mask.to(points.w))
        here = self.group.here(points.x)
        return self.point(torch.cat((here, points.y, *masks), dim=-1))

    def targets(self, xt: Tensor, wt: Tensor, et: Tensor | None) -> Tensor:
        """First embeddings of targets, with their fixed inputs, (b, nt, width)."""
        h = self.target(torch.cat((self.group.here(xt), wt), dim=-1))
        return h if et is None else h + et
