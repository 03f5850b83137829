"""Training of many runs, a thread each; finished ones are not trained again."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.checkpoint import has_checkpoint
from apnp.data import select_times
from apnp.prediction import TrainedModel


def train(runs: Mapping[Path, Sequence[str]], jobs: int) -> None:
    """Train every run folder with its arguments of `train.py`, `jobs` at a time.

    Steps are without a limit unless `--trainer.max_steps` is among the arguments.
    """
    with ThreadPoolExecutor(jobs) as pool:
        for done in pool.map(_train, runs, runs.values()):
            assert done is None


def _train(run: Path, arguments: Sequence[str]) -> None:
    if has_checkpoint(run, "best"):
        return
    command = [
        sys.executable, "train.py", *arguments, "--run", str(run),
        "--trainer.threads", "1", "--trainer.devices", "1",
    ]  # fmt: skip
    if "--trainer.max_steps" not in arguments:
        command += ["--trainer.max_steps", "0"]
    run.parent.mkdir(parents=True, exist_ok=True)
    with run.with_suffix(".log").open("w") as log:
        subprocess.run(command, check=True, stderr=log, stdout=log)


def test_tasks(
    model: TrainedModel, ds: xr.Dataset, count: int
) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """`count` test days of a run, evenly spread, and where its test stations are."""
    times = select_times(ds, model.test_times)
    days = np.unique(np.linspace(0, len(times) - 1, count).astype(int))
    return times[days], model.split.assign(ds.lat.values, ds.lon.values) == "test"
