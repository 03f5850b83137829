"""Kriging of many sites, each from its own nearest observed points."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from apnp.nn.covariance import Covariance
from apnp.nn.gaussian import LOG2_E
from apnp.nn.local_kriging import solve_neighbours
from apnp.nn.near import Near, Points, krige, possible
from apnp.nn.neighbours import gather, nearest, taper
from apnp.nn.root import root

_ROUNDING = 8.0
"""Noise in units of the rounding error of a sum over the neighbours, at least."""


def krige_nearest(
    covariance: Covariance,
    x: Float[Tensor, "b n dx"],
    mask: Bool[Tensor, "b n"],
    y: Float[Tensor, "b n"],
    sites: Float[Tensor, "b m dx"],
    k: int,
) -> Float[Tensor, "b m"]:
    """Simple kriging of every site from its `k` nearest observed points.

    The time grows with the number of sites. A neighbour's noise is divided by a weight
    that falls to zero at the farthest of k + 1 points, so that the field is continuous
    in location and no order of the points matters. With at most `k` observed points
    this is kriging from all of them.

    Compiled code does it on a processor where no derivative by locations is needed.

    Raises:
        torch.linalg.LinAlgError: If a covariance is not positive definite.
    """
    b, n, _ = x.shape
    m = sites.shape[1]
    if n == 0 or m == 0:
        return y.new_zeros(b, m)
    y = torch.where(mask, y, 0.0)
    k = min(k, n)
    moved = torch.is_grad_enabled() and (x.requires_grad or sites.requires_grad)
    if moved or not possible(x, 0, k):
        return krige_nearest_reference(covariance, x, mask, y, sites, k)
    points = Points(
        x.detach().flatten(0, 1).contiguous(), x.new_zeros(b * n, 0),
        y.reshape(-1, 1), mask.reshape(-1, 1).to(x.dtype), mask,
    )  # fmt: skip
    near = Near.of(points, sites.detach(), sites.new_zeros(b, m, 0), k)
    rates = 0.5 * LOG2_E * torch.exp(-2 * covariance.log_widths)
    noise = _noise(covariance, x.dtype, k)
    parameters = torch.cat(
        (covariance.log_weights.exp(), rates, rates.new_zeros(1), noise[None])
    ).to(x.dtype)
    mean, _ = krige(near, parameters.expand(b * m, -1).contiguous(), 0, 0)
    return mean.view(b, m)


def krige_nearest_reference(
    covariance: Covariance, x: Tensor, mask: Tensor, y: Tensor, sites: Tensor, k: int
) -> Tensor:
    """The same as `krige_nearest` by torch's operators, all pairs of neighbours."""
    index, found = nearest(sites, x, mask, k + 1)
    points = gather(x, index)
    distance = root(_squared(points, sites[:, :, None])[:, :, 0])
    weight, _ = taper(distance, found)
    points, values = points[:, :, :-1], gather(y[..., None], index[..., :-1])[..., 0]
    among = covariance.reference(_squared(points, points))
    across = covariance.reference(_squared(points, sites[:, :, None]).mT)
    noise = _noise(covariance, x.dtype, k).expand(x.shape[0], sites.shape[1])
    return solve_neighbours(among, across, values, weight, noise)[0]


def _squared(x: Tensor, other: Tensor) -> Tensor:
    """Squared distances of (b, m, i, dx) and (b, m, j, dx), (b, m, j, i)."""
    return (x[:, :, None] - other[..., None, :]).square().sum(-1)


def _noise(covariance: Covariance, dtype: torch.dtype, k: int) -> Tensor:
    """The noise, and what keeps a covariance of `k` points positive definite."""
    rounding = _ROUNDING * k * torch.finfo(dtype).eps
    return covariance.log_noise.exp() + rounding * covariance.log_weights.exp().sum()
