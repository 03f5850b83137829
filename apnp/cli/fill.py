"""`apnp fill`: fill the gaps of station series from the other stations.

Every missing value becomes the mean that a model predicts there, with its standard
deviation and a flag; observed values stay as they are. A station's own residuals around
a gap, and lines fitted to its neighbours, correct it (`--no-history` leaves that out).
Series of means are too smooth for extremes and counts of frost days: `--draws N` adds
realisations that are not, coherent in space. A command that was stopped resumes when it
is run again.
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
        help="realisations to add, each coherent in space",
    )  # fmt: skip
    add("--seed", type=seed, default=0, help="seed of the draws (default 0)")
    add(
        "--no-history", action="store_true",
        help="leave out what a station's own record says",
    )  # fmt: skip
    add(
        "--max-distance", type=number(float, Range(least=1, most=20_000)),
        default=1000.0, metavar="KM",
        help="fill no gap farther from every station observed (default 1000)",
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
