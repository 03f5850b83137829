"""Coherent draws, and joint likelihoods, of any model: target after target.

Bruinsma et al. (2023), "Autoregressive conditional neural processes": by the chain rule
a model that predicts single values predicts them jointly, if each value drawn, or
observed, joins the context of the next. The result depends on the order of targets,
which is therefore random for draws.
"""

from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor

from apnp.model import NeuralProcess
from apnp.types import Domain, PointSet, Stream, Task

Tasks = TypeVar("Tasks", PointSet, Task)


def ar_log_prob(
    process: NeuralProcess, task: Task, order: Tensor, block: int = 1
) -> Tensor:
    """Joint log density of the observed targets by the chain rule, (b,).

    Args:
        process: The model.
        task: Context and targets.
        order: Numbers of the targets, each once, in the order of the chain, (nt,).
        block: Targets that join the context at once; within a block they are as the
            likelihood has them, independent or joint.

    Raises:
        ValueError: If `block` is no number above zero, or `order` not of all targets.
    """
    _check_block(block)
    n = task.target.n_points
    if sorted(order.tolist()) != list(range(n)):
        raise ValueError(
            f"`order` holds every number from 0 to {n - 1} once. Got {order.tolist()}."
        )
    context, total = task.context, task.context.x.new_zeros(task.context.batch_size)
    for index in order.split(block):
        part = _taken(task.target, index)
        encoding = process.encode(context, task.domain, task.streams)
        predictive = process.decode(encoding, part.x, part.w, part.w_mask)
        total = total + predictive.log_prob(part.y, part.y_mask)
        context = joined(context, part)
    return total


def ar_sample(
    process: NeuralProcess,
    context: PointSet,
    domain: Domain,
    target: PointSet,
    k: int,
    generator: torch.Generator,
    block: int = 1,
    streams: tuple[Stream, ...] = (),
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
        streams: What the model reads beside the context.

    Raises:
        ValueError: If `k` or `block` is no number above zero.
    """
    _check_block(block)
    if k < 1:
        raise ValueError(f"`k` is a number of draws above zero. Got {k}.")
    b = context.batch_size
    asked = repeated(Task(context, target, domain, streams), k)
    seen, target = asked.context, asked.target
    values = torch.empty_like(target.y)
    with torch.no_grad():
        for index in torch.randperm(target.n_points, generator=generator).split(block):
            part = _taken(target, index)
            encoding = process.encode(seen, asked.domain, asked.streams)
            predictive = process.decode(encoding, part.x, part.w, part.w_mask)
            values[:, index] = predictive.sample(1, generator)[0]
            seen = joined(seen, with_values(part, values[:, index]))
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


def _check_block(block: int) -> None:
    if block < 1:
        raise ValueError(f"`block` is a number of targets above zero. Got {block}.")
