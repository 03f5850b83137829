"""`apnp influence`: the influence of each station on the others on one day.

The table has for each station its self-sensitivity (the change of the predicted mean
there per change of its own value), its influence on all other stations, its residual,
and the residual that it would have if it were left out. `--map` draws the influence of
the station named by `--station` on the land around it, or the influence of every
station.
"""

from collections.abc import Sequence

from apnp.cli.arguments import check_outputs
from apnp.cli.network import add_network_arguments, model_and_stations
from apnp.cli.options import InfluenceOptions
from apnp.cli.parser import ApnpParser
from apnp.data.fill_elevation import fill_elevation
from apnp.errors import ConfigError
from apnp.files import atomic_write
from apnp.plotting.figures import check_path, save


def parser() -> ApnpParser:
    """The arguments of the verb."""
    made = ApnpParser(prog="apnp influence", description=__doc__)
    add_network_arguments(made)
    add = made.add_argument
    add("--station", metavar="ID", help="station whose influence the map shows")
    add(
        "--grid", default="0.5", metavar="SIZE|FILE",
        help="cell size of the map in degrees, or a file with its grid (default 0.5)",
    )  # fmt: skip
    add("--output", required=True, metavar="FILE", help="CSV table to write")
    add("--map", metavar="FILE", help="figure of the map to write (png, pdf, svg)")
    return made


def main(argv: Sequence[str]) -> None:
    """Compute, write the table and the map.

    Raises:
        ApnpError: If an argument or a file cannot be used.
    """
    options = parser().options(InfluenceOptions, argv)
    _check(options)
    from apnp.network.influence_report import StationInfluence  # loads torch

    model, stations = model_and_stations(options)
    ds = fill_elevation(stations)
    found = StationInfluence.of(model, ds, progress=True)
    number = None if options.station is None else found.number(options.station)
    with atomic_write(options.output) as temporary:
        found.table().to_csv(temporary, index=False, float_format="%.6g")
    print(found.told())
    if options.map and number is None:
        save(found.network_map(), options.map)
    elif options.map and number is not None:
        from apnp.maps.request import FieldRequest
        from apnp.network.place_area import land_targets

        request = FieldRequest(options.grid, None, None, "land")
        grid = request.cells(ds, spherical=True)
        cells = land_targets(grid, request.ground(ds))
        save(found.station_map(model, number, cells), options.map)
    print(f"table: {options.output}")


def _check(options: InfluenceOptions) -> None:
    """Refuse what cannot be done before anything is computed."""
    if not options.output.endswith(".csv"):
        raise ConfigError(f"{options.output}: the table is CSV: its name ends in .csv.")
    if options.station is not None and not options.map:
        raise ConfigError("--station is drawn: name a file for it with --map.")
    check_path(options.map)
    made = {"output": options.output, "map": options.map}
    check_outputs(made, options.stations)
