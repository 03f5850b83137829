"""Rotations of the sphere about its polar axis: shifts of longitude."""

import math

import torch
from torch import Tensor

from apnp.groups.group import Group

_SQRT3 = math.sqrt(3.0)


class LongitudeShifts(Group):
    """Rotations about the polar axis; locations are unit vectors (..., 3).

    An element is one angle in radians, shape (1,).
    """

    dx = 3
    n_trend = 8

    def identity(self, like: Tensor) -> Tensor:
        """The shift by zero radians."""
        return like.new_zeros(1)

    def random(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """A shift uniform on the circle."""
        draw = torch.rand(1, generator=generator, dtype=torch.float64)
        return (2 * math.pi * draw).to(like)

    def compose(self, first: Tensor, second: Tensor) -> Tensor:
        """The sum of both angles."""
        return first + second

    def inverse(self, element: Tensor) -> Tensor:
        """The shift back."""
        return -element

    def act(self, element: Tensor, x: Tensor) -> Tensor:
        """`x` turned about the polar axis."""
        cos, sin = torch.cos(element[0]), torch.sin(element[0])
        east, north, up = x.unbind(-1)
        return torch.stack(
            (cos * east - sin * north, sin * east + cos * north, up), dim=-1
        )

    def invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """Both polar coordinates, and the products that hold the longitude difference.

        (b, n, m, 4): z, z', the dot product and the cross product of the horizontal
        parts. Nothing is divided, so the poles are regular.
        """
        left, right = x[:, :, None], other[:, None]
        dot = left[..., 0] * right[..., 0] + left[..., 1] * right[..., 1]
        cross = left[..., 0] * right[..., 1] - left[..., 1] * right[..., 0]
        z = left[..., 2].expand_as(dot)
        z_other = right[..., 2].expand_as(dot)
        return torch.stack((z, z_other, dot, cross), dim=-1)

    def point_invariants(self, x: Tensor) -> Tensor:
        """The sine of latitude."""
        return x[..., 2:]

    def pair_invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """East and up, each times the cosine of latitude for close points.

        (..., 2): the cross product of the horizontal parts and the difference along
        the axis. Both vanish smoothly at the poles, where there is no east.
        """
        step = other - x
        east = x[..., 0] * step[..., 1] - x[..., 1] * step[..., 0]
        return torch.stack((east, step[..., 2].expand_as(east)), dim=-1)

    def trend(self, x: Tensor, centre: Tensor) -> Tensor:
        """Spherical harmonics of first and second degree, east of the centre."""
        longitude = torch.atan2(centre[:, 1], centre[:, 0])[:, None]
        cos, sin = torch.cos(longitude), torch.sin(longitude)
        u = cos * x[..., 0] + sin * x[..., 1]
        v = cos * x[..., 1] - sin * x[..., 0]
        z = x[..., 2]
        second = (u * v, u * z, v * z, (u * u - v * v) / 2, z * z * _SQRT3 / 2)
        first = torch.stack((u, v, z), dim=-1)
        constant = first.new_tensor([0.0, 0.0, 0.0, 0.0, 0.5])
        return torch.cat((first, _SQRT3 * torch.stack(second, -1) - constant), dim=-1)
