"""`apnp predict`: fields of mean and uncertainty on a grid, or tables of points."""

import argparse
import logging
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import xarray as xr

from apnp.cli.outputs import check_outputs
from apnp.cli.regions import joined, numbers
from apnp.cli.runs import add_fields_argument, add_recalibration_argument
from apnp.cli.stations import add_station_arguments, read_station_arguments
from apnp.data.open import open_stations
from apnp.errors import ConfigError
from apnp.pretrained import PRETRAINED

if TYPE_CHECKING:
    from apnp.output.cluster import Cluster
    from apnp.prediction import TrainedModel

log = logging.getLogger(__name__)


class _Parser(argparse.ArgumentParser):
    """Refuses with one line, like everything else."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message} (--help tells more)")


def parser() -> argparse.ArgumentParser:
    """The arguments of the verb."""
    made = _Parser(prog="apnp predict", description=__doc__, allow_abbrev=False)
    add = made.add_argument
    add(
        "--checkpoint", default=PRETRAINED, metavar="RUN",
        help="run folder of a trained model, or one of its checkpoints (default: the "
        "weights that ship with apnp)",
    )  # fmt: skip
    add_station_arguments(made)
    made.set_defaults(variable=None)
    add(
        "--time", required=True, metavar="A[/B]",
        help="a time of the stations, or a range: one field each",
    )  # fmt: skip
    add(
        "--grid", metavar="SIZE|FILE",
        help="cell size in degrees (1.0, or 0.5,1.0 for latitude, longitude), or a "
        "NetCDF file whose grid is used",
    )  # fmt: skip
    add(
        "--region", type=numbers, metavar="W,S,E,N",
        help="degrees; W > E crosses the date line (default: the stations' box, or the "
        "globe if they span three quarters of its longitudes)",
    )  # fmt: skip
    add("--points", metavar="FILE", help="CSV of points: lat, lon, elevation (m)")
    add(
        "--relief", metavar="FILE",
        help="NetCDF of elevation (default: the 0.25 degree relief of the package)",
    )  # fmt: skip
    add_fields_argument(made)
    add("--mask", choices=("land",), help="predict on land alone")
    add(
        "--quantiles", type=numbers, metavar="P,P...",
        help="quantiles to add, e.g. 0.05,0.95 (for points 0.05,0.5,0.95 by default)",
    )  # fmt: skip
    _add_draw_arguments(made)
    add(
        "--no-fixed-inputs", action="store_true",
        help="predict with the strictly equivariant component alone",
    )  # fmt: skip
    add_recalibration_argument(made)
    add(
        "--output", metavar="FILE",
        help="CF NetCDF file, or Zarr store (.zarr) for long periods, or CSV for "
        "points, to make; a store that was begun is gone on with",
    )  # fmt: skip
    _add_cluster_arguments(made)
    add("--map", metavar="FILE", help="map to draw (png, pdf, svg)")
    return made


def _add_draw_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is drawn of a field."""
    add = parser.add_argument
    add(
        "--samples", type=int, metavar="N",
        help="draws of the field to add, each coherent in space",
    )  # fmt: skip
    add("--seed", type=int, default=0, help="seed of the draws (default 0)")
    add(
        "--anchors", type=int, default=128,
        help="cells that a likelihood of independent values draws one after the other "
        "(default 128)",
    )  # fmt: skip


def _add_cluster_arguments(parser: argparse.ArgumentParser) -> None:
    """Add who predicts into a Zarr store."""
    add = parser.add_argument
    add(
        "--workers", type=int, metavar="N",
        help="predict into a Zarr store with N processes on this machine",
    )  # fmt: skip
    add(
        "--scheduler", metavar="ADDRESS",
        help="predict into a Zarr store with the workers of a running dask cluster",
    )  # fmt: skip


