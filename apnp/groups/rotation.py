"""Rotations about the origin: SO(2) of the plane, SO(3) of the sphere."""

import math

import torch
from torch import Tensor

from apnp.groups.group import Group
from apnp.groups.rigid import random_rotation

_SQRT3 = math.sqrt(3.0)


class Rotations(Group):
    """Rotations of the plane about its origin; an element is a matrix, row by row."""

    dx = 2
    n_trend = 2

    def identity(self, like: Tensor) -> Tensor:
        """No turn."""
        return torch.eye(self.dx, dtype=like.dtype, device=like.device).flatten()

    def random(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """A uniform rotation."""
        return random_rotation(self.dx, False, generator, like).flatten()

    def compose(self, first: Tensor, second: Tensor) -> Tensor:
        """The product of both matrices."""
        return (self._matrix(first) @ self._matrix(second)).flatten()

    def inverse(self, element: Tensor) -> Tensor:
        """The transposed matrix."""
        return self._matrix(element).mT.flatten()

    def act(self, element: Tensor, x: Tensor) -> Tensor:
        """`x` turned about the origin."""
        return x @ self._matrix(element).mT

    def invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """Both squared radii, the dot and the cross product: (b, n, m, 4)."""
        left, right = x[:, :, None], other[:, None]
        dot = (left * right).sum(-1)
        radii = (left.square().sum(-1), right.square().sum(-1))
        return torch.stack(
            (*(r.expand_as(dot) for r in radii), dot, _cross(left, right)), dim=-1
        )

    def point_invariants(self, x: Tensor) -> Tensor:
        """The squared distance from the origin."""
        return x.square().sum(-1, keepdim=True)

    def pair_invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """Outwards and around, each times the distance from the origin: (..., 2)."""
        step = other - x
        return torch.stack(((x * step).sum(-1), _cross(x, step)), dim=-1)

    def trend(self, x: Tensor, centre: Tensor) -> Tensor:
        """The coordinates."""
        return x

    def _matrix(self, element: Tensor) -> Tensor:
        return element.reshape(self.dx, self.dx)


class SphereRotations(Rotations):
    """All rotations of the sphere, SO(3); locations are unit vectors (..., 3)."""

    dx = 3
    n_trend = 8

    def invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """The squared chord, from differences: (b, n, m, 1)."""
        step = other[:, None] - x[:, :, None]
        return step.square().sum(-1, keepdim=True)

    def point_invariants(self, x: Tensor) -> Tensor:
        """Nothing: any location can be turned to any other."""
        return x[..., :0]

    def pair_invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """Nothing but the chord is left of a pair, and it has no direction."""
        return (other - x)[..., :0]

    def trend(self, x: Tensor, centre: Tensor) -> Tensor:
        """Spherical harmonics of first and second degree."""
        u, v, z = x.unbind(-1)
        second = (u * v, u * z, v * z, (u * u - v * v) / 2)
        zonal = _SQRT3 / 2 * z * z - 0.5 / _SQRT3
        return torch.cat((x, _SQRT3 * torch.stack((*second, zonal), -1)), dim=-1)


def _cross(x: Tensor, other: Tensor) -> Tensor:
    return x[..., 0] * other[..., 1] - x[..., 1] * other[..., 0]
