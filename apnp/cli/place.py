"""`apnp place`: choose positions for new stations, or stations to remove.

The command selects positions one by one. Each is the candidate that most reduces the
mean predictive standard deviation over the land, averaged over the contexts of several
days. Candidates are the land cells of a grid (`--grid 0.5`) or the positions of a table
(`--candidates FILE`). `--remove N` selects instead the stations whose removal increases
the uncertainty least.
"""

from collections.abc import Sequence

import xarray as xr

from apnp.cli.arguments import check_outputs
from apnp.cli.network import add_network_arguments, model_and_stations
from apnp.cli.options import PlaceOptions
from apnp.cli.parser import ApnpParser, number, positive, region
from apnp.data.fill_elevation import fill_elevation
from apnp.errors import ConfigError
from apnp.files import atomic_write
from apnp.plotting.figures import check_path, save
from apnp.ranges import Range


def parser() -> ApnpParser:
    """The arguments of the verb."""
    made = ApnpParser(prog="apnp place", description=__doc__)
    add_network_arguments(made)
    add = made.add_argument
    add(
        "--number",
        type=positive,
        metavar="N",
        help="number of stations to place (default 10)",
    )
    add(
        "--remove",
        type=positive,
        metavar="N",
        help="select N stations to remove instead",
    )
    add(
        "--grid", default="1.0", metavar="SIZE|FILE",
        help="grid of cells whose uncertainty counts and, without --candidates, of "
        "candidates: cell size in degrees (default 1.0), or a NetCDF file with the "
        "grid",
    )  # fmt: skip
    add(
        "--candidates",
        metavar="FILE",
        help="table of candidate positions: lat, lon, elevation",
    )
    add(
        "--region", type=region, metavar="W,S,E,N",
        help="region in which uncertainty counts, and of the candidates of the grid "
        "(default: around the stations)",
    )  # fmt: skip
    add(
        "--exclude", type=region, action="append", default=[],
        metavar="W,S,E,N", help="region without new stations; may be repeated",
    )  # fmt: skip
    add(
        "--min-distance", type=number(float, Range(least=0, most=5000)), default=5.0,
        metavar="KM", help="smallest distance to any other station (default 5)",
    )  # fmt: skip
    add(
        "--days",
        type=positive,
        default=6,
        help="number of days, evenly spaced (default 6)",
    )
    add(
        "--elevation",
        metavar="FILE",
        help="NetCDF of elevation (default: the packaged terrain)",
    )
    add("--output", required=True, metavar="FILE", help="CSV table to write")
    add("--map", metavar="FILE", help="figure of the map to write (png, pdf, svg)")
    return made


def main(argv: Sequence[str]) -> None:
    """Read the stations, choose, write the table and the map.

    Raises:
        ApnpError: If an argument or a file cannot be used.
    """
    options = parser().options(PlaceOptions, argv)
    _check(options)
    from apnp.maps.request import FieldRequest
    from apnp.network import place_area, place_network  # loads torch
    from apnp.prediction.points import read_points

    model, stations = model_and_stations(options)
    ds: xr.Dataset = fill_elevation(stations)
    request = FieldRequest(options.grid, options.region, options.elevation, "land")
    grid, ground = request.cells(ds, spherical=True), request.ground(ds)
    targets = place_area.land_targets(grid, ground)
    if options.remove:
        days = place_network.days_of(model, ds, targets, options.days)
        found = place_network.removed(days, ds, options.remove, progress=True)
    else:
        if options.candidates:
            table = read_points(options.candidates)
            every = place_area.table_candidates(table, ground, options.candidates)
        else:
            every = place_area.grid_candidates(grid, ground)
        there = place_area.allowed(every, ds, options.exclude, options.min_distance)
        days = place_network.days_of(model, ds, targets, options.days, there)
        wanted = 10 if options.number is None else options.number
        found = place_network.placed(
            days, there, min(wanted, len(there)), options.min_distance, progress=True
        )
    with atomic_write(options.output) as temporary:
        found.table.to_csv(temporary, index=False, float_format="%.6g")
    print(found.table.to_string(index=False, float_format="%.4f"))
    print(found.told())
    if options.map:
        what = "Stations missed least" if options.remove else "Next stations"
        save(place_network.draw_placement(found, ds, what), options.map)
    print(f"table: {options.output}")


def _check(options: PlaceOptions) -> None:
    """Refuse what cannot be done before anything is computed."""
    if options.remove:
        for name, given in (
            ("number", options.number), ("candidates", options.candidates),
            ("exclude", options.exclude),
        ):  # fmt: skip
            if given:
                raise ConfigError(
                    f"--{name} goes with placing stations, and --remove takes some "
                    "away. Leave one of them out."
                )
    if not options.output.endswith(".csv"):
        raise ConfigError(f"{options.output}: the table is CSV: its name ends in .csv.")
    check_path(options.map)
    made = {"output": options.output, "map": options.map}
    check_outputs(made, [*options.stations, options.candidates, options.elevation])
