"""Augmentation: training tasks moved by random elements of a group."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from apnp.config import AugmentConfig
from apnp.groups import (
    LinearMotions,
    LongitudeShifts,
    RigidMotions,
    Rotations,
    SphereRotations,
    Translations,
)
from apnp.groups.candidates import Motions, candidate, moved
from apnp.inputs.batching import collate
from apnp.inputs.coordinates import CoordinateInputs
from apnp.inputs.stations import StationInputs
from apnp.training.task_source import BatchSource, TaskSource
from apnp.types import Task, at_points


@dataclass(frozen=True)
class AugmentedTasks:
    """A supply of tasks of which a share is moved; a task still follows from its index.

    Context, targets, domain and auxiliary sets move together. A gridded auxiliary set
    becomes its points, in tasks that stay as well.

    Attributes:
        source: The supply.
        group: What moves a task.
        share: Probability that a task is moved.
        size: How far, in [0, 1]; see `element`.
        seed: With a task's index it determines the element.
    """

    source: TaskSource
    group: Motions
    share: float
    size: float
    seed: int

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding."""
        return self._moved(self.source.task(index), index)

    def batch(self, indices: Sequence[int]) -> Task:
        """Those tasks padded to one size."""
        if not isinstance(self.source, BatchSource):
            return collate([self.task(i) for i in indices])
        batch = self.source.batch(indices)
        rows = (_row(batch, k) for k in range(len(indices)))
        return collate([self._moved(*each) for each in zip(rows, indices, strict=True)])

    def _moved(self, task: Task, index: int) -> Task:
        key = hash((self.seed, index, 3)) % 2**63
        generator = torch.Generator().manual_seed(key)
        if torch.rand(1, generator=generator).item() >= self.share:
            sets = (at_points(s, self.group.dx) for s in task.auxiliary)
            return replace(task, auxiliary=tuple(sets))
        drawn = element(self.group, self.size, generator, task.context.x)
        return moved(task, self.group, drawn)


def element(
    group: Motions, size: float, generator: torch.Generator, like: Tensor
) -> Tensor:
    """A random element of at most a size; of size zero the identity, but for mirrors.

    Shifts have the standard deviation of the group times the size, turns an angle that
    is uniform up to half a circle times the size, and mirror images come with
    probability one half. Of size one the rotations of the sphere are uniform.
    """
    if isinstance(group, Translations):
        return size * group.random(generator, like)
    if isinstance(group, LongitudeShifts):
        return _angle(size, generator, like)[None]
    if isinstance(group, Rotations) and group.dx == 2:
        return _turn(_angle(size, generator, like)).flatten()
    if isinstance(group, SphereRotations):
        if size == 1:
            return group.random(generator, like)
        axis = torch.randn(3, generator=generator, dtype=torch.float64).to(like)
        return _about(axis / axis.norm(), _angle(size, generator, like)).flatten()
    if isinstance(group, LinearMotions):
        return _stretched(group, size, generator, like)
    if isinstance(group, RigidMotions):
        shift = group.random(generator, like)[group.dx**2 :]
        turn = torch.eye(group.dx).to(like)
        if group.dx == 2:
            turn = _turn(_angle(size, generator, like))
        elif group.dx > 2:
            turn = group.random(generator, like)[: group.dx**2].reshape(turn.shape)
        if group.mirrors and size > 0:
            flip = torch.rand(1, generator=generator).item() < 0.5
            turn[:, 0] *= -1 if flip else 1
        return torch.cat((turn.flatten(), size * shift))
    return group.random(generator, like)


def augmented(
    settings: AugmentConfig,
    tasks: TaskSource,
    inputs: StationInputs | CoordinateInputs,
    seed: int,
) -> TaskSource:
    """The training tasks, moved as the configuration asks.

    Raises:
        ConfigError: If the geometry has no group of that name.
    """
    if settings.group == "none" or settings.share == 0:
        return tasks
    box = inputs.geometry, inputs.low, inputs.high
    group = candidate(settings.group, *box, "data.augment.group")
    return AugmentedTasks(tasks, group, settings.share, settings.size, seed)


def _stretched(
    group: LinearMotions, size: float, generator: torch.Generator, like: Tensor
) -> Tensor:
    """A stretch of at most a size, then a turn and a shift of at most that size."""
    part = LinearMotions(
        group.kind, group.condition**size, size * group.scale, group.factor**size
    )
    drawn = part.random(generator, like)
    _, sizes, axes = torch.linalg.svd(drawn[:4].reshape(2, 2))
    turn = _turn(_angle(size, generator, like))
    if group.mirrors and size > 0:
        flip = torch.rand(1, generator=generator).item() < 0.5
        turn[:, 0] *= -1 if flip else 1
    stretch = (axes.mT * sizes) @ axes
    return torch.cat(((turn @ stretch).flatten(), drawn[4:]))


def _row(batch: Task, k: int) -> Task:
    """One task of a batch, its padding included."""
    return batch.each(lambda value: value[k : k + 1])


def _angle(size: float, generator: torch.Generator, like: Tensor) -> Tensor:
    """Uniform in [-pi, pi] times the size."""
    draw = torch.rand((), generator=generator, dtype=torch.float64)
    return (size * math.pi * (2 * draw - 1)).to(like)


def _turn(angle: Tensor) -> Tensor:
    cos, sin = angle.cos(), angle.sin()
    return torch.stack((torch.stack((cos, -sin)), torch.stack((sin, cos))))


def _about(axis: Tensor, angle: Tensor) -> Tensor:
    """The rotation about a unit vector by an angle (Rodrigues)."""
    x, y, z = axis
    zero = torch.zeros_like(x)
    rows = ((zero, -z, y), (z, zero, -x), (-y, x, zero))
    cross = torch.stack([torch.stack(row) for row in rows])
    eye = torch.eye(3).to(axis)
    return eye + angle.sin() * cross + (1 - angle.cos()) * (cross @ cross)
