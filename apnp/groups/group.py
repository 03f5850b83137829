"""What a group of symmetries offers to backbones and to their laws."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor


class Group(ABC):
    """A group acting on locations of `dx` dimensions.

    An element is a vector of parameters, shape (k,). The action maps locations of any
    leading shape, (..., dx), to locations of the same shape.
    """

    dx: int
    n_trend: int

    @abstractmethod
    def identity(self, like: Tensor) -> Tensor:
        """The neutral element, with the dtype and device of `like`."""

    @abstractmethod
    def random(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """A random element, far from the identity in general."""

    @abstractmethod
    def compose(self, first: Tensor, second: Tensor) -> Tensor:
        """The element that acts like `second` and then `first`."""

    @abstractmethod
    def inverse(self, element: Tensor) -> Tensor:
        """The element that undoes `element`."""

    @abstractmethod
    def act(self, element: Tensor, x: Tensor) -> Tensor:
        """The locations `x` (..., dx) moved by `element`."""

    @abstractmethod
    def invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """What the group leaves of pairs: (b, n, dx), (b, m, dx) -> (b, n, m, k)."""

    @abstractmethod
    def point_invariants(self, x: Tensor) -> Tensor:
        """What the group leaves of one location, (..., dx) -> (..., k)."""

    @abstractmethod
    def pair_invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """Where `other` lies as seen from `x`, by what the group leaves of the pair.

        Numbers of the size of the distance that vanish where both are the same, exact
        for the closest of points; (..., dx) of shapes that broadcast -> (..., k).
        """

    def frame(self, x: Tensor) -> Tensor:
        """What makes a step from `x` its offsets: (..., dx) -> (..., k, dx).

        Offsets are linear in the step, so those of the unit steps say all.
        """
        # In double precision, where the difference of both locations is the unit step.
        start = x.double()[..., None, :]
        unit = torch.eye(self.dx, dtype=start.dtype, device=x.device)
        return self.pair_invariants(start, start + unit).mT.to(x.dtype).contiguous()

    @abstractmethod
    def trend(self, x: Tensor, centre: Tensor) -> Tensor:
        """Smooth functions of location whose span the group keeps.

        They are relative to a `centre` (b, dx) that moves with the locations; moving
        both turns them among themselves at most: (b, n, dx) -> (b, n, n_trend).
        """


class Trivial(Group):
    """The group of the identity alone: nothing is a symmetry."""

    n_trend = 0

    def __init__(self, dx: int) -> None:
        self.dx = dx

    def identity(self, like: Tensor) -> Tensor:
        """The only element: no parameters."""
        return like.new_zeros(0)

    def random(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """The only element."""
        return self.identity(like)

    def compose(self, first: Tensor, second: Tensor) -> Tensor:
        """The only element."""
        return first

    def inverse(self, element: Tensor) -> Tensor:
        """The only element."""
        return element

    def act(self, element: Tensor, x: Tensor) -> Tensor:
        """The locations as they are."""
        return x

    def invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """Both locations, side by side: (b, n, m, 2 dx)."""
        n, m = x.shape[1], other.shape[1]
        return torch.cat(
            (
                x[:, :, None].expand(-1, -1, m, -1),
                other[:, None].expand(-1, n, -1, -1),
            ),
            dim=-1,
        )

    def point_invariants(self, x: Tensor) -> Tensor:
        """The location itself."""
        return x

    def pair_invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """The difference of both."""
        return other - x

    def trend(self, x: Tensor, centre: Tensor) -> Tensor:
        """None: a function of location would be as good as a fixed input."""
        return x[..., :0]
