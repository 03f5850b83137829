"""The nearest observed points of any location, and weights that fade with rank."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from apnp.native import search

FADE = 0.2
"""Share of the neighbourhood's radius over which weights fall to zero."""


def nearest(
    x: Float[Tensor, "b n dx"],
    other: Float[Tensor, "b m dx"],
    mask: Bool[Tensor, "b m"],
    k: int,
) -> tuple[Int[Tensor, "b n k"], Bool[Tensor, "b n k"]]:
    """The `k` nearest unmasked points of `other` for every `x`, nearest first.

    Time grows as (n + m) log m where there are many. On the sphere the distance of
    unit vectors is the chord length, which orders points like the great circle.

    Returns:
        Their numbers, and whether they exist: False where there are fewer
        points than `k`, the number is then that of any point.
    """
    b, n, _ = x.shape
    index = torch.zeros(b, n, k, dtype=torch.long)
    found = torch.zeros(b, n, k, dtype=torch.bool)
    for row in range(b):
        numbers = np.flatnonzero(mask[row].cpu().numpy())
        count = min(k, len(numbers))
        if count == 0 or n == 0:
            continue
        order = search(
            other[row].detach().cpu().numpy()[numbers],
            x[row].detach().cpu().numpy(), count, torch.get_num_threads(),
        )  # fmt: skip
        index[row, :, :count] = torch.from_numpy(numbers[order])
        found[row, :, :count] = True
    return index.to(x.device), found.to(x.device)


def gather(
    values: Float[Tensor, "b m c"], index: Int[Tensor, "b n k"]
) -> Float[Tensor, "b n k c"]:
    """The values of the points with these numbers; there is at least one point."""
    b, m = values.shape[:2]
    rows = index + m * torch.arange(b, device=values.device)[:, None, None]
    return functional.embedding(rows, values.reshape(b * m, -1))


def taper(
    distance: Float[Tensor, "b n k1"], found: Bool[Tensor, "b n k1"]
) -> tuple[Float[Tensor, "b n k"], Float[Tensor, "b n"]]:
    """Weights of the first k neighbours, and the radius of the neighbourhood.

    The radius is the distance of the last neighbour, where weights have fallen to
    zero: a neighbour enters and leaves with none, so that what is made of weighted
    neighbours is continuous in location, and points at equal distances are treated
    alike. (Points none of which is nearer than the last all weigh nothing: more than k
    stations at one place, or on a circle about the target.) Where there are fewer
    neighbours than asked for none can enter, and all weigh one. The radius is one where
    there is no other point.
    """
    distance = torch.where(found, distance, 0.0)
    farthest = distance.amax(-1)
    radius = torch.where(farthest > 0, farthest, 1.0)
    s = ((1 - distance[..., :-1] / radius[..., None]) / FADE).clamp(0, 1)
    weight = torch.where(found[..., -1:], s * s * (3 - 2 * s), 1.0)
    return weight * found[..., :-1], radius
