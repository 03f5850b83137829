"""Coherent draws of any model: target after target.

Bruinsma et al. (2023), "Autoregressive conditional neural processes": by the chain rule
a model that predicts single values predicts them jointly, if each value drawn joins the
context of the next. The result depends on the order of targets, which is random.
"""

from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor

from apnp.model import NeuralProcess
from apnp.types import AuxiliarySet, Domain, PointSet, Task

Tasks = TypeVar("Tasks", PointSet, Task)


def ar_sample(
    process: NeuralProcess,
    context: PointSet,
    domain: Domain,
    target: PointSet,
    k: int,
    generator: torch.Generator,
    block: int = 1,
    auxiliary: tuple[AuxiliarySet, ...] = (),
) -> Tensor:
    """`k` joint draws at the targets, observation noise included, (k, b, nt, dy).

    It costs a pass of the model, of `k` times the tasks, for each block of targets.

    Args:
        process: The model.
        context: What was observed.
        domain: The domain of the tasks.
        target: Where to draw; its values are not read.
        k: Number of draws.
        generator: Draws the order of the targets, one for all draws, and the values.
        block: Targets that join the context at once.
        auxiliary: What the model reads beside the context.

    Raises:
        ValueError: If `k` or `block` is no number above zero.
    """
    if block < 1:
        raise ValueError(f"`block` is a number of targets above zero. Got {block}.")
    if k < 1:
        raise ValueError(f"`k` is a number of draws above zero. Got {k}.")
    b = context.batch_size
    asked = repeated(Task(context, target, domain, auxiliary), k)
    context, target = asked.context, asked.target
    values = torch.empty_like(target.y)
    with torch.no_grad():
        for index in torch.randperm(target.n_points, generator=generator).split(block):
            part = _taken(target, index)
            encoding = process.encode(context, asked.domain, asked.auxiliary)
            predictive = process.decode(encoding, part.x, part.w, part.w_mask)
            values[:, index] = predictive.sample(1, generator)[0]
            context = joined(context, with_values(part, values[:, index]))
    return values.unflatten(0, (k, b))


def joined(context: PointSet, more: PointSet) -> PointSet:
    """Both sets of points as one."""
    names = ("x", "y", "w", "y_mask", "w_mask")
    return PointSet(
        *(torch.cat((getattr(context, n), getattr(more, n)), dim=1) for n in names)
    )


def repeated(tasks: Tasks, k: int) -> Tasks:
    """The tasks `k` times over, (k b, ...)."""
    return tasks.each(lambda a: a.repeat(k, *(1,) * (a.ndim - 1)))


def with_values(points: PointSet, y: Tensor) -> PointSet:
    """The points, observed."""
    return replace(points, y=y, y_mask=torch.ones_like(y, dtype=torch.bool))


def _taken(points: PointSet, index: Tensor) -> PointSet:
    return points.each(lambda a: a[:, index])
