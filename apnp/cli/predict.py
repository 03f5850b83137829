"""`apnp predict`: fields of mean and uncertainty on a grid, or tables of points."""

import logging
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import xarray as xr

from apnp.cli.arguments import (
    add_covariates_argument,
    add_recalibration_argument,
    add_station_arguments,
    check_outputs,
    read_station_arguments,
)
from apnp.cli.options import PredictOptions
from apnp.cli.parser import (
    ApnpParser,
    number,
    numbers,
    positive,
    process_count,
    region,
    seed,
)
from apnp.data.open import open_stations
from apnp.errors import ConfigError
from apnp.pretrained import PRETRAINED
from apnp.ranges import Range

if TYPE_CHECKING:
    from apnp.output.cluster import Cluster
    from apnp.prediction import TrainedModel

log = logging.getLogger(__name__)


def parser() -> ApnpParser:
    """The arguments of the verb."""
    made = ApnpParser(prog="apnp predict", description=__doc__)
    add = made.add_argument
    add(
        "--checkpoint", default=PRETRAINED, metavar="RUN",
        help="run folder of a trained model, or one of its checkpoints (default: the "
        "weights that ship with apnp)",
    )  # fmt: skip
    add_station_arguments(made)
    made.set_defaults(variable="")  # that of the model
    add(
        "--time", required=True, metavar="A[/B]",
        help="time, or range of times; the output has one field for each time",
    )  # fmt: skip
    add(
        "--grid", metavar="SIZE|CRS,SPACING|FILE",
        help="cell size in degrees (1.0, or 0.5,1.0 for latitude, longitude); a "
        "projected reference system and a spacing in its unit, EPSG:3035,1000 (and "
        "its extent: EPSG:3035,1000,XMIN,YMIN,XMAX,YMAX); or a NetCDF file whose grid, "
        "of any of these kinds, rotated or curvilinear, is used",
    )  # fmt: skip
    add(
        "--region", type=region, metavar="W,S,E,N",
        help="degrees; W > E crosses the date line (default: the stations' box, or the "
        "globe if they span three quarters of its longitudes)",
    )  # fmt: skip
    add(
        "--points",
        metavar="FILE",
        help="table of points: lat, lon, elevation (m); CSV, GeoParquet, GeoPackage",
    )
    add(
        "--elevation", metavar="FILE",
        help="NetCDF of elevation (default: the packaged terrain, 0.25 degrees)",
    )  # fmt: skip
    add_covariates_argument(made)
    add("--mask", choices=("land",), help="predict on land only")
    add(
        "--quantiles", type=numbers, metavar="P,P...",
        help="quantiles to add, e.g. 0.05,0.95 (for points 0.05,0.5,0.95 by default)",
    )  # fmt: skip
    _add_draw_arguments(made)
    add(
        "--no-fixed-inputs", action="store_true",
        help="use only the strictly equivariant component of the model",
    )  # fmt: skip
    add_recalibration_argument(made)
    add(
        "--output", metavar="FILE",
        help="output: CF NetCDF file, GeoTIFF (.tif) of one time, Zarr store (.zarr) "
        "for long periods, or CSV for points; an incomplete store is resumed",
    )  # fmt: skip
    _add_cluster_arguments(made)
    add("--map", metavar="FILE", help="figure of the map to write (png, pdf, svg)")
    return made


def _add_draw_arguments(parser: ApnpParser) -> None:
    """Add what is drawn of a field."""
    add = parser.add_argument
    add(
        "--samples", type=number(int, Range(least=1, most=100_000)), metavar="N",
        help="number of draws of the field to add; each is spatially coherent",
    )  # fmt: skip
    add("--seed", type=seed, default=0, help="seed of the draws (default 0)")
    add(
        "--anchors", type=positive, default=128,
        help="number of cells drawn one after the other by a model without a "
        "covariance of its own, that is, any but local_tnp (default 128)",
    )  # fmt: skip
    add(
        "--samples-without-noise", action="store_true",
        help="draw the field itself, without the observation noise that a station "
        "would add (local_tnp)",
    )  # fmt: skip


def _add_cluster_arguments(parser: ApnpParser) -> None:
    """Add who predicts into a Zarr store."""
    add = parser.add_argument
    add(
        "--workers", type=process_count, metavar="N",
        help="predict into a Zarr store with N processes on this machine",
    )  # fmt: skip
    add(
        "--scheduler", metavar="ADDRESS",
        help="predict into a Zarr store with the workers of a running dask cluster",
    )  # fmt: skip
    add(
        "--zarr-format", type=int, choices=(2, 3), default=3,
        help="format of a Zarr store: 3 (default), or 2 for programs that cannot read "
        "3, such as GDAL 3.10",
    )  # fmt: skip


