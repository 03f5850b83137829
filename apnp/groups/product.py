"""The product of two groups, each acting on input dimensions of its own."""

import torch
from torch import Tensor

from apnp.groups.group import Group


class Product(Group):
    """Two groups side by side, such as rotations in space and shifts in time.

    An element is one of the first, then one of the second; so are the dimensions of
    locations.

    Args:
        first: Acts on the first `first.dx` dimensions.
        second: Acts on the rest.
    """

    def __init__(self, first: Group, second: Group) -> None:
        self.first, self.second = first, second
        self.dx = first.dx + second.dx
        self.n_trend = first.n_trend + second.n_trend
        self._size = first.identity(torch.zeros(1)).numel()

    def identity(self, like: Tensor) -> Tensor:
        """Neither acts."""
        return torch.cat((self.first.identity(like), self.second.identity(like)))

    def random(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """A random element of each."""
        parts = (g.random(generator, like) for g in (self.first, self.second))
        return torch.cat(tuple(parts))

    def compose(self, first: Tensor, second: Tensor) -> Tensor:
        """Each composes its own."""
        (a, b), (c, d) = self._elements(first), self._elements(second)
        return torch.cat((self.first.compose(a, c), self.second.compose(b, d)))

    def inverse(self, element: Tensor) -> Tensor:
        """Each inverts its own."""
        a, b = self._elements(element)
        return torch.cat((self.first.inverse(a), self.second.inverse(b)))

    def act(self, element: Tensor, x: Tensor) -> Tensor:
        """Each moves its own dimensions."""
        (a, b), (left, right) = self._elements(element), self._locations(x)
        return torch.cat((self.first.act(a, left), self.second.act(b, right)), dim=-1)

    def invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """Those of the first, then those of the second."""
        (a, b), (c, d) = self._locations(x), self._locations(other)
        parts = (self.first.invariants(a, c), self.second.invariants(b, d))
        return torch.cat(parts, dim=-1)

    def point_invariants(self, x: Tensor) -> Tensor:
        """What each leaves of its own dimensions."""
        a, b = self._locations(x)
        return torch.cat(
            (self.first.point_invariants(a), self.second.point_invariants(b)), dim=-1
        )

    def pair_invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """What each sees of its own dimensions."""
        (a, b), (c, d) = self._locations(x), self._locations(other)
        parts = (self.first.pair_invariants(a, c), self.second.pair_invariants(b, d))
        return torch.cat(parts, dim=-1)

    def trend(self, x: Tensor, centre: Tensor) -> Tensor:
        """The trends of both."""
        (a, b), (c, d) = self._locations(x), self._locations(centre)
        return torch.cat((self.first.trend(a, c), self.second.trend(b, d)), dim=-1)

    def _elements(self, element: Tensor) -> tuple[Tensor, Tensor]:
        return element[: self._size], element[self._size :]

    def _locations(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x[..., : self.first.dx], x[..., self.first.dx :]
