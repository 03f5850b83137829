"""Linear maps of the plane followed by a shift: groups that are not compact."""

import math
from typing import Literal

import torch
from torch import Tensor

from apnp.groups.group import Group
from apnp.groups.rigid import random_rotation

LinearKind = Literal["affine", "special", "similarity"]


class LinearMotions(Group):
    """Invertible linear maps of the plane, followed by a shift.

    By the polar decomposition every such map is a stretch along two perpendicular axes,
    followed by a rotation or a mirror image (Mironenco 2024). A random element is drawn
    that way, with a stretch whose condition number is bounded.

    Two points can be moved to any other two, so that the group leaves nothing of a pair
    of points: no architecture that compares points keeps it. Frames do
    (`apnp.framing`).

    An element is a matrix, row by row, and a shift: shape (6,).

    Args:
        kind: `affine` for all maps; `special` for those that keep areas and
            orientation, SL(2); `similarity` for those that keep the shape of figures.
        condition: Largest ratio of the two stretches of a random element.
        scale: Standard deviation of a random shift.
        factor: Largest factor by which a random element of `affine` and `similarity`
            changes lengths.

    Raises:
        ValueError: If `condition` or `factor` is below one.
    """

    dx = n_trend = 2

    def __init__(
        self,
        kind: LinearKind = "affine",
        condition: float = 3.0,
        scale: float = 3.0,
        factor: float = 2.0,
    ) -> None:
        if not (condition >= 1.0 and factor >= 1.0):
            raise ValueError(
                "`condition` and `factor` are at least 1. Got "
                f"{condition} and {factor}."
            )
        self.kind, self.condition = kind, condition
        self.scale, self.factor = scale, factor
        self.mirrors = kind != "special"

    def identity(self, like: Tensor) -> Tensor:
        """The unit matrix and no shift."""
        eye = torch.eye(2, dtype=like.dtype, device=like.device)
        return torch.cat((eye.flatten(), like.new_zeros(2)))

    def random(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """A stretch of bounded condition along random axes, a rotation, and a shift."""

        def uniform() -> Tensor:
            return torch.rand((), generator=generator, dtype=torch.float64)

        axes = random_rotation(2, False, generator, torch.zeros(1, dtype=torch.float64))
        turn = random_rotation(2, self.mirrors, generator, axes)
        shape = 0.0 if self.kind == "similarity" else math.log(self.condition) / 2
        size = 0.0 if self.kind == "special" else math.log(self.factor)
        log_ratio, log_size = shape * uniform(), size * (2 * uniform() - 1)
        stretch = torch.stack((log_size + log_ratio, log_size - log_ratio)).exp()
        matrix = turn @ (axes * stretch) @ axes.mT
        shift = torch.randn(2, generator=generator, dtype=torch.float64)
        return torch.cat((matrix.flatten(), self.scale * shift)).to(like)

    def compose(self, first: Tensor, second: Tensor) -> Tensor:
        """Matrices multiply; the second shift is mapped by the first."""
        (a, s), (b, t) = self._parts(first), self._parts(second)
        return torch.cat(((a @ b).flatten(), a @ t + s))

    def inverse(self, element: Tensor) -> Tensor:
        """The inverse matrix, and the shift back mapped by it."""
        matrix, shift = self._parts(element)
        back = torch.linalg.inv(matrix)
        return torch.cat((back.flatten(), -back @ shift))

    def act(self, element: Tensor, x: Tensor) -> Tensor:
        """`x` mapped, then shifted."""
        matrix, shift = self._parts(element)
        return x @ matrix.mT + shift

    def invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """Nothing is left of a pair.

        Raises:
            ValueError: Always; frames keep the group instead.
        """
        raise ValueError(
            f"The group {self.kind} leaves nothing of a pair of points, so that no "
            "architecture keeps it: set model.symmetrise to frames."
        )

    def point_invariants(self, x: Tensor) -> Tensor:
        """Nothing: any location can be moved to any other."""
        return x[..., :0]

    def pair_invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """Nothing is left of a pair.

        Raises:
            ValueError: Always; frames keep the group instead.
        """
        return self.invariants(x, other)

    def trend(self, x: Tensor, centre: Tensor) -> Tensor:
        """Coordinates relative to the centre."""
        return x - centre[:, None]

    def _parts(self, element: Tensor) -> tuple[Tensor, Tensor]:
        matrix, shift = element.split((4, 2))
        return matrix.reshape(2, 2), shift
