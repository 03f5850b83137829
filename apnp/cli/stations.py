"""The arguments by which every verb reads station files."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import xarray as xr

from apnp.data import Daily, read_stations
from apnp.errors import ConfigError


def add_station_arguments(
    parser: argparse.ArgumentParser, flag: str = "--stations", required: bool = True
) -> None:
    """Add the arguments of station files.

    Args:
        parser: The verb's parser.
        flag: Name of the argument for files; without dashes it is positional.
        required: Whether the option must be given.
    """
    option: dict[str, Any] = {}
    if flag.startswith("-"):
        option = {"dest": "stations", "required": required}
    parser.add_argument(
        flag if option else "stations", nargs="+", metavar="FILE", **option,
        help="station files or folders of them, of any known format",
    )  # fmt: skip
    parser.add_argument(
        "--columns", nargs="+", default=[], metavar="NAME=COLUMN",
        help="columns or variables of the file, e.g. tas=tmean_degC",
    )  # fmt: skip
    parser.add_argument(
        "--units", nargs="+", default=[], metavar="NAME=UNITS",
        help="units where the file states none or wrong ones, e.g. tas=degF "
        "elevation=ft",
    )  # fmt: skip
    parser.add_argument(
        "--variable", default="tas", help="tas (default), tasmax, tasmin"
    )
    parser.add_argument(
        "--station-list", metavar="FILE",
        help="positions of the stations, for formats that hold none",
    )  # fmt: skip
    parser.add_argument(
        "--missing", nargs="+", default=[], metavar="NUMBER",
        help="numbers that stand for missing values and elevations, e.g. -99.9",
    )  # fmt: skip
    parser.add_argument(
        "--good-flags", metavar="CODE,CODE",
        help="quality codes that are good, where the scheme is not known",
    )  # fmt: skip
    parser.add_argument(
        "--day", metavar="DAY",
        help="24 hours of daily values: UTC, local, 06-06, 09-09 UTC+01:00, ...",
    )  # fmt: skip


def read_station_arguments(
    args: argparse.Namespace, daily: Daily | None = None
) -> xr.Dataset:
    """The station dataset that the arguments ask for; says on stderr what was dropped.

    Raises:
        ConfigError: If an argument is not understood.
        DataError: If the files are not.
    """
    ds = read_stations(
        args.stations,
        variable=args.variable,
        columns=pairs(args.columns, "--columns"),
        units=pairs(args.units, "--units"),
        station_list=args.station_list,
        daily=daily,
        day=args.day,
        missing=_numbers(args.missing),
        good_flags=None if args.good_flags is None else args.good_flags.split(","),
    )
    report = ds.attrs["quality_control"]
    if report != "nothing dropped":
        print(f"stations: {report}", file=sys.stderr)
    return ds


def _numbers(given: Sequence[str]) -> list[float]:
    try:
        return [float(text) for each in given for text in each.split(",")]
    except ValueError:
        raise ConfigError(
            f"--missing takes numbers, e.g. --missing -99.9. Got {' '.join(given)!r}."
        ) from None


def pairs(given: Sequence[str], flag: str) -> dict[str, str]:
    """`NAME=VALUE` arguments as a dictionary.

    Raises:
        ConfigError: If one has no name or no value.
    """
    out = {}
    for text in given:
        name, _, value = text.partition("=")
        if not name or not (value or name == "qc"):
            raise ConfigError(f"{flag} takes NAME=VALUE. Got {text!r}.")
        out[name] = value
    return out
