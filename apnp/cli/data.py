"""`apnp data`: convert station files to one CF file, and summarise them."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from apnp.cli.stations import add_station_arguments, read_station_arguments
from apnp.data import Daily, summarise, write_stations
from apnp.errors import ConfigError


def main(argv: Sequence[str]) -> None:
    """Run `apnp data convert|summary`.

    Raises:
        ConfigError: If an argument is not understood.
        DataError: If a file is not.
    """
    parser = argparse.ArgumentParser(prog="apnp data", description=__doc__)
    verbs = parser.add_subparsers(dest="action", required=True)
    convert = verbs.add_parser("convert", help="any format to one CF NetCDF file")
    add_station_arguments(convert, "stations")
    convert.add_argument("output", metavar="OUT.nc", help="the CF file to write")
    _add_daily_arguments(convert)
    summary = verbs.add_parser("summary", help="counts, period, extent and quality")
    add_station_arguments(summary, "stations")
    _add_daily_arguments(summary)
    args = parser.parse_args(argv)
    {"convert": _convert, "summary": _summary}[args.action](args)


def _add_daily_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--daily", choices=("mean", "max", "min"),
        help="make daily values of readings at instants",
    )  # fmt: skip
    parser.add_argument(
        "--min-obs", type=int, metavar="N",
        help=f"fewest hours with a reading that make a day (default {Daily().min_obs})",
    )  # fmt: skip
    parser.add_argument(
        "--day-start", type=int, metavar="HH",
        help="hour UTC at which a day starts (default 0); -6 is 18 UTC the day before",
    )  # fmt: skip


def _daily(args: argparse.Namespace) -> Daily | None:
    given = {
        name: value
        for name, value in (("min_obs", args.min_obs), ("day_start", args.day_start))
        if value is not None
    }
    if args.daily is None:
        if given:
            raise ConfigError(
                f"--{next(iter(given)).replace('_', '-')} speaks of daily values; say "
                "--daily mean, max or min with it."
            )
        return None
    return Daily(args.daily, **given)


def _convert(args: argparse.Namespace) -> None:
    output = Path(args.output)
    for path in map(Path, args.stations):
        if output.exists() and path.exists() and os.path.samefile(path, output):
            raise ConfigError(
                f"{output}: the output is an input too. Give it another name."
            )
    if output.suffix != ".nc":
        raise ConfigError(f"{output}: the output is NetCDF, so its name ends in .nc.")
    ds = read_station_arguments(args, _daily(args))
    write_stations(ds, output)
    print(f"{summarise(ds)}\nwritten to {output}")


def _summary(args: argparse.Namespace) -> None:
    print(summarise(read_station_arguments(args, _daily(args))))
