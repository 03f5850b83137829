"""The study of smoke plumes: patches of simulated states (Ashman 2024, section 5.2)."""

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from apnp.experiments.entries import Entry
from apnp.experiments.patches.figures import draw_learning, draw_patches
from apnp.experiments.patches.models import UNCONSTRAINED, Patch
from apnp.experiments.patches.patch_tasks import (
    SMOKE_SAMPLING,
    PatchSampling,
    PatchTasks,
)
from apnp.experiments.patches.smoke_runs import read_smoke
from apnp.experiments.patches.smoke_tasks import (
    CELLS_PER_UNIT,
    part_of_runs,
    smoke_tasks,
)
from apnp.experiments.study import TEST_SEED, Experiment, Study
from apnp.inputs.coordinates import CoordinateInputs


class Smoke(Experiment):
    """Patches of the last state of plumes, scaled, in absolute coordinates.

    Runs are divided by their numbers, 80, 10 and 10 per cent.

    Args:
        path: The file of `apnp data smoke`.
        law: How tasks are drawn.

    Raises:
        DataError: If the file holds no plumes.
        ConfigError: If it holds too few.
    """

    norm, batch = 2, 16
    variable, units = "smoke", "1"

    def __init__(
        self, path: str | PathLike[str], law: PatchSampling = SMOKE_SAMPLING
    ) -> None:
        self.regimes = {"test": "Plumes of other runs"}
        self.rivals = {"unconstrained": (UNCONSTRAINED, f"above {UNCONSTRAINED}")}
        ds = read_smoke(path)
        self.states, self.run, self.law = ds["smoke"].values, ds["run"].values, law
        rows, columns = self.states.shape[1:]
        self.inputs = CoordinateInputs(
            (0.0, 0.0), (columns / CELLS_PER_UNIT, rows / CELLS_PER_UNIT)
        )
        self.what, self.judged_on = (
            f"{law.shape} cells of {_described(self.states, self.run, part)} of "
            f"{Path(path).name}, {law.least:g} to {law.most:g} known"
            for part in ("train", "test")
        )

    @property
    def patch(self) -> Patch:
        """What models must know of the grid."""
        return Patch(max(self.law.shape), 1 / CELLS_PER_UNIT)

    def tasks(self, part: str, seed: int, dropout: float = 0.0) -> PatchTasks:
        """Tasks of the runs of "train", "validation" or "test"."""
        law = replace(self.law, dropout=dropout, seed=seed)
        return smoke_tasks(self.states, self.run, part, law)

    def draw(
        self, study: Study, entries: Sequence[Entry], seed: int, table: pd.DataFrame
    ) -> None:
        """Write `patch.png`, a test task by every model, and `learning.png`."""
        tasks = self.tasks("test", TEST_SEED)
        # Most patches hold air alone: the one of the first whose values differ most.
        spread = [float(tasks.task(i).target.y.std()) for i in range(20)]
        draw_patches(study, entries, seed, tasks, int(np.argmax(spread)))
        draw_learning(study, entries, seed)


def _described(states: np.ndarray, run: np.ndarray, part: str) -> str:
    """Number and mean of the states of a part, which tell them from others."""
    chosen = states[part_of_runs(run, part)].astype(np.float64)
    return f"{len(chosen)} {part} runs (mean {chosen.mean():.6g})"
