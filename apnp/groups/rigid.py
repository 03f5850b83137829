"""Rigid motions of the line, the plane and space: E(n), and SE(n) without mirrors."""

import torch
from torch import Tensor

from apnp.groups.group import Group


def random_rotation(
    n: int, mirrors: bool, generator: torch.Generator, like: Tensor
) -> Tensor:
    """A uniform orthogonal matrix (n, n), of determinant one unless `mirrors`.

    The QR decomposition of a normal matrix with its signs made unique (Mezzadri 2007,
    section 5).
    """
    draw = torch.randn(n, n, generator=generator, dtype=torch.float64)
    q, r = torch.linalg.qr(draw)
    q = q * torch.sign(torch.diagonal(r))
    if not mirrors and torch.linalg.det(q) < 0:
        q = torch.cat((-q[:, :1], q[:, 1:]), dim=1)
    return q.to(like)


class RigidMotions(Group):
    """Rotations, with or without mirror images, followed by a shift.

    An element is an orthogonal matrix, row by row, and a shift: shape (dx^2 + dx,).

    Args:
        dx: Number of input dimensions.
        mirrors: Whether mirror images belong to it: E(n) with them, SE(n) without.
        scale: Standard deviation of a random shift.
    """

    def __init__(self, dx: int, mirrors: bool = True, scale: float = 3.0) -> None:
        if dx == 1 and not mirrors:
            raise ValueError(
                "On a line there is no rotation: take Translations(1), or `mirrors`."
            )
        self.dx = self.n_trend = dx
        self.mirrors, self.scale = mirrors, scale

    def identity(self, like: Tensor) -> Tensor:
        """No turn and no shift."""
        eye = torch.eye(self.dx, dtype=like.dtype, device=like.device)
        return torch.cat((eye.flatten(), like.new_zeros(self.dx)))

    def random(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """A uniform rotation and a normal shift of standard deviation `scale`."""
        turn = random_rotation(self.dx, self.mirrors, generator, like)
        shift = torch.randn(self.dx, generator=generator, dtype=torch.float64)
        return torch.cat((turn.flatten(), self.scale * shift.to(like)))

    def compose(self, first: Tensor, second: Tensor) -> Tensor:
        """Turns multiply; the second shift is turned by the first."""
        (a, s), (b, t) = self._parts(first), self._parts(second)
        return torch.cat(((a @ b).flatten(), a @ t + s))

    def inverse(self, element: Tensor) -> Tensor:
        """The turn back, and the shift back turned with it."""
        turn, shift = self._parts(element)
        return torch.cat((turn.mT.flatten(), -turn.mT @ shift))

    def act(self, element: Tensor, x: Tensor) -> Tensor:
        """`x` turned about the origin, then shifted."""
        turn, shift = self._parts(element)
        return x @ turn.mT + shift

    def invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """The squared distance, (b, n, m, 1)."""
        step = other[:, None] - x[:, :, None]
        return step.square().sum(-1, keepdim=True)

    def point_invariants(self, x: Tensor) -> Tensor:
        """Nothing: any location can be moved to any other."""
        return x[..., :0]

    def pair_invariants(self, x: Tensor, other: Tensor) -> Tensor:
        """Nothing but the distance is left of a pair, and it has no direction."""
        return (other - x)[..., :0]

    def trend(self, x: Tensor, centre: Tensor) -> Tensor:
        """Coordinates relative to the centre."""
        return x - centre[:, None]

    def _parts(self, element: Tensor) -> tuple[Tensor, Tensor]:
        turn, shift = element.split((self.dx**2, self.dx))
        return turn.reshape(self.dx, self.dx), shift
