"""How verbs open a run folder, and choose the days that it held out."""

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


def run_output(checkpoint: str, name: str) -> Path:
    """The folder that a verb writes beside a run; elsewhere for the shipped weights."""
    if is_pretrained(checkpoint):
        return Path("runs") / PRETRAINED / name
    return Path(checkpoint) / name


def model_of(
    checkpoint: str, variable: str, covariates: Sequence[str] = ()
) -> "TrainedModel":
    """The trained model in a run folder.

    Raises:
        CheckpointError: If there is none.
        DataError: If a gridded covariate that it reads is not there.
        ConfigError: If it predicts another variable.
    """
    from apnp.prediction import load  # not before: baselines and --help need no torch

    model = load(checkpoint, fields=covariates)
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
        DataError: If the stations hold none of them, or a gridded covariate not all.
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
