"""Tasks of any sizes as one batch: padded, and padding masked."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

from apnp.types import Domain, GriddedField, PointSet, Task

Points = TypeVar("Points", PointSet, GriddedField)


def collate(tasks: Sequence[Task]) -> Task:
    """One batch of tasks of any sizes, padded; padding is masked.

    Padded points lie at their task's domain centre, a possible location; those of
    auxiliary sets, and padded rows of their grids, at zero.
    """
    auxiliary = zip(*(t.auxiliary for t in tasks), strict=True)
    return Task(
        _stack([t.context for t in tasks], [t.domain.centre for t in tasks]),
        _stack([t.target for t in tasks], [t.domain.centre for t in tasks]),
        Domain(
            torch.cat([t.domain.centre for t in tasks]),
            torch.cat([t.domain.extent for t in tasks]),
            torch.cat([t.domain.absolute for t in tasks]),
            _sites([t.domain.context_sites for t in tasks]),
            _sites([t.domain.target_sites for t in tasks]),
        ),
        tuple(_stack_fields(each) for each in auxiliary),
    )


def _sites(used: Sequence[Tensor | None]) -> Tensor | None:
    """Which sites each task uses; None where all of them use all."""
    given = [each for each in used if each is not None]
    if not given:
        return None
    every = torch.ones_like(given[0])
    return torch.cat([every if each is None else each for each in used])


def _stack(points: Sequence[PointSet], centres: Sequence[Tensor]) -> PointSet:
    """All points, those of padding at the centre of their task's domain."""
    batch, n = _stack_fields(points), max(p.n_points for p in points)
    x = [
        torch.cat([p.x, c[:, None].expand(-1, n - p.n_points, -1)], dim=1)
        for p, c in zip(points, centres, strict=True)
    ]
    return replace(batch, x=torch.cat(x))


def _stack_fields(parts: Sequence[Points]) -> Points:
    """One of all tasks (b = 1 each): every tensor of it padded to the largest."""
    stacked = {
        f.name: _stack_values([getattr(part, f.name) for part in parts])
        for f in fields(parts[0])
    }
    return replace(parts[0], **stacked)


def _stack_values(values: Sequence[Any]) -> Any:
    """All (1, ...) of one rank in one, zeros, or False, where one is smaller."""
    if isinstance(values[0], tuple):
        return tuple(_stack_values(each) for each in zip(*values, strict=True))
    largest = [max(sizes) for sizes in zip(*(v.shape for v in values), strict=True)]
    batch = values[0].new_zeros(len(values), *largest[1:])
    for row, value in zip(batch, values, strict=True):
        row[tuple(map(slice, value.shape[1:]))] = value[0]
    return batch
