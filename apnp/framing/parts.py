"""What learned frames build for each group: invariants of points, and axes."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from apnp.framing.frames import Layout
from apnp.groups import (
    Group,
    LongitudeShifts,
    Product,
    RigidMotions,
    SphereRotations,
    Translations,
)
from apnp.nn.root import root

_TINY = 1e-12


@dataclass(frozen=True)
class Part:
    """A factor of a group: which dimensions it acts on, and how.

    Attributes:
        dims: Its dimensions of a location.
        kind: Which motions it has.
        shifted: Dimensions, counted from its first, that it may shift.
        mirrored: The dimension that its mirror image flips, counted from its first.
    """

    dims: slice
    kind: Literal["shifts", "line", "plane", "axis", "sphere"]
    shifted: tuple[int, ...] = ()
    mirrored: int | None = None

    @property
    def dx(self) -> int:
        """Number of its dimensions."""
        return self.dims.stop - self.dims.start

    @property
    def centred(self) -> bool:
        """Whether it shifts locations, so that poses have a centre."""
        return bool(self.shifted)

    @property
    def axes(self) -> int:
        """Number of vectors that fix a turn."""
        return {"plane": 1, "axis": 1, "sphere": 2}.get(self.kind, 0)

    @property
    def n_features(self) -> int:
        """Number of invariants of a point."""
        if self.kind == "plane":
            return 2 if self.mirrored is not None else 3
        return {"shifts": self.dx, "line": 1, "axis": 3, "sphere": 1}[self.kind]

    def steps(self, layout: Layout) -> Tensor:
        """From the mean, or from the centre of the sphere, to points, (b, n, dx)."""
        start = layout.mean()[0][:, None] if self.centred else 0.0
        return torch.where(layout.mask[..., None], layout.x - start, 0.0)

    def features(self, layout: Layout) -> Tensor:
        """Invariants of each point, (b, n, n_features): lengths, and angles to a mean.

        Of shifts the step from the mean, and coordinates that are not shifted.
        """
        step = self.steps(layout)
        if self.kind == "shifts":
            kept = [d for d in range(self.dx) if d not in self.shifted]
            shifted = step[..., list(self.shifted)]
            return torch.cat((shifted, layout.x[..., kept]), -1)
        count = layout.mask.sum(-1)[:, None, None].clamp(min=1)
        if self.kind == "line":
            return step.abs()
        if self.kind == "sphere":
            return step @ (step.sum(1, keepdim=True) / count).mT
        flat = step[..., :2]
        length = root(flat.square().sum(-1, keepdim=True))
        # The mean step from the mean is zero: far points count more.
        along = length * flat if self.kind == "plane" else flat
        axis = along.sum(1, keepdim=True) / count
        dot = (flat * axis).sum(-1, keepdim=True)
        cross = (flat[..., :1] * axis[..., 1:]) - (flat[..., 1:] * axis[..., :1])
        if self.kind == "axis":
            return torch.cat((step[..., 2:], dot, cross), -1)
        turned = (dot,) if self.mirrored is not None else (dot, cross)
        return torch.cat((length, *turned), -1)

    def matrix(
        self, step: Tensor, mask: Tensor, scores: list[Tensor], k: int
    ) -> tuple[Tensor, Tensor]:
        """Turns that take the axes of each pose to the coordinate axes.

        Args:
            step: Steps to the points, zero where not observed, (b, n, dx).
            mask: True for observed points, (b, n).
            scores: What each point counts for each axis, (b, n, k, 1); one an axis.
            k: Number of poses.

        Returns:
            Matrices (b, k, dx, dx); squared sizes of the axes before they were made
            orthonormal, relative to the spread of the points (b, k): zero where they
            are undefined, and the matrix is that of no turn.
        """
        made = torch.eye(self.dx).to(step).repeat(len(step), k, 1, 1)
        if not scores:
            return made, step.new_ones(len(step), k)
        count = mask.sum(-1)[:, None].clamp(min=1)
        used = step if self.axes == 2 else step[..., :2]
        spread = used.square().sum((-1, -2))[:, None] / count
        unit = (count * spread.clamp(min=_TINY).sqrt())[..., None]
        vectors = [score[..., 0].mT @ used / unit for score in scores]
        if self.axes == 2:
            return gram_schmidt(*vectors)
        first, size = _unit(vectors[0])
        second = torch.stack((-first[..., 1], first[..., 0]), -1)
        made[..., :2, :2] = torch.stack((first, second), -2)
        return made, size

    def turns(self, count: int) -> Tensor:
        """Turns that are spread evenly, the first of which is none, (count, dx, dx)."""
        if self.kind == "sphere":
            return _spread_rotations(count)
        angle = torch.arange(count, dtype=torch.float64) * (2 * math.pi / count)
        made = torch.eye(self.dx, dtype=torch.float64).repeat(count, 1, 1)
        made[:, 0, 0], made[:, 0, 1] = angle.cos(), angle.sin()
        made[:, 1, 0], made[:, 1, 1] = -angle.sin(), angle.cos()
        return made


def parts_of(group: Group, start: int = 0) -> list[Part]:
    """The factors of a group of frames, in the order of its dimensions."""
    if isinstance(group, Product):
        second = parts_of(group.second, start + group.first.dx)
        return parts_of(group.first, start) + second
    dims = slice(start, start + group.dx)
    if isinstance(group, Translations):
        return [Part(dims, "shifts", group.dims)]
    if isinstance(group, RigidMotions) and group.dx == 1:
        return [Part(dims, "line", (0,), 0)]
    if isinstance(group, RigidMotions) and group.dx == 2:
        return [Part(dims, "plane", (0, 1), 1 if group.mirrors else None)]
    if isinstance(group, LongitudeShifts):
        return [Part(dims, "axis")]
    if isinstance(group, SphereRotations):
        return [Part(dims, "sphere")]
    raise ValueError(f"{type(group).__name__} has no learned frames.")


def gram_schmidt(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Rotations that take two vectors (..., 3) to the first axis and its half plane.

    Returns:
        Matrices (..., 3, 3) of determinant one, and |first|^2 |second'|^2 (...), with
        second' the part of `second` across `first`; zero where that is undefined, and
        the matrix is that of no turn.
    """
    one, size = _unit(first)
    across = second - (second * one).sum(-1, keepdim=True) * one
    two, other = _unit(across)
    three = torch.linalg.cross(one, two)
    turn = torch.stack((one, two, three), -2)
    defined = (size > 0) & (other > 0)
    eye = torch.eye(3).to(turn).expand_as(turn)
    size = torch.where(defined, size * other, 0.0)
    return torch.where(defined[..., None, None], turn, eye), size


def _unit(vector: Tensor) -> tuple[Tensor, Tensor]:
    """Unit vectors (..., d) and squared lengths; the first axis where there is none."""
    square = vector.square().sum(-1)
    defined = square > _TINY
    size = torch.where(defined, square, 1.0).sqrt()[..., None]
    axis = torch.zeros_like(vector)
    axis[..., 0] = 1.0
    unit = torch.where(defined[..., None], vector / size, axis)
    return unit, torch.where(defined, square, 0.0)


def _spread_rotations(count: int) -> Tensor:
    """Rotations of space spread evenly, the first of which is none, (count, 3, 3).

    Super-Fibonacci spirals of unit quaternions (Alexa 2022), turned back by the first.
    """
    phi, psi = math.sqrt(2.0), 1.533751168755204288118041
    s = torch.arange(count, dtype=torch.float64) + 0.5
    r, big_r = (s / count).sqrt(), (1 - s / count).sqrt()
    a, b = 2 * math.pi * s / phi, 2 * math.pi * s / psi
    x, y, z, w = r * a.sin(), r * a.cos(), big_r * b.sin(), big_r * b.cos()
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    turns = torch.stack([torch.stack(row, -1) for row in rows], -2)
    return turns @ turns[0].mT
