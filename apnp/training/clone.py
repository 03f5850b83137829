"""Cloning: a model learns what a trained one predicts, from contexts alone.

Symmetry cloning (Huang 2024) trains a free model on the predictions of an equivariant
one under random group moves; distillation trains a fast model on those of a slow one.
Both are the same: the divergence of the student's prediction from the teacher's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from apnp.checkpoint import load_model
from apnp.config import TrainerConfig
from apnp.errors import ConfigError
from apnp.groups import Trivial
from apnp.groups.candidates import Motions, candidate, moved
from apnp.inputs.coordinates import CoordinateInputs
from apnp.inputs.stations import StationInputs
from apnp.likelihoods import GaussianPredictive, Predictive
from apnp.model import NeuralProcess
from apnp.types import Task

LEVELS = 32
"""Quantiles of the teacher at which densities are compared, where no form is closed."""


@dataclass(eq=False)
class Cloning:
    """The teacher, and for how long it teaches.

    Attributes:
        teacher: The trained model, which stays as it is.
        hash: Hash of its record and weights.
        share: Share of training in which the student imitates it; then it learns from
            observed targets.
        group: What moves tasks meanwhile, or None.
        seed: With the step it draws the element.
    """

    teacher: NeuralProcess
    hash: str
    share: float
    group: Motions | None
    seed: int

    def loss(self, student: nn.Module, task: Task, step: int) -> Tensor:
        """The divergence of the student from the teacher in nats a value.

        Values of the targets are not read, only where they are and which exist.
        """
        if self.group is not None:
            key = hash((self.seed, step, 2)) % 2**63
            generator = torch.Generator().manual_seed(key)
            task = moved(task, self.group, self.group.random(generator, task.context.x))
        with torch.no_grad():
            expected = self.teacher.to(task.context.x.device)(task)
        each = divergence(expected, student(task))
        mask = task.target.y_mask
        total = torch.where(mask, each, 0.0).sum((-1, -2))
        return (total / mask.sum((-1, -2)).clamp(min=1)).mean()


def divergence(teacher: Predictive, student: Predictive) -> Tensor:
    """KL(teacher || student) of the value at each target in nats, (b, nt, dy).

    In closed form for Gaussians; else the mean of the difference of log densities at
    evenly spaced quantiles of the teacher.
    """
    if isinstance(teacher, GaussianPredictive) and isinstance(
        student, GaussianPredictive
    ):
        ratio = teacher.variance / student.variance
        gap = (teacher.mean - student.mean).square() / student.variance
        return 0.5 * (gap + ratio - 1 - ratio.log())
    with torch.no_grad():
        like = teacher.mean
        level = (torch.arange(LEVELS).to(like) + 0.5) / LEVELS
        level = level.reshape(-1, *(1,) * like.ndim).expand(-1, *like.shape)
        y = teacher.quantile(level)
        known = torch.stack([teacher.log_density(each) for each in y])
    told = torch.stack([student.log_density(each) for each in y])
    return (known - told).mean(0)


def cloning(
    settings: TrainerConfig, inputs: StationInputs | CoordinateInputs
) -> Cloning | None:
    """The teacher that the configuration names; None if there is none.

    Raises:
        ConfigError: If its inputs are not those of the student, or a group of moves is
            none of the geometry.
        CheckpointError: If there is no such run, or it cannot be read.
    """
    if settings.clone is None:
        return None
    teacher, known, record = load_model(settings.clone)
    _check_inputs(settings.clone, known, inputs)
    group: Motions | None = None
    if settings.clone_moves == "teacher":
        keeps = teacher.backbone.group
        group = None if isinstance(keeps, Trivial) else keeps
    elif settings.clone_moves != "none":
        box = inputs.geometry, inputs.low, inputs.high
        group = candidate(settings.clone_moves, *box, "trainer.clone_moves")
    share = settings.clone_share
    return Cloning(teacher, record.hash, share, group, settings.seed)


def _check_inputs(
    run: str | Path,
    teacher: StationInputs | CoordinateInputs,
    student: StationInputs | CoordinateInputs,
) -> None:
    """Refuse a teacher that reads other numbers than its student.

    Raises:
        ConfigError: Naming what differs.
    """
    names: Sequence[str] = ("geometry", "dx", "dy", "dw", "mean", "std", "auxiliary_dy")
    for name in names:
        theirs, ours = getattr(teacher, name), getattr(student, name)
        if theirs != ours:
            raise ConfigError(
                f"`trainer.clone` {run} reads inputs of another kind: {name} is "
                f"{theirs}, and {ours} for the model to be trained. A student has the "
                "`model.geometry`, covariates and likelihood's scaling of its teacher."
            )
