"""Fixed inputs at sites: one learned vector per place that training knew."""

import torch
from torch import Tensor, nn

from apnp.approx.fixed_inputs import FixedInputs

_CHUNK = 4096
"""Locations whose distances to all sites are held in memory at once."""


class SiteVectors(nn.Module):
    """A learned vector at each of m sites, zero farther than a radius from all of them.

        t(x) = sum_i k(|x - x_i|) v_i / max(1, sum_i k(|x - x_i|))

    k is one up to half the radius and falls to zero at the radius as a smooth step, so
    that maps have no seam, and a location rounded a little differently in another file
    is the same site. Only distances enter: if the sites move with the data by an
    isometry of locations, the fixed inputs move along (joint equivariance).

    Args:
        places: Locations of the sites, (m, dx).
        dz: Channels of the latent.
        radius: Radius of the balls, in units of a location.
    """

    places: Tensor

    def __init__(self, places: Tensor, dz: int, radius: float) -> None:
        super().__init__()
        if places.ndim != 2 or not len(places):
            raise ValueError(
                "`places` must have shape (m, dx) with at least one site. Got "
                f"{tuple(places.shape)}."
            )
        if not radius > 0:
            raise ValueError(f"`radius` is a length > 0. Got {radius}.")
        self.register_buffer("places", places, persistent=False)
        self.radius = radius
        self.vectors = nn.Parameter(torch.zeros(len(places), dz))

    def forward(self, x: Tensor, used: Tensor | None = None) -> Tensor:
        """The fixed inputs at locations, (b, ..., dx) -> (b, ..., dz).

        Args:
            x: Locations.
            used: False for sites that a task does without, (b, m); all are used unless
                given.
        """
        m, dx = self.places.shape
        if x.shape[-1] != dx:
            raise ValueError(
                f"Fixed inputs take locations of dx = {dx}. Got {x.shape[-1]}."
            )
        if used is not None and used.shape != (len(x), m):
            raise ValueError(
                f"`used` must have shape ({len(x)}, {m}), one flag a task and site. "
                f"Got {tuple(used.shape)}."
            )
        flat = x.reshape(len(x), -1, dx)
        parts = [
            self._at(flat[:, i : i + _CHUNK], used)
            for i in range(0, max(flat.shape[1], 1), _CHUNK)
        ]
        return torch.cat(parts, dim=1).reshape(*x.shape[:-1], -1)

    def _at(self, x: Tensor, used: Tensor | None) -> Tensor:
        # Exact differences: |a|^2 + |b|^2 - 2ab would lose the small distances.
        distance = torch.cdist(
            x, self.places.to(x), compute_mode="donot_use_mm_for_euclid_dist"
        )
        s = (2 - 2 * distance / self.radius).clamp(0, 1)
        weight = s * s * (3 - 2 * s)
        if used is not None:
            weight = weight * used[:, None]
        near = weight.flatten(0, 1).amax(0) > 0 if weight.numel() else weight[0, 0] > 0
        if near.any():
            weight, vectors = weight[..., near], self.vectors[near]
        else:  # keep the vectors in the graph: their gradient is zero, not missing
            weight, vectors = weight[..., :1], self.vectors[:1]
        total = weight.sum(-1, keepdim=True).clamp(min=1)
        return weight @ vectors / total


class SummedInputs(nn.Module):
    """Learned functions of absolute location, and vectors at sites, added up."""

    def __init__(self, functions: FixedInputs, sites: SiteVectors) -> None:
        super().__init__()
        self.functions, self.sites = functions, sites

    def forward(self, x: Tensor, used: Tensor | None = None) -> Tensor:
        """The fixed inputs at locations, (b, ..., dx) -> (b, ..., dz)."""
        return self.functions(x) + self.sites(x, used)


def with_more_sites(sites: SiteVectors, places: Tensor) -> SiteVectors:
    """The same with further sites, whose vectors are zero until they are learned."""
    every = torch.cat((sites.places, places.to(sites.places)))
    made = SiteVectors(every, sites.vectors.shape[1], sites.radius).to(sites.vectors)
    with torch.no_grad():
        made.vectors[: len(sites.vectors)] = sites.vectors
    return made
