"""Figures that the studies of grids share: predictions on a patch, and learning."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from apnp.checkpoint import load_model
from apnp.experiments.entries import Entry
from apnp.experiments.gibbs.function_plots import learning
from apnp.experiments.patches.patch_plots import STD, PatchRow, patches
from apnp.experiments.patches.patch_tasks import PatchTasks
from apnp.experiments.study import Study
from apnp.types import PointSet

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Drawn:
    """A task and what a model predicts, all on the cells of its patch; NaN = none.

    Attributes:
        truth: Values.
        context: The values that are known.
        mean: Predictive means.
        without: Predictive means without fixed inputs.
        std: Predictive standard deviations.
    """

    truth: Floats
    context: Floats
    mean: Floats
    without: Floats
    std: Floats


def predict_patch(study: Study, entry: Entry, seed: int, task: "PatchTask") -> Drawn:
    """What the model of a seed predicts for all observed cells of a patch."""
    model = load_model(study.run(entry, seed))[0]
    whole = replace(task.task, target=task.points)
    with torch.inference_mode():
        made, strict = model(whole), model.strict()(whole)
    n = task.task.context.n_points
    return Drawn(
        task.on_cells(task.points.y), task.on_cells(task.task.context.y, n),
        task.on_cells(made.mean), task.on_cells(strict.mean),
        task.on_cells(made.variance.sqrt()),
    )  # fmt: skip


class PatchTask:
    """One task with the cells of the grid that its points are.

    Args:
        tasks: The tasks of the grid.
        index: Which of them.
    """

    def __init__(self, tasks: PatchTasks, index: int) -> None:
        self.task, self.drawn = tasks.task(index), tasks.draw(index)
        context, target = self.task.context, self.task.target
        self.points = PointSet.observed(
            torch.cat((context.x, target.x), 1), torch.cat((context.y, target.y), 1)
        )
        cells = np.concatenate([self.drawn.context, self.drawn.target])
        self.cells = cells - np.array(self.drawn.corner)
        self.shape = tasks.law.shape

    def on_cells(self, value: Tensor, n: int | None = None) -> Floats:
        """Values of the first `n` points (1, n, 1) on the patch, NaN elsewhere."""
        out = np.full(self.shape, np.nan)
        out[tuple(self.cells[:n].T)] = value[0, :, 0].double().numpy()
        return out


def draw_patches(
    study: Study, entries: Sequence[Entry], seed: int, tasks: PatchTasks, index: int
) -> None:
    """Write `patch.png`: a task, and what every model makes of it."""
    task = PatchTask(tasks, index)
    rows = []
    for entry in entries:
        made = predict_patch(study, entry, seed, task)
        loose = not np.array_equal(made.mean, made.without, equal_nan=True)
        panels = {
            "truth": made.truth, "context": made.context, "mean": made.mean,
            "mean, fixed inputs off": made.without if loose else None, STD: made.std,
        }  # fmt: skip
        rows.append(PatchRow(entry.name, panels))
    if rows:
        patches(rows, study.folder / "patch.png")


def draw_learning(study: Study, entries: Sequence[Entry], seed: int) -> None:
    """Write `learning.png`, if there is a model."""
    if entries:
        curves = {entry.name: study.curve(entry, seed) for entry in entries}
        learning(curves, None, study.folder / "learning.png")
