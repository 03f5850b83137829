"""Every road to approximate symmetry on the 1-D process, beside what is known of it."""

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import torch

from apnp.checkpoint import load_model
from apnp.config import AugmentConfig, LearnedFramesConfig
from apnp.errors import ConfigError
from apnp.experiments.entries import Entry, check_names
from apnp.experiments.gibbs import models
from apnp.experiments.gibbs.gibbs_study import Gibbs
from apnp.experiments.gibbs.gp import gibbs_tasks
from apnp.experiments.study import TEST_SEED, Study
from apnp.files import atomic_write
from apnp.groups import Trivial
from apnp.groups.candidates import moved
from apnp.inputs.batching import collate
from apnp.model import NeuralProcess
from apnp.training.task_source import BatchSource, TaskSource
from apnp.types import Task

_SMALL = models.SIZES["small"]
SIZES = {
    "small": replace(
        _SMALL, width=32, layers=3, channels=16, depth=4, tasks=500, bank=50_000,
        trainer=replace(_SMALL.trainer, max_steps=6000, max_minutes=0.0, warmup=50),
    ),
    "paper": models.SIZES["paper"],
}  # fmt: skip
"""Sizes of the models, and how they are trained."""
NAMES = (
    "TNP", "TNP + augmentation", "TNP + frames T", "TNP + frames E",
    "TNP + learned frames T", "TNP + soft symmetry", "TNP(T)", "TNP cloned from TNP(T)",
    "TNP + frames T~", "TNP + learned frames T~", "TNP(T~)", "ConvCNP(T)",
    "ConvCNP(T~)", "RelaxedConvCNP(T~)", "ConvCNP + frames E",
)  # fmt: skip
"""The roads, each a model; a teacher comes before its student."""
TEACHER = "TNP(T)"
_POSES = 2
_LAW_TASKS, _TARGETS, _REPEATS = 20, 10_000, 3


def roads(names: Sequence[str], size: models.Size) -> list[Entry]:
    """The models of these names, in the order in which they can be trained.

    Raises:
        ConfigError: If a name is unknown, or a student comes without its teacher.
    """
    check_names("--models", names, NAMES)
    taken = [_road(name, size) for name in NAMES if name in names]
    for entry in taken:
        if entry.teacher is not None and entry.teacher not in names:
            raise ConfigError(
                f"--models: {entry.name} learns from {entry.teacher}: name both."
            )
    return taken


def _road(name: str, size: models.Size) -> Entry:
    if name in models.NAMES:
        return models.entries([name], size)[0]
    base, _, what = name.partition(" + ")
    if name == "TNP cloned from TNP(T)":
        base = "TNP"
    inside = models.entries([{"ConvCNP": "ConvCNP(T)"}.get(base, base)], size)[0]
    plain = replace(inside, name=name, twin=None)
    if what == "augmentation":
        return replace(plain, augment=AugmentConfig("translations", share=0.5))
    if what == "soft symmetry":
        changes = {"regularise": ["translations", "mirror"]}
        return replace(plain, changes=changes)
    if not what:
        return replace(plain, teacher=TEACHER, changes={"clone_share": 0.5})
    group: Literal["translations", "rigid_motions"] = "translations"
    if " E" in what:
        group = "rigid_motions"
    loose, learns = what.endswith("~"), what.startswith("learned")
    model = replace(
        plain.model,
        group=group,
        symmetrise="learned" if learns else "frames",
        form="approximate" if loose else "strict",
        learned_frames=LearnedFramesConfig(count=_POSES),
    )
    return replace(plain, model=model, twin=name[:-1] if loose else None)


@dataclass(frozen=True)
class DistinctTasks:
    """The first tasks of a supply, again and again.

    Attributes:
        source: The supply.
        number: Number of distinct tasks.
    """

    source: TaskSource
    number: int

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding."""
        return self.source.task(index % self.number)

    def batch(self, indices: Sequence[int]) -> Task:
        """Those tasks padded to one size."""
        numbers = [i % self.number for i in indices]
        if isinstance(self.source, BatchSource):
            return self.source.batch(numbers)
        return collate([self.source.task(i) for i in numbers])


class Roads(Gibbs):
    """The 1-D process, for all roads, with as many distinct tasks as are asked for.

    Args:
        folder: The study's folder.
        bank: Number of training tasks drawn ahead.
        distinct: Number of distinct training tasks; 0 = each comes once.
    """

    def __init__(self, folder: Path, bank: int, distinct: int = 0) -> None:
        super().__init__(folder, min(bank, distinct) if distinct else bank)
        self.distinct = distinct
        if distinct:
            self.what = f"{distinct} tasks of the Gibbs process in distribution"

    def tasks(self, part: str, seed: int, dropout: float = 0.0) -> TaskSource:
        """Tasks of "train", "validation" or a regime."""
        made = super().tasks(part, seed, dropout)
        if part == "train" and self.distinct:
            return DistinctTasks(made, self.distinct)
        return made

    def draw(
        self, study: Study, entries: Sequence[Entry], seed: int, table: pd.DataFrame
    ) -> None:
        """The figures of the 1-D process, and what each road costs."""
        super().draw(study, entries, seed, table)
        found = pd.DataFrame([_costs(study, entry, seed) for entry in entries])
        with atomic_write(study.folder / "costs.csv") as new:
            found.to_csv(new, index=False, float_format="%.4g")
        print(found.to_string(index=False))


def _costs(study: Study, entry: Entry, seed: int) -> dict[str, Any]:
    """Law error, size and times of a trained model."""
    runs = study.runs([(entry, seed)]).iloc[0]
    model = load_model(study.run(entry, seed))[0]
    return {
        "model": entry.name,
        "law_error": law_error(model),
        "weights": runs["weights"],
        "ms_step": 6e4 * runs["minutes"] / runs["steps"],
        "ms_prediction": prediction_ms(model),
    }


def law_error(model: NeuralProcess) -> float:
    """The largest change of the strict component's mean when tasks move, in float64.

    Relative to the mean's standard deviation over targets; by elements of the group
    that the model keeps. NaN for a model that keeps none.
    """
    group = model.strict().backbone.group
    if isinstance(group, Trivial):
        return float("nan")
    strict = copy.deepcopy(model.strict()).double()
    generator = torch.Generator().manual_seed(0)
    source, worst = gibbs_tasks("in", TEST_SEED), 0.0
    with torch.inference_mode():
        for i in range(_LAW_TASKS):
            task = source.task(i).to(torch.float64)
            before = strict(task).mean
            element = group.random(generator, task.context.x)
            change = strict(moved(task, group, element)).mean - before
            worst = max(worst, float(change.abs().max() / before.std()))
    return worst


def prediction_ms(model: NeuralProcess) -> float:
    """Milliseconds to predict 10,000 targets from the largest context; the fastest."""
    source = gibbs_tasks("in", TEST_SEED)
    drawn = (source.task(i) for i in range(1000))
    task = next(t for t in drawn if t.context.n_points >= 60)
    target = task.target
    more = -(-_TARGETS // target.n_points)
    many = target.each(lambda v: v.repeat(1, more, *(1,) * (v.ndim - 2)))
    many = many.each(lambda v: v[:, :_TARGETS])
    task, best = replace(task, target=many), float("inf")
    with torch.inference_mode():
        for _ in range(_REPEATS):
            start = time.perf_counter()
            model(task)
            best = min(best, time.perf_counter() - start)
    return 1e3 * best
