"""`apnp fill`: fill the gaps of station series from the other stations.

The command replaces every missing value by the mean that a model predicts there, and
adds its standard deviation and a flag. Observed values do not change. The station's own
residuals around a gap and a regression on its neighbours correct the mean
(`--no-history` disables this). A series of means is too smooth for extremes and numbers
of frost days; `--draws N` adds realisations with realistic variability, each spatially
coherent. If a command was interrupted, run it again: it resumes.
"""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from apnp.cli.arguments import check_outputs
from apnp.cli.network import add_network_arguments, model_and_stations
from apnp.cli.options import FillOptions
from apnp.cli.parser import ApnpParser, number, seed
from apnp.ranges import Range

log = logging.getLogger(__name__)


def parser() -> ApnpParser:
    """The arguments of the verb."""
    made = ApnpParser(prog="apnp fill", description=__doc__)
    add_network_arguments(made)
    add = made.add_argument
    add("output", metavar="OUT", help="CF NetCDF (.nc) or CSV (.csv) file to write")
    add(
        "--draws", type=number(int, Range(least=1, most=1000)), default=0, metavar="N",
        help="number of realisations to add; each is spatially coherent",
    )  # fmt: skip
    add("--seed", type=seed, default=0, help="seed of the draws (default 0)")
    add(
        "--no-history", action="store_true",
        help="do not use the station's own record",
    )  # fmt: skip
    add(
        "--max-distance", type=number(float, Range(least=1, most=20_000)),
        default=1000.0, metavar="KM",
        help="do not fill gaps farther than this from every observed station "
        "(default 1000)",
    )  # fmt: skip
    return made


def main(argv: Sequence[str]) -> None:
    """Read the stations, fill their gaps, write.

    Raises:
        ApnpError: If an argument or a file cannot be used.
    """
    logging.basicConfig(stream=sys.stderr, format="fill: %(message)s")
    options = parser().options(FillOptions, argv)
    check_outputs({"output": options.output}, options.stations)
    from apnp.network import fill_file  # loads torch

    output = Path(options.output)
    fill_file.check_name(output)
    model, stations = model_and_stations(options, lazily=True)
    _warn_of_days(stations)
    request = fill_file.FillRequest(
        not options.no_history, options.draws, options.seed, options.max_distance
    )
    count = fill_file.fill_file(model, stations, output, request, progress=True)
    print(fill_file.told(count, output, request))


def _warn_of_days(stations: xr.Dataset) -> None:
    from apnp.network.fill_file import missing_days

    missing = missing_days(stations["time"].values)
    if missing:
        log.warning(
            "On %d days between the first and the last no station reports: they "
            "cannot be filled and stay out.",
            missing,
        )
