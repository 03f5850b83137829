"""Translations T(n) of some of the input dimensions."""

from collections.abc import Sequence

import torch
from torch import Tensor

from apnp.groups.group import Group


class Translations(Group):
    """Shifts along the axes `dims`; the other axes stay where they are.

    Args:
        dx: Number of input dimensions.
        dims: Axes that may be shifted; all of them unless given.
        scale: Standard deviation of a random shift.
    """

    def __init__(
        self, dx: int, dims: Sequence[int] | None = None, scale: float = 3.0
    ) -> None:
        self.dims = tuple(range(dx)) if dims is None else tuple(dims)
        if not all(0 <= d < dx for d in self.dims):
            raise ValueError(f"`dims` lie in [0, {dx - 1}]. Got {self.dims}.")
        self.dx = dx
        self.n_trend = dx
        self.scale = scale

    def identity(self, like: Tensor) -> Tensor:
        """The shift by zero."""
        return like.new_zeros(len(self.dims))

    def random(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """A normal shift of standard deviation `scale`."""
        draw = torch.randn(len(self.dims), generator=generator, dtype=torch.float64)
        return self.scale * draw.to(like)

    def compose(self, first: Tensor, second: Tensor) -> Tensor:
        """The sum of both shifts."""
        return first + second

    def inverse(self, element: Tensor) -> Tensor:
        """The shift back."""
        return -element

    def act(self, element: Tensor, x: Tensor) -> Tensor:
        """`x` with `element` added on the shifted axes."""
        shift = x.new_zeros(self.dx)
        shift[list(self.dims)] = element
        return x + shift

    def invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """Differences on the shifted axes, both coordinates on the others."""
        fixed = [d for d in range(self.dx) if d not in self.dims]
        dims = list(self.dims)
        left, right = x[:, :, None], other[:, None]
        n, m = x.shape[1], other.shape[1]
        parts = [left[..., dims] - right[..., dims]]
        if fixed:
            parts.append(left[..., fixed].expand(-1, -1, m, -1))
            parts.append(right[..., fixed].expand(-1, n, -1, -1))
        return torch.cat(parts, dim=-1)

    def point_invariants(self, x: Tensor) -> Tensor:
        """The coordinates on the axes that are not shifted."""
        return x[..., [d for d in range(self.dx) if d not in self.dims]]

    def pair_invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """The difference of both, on all axes."""
        return other - x

    def trend(self, x: Tensor, centre: Tensor) -> Tensor:
        """Coordinates relative to the centre."""
        return x - centre[:, None]
