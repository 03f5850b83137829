"""Soft symmetries: a penalty for each candidate group that a model departs from.

Projection-based equivariance regularisation (Kim 2023) in two forms. Where the weights
that a group forbids can be named, the penalty is half their sum of squares
(structural). For any model and any group it is the squared change of the prediction
when the task is moved (functional). Strengths are tuned once: the least broken group
keeps its strength, the others lose theirs by how much more they are broken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from apnp.approx import ApproximatelyEquivariant, FixedInputs
from apnp.backbones import Backbone
from apnp.config import TrainerConfig
from apnp.errors import ConfigError
from apnp.groups import RigidMotions, SphereRotations, Translations
from apnp.groups.candidates import Motions, candidate, moved
from apnp.inputs.coordinates import CoordinateInputs
from apnp.inputs.stations import StationInputs
from apnp.likelihoods import Predictive
from apnp.model import NeuralProcess
from apnp.types import Task

KEPT = 1e-12
"""Levels up to which a symmetry is kept: rounding, which is no measure of others."""
_MEMORY = 0.98
"""Decay of the moving average of a level that the smallest is taken of."""


@dataclass
class Regulariser:
    """The penalty of a training, and what it keeps between steps.

    Attributes:
        groups: The candidate symmetries by name.
        structural: Whether the penalty is that of forbidden weights.
        tuned_at: Share of training after which strengths are tuned.
        power: Power of the ratio of levels by which they are.
        seed: With the step it draws elements of groups.
        strengths: Strength of each penalty, in nats a value.
        recent: Moving average of each level.
        smallest: The smallest of it so far.
        tuned: Whether strengths have been tuned.
    """

    groups: Mapping[str, Motions]
    structural: bool
    tuned_at: float
    power: float
    seed: int
    strengths: dict[str, float]
    recent: dict[str, float] = field(default_factory=dict)
    smallest: dict[str, float] = field(default_factory=dict)
    tuned: bool = False

    @property
    def form(self) -> str:
        """Which of the two forms the penalty has."""
        return "structural" if self.structural else "functional"

    def penalty(
        self, model: nn.Module, task: Task, predictive: Predictive, step: int
    ) -> Tensor:
        """What is added to the loss of a step.

        A functional penalty moves the tasks by an element of one group a step, in
        turn; its weight is the number of groups, so that their sum is penalised.
        """
        zero = predictive.mean.new_zeros(())
        if not any(self.strengths.values()):
            return zero
        if self.structural:
            for name, group in self.groups.items():
                level = 0.5 * _sum_of_squares(forbidden(model, group) or ())
                self._note(name, level)
                zero = zero + self.strengths[name] * level
            return zero
        names = list(self.groups)
        name = names[step % len(names)]
        generator = torch.Generator().manual_seed(hash((self.seed, step, 1)) % 2**63)
        level = departure(model, task, predictive, self.groups[name], generator).mean()
        self._note(name, level)
        return len(names) * self.strengths[name] * level

    def _note(self, name: str, level: Tensor) -> None:
        value = float(level.detach())
        last = self.recent.get(name, value)
        self.recent[name] = _MEMORY * last + (1 - _MEMORY) * value

    def tune(self, progress: float) -> None:
        """Watch the levels up to the share of training, then tune strengths, once."""
        if self.tuned:
            return
        if progress >= self.tuned_at / 2:  # levels of the first steps say little
            for name, level in self.recent.items():
                self.smallest[name] = min(level, self.smallest.get(name, level))
        if progress >= self.tuned_at and len(self.smallest) == len(self.groups):
            self.strengths = tuned(self.strengths, self.smallest, self.power)
            self.tuned = True

    def state(self) -> dict[str, object]:
        """What a checkpoint keeps."""
        names = ("strengths", "recent", "smallest", "tuned")
        return {name: getattr(self, name) for name in names}

    def load(self, state: Mapping[str, object]) -> None:
        """Take up what a checkpoint kept: strengths are not tuned twice."""
        for name, value in state.items():
            setattr(self, name, value)


def tuned(
    strengths: Mapping[str, float], levels: Mapping[str, float], power: float
) -> dict[str, float]:
    """Each strength divided by (level / smallest level)^power.

    A group that is kept to rounding keeps its strength and is no measure for others.
    """
    broken = [level for level in levels.values() if level > KEPT]
    least = min(broken, default=1.0)
    return {
        name: strength / max(1.0, levels[name] / least) ** power
        for name, strength in strengths.items()
    }


def departure(
    model: nn.Module,
    task: Task,
    predictive: Predictive,
    group: Motions,
    generator: torch.Generator,
) -> Tensor:
    """How much predictions change when a task is moved by a random element, (b,).

    The mean over targets of (change of the mean)^2 / (2 variance) + (change of the
    variance's logarithm)^2 / 4: the divergence of both Gaussians in nats, to second
    order. The variance is that of the task as it is, held fixed.
    """
    there = moved(task, group, group.random(generator, task.context.x))
    after = model(there)
    variance = predictive.variance.detach()
    change = (after.mean - predictive.mean).square() / (2 * variance)
    wider = after.variance.log() - predictive.variance.log()
    mask = task.target.y_mask
    total = torch.where(mask, change + wider.square() / 4, 0.0).sum((-1, -2))
    return total / mask.sum((-1, -2)).clamp(min=1)


@torch.no_grad()
def levels(
    model: nn.Module, groups: Mapping[str, Motions], tasks: Sequence[Task], seed: int
) -> dict[str, float]:
    """The functional level of each group: the mean departure over tasks."""
    found = {}
    for name, group in groups.items():
        generator = torch.Generator().manual_seed(seed)
        each = [departure(model, t, model(t), group, generator).mean() for t in tasks]
        found[name] = float(torch.stack(each).mean())
    return found


def candidate_groups(
    names: Sequence[str], inputs: StationInputs | CoordinateInputs
) -> dict[str, Motions]:
    """The candidate symmetries that `trainer.regularise` names.

    Raises:
        ConfigError: If the geometry has none of a name, or one is named twice.
    """
    if len(set(names)) < len(names):
        raise ConfigError(
            f"`trainer.regularise` must name each group once. Got {', '.join(names)}."
        )
    box = inputs.geometry, inputs.low, inputs.high
    return {name: candidate(name, *box, "trainer.regularise") for name in names}


def regulariser(
    settings: TrainerConfig,
    model: NeuralProcess,
    inputs: StationInputs | CoordinateInputs,
) -> Regulariser | None:
    """The penalty that the configuration asks for; None without candidate groups.

    All groups have the same form, for their levels are compared: the structural one if
    all of them have it, unless the functional one is requested.

    Raises:
        ConfigError: If a name cannot be used, or a form that does not exist is named.
    """
    if not settings.regularise:
        return None
    groups = candidate_groups(settings.regularise, inputs)
    without = [n for n, group in groups.items() if forbidden(model, group) is None]
    if settings.regularise_form == "structural" and without:
        raise ConfigError(
            "`trainer.regularise_form` structural needs groups that forbid weights of "
            f"this model by name. Got {', '.join(without)}: set it to functional."
        )
    structural = not without and settings.regularise_form != "functional"
    strengths = dict.fromkeys(groups, settings.regularise_strength)
    return Regulariser(
        groups, structural, settings.regularise_tuned_at, settings.regularise_power,
        settings.seed, strengths,
    )  # fmt: skip


def forbidden(model: nn.Module, group: Motions) -> list[Tensor] | None:
    """The weights that must be zero for a model to keep a group; None if unknown.

    Of a network that reads locations by columns of weights, those of shifted axes. Of
    one with fixed inputs whose backbone keeps the group, what mixes them into channels:
    functions of location that are invariant under a group that moves each place to each
    other are constant.
    """
    backbone = getattr(model, "backbone", None)
    if isinstance(backbone, ApproximatelyEquivariant):
        fixed, strict = backbone.fixed_inputs, backbone.backbone.group
        transitive = isinstance(group, RigidMotions | SphereRotations) or (
            isinstance(group, Translations) and len(group.dims) == group.dx
        )
        keeps = type(strict) is type(group) or (
            isinstance(strict, RigidMotions) and isinstance(group, Translations)
        )
        if transitive and keeps and isinstance(fixed, FixedInputs):
            return [fixed.mix.weight]
        return None
    columns = backbone.location_weights() if isinstance(backbone, Backbone) else None
    if columns is None or not isinstance(group, Translations):
        return None
    return [weight[:, list(group.dims)] for weight in columns]


def _sum_of_squares(weights: Sequence[Tensor]) -> Tensor:
    return torch.stack([w.square().sum() for w in weights]).sum()
