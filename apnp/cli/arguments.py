"""Arguments that several verbs share, and what is done with them."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from apnp.cli.options import StationOptions
from apnp.cli.parser import AddPairs, numbers, pair
from apnp.data import Daily, read_stations
from apnp.errors import ConfigError, one_line


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
        option = {"dest": "stations", "required": required, "action": "extend"}
        option |= {} if required else {"default": []}
    parser.add_argument(
        flag if option else "stations", nargs="+", metavar="FILE", **option,
        help="station files, or folders of them, in any supported format",
    )  # fmt: skip
    for name, values, about in (
        ("--columns", "COLUMN", "columns or variables of the file, e.g. tas=tmean_deg"),
        (
            "--units",
            "UNITS",
            "units, if the file states none or wrong ones, e.g. tas=degF elevation=ft",
        ),
    ):
        parser.add_argument(
            name, nargs="+", type=pair, action=AddPairs, default={},
            metavar=f"NAME={values}", help=about,
        )  # fmt: skip
    parser.add_argument(
        "--variable",
        default="tas",
        help="variable to read: tas (default), tasmax or tasmin",
    )
    parser.add_argument(
        "--station-list", metavar="FILE",
        help="file of station positions, for formats without positions",
    )  # fmt: skip
    parser.add_argument(
        "--missing", nargs="+", action="extend", type=numbers, default=[],
        metavar="NUMBER",
        help="numbers that mean a missing value or elevation, e.g. -99.9",
    )  # fmt: skip
    parser.add_argument(
        "--good-flags", metavar="CODE,CODE",
        help="quality codes of good values, if apnp does not know the scheme",
    )  # fmt: skip
    parser.add_argument(
        "--day", metavar="DAY",
        help="24-hour interval of daily values: UTC, local, 06-06, 09-09 UTC+01:00, "
        "...",
    )  # fmt: skip


def add_covariates_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument of the gridded covariates that a model reads."""
    parser.add_argument(
        "--covariates", nargs="+", action="extend", default=[], metavar="FILE",
        help="NetCDF files of the model's gridded covariates (default: the files used "
        "in training)",
    )  # fmt: skip


def add_recalibration_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument that keeps a model's own uncertainty."""
    parser.add_argument(
        "--no-recalibration", action="store_true",
        help="do not correct the model's uncertainty; by default the model first "
        "predicts left-out stations, and their errors correct the uncertainty",
    )  # fmt: skip


def read_station_arguments(
    options: StationOptions, daily: Daily | None = None
) -> xr.Dataset:
    """The station dataset that the options ask for; says on stderr what was dropped.

    Raises:
        ConfigError: If an option is not understood.
        DataError: If the files are not.
    """
    ds = read_stations(
        options.stations,
        variable=options.variable,
        columns=options.columns,
        units=options.units,
        station_list=options.station_list,
        daily=daily,
        day=options.day,
        missing=[number for given in options.missing for number in given],
        good_flags=options.good_flags and options.good_flags.split(","),
    )
    report = ds.attrs["quality_control"]
    if report != "nothing dropped":
        print(f"stations: {one_line(report)}", file=sys.stderr)
    return ds


def check_outputs(made: Mapping[str, str | None], inputs: Sequence[str | None]) -> None:
    """Refuse a file to make whose folder is absent, or that would overwrite an input.

    Args:
        made: Names of the files to make, by flag; None = not asked for.
        inputs: Names of the files that are read.

    Raises:
        ConfigError: Naming the flag and the file.
    """
    read = {Path(name).resolve() for name in inputs if name}
    for flag, name in made.items():
        if name and not Path(name).parent.is_dir():
            raise ConfigError(
                f"--{flag} {name}: the folder {Path(name).parent} does not exist. Make "
                "it first."
            )
        if name and (Path(name).is_dir() or Path(name).resolve() in read):
            raise ConfigError(
                f"--{flag} {name} is a folder, or one of the files that are read. "
                "Choose another name."
            )
