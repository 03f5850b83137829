"""Candidate symmetries by name: what may move a task, kept by a model or not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from apnp.errors import ConfigError
from apnp.groups.linear import LinearMotions
from apnp.groups.longitude import LongitudeShifts
from apnp.groups.rigid import RigidMotions
from apnp.groups.rotation import Rotations, SphereRotations
from apnp.groups.translation import Translations
from apnp.types import PointSet, Task, at_points

_SHARE = 0.25
"""Standard deviation of a random shift, as a share of the longest side of the box."""


@runtime_checkable
class Motions(Protocol):
    """What moves locations; every group does."""

    @property
    def dx(self) -> int:
        """Dimensions of a location."""
        ...

    def random(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """A random element, with the dtype and device of `like`."""
        ...

    def act(self, element: Tensor, x: Tensor) -> Tensor:
        """The locations `x` (..., dx) moved by `element`."""
        ...


@dataclass(frozen=True)
class Mirror:
    """The mirror image that changes the sign of one coordinate.

    Attributes:
        dx: Dimensions of a location.
        dim: The coordinate.
    """

    dx: int
    dim: int = 0

    def random(self, generator: torch.Generator, like: Tensor) -> Tensor:
        """The mirror image: no parameters, for there is no other element to draw."""
        return like.new_zeros(0)

    def act(self, element: Tensor, x: Tensor) -> Tensor:
        """The mirror image of `x`."""
        sign = x.new_ones(self.dx)
        sign[self.dim] = -1
        return x * sign


Made = Callable[[int, float], Motions]
_FLAT: dict[str, Made] = {
    "translations": lambda dx, scale: Translations(dx, scale=scale),
    "rigid_motions": lambda dx, scale: RigidMotions(dx, scale=scale),
    "mirror": lambda dx, _: Mirror(dx),
}
_OF_TWO: dict[str, Made] = {
    "turns": lambda *_: Rotations(),
    "east_shifts": lambda dx, scale: Translations(dx, (0,), scale),
    "north_shifts": lambda dx, scale: Translations(dx, (1,), scale),
    "similarity": lambda _, scale: LinearMotions("similarity", scale=scale),
    "special_linear": lambda _, scale: LinearMotions("special", scale=scale),
    "affine": lambda _, scale: LinearMotions("affine", scale=scale),
}
_SPHERE: dict[str, Made] = {
    "longitude_shifts": lambda *_: LongitudeShifts(),
    "rotations": lambda *_: SphereRotations(),
    "mirror": lambda dx, _: Mirror(dx, 2),
}


def candidates(geometry: str, dx: int) -> dict[str, Made]:
    """The candidate symmetries of a geometry of `dx` dimensions, by name.

    Shifts have a scale; turns and mirror images are those about the origin, on the
    sphere the mirror image is that at the equator.
    """
    if geometry == "sphere":
        return _SPHERE
    return _FLAT | (_OF_TWO if dx == 2 else {})


def candidate(
    name: str, geometry: str, low: Sequence[float], high: Sequence[float], key: str
) -> Motions:
    """A candidate symmetry by its name.

    Args:
        name: Its name.
        geometry: "plane", "box" or "sphere".
        low: Lower corner of the box of the training locations: a random shift has the
            size of a part of it.
        high: Its upper corner.
        key: Where the name was given, for messages.

    Raises:
        ConfigError: If this geometry has none of that name.
    """
    known = candidates(geometry, len(low))
    if name not in known:
        raise ConfigError(
            f"`{key}` names symmetries of a {geometry}: {', '.join(known)}. Got {name}."
        )
    longest = max(b - a for a, b in zip(low, high, strict=True))
    return known[name](len(low), _SHARE * longest)


def moved(task: Task, group: Motions, element: Tensor) -> Task:
    """Context, targets, domain and auxiliary sets moved by an element of the group.

    A grid that is moved need be none of its axes: its nodes become points.
    """

    def act(points: PointSet) -> PointSet:
        return replace(points, x=group.act(element, points.x))

    domain = replace(task.domain, centre=group.act(element, task.domain.centre))
    auxiliary = tuple(act(at_points(s, group.dx)) for s in task.auxiliary)
    return Task(act(task.context), act(task.target), domain, auxiliary)
