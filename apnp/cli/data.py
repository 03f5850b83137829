"""`apnp data`: convert, summarise or simulate station files; list their formats."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr

from apnp.cli.arguments import add_station_arguments, read_station_arguments
from apnp.cli.options import ConvertOptions, ReadOptions, SmokeOptions
from apnp.cli.parser import (
    ApnpParser,
    as_options,
    number,
    positive,
    process_count,
    seed,
)
from apnp.data import Daily, read_stations, select_times, summarise, write_stations
from apnp.data.day import Day
from apnp.data.format_table import formats_table
from apnp.errors import ConfigError
from apnp.ranges import Range


def parser() -> ApnpParser:
    """The arguments of the verb."""
    made = ApnpParser(prog="apnp data", description=__doc__)
    verbs = made.add_subparsers(dest="action", required=True)
    convert = verbs.add_parser(
        "convert", help="convert station files to one CF NetCDF file"
    )
    add_station_arguments(convert, "stations")
    convert.add_argument("output", metavar="OUT.nc", help="the CF file to write")
    _add_time_arguments(convert)
    summary = verbs.add_parser(
        "summary", help="print counts, period, extent and quality"
    )
    add_station_arguments(summary, "stations")
    _add_time_arguments(summary)
    simulate = verbs.add_parser("simulate", help="write the simulated station network")
    simulate.add_argument("output", metavar="OUT.nc", help="the CF file to write")
    simulate.add_argument(
        "--elevation", action="store_true",
        help="write the elevation of the simulated Earth instead of the stations",
    )  # fmt: skip
    verbs.add_parser("formats", help="list the supported formats of station files")
    _add_smoke(verbs)
    return made


def main(argv: Sequence[str]) -> None:
    """Run `apnp data convert|summary|formats|simulate|smoke`.

    Raises:
        ConfigError: If an argument is not understood.
        DataError: If a file is not.
    """
    args = parser().parse_args(list(argv))
    if args.action == "convert":
        _convert(as_options(ConvertOptions, args))
    elif args.action == "summary":
        _summary(as_options(ReadOptions, args))
    elif args.action == "simulate":
        _simulate(Path(args.output), args.elevation)
    elif args.action == "formats":
        print(formats_table())
    else:
        _smoke(as_options(SmokeOptions, args))


def _add_smoke(verbs: Any) -> None:
    smoke = verbs.add_parser(
        "smoke", help="simulate smoke plumes with PhiFlow; an interrupted run resumes"
    )
    smoke.add_argument(
        "--runs", type=positive, default=300, metavar="N",
        help="number of runs (default 300); the published 25000 take a day or two",
    )  # fmt: skip
    smoke.add_argument("--seed", type=seed, default=0, help="seed (default 0)")
    smoke.add_argument(
        "--workers", type=process_count, default=2, metavar="N",
        help="number of processes (default 2)",
    )  # fmt: skip
    smoke.add_argument("--output", required=True, metavar="OUT.nc")


def _add_time_arguments(parser: ApnpParser) -> None:
    parser.add_argument(
        "--time", metavar="A[/B]",
        help="day, month or year to keep, or a range of them",
    )  # fmt: skip
    parser.add_argument(
        "--daily", choices=("mean", "max", "min"),
        help="compute daily values from observations at single times",
    )  # fmt: skip
    parser.add_argument(
        "--min-obs", type=number(int, Range(least=1, most=24)), metavar="N",
        help="smallest number of hours with an observation in a day "
        f"(default {Daily().min_obs})",
    )  # fmt: skip
    parser.add_argument(
        "--day-start", type=number(int, Range(least=-23, most=23)), metavar="HH",
        help="hour (UTC) at which a day starts (default 0); -6 means 18 UTC of the "
        "previous day",
    )  # fmt: skip


def _daily(options: ReadOptions) -> Daily | None:
    given = {
        name: value
        for name in ("min_obs", "day_start")
        if (value := getattr(options, name)) is not None
    }
    if options.daily is not None and options.day is not None:
        given["day_start"] = _whole_hour(options.day)
    if options.daily is None:
        if given:
            raise ConfigError(
                f"--{next(iter(given)).replace('_', '-')} requires --daily mean, max "
                "or min."
            )
        return None
    return Daily(options.daily, **given)


def _whole_hour(day: str) -> int:
    """The hour UTC at which the days that `--daily` makes begin."""
    start = Day.parse(day).utc_start
    if start is None or start % 1 or not -23 <= start <= 23:
        raise ConfigError(
            f"--daily makes days that begin at a whole hour UTC, so --day {day} cannot "
            "be made of the readings. Give such a day, e.g. 06-06 or 00-00 UTC+01:00."
        )
    return int(start)


def _convert(options: ConvertOptions) -> None:
    output = Path(options.output)
    _check_name(output)
    for path in map(Path, options.stations):
        other = output.parent if path.is_dir() else output
        if path.exists() and other.exists() and os.path.samefile(path, other):
            raise ConfigError(
                f"{output}: the output is an input too, or lies in a folder of inputs. "
                "Give it another name."
            )
    ds = _read(options)
    write_stations(ds, output)
    print(f"{summarise(ds)}\nwritten to {output}")


def _summary(options: ReadOptions) -> None:
    print(summarise(_read(options)))


def _simulate(output: Path, elevation: bool) -> None:
    from apnp.data.simulate import write_relief, write_simulated  # slow to load

    _check_name(output)
    if elevation:
        write_relief(output)
    else:
        write_simulated(output)
        print(summarise(read_stations(output)))
    print(f"written to {output}")


def _smoke(options: SmokeOptions) -> None:
    from apnp.experiments.patches.smoke_runs import simulate_smoke  # slow to load

    output = Path(options.output)
    _check_name(output)
    # Each process computes on small arrays: threads of their own only get in the way.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    failed = simulate_smoke(
        output, runs=options.runs, seed=options.seed, workers=options.workers
    )
    for line in failed:
        print(f"not kept: {line}")
    print(f"{options.runs - len(failed)} runs written to {output}")


def _check_name(output: Path) -> None:
    if output.suffix != ".nc":
        raise ConfigError(f"{output}: the output is NetCDF, so its name ends in .nc.")
    if not output.parent.is_dir():
        raise ConfigError(f"{output}: the folder {output.parent} does not exist.")


def _read(options: ReadOptions) -> xr.Dataset:
    daily = _daily(options)
    if daily is not None:
        options = replace(options, day=None)  # those that are made
    ds = read_station_arguments(options, daily)
    return ds if options.time is None else ds.sel(time=select_times(ds, options.time))
