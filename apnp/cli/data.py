"""`apnp data`: convert, summarise or simulate station files; list their formats."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from apnp.cli.stations import add_station_arguments, read_station_arguments
from apnp.data import Daily, read_stations, select_times, summarise, write_stations
from apnp.data.day import Day
from apnp.data.format_table import formats_table
from apnp.errors import ConfigError


def main(argv: Sequence[str]) -> None:
    """Run `apnp data convert|summary|formats|simulate|smoke`.

    Raises:
        ConfigError: If an argument is not understood.
        DataError: If a file is not.
    """
    parser = argparse.ArgumentParser(prog="apnp data", description=__doc__)
    verbs = parser.add_subparsers(dest="action", required=True)
    convert = verbs.add_parser("convert", help="any format to one CF NetCDF file")
    add_station_arguments(convert, "stations")
    convert.add_argument("output", metavar="OUT.nc", help="the CF file to write")
    _add_time_arguments(convert)
    summary = verbs.add_parser("summary", help="counts, period, extent and quality")
    add_station_arguments(summary, "stations")
    _add_time_arguments(summary)
    simulate = verbs.add_parser("simulate", help="the simulated station network")
    simulate.add_argument("output", metavar="OUT.nc", help="the CF file to write")
    simulate.add_argument(
        "--relief", action="store_true",
        help="write the relief of the simulated Earth instead of the stations",
    )  # fmt: skip
    verbs.add_parser("formats", help="the formats of station files that are read")
    _add_smoke(verbs)
    args = parser.parse_args(argv)
    verb = {"convert": _convert, "summary": _summary, "simulate": _simulate}
    (verb | {"smoke": _smoke, "formats": _formats})[args.action](args)


def _add_smoke(verbs: "argparse._SubParsersAction") -> None:
    smoke = verbs.add_parser(
        "smoke", help="smoke plumes by PhiFlow; run again to go on after a stop"
    )
    smoke.add_argument(
        "--runs", type=int, default=300, metavar="N",
        help="how many; the paper's 25000 takes a day or two (default 300)",
    )  # fmt: skip
    smoke.add_argument("--seed", type=int, default=0, help="(default 0)")
    smoke.add_argument(
        "--workers", type=int, default=2, metavar="N",
        help="processes that simulate at a time (default 2)",
    )  # fmt: skip
    smoke.add_argument("--output", required=True, metavar="OUT.nc")


def _add_time_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--time", metavar="A[/B]",
        help="keep this day (month, year), or the range of them",
    )  # fmt: skip
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
    if args.daily is not None and args.day is not None:
        given["day_start"] = _whole_hour(args.day)
        args.day = None
    if args.daily is None:
        if given:
            raise ConfigError(
                f"--{next(iter(given)).replace('_', '-')} speaks of daily values; say "
                "--daily mean, max or min with it."
            )
        return None
    return Daily(args.daily, **given)


def _whole_hour(day: str) -> int:
    """The hour UTC at which the days that `--daily` makes begin."""
    start = Day.parse(day).utc_start
    if start is None or start % 1 or not -23 <= start <= 23:
        raise ConfigError(
            f"--daily makes days that begin at a whole hour UTC, so --day {day} cannot "
            "be made of the readings. Give such a day, e.g. 06-06 or 00-00 UTC+01:00."
        )
    return int(start)


def _convert(args: argparse.Namespace) -> None:
    output = Path(args.output)
    _check_name(output)
    for path in map(Path, args.stations):
        other = output.parent if path.is_dir() else output
        if path.exists() and other.exists() and os.path.samefile(path, other):
            raise ConfigError(
                f"{output}: the output is an input too, or lies in a folder of inputs. "
                "Give it another name."
            )
    ds = _read(args)
    write_stations(ds, output)
    print(f"{summarise(ds)}\nwritten to {output}")


def _summary(args: argparse.Namespace) -> None:
    print(summarise(_read(args)))


def _formats(args: argparse.Namespace) -> None:
    print(formats_table())


def _simulate(args: argparse.Namespace) -> None:
    from apnp.data.simulate import write_relief, write_simulated  # slow to load

    output = Path(args.output)
    _check_name(output)
    if args.relief:
        write_relief(output)
    else:
        write_simulated(output)
        print(summarise(read_stations(output)))
    print(f"written to {output}")


def _smoke(args: argparse.Namespace) -> None:
    from apnp.experiments.patches.smoke_runs import simulate_smoke  # slow to load

    output = Path(args.output)
    _check_name(output)
    for name, least in (("runs", 1), ("workers", 1), ("seed", 0)):
        if getattr(args, name) < least:
            raise ConfigError(
                f"--{name} is a whole number from {least}. Got {getattr(args, name)}."
            )
    # Each process computes on small arrays: threads of their own only get in the way.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    failed = simulate_smoke(
        output, runs=args.runs, seed=args.seed, workers=args.workers
    )
    for line in failed:
        print(f"not kept: {line}")
    print(f"{args.runs - len(failed)} runs written to {output}")


def _check_name(output: Path) -> None:
    if output.suffix != ".nc":
        raise ConfigError(f"{output}: the output is NetCDF, so its name ends in .nc.")
    if not output.parent.is_dir():
        raise ConfigError(f"{output}: the folder {output.parent} does not exist.")


def _read(args: argparse.Namespace) -> xr.Dataset:
    ds = read_station_arguments(args, _daily(args))
    return ds if args.time is None else ds.sel(time=select_times(ds, args.time))
