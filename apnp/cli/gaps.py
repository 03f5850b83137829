"""`apnp evaluate --gaps`: hide values as outages do, fill them, and score that."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from apnp.cli.options import EvaluateOptions
from apnp.data import select_times
from apnp.data.fill_elevation import fill_elevation
from apnp.errors import ConfigError
from apnp.evaluation.report import make_folder
from apnp.files import atomic_write

if TYPE_CHECKING:
    from apnp.network.fillers import Filled
    from apnp.prediction import TrainedModel

DRAWS = 5
METHODS = ("anomaly_kriging", "neighbour_regression", "climatology")


def evaluate_gaps(
    options: EvaluateOptions, stations: xr.Dataset, model: "TrainedModel | None"
) -> None:
    """Hide values, fill them by every method, print the tables and write them.

    Raises:
        ConfigError: If a baseline is unknown.
        DataError: If there is too little to hide.
    """
    from apnp.network.gap_scores import advice, by_length, of_series
    from apnp.network.hidden import hide

    kind = str(options.gaps)
    names = _methods(options.baselines)
    ds = fill_elevation(stations)
    if options.time:
        ds = ds.sel(time=select_times(ds, options.time))
    truth = ds[options.variable].transpose("time", "station").values.astype(np.float64)
    hidden = hide(truth, kind, np.random.default_rng(options.seed))
    fillers = _fillers(options, ds, np.where(hidden, np.nan, truth), names, model)
    lengths, series = (
        by_length(truth, hidden, fillers),
        of_series(truth, hidden, fillers),
    )
    print(
        f"{int(hidden.sum()):,} of {int(np.isfinite(truth).sum()):,} values hidden "
        f"({kind}) at {ds.sizes['station']} stations on {ds.sizes['time']} days; "
        "scores on the values that every method fills"
    )
    print(_text(lengths))
    print("\nFilled series against the truth, on hidden days; frost in points of %")
    print(_text(series))
    print("\nUse, by these scores:")
    print("\n".join(f"- {line}" for line in advice(lengths, series)))
    if options.output:
        folder = make_folder(options.output)
        _write(folder / f"gaps_{kind}.csv", lengths)
        _write(folder / f"gaps_{kind}_series.csv", series)
        print(f"Tables: {folder}")


def _methods(asked: str | None) -> list[str]:
    if asked == "none":
        return []
    names = list(METHODS) if asked is None else asked.split(",")
    for name in names:
        if name not in METHODS:
            raise ConfigError(
                f"--baselines {name}: with --gaps there are {', '.join(METHODS)}, "
                "and none."
            )
    return names


def _fillers(
    options: EvaluateOptions,
    ds: xr.Dataset,
    value: np.ndarray,
    names: list[str],
    model: "TrainedModel | None",
) -> "list[Filled]":
    from apnp.network import fillers

    found = []
    if model is not None:
        found += fillers.fill_by_model(model, ds, value, DRAWS, options.seed, True)
    if "anomaly_kriging" in names:
        rows = range(len(value))
        found.append(fillers.fill_by_kriging(ds, options.variable, value, rows))
    if "neighbour_regression" in names:
        found.append(fillers.fill_by_regression(ds, value))
    if "climatology" in names:
        found.append(fillers.fill_by_climatology(value, ds["time"].values))
    if not found:
        raise ConfigError("Nothing to score: give --checkpoint or --baselines.")
    return found


def _text(table: pd.DataFrame) -> str:
    return table.to_string(index=False, float_format="%.3f", na_rep="-")


def _write(path: Path, table: pd.DataFrame) -> None:
    with atomic_write(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.5g")