def main(argv: Sequence[str]) -> None:
    """Read the stations, predict, write.

    Raises:
        ApnpError: If an argument or a file cannot be used.
    """
    logging.basicConfig(stream=sys.stderr, format="predict: %(message)s")
    args = parser().parse_args(joined(argv))
    _check(args)
    from apnp.prediction import load  # loads torch, which a refusal need not wait for

    model = load(args.checkpoint, fields=args.fields)
    if args.no_fixed_inputs:
        model = model.strict()
    args.variable = args.variable or model.variable
    stations = _stations(args)
    if args.points:
        _points(model, stations, args)
    else:
        _grid(model, stations, args, f"apnp predict {shlex.join(argv)}")


def _stations(args: argparse.Namespace) -> xr.Dataset:
    """The stations; for a Zarr store opened without reading them, where possible."""
    plain = not (args.columns or args.units or args.station_list or args.day)
    if _is_store(args) and plain and len(args.stations) == 1:
        ds = open_stations(args.stations[0], args.variable)
        if ds is not None:
            return ds
    return read_station_arguments(args)


def _is_store(args: argparse.Namespace) -> bool:
    return str(args.output or "").endswith(".zarr")


def _grid(
    model: "TrainedModel", stations: xr.Dataset, args: argparse.Namespace, history: str
) -> None:
    from apnp.maps.draws import Samples
    from apnp.maps.request import FieldRequest
    from apnp.output.field_output import FieldOutput

    samples = args.samples
    if samples is not None:
        samples = Samples(samples, args.seed, args.anchors)
    request = FieldRequest(
        args.grid, args.region, args.relief, args.mask, args.quantiles or (), samples,
        not args.no_recalibration,
    )  # fmt: skip
    output = FieldOutput(args.output, _cluster(args), progress=True, history=history)
    ds = model.predict_field(stations, args.time, request, output)
    if args.output:
        print(args.output)
    if args.map:
        from apnp import plotting

        if ds.sizes["time"] > 1:
            log.warning("The map shows the first of %d times.", ds.sizes["time"])
        plotting.map(ds.isel(time=0), args.map, stations=stations)
        print(args.map)
    ds.close()


def _cluster(args: argparse.Namespace) -> "Cluster | None":
    if args.workers is None and args.scheduler is None:
        return None
    from apnp.output.cluster import Cluster

    return Cluster(args.workers, args.scheduler)


def _points(
    model: "TrainedModel", stations: xr.Dataset, args: argparse.Namespace
) -> None:
    from apnp.prediction.points import read_points, write_points

    levels = {} if args.quantiles is None else {"quantiles": args.quantiles}
    table = model.predict_points(
        stations, read_points(args.points), time=args.time, elevation=args.relief,
        place=args.points, recalibration=not args.no_recalibration, **levels,
    )  # fmt: skip
    write_points(table, args.output)
    print(args.output)


def _check(args: argparse.Namespace) -> None:
    """Refuse what cannot be done before anything is computed."""
    if (args.grid is None) == (args.points is None):
        raise ConfigError(
            "Say where to predict: either --grid (a cell size such as 1.0) or --points "
            "(a CSV file)."
        )
    if args.points:
        grids = ("region", "mask", "map", "samples", "workers", "scheduler")
        given = [name for name in grids if getattr(args, name)]
        if given:
            raise ConfigError(
                f"--{given[0]} goes with --grid, not with --points. Leave it out."
            )
    if not args.output and (args.points or not args.map):
        raise ConfigError(
            "Say what to make: --output FILE"
            + ("." if args.points else " or --map FILE.")
        )
    inputs = [*args.stations, args.points, args.relief, args.grid, *args.fields]
    made = {"output": args.output, "map": args.map}
    if _is_store(args):
        made.pop("output")  # it may be there, to be gone on with
    elif args.workers is not None or args.scheduler:
        raise ConfigError(
            "--workers and --scheduler write Zarr: give --output a name that ends in "
            ".zarr."
        )
    check_outputs(made, inputs)
