"""Maps of what fixed inputs change in a prediction."""

from os import PathLike

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.plotting.field import Field, positions, read_field
from apnp.plotting.figures import check_path, save
from apnp.plotting.maps import Panel, draw

Floats = NDArray[np.float64]


def symmetry_breaking(
    ds: xr.Dataset,
    path: str | PathLike[str] | None = None,
    *,
    stations: xr.Dataset | None = None,
    relief: bool = False,
    title: str | None = None,
) -> Figure:
    """Draw the prediction with fixed inputs minus without: mean, standard deviation.

    Colours are symmetric about zero, white where the fixed inputs change nothing.

    Args:
        ds: What `apnp.prediction.symmetry.symmetry_breaking` makes, one time:
            `<name>_difference` and `<name>_stderr_difference` with dims lat and lon.
        path: Where to write the figure; its ending gives the format.
        stations: Station dataset, drawn as dots; if it holds the field's time, only
            the stations that reported then.
        relief: Whether a third panel shows the `elevation` of `ds`, for comparison.
        title: Title of the figure; by default that of the dataset, and the date.

    Raises:
        DataError: If `ds` holds no such fields, or more than one time.
        ConfigError: If `path` cannot be written.
    """
    check_path(path)
    field = read_field(ds, "_difference")
    panels = [
        Panel(heading, values, *_diverging(values), field.units)
        for heading, values in (
            ("Mean, with fixed inputs minus without", field.mean),
            ("Standard deviation, with fixed inputs minus without", field.std),
        )
    ]
    if relief:
        panels.append(_elevation(ds, field))
    dots = None if stations is None else positions(stations, field)
    figure = draw(field, panels, dots, title or field.title)
    return save(figure, path)


def mean_and_breaking(
    ds: xr.Dataset,
    path: str | PathLike[str] | None = None,
    *,
    stations: xr.Dataset | None = None,
    title: str | None = None,
) -> Figure:
    """Draw a predicted mean, what fixed inputs change in it, and the relief if known.

    Args:
        ds: A field of one time with dims lat and lon: a variable, its `<name>_stderr`,
            its `<name>_difference`, perhaps `elevation`.
        path: Where to write the figure; its ending gives the format.
        stations: Places of the context, cells that are known, drawn as dots.
        title: Title of the figure; by default that of the dataset, and the date.

    Raises:
        DataError: If `ds` holds no such fields, or more than one time.
        ConfigError: If `path` cannot be written.
    """
    check_path(path)
    field = read_field(ds)
    name = f"{field.name}_difference"
    if name not in ds:
        raise DataError(
            f"What fixed inputs change is `{name}`; the dataset holds "
            f"{', '.join(str(n) for n in ds.data_vars)}."
        )
    change = ds[name].isel(time=0) if "time" in ds[name].dims else ds[name]
    values = field.mesh.values(change).astype(np.float64)
    known = field.mean[np.isfinite(field.mean)]
    panels = [
        Panel(
            "Predictive mean", field.mean, float(known.min()), float(known.max()),
            "viridis", field.units,
        ),
        Panel(
            "Mean, with fixed inputs minus without", values, *_diverging(values),
            field.units.replace("°C", "K"),
        ),
    ]  # fmt: skip
    if "elevation" in ds:
        panels.append(_elevation(ds, field))
    dots = None if stations is None else positions(stations, field)
    figure = draw(field, panels, dots, title or field.title, "known cells")
    return save(figure, path)


def _diverging(values: Floats) -> tuple[float, float, str]:
    """Blue to red about zero, as far as all but the outermost 1 % of values."""
    known = np.abs(values[np.isfinite(values)])
    most = float(np.percentile(known, 99)) if known.size else 0.0
    most = most or 1.0
    return -most, most, "RdBu_r"


def _elevation(ds: xr.Dataset, field: Field) -> Panel:
    if "elevation" not in ds:
        raise DataError(
            "A panel of the relief needs `elevation` in the dataset; it holds "
            f"{', '.join(str(n) for n in ds.data_vars)}. Leave `relief` out."
        )
    values = field.mesh.values(ds["elevation"]).astype(np.float64)
    most = float(np.nanpercentile(values, 99)) or 1.0
    return Panel("Elevation", values, 0.0, most, "YlOrBr", "m")