def main(argv: Sequence[str]) -> None:
    """Read the stations, predict, write.

    Raises:
        ApnpError: If an argument or a file cannot be used.
    """
    logging.basicConfig(stream=sys.stderr, format="predict: %(message)s")
    options = parser().options(PredictOptions, argv)
    _check(options)
    from apnp.prediction import load  # loads torch, which a refusal need not wait for

    model = load(options.checkpoint, fields=options.covariates)
    if options.no_fixed_inputs:
        model = model.strict()
    options = replace(options, variable=options.variable or model.variable)
    stations = _stations(options)
    if options.points:
        _points(model, stations, options, options.points)
    else:
        _grid(model, stations, options, f"apnp predict {shlex.join(argv)}")


def _stations(options: PredictOptions) -> xr.Dataset:
    """The stations; for a Zarr store opened without reading them, where possible."""
    given = options.columns or options.units or options.station_list or options.day
    if options.is_store and not given and len(options.stations) == 1:
        ds = open_stations(options.stations[0], options.variable)
        if ds is not None:
            return ds
    return read_station_arguments(options)


def _grid(
    model: "TrainedModel", stations: xr.Dataset, options: PredictOptions, history: str
) -> None:
    from apnp.maps.draws import Samples
    from apnp.maps.request import FieldRequest
    from apnp.output.field_output import FieldOutput

    samples = None
    if options.samples is not None:
        noise = not options.samples_without_noise
        samples = Samples(options.samples, options.seed, options.anchors, noise)
    request = FieldRequest(
        options.grid or "", options.region, options.elevation, options.mask,
        options.quantiles or (), samples, not options.no_recalibration,
    )  # fmt: skip
    output = FieldOutput(
        options.output, _cluster(options), progress=True, history=history,
        zarr_format=options.zarr_format,
    )  # fmt: skip
    ds = model.predict_field(stations, options.time, request, output)
    if options.output:
        print(options.output)
    if options.map:
        from apnp import plotting

        if ds.sizes["time"] > 1:
            log.warning("The map shows the first of %d times.", ds.sizes["time"])
        plotting.map(ds.isel(time=0), options.map, stations=stations)
        print(options.map)
    ds.close()


def _cluster(options: PredictOptions) -> "Cluster | None":
    if options.workers is None and options.scheduler is None:
        return None
    from apnp.output.cluster import Cluster

    return Cluster(options.workers, options.scheduler)


def _points(
    model: "TrainedModel", stations: xr.Dataset, options: PredictOptions, points: str
) -> None:
    from apnp.prediction.points import read_points, write_points
    from apnp.prediction.trained import POINT_LEVELS

    levels = POINT_LEVELS if options.quantiles is None else options.quantiles
    table = model.predict_points(
        stations, read_points(points), time=options.time, elevation=options.elevation,
        place=points, quantiles=levels, recalibration=not options.no_recalibration,
    )  # fmt: skip
    write_points(table, str(options.output))
    print(options.output)


def _check(options: PredictOptions) -> None:
    """Refuse what cannot be done before anything is computed."""
    if (options.grid is None) == (options.points is None):
        raise ConfigError(
            "Say where to predict: either --grid (a cell size such as 1.0, or a "
            "reference system and a spacing such as EPSG:3035,1000) or --points (a CSV "
            "file)."
        )
    if options.points:
        grids = ("region", "mask", "map", "samples", "workers", "scheduler")
        given = [name for name in grids if getattr(options, name)]
        if given:
            raise ConfigError(
                f"--{given[0]} goes with --grid, not with --points. Leave it out."
            )
    if options.samples_without_noise and options.samples is None:
        raise ConfigError(
            "--samples-without-noise is about draws: give their number with --samples."
        )
    if not options.output and (options.points or not options.map):
        raise ConfigError(
            "Say what to make: --output FILE"
            + ("." if options.points else " or --map FILE.")
        )
    inputs = [
        *options.stations, options.points, options.elevation, options.grid,
        *options.covariates,
    ]  # fmt: skip
    made = {"output": options.output, "map": options.map}
    if options.is_store:
        made.pop("output")  # it may exist, to be resumed
    elif options.workers is not None or options.scheduler:
        raise ConfigError(
            "--workers and --scheduler write Zarr: give --output a name that ends in "
            ".zarr."
        )
    elif options.zarr_format != 3:
        raise ConfigError(
            "--zarr-format writes Zarr: give --output a name that ends in .zarr."
        )
    check_outputs(made, inputs)
