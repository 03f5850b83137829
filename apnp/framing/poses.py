"""Poses of a context: the motions to canonical places, and the weight of each."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from apnp.types import Domain, PointSet, _Movable


@dataclass(frozen=True)
class Poses(_Movable):
    """`k` affine maps of each task, x -> matrix (x - origin), and their weights.

    Attributes:
        origin: What becomes zero, (b, k, dx), units of `x`.
        matrix: The map that follows, (b, k, dx, dx).
        weight: Weights that sum to one, (b, k).
        oriented: False for tasks whose context and domain have no direction that turns
            with them: their targets are then turned onto the first axis, one by one.
    """

    origin: Float[Tensor, "b k dx"]
    matrix: Float[Tensor, "b k dx dx"]
    weight: Float[Tensor, "b k"]
    oriented: Bool[Tensor, "b"]  # noqa: F821

    @property
    def n(self) -> int:
        """Number of poses `k` of each task."""
        return self.weight.shape[1]

    def forward(self, x: Tensor) -> Tensor:
        """Locations in every pose, (b, n, dx) -> (b, k, n, dx)."""
        return (x[:, None] - self.origin[:, :, None]) @ self.matrix.mT

    def backward(self, x: Tensor) -> Tensor:
        """Locations of poses where they were, (b, k, ..., dx) -> the same shape."""
        flat = x.flatten(2, -2)
        back = torch.linalg.solve(self.matrix, flat.mT).mT
        return (back + self.origin[:, :, None]).reshape(x.shape)

    def domain(self, domain: Domain) -> Domain:
        """The domain in every pose, (b k) tasks; its extent stays as it is."""
        centre = self.forward(domain.centre[:, None]).flatten(0, 2)
        return Domain(
            centre,
            domain.extent.repeat_interleave(self.n, 0),
            domain.absolute.repeat_interleave(self.n, 0),
        )

    def points(self, points: PointSet) -> PointSet:
        """Points in every pose, (b k) tasks."""
        repeated = points.each(lambda value: value.repeat_interleave(self.n, 0))
        return replace(repeated, x=self.forward(points.x).flatten(0, 1))

    def together(self, other: "Poses") -> "Poses":
        """Every pair of poses, each of its own dimensions of a location."""
        b, k, j = len(self.weight), self.n, other.n
        left, right = self.origin.shape[-1], other.origin.shape[-1]
        matrix = self.matrix.new_zeros(b, k, j, left + right, left + right)
        matrix[..., :left, :left] = self.matrix[:, :, None]
        matrix[..., left:, left:] = other.matrix[:, None]
        origin = torch.cat(
            (
                self.origin[:, :, None].expand(-1, -1, j, -1),
                other.origin[:, None].expand(-1, k, -1, -1),
            ),
            dim=-1,
        )
        weight = self.weight[:, :, None] * other.weight[:, None]
        return Poses(
            origin.flatten(1, 2), matrix.flatten(1, 2), weight.flatten(1),
            self.oriented & other.oriented,
        )  # fmt: skip
