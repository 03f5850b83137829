"""`apnp plot`: draw a predicted field as a map."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from apnp.cli.arguments import add_station_arguments, read_station_arguments
from apnp.cli.fields import open_field
from apnp.cli.options import PlotOptions
from apnp.cli.parser import ApnpParser
from apnp.errors import ConfigError
from apnp.plotting import map as draw_map


def parser() -> ApnpParser:
    """The arguments of the verb."""
    made = ApnpParser(prog="apnp plot", description=main.__doc__)
    made.add_argument("field", help="NetCDF field made by `apnp predict`")
    made.add_argument(
        "--output", required=True, help="figure: .png, .pdf, .svg or .jpg"
    )
    made.add_argument("--time", help="time to draw, if the field has several")
    made.add_argument("--title", help="title (default: variable and date)")
    add_station_arguments(made, required=False)
    return made


def main(argv: Sequence[str]) -> None:
    """Draw mean and uncertainty of one time of a field, with the stations on top."""
    options = parser().options(PlotOptions, argv)
    stations = read_station_arguments(options) if options.stations else None
    with open_field(options.field) as field:
        chosen = field if options.time is None else at_time(field, options.time)
        draw_map(chosen, options.output, stations=stations, title=options.title)
    print(f"wrote {options.output}")


def at_time(ds: xr.Dataset, time: str) -> xr.Dataset:
    """The one step of a field that lies at `time` (a day holds its one step).

    Raises:
        ConfigError: If `time` is not a date, or none or several steps lie in it.
    """
    try:
        wanted = np.datetime64(time)
    except ValueError:
        raise ConfigError(f"--time takes an ISO date or time. Got {time!r}.") from None
    if "time" not in ds.dims:
        raise ConfigError(f"--time {time}: this field has no time. Leave --time out.")
    times = ds["time"].values
    (step,) = np.nonzero(times.astype(wanted.dtype) == wanted)
    if step.size != 1:
        raise ConfigError(
            f"--time {time}: {step.size} of the field's {times.size} times, from "
            f"{times[0]} to {times[-1]}, lie there. Name one."
        )
    return ds.isel(time=step)
