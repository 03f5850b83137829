"""What the verbs for the care of a network share: their model and their stations."""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

import xarray as xr

from apnp.cli.arguments import (
    add_covariates_argument,
    add_station_arguments,
    read_station_arguments,
)
from apnp.cli.options import NetworkOptions
from apnp.data import select_times
from apnp.data.open import open_stations
from apnp.pretrained import PRETRAINED

if TYPE_CHECKING:
    from apnp.prediction import TrainedModel


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of model, stations and days."""
    add_station_arguments(parser, "stations")
    parser.set_defaults(variable="")  # that of the model
    parser.add_argument(
        "--checkpoint", default=PRETRAINED, metavar="RUN",
        help="run folder of a trained model, or one of its checkpoints (default: the "
        "weights that ship with apnp)",
    )  # fmt: skip
    add_covariates_argument(parser)
    parser.add_argument(
        "--time", metavar="A[/B]", help="days to use (default: all days of the files)"
    )


def model_and_stations(
    options: NetworkOptions, lazily: bool = False
) -> tuple["TrainedModel", xr.Dataset]:
    """The model, and the stations on the days asked for.

    Args:
        options: Which.
        lazily: Whether values may stay in a file that this package has made.

    Raises:
        ApnpError: If a file or an argument cannot be used.
    """
    from apnp.cli.runs import model_of
    from apnp.prediction import load  # loads torch, which a refusal need not wait for

    if options.variable:
        model = model_of(options.checkpoint, options.variable, options.covariates)
    else:
        model = load(options.checkpoint, fields=options.covariates)
    options = replace(options, variable=model.variable)
    ds = _opened(options) if lazily else None
    if ds is None:
        ds = read_station_arguments(options)
    if options.time is not None:
        ds = ds.sel(time=select_times(ds, options.time))
    return model, ds


def _opened(options: NetworkOptions) -> xr.Dataset | None:
    """The stations opened without reading their values, where that is possible."""
    given = options.columns or options.units or options.station_list or options.day
    if given or len(options.stations) > 1:
        return None
    return open_stations(options.stations[0], options.variable)
