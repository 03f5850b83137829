"""Points far from one another: where the pseudo-tokens of a context lie."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

_TIE = 1e-6
"""Distances that differ by a smaller share are equal."""


@torch.no_grad()
def farthest_points(
    x: Float[Tensor, "b n dx"],
    values: Float[Tensor, "b n k"],
    mask: Bool[Tensor, "b n"],
    count: int,
) -> tuple[Int[Tensor, "b m"], Bool[Tensor, "b m"]]:
    """At most `count` unmasked points, each the farthest from all chosen before it.

    The first is the nearest to the centroid. They follow from distances alone, and so
    move along with the points under any isometry; of points equally far the one of
    the largest values is taken, so that their order is of no account. (Gonzalez 1985.)

    Args:
        x: Locations.
        values: What tells points apart that are equally far.
        mask: False for points that are none.
        count: Largest number of points.

    Returns:
        Their numbers, and which there are: no place is chosen twice.
    """
    b, n, _ = x.shape
    m = min(count, n)
    index = torch.zeros(b, m, dtype=torch.long, device=x.device)
    found = torch.zeros(b, m, dtype=torch.bool, device=x.device)
    if m == 0:
        return index, found
    rank = _ranks(values)
    share = mask.to(x)[..., None] / mask.sum(-1).clamp(min=1)[:, None, None]
    centroid = (share * x).sum(1, keepdim=True)
    nearness = -(x - centroid).square().sum(-1)
    rows = torch.arange(b, device=x.device)
    unchosen = torch.full_like(nearness, torch.inf)
    largest = (x - centroid).square().sum(-1).where(mask, 0.0).amax(-1, keepdim=True)
    for i in range(m):
        score = (nearness if i == 0 else unchosen).masked_fill(~mask, -torch.inf)
        best = score.amax(-1, keepdim=True)
        least = -torch.inf if i == 0 else 0.0
        tied = (score >= best - _TIE * largest) & (score > least)
        index[:, i] = torch.where(tied, rank, -1).argmax(-1)
        found[:, i] = tied.any(-1)
        chosen = x[rows, index[:, i]][:, None]
        unchosen = torch.minimum(unchosen, (x - chosen).square().sum(-1))
    return index, found


def _ranks(values: Tensor) -> Tensor:
    """Places of the points in the lexical order of their values, (b, n)."""
    order = torch.arange(values.shape[1], device=values.device).expand(values.shape[:2])
    for value in values.unbind(-1)[::-1]:
        order = order.gather(1, value.gather(1, order).argsort(dim=1, stable=True))
    return order.argsort(dim=1)
