"""How verbs open a run folder, and choose the days that it held out."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.data import select_times
from apnp.errors import ConfigError, DataError
from apnp.pretrained import PRETRAINED, is_pretrained

if TYPE_CHECKING:
    from apnp.prediction import TrainedModel


def add_fields_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument of the gridded fields that a model reads."""
    parser.add_argument(
        "--fields", nargs="+", default=[], metavar="FILE",
        help="NetCDF files of the gridded fields that the model reads, where they are "
        "not those of the training",
    )  # fmt: skip


def add_recalibration_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument that keeps a model's own uncertainty."""
    parser.add_argument(
        "--no-recalibration", action="store_true",
        help="keep the model's own uncertainty; by default stations are left out and "
        "predicted first, and their errors correct it",
    )  # fmt: skip


def run_output(checkpoint: str, name: str) -> Path:
    """The folder that a verb writes beside a run; elsewhere for the shipped weights."""
    if is_pretrained(checkpoint):
        return Path("runs") / PRETRAINED / name
    return Path(checkpoint) / name


def model_of(
    checkpoint: str, variable: str, fields: Sequence[str] = ()
) -> "TrainedModel":
    """The trained model in a run folder.

    Raises:
        CheckpointError: If there is none.
        DataError: If a field that it reads is not there.
        ConfigError: If it predicts another variable.
    """
    from apnp.prediction import load  # not before: baselines and --help need no torch

    model = load(checkpoint, fields=fields)
    if model.variable != variable:
        raise ConfigError(
            f"The model of {checkpoint} predicts {model.variable}, and "
            f"--variable is {variable}: give --variable {model.variable}."
        )
    return model


def task_times(
    ds: xr.Dataset, asked: str | None, model: "TrainedModel | None", n: int
) -> NDArray[np.datetime64]:
    """Up to `n` times, evenly spread over those asked for, else the run's test days.

    Raises:
        DataError: If the stations hold none of them, or a field of the model not all.
    """
    wanted = asked or (model and model.test_times)
    try:
        times = select_times(ds, wanted) if wanted else ds["time"].values
    except DataError as error:
        if asked:
            raise
        raise DataError(f"The run's test days: {error} Give --time.") from error
    n = min(n, len(times))
    times = times[np.linspace(0, len(times) - 1, n).round().astype(int)]
    if model is not None:
        model.check_days(times)
    return times
