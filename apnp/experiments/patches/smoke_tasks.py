"""Tasks cut out of smoke plumes."""

import numpy as np
from numpy.typing import NDArray

from apnp.errors import ConfigError
from apnp.experiments.patches.patch_tasks import (
    SMOKE_SAMPLING,
    PatchSampling,
    PatchTasks,
    PlanePlaces,
)

CELLS_PER_UNIT = 32.0
"""Cells in one unit of length: a patch of the paper has a side of one."""
PARTS = {"train": range(8), "validation": range(8, 9), "test": range(9, 10)}
"""Last digits of the numbers of runs: 80, 10 and 10 per cent."""


def part_of_runs(run: NDArray[np.integer], part: str) -> NDArray[np.intp]:
    """Indices of the runs, by their numbers, that belong to a part.

    Runs are drawn independently, so their last digits make a random split, and one
    that does not change when there are more runs.

    Raises:
        ConfigError: If there is no such part, or it holds no run.
    """
    if part not in PARTS:
        raise ConfigError(f"`part` is one of {', '.join(PARTS)}. Got {part!r}.")
    chosen = np.flatnonzero(np.isin(np.asarray(run) % 10, PARTS[part]))
    if not chosen.size:
        raise ConfigError(
            f"None of {len(run)} runs belongs to the {part} part: simulate ten or more."
        )
    return chosen


def smoke_tasks(
    states: NDArray,
    run: NDArray[np.integer],
    part: str,
    law: PatchSampling = SMOKE_SAMPLING,
) -> PatchTasks:
    """Tasks from the runs of one part; values are scaled by the training runs.

    Args:
        states: Smoke in every run, shape (run, y, x).
        run: Numbers of the runs, shape (run,).
        part: "train", "validation" or "test".
        law: How tasks are drawn.
    """
    training = states[part_of_runs(run, "train")].astype(np.float64)
    scaled = (states[part_of_runs(run, part)] - training.mean()) / training.std()
    return PatchTasks(scaled.astype(np.float32), PlanePlaces(CELLS_PER_UNIT), law)
