"""Tables of points to predict at."""

import logging
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.fill_elevation import LAPSE_RATE_K_PER_M, terrain_height
from apnp.data.quality import MISSING_CODES
from apnp.data.readers.columns import find_column
from apnp.data.readers.delimited import is_number, layout_of, read_text
from apnp.data.readers.file_head import Head, head_of
from apnp.data.readers.frames import frame_of, is_frame_file
from apnp.data.readers.numbers import angles, numbers
from apnp.data.units import to_metres
from apnp.errors import ConfigError, DataError
from apnp.files import atomic_write
from apnp.maps.elevation import Elevation
from apnp.observations import Sites

if TYPE_CHECKING:
    from apnp.prediction.conditioned import ConditionedModel

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

_SHORT = {"lat": ("y",), "lon": ("x",), "elevation": ("z",)}
_RANGES = {"lat": (-90.0, 90.0), "lon": (-180.0, 360.0), "elevation": (-500.0, 9000.0)}


def read_points(path: str | PathLike) -> pd.DataFrame:
    """A table of points: delimited text, (Geo)Parquet or GeoPackage.

    Columns of text are returned as in the file, numbers among them.

    Raises:
        DataError: If the file cannot be read as a table with rows and places.
    """
    head = head_of(Path(path))
    try:
        if is_frame_file(head):
            table = frame_of(Path(path))
        else:
            table = _text_table(head)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as CSV ({error}).") from error
    if table.empty:
        raise DataError(f"{path}: no points. Give one a line below the column names.")
    return table


def _text_table(head: Head) -> pd.DataFrame:
    """All columns of a text file, as text; its attributes say units and first line."""
    layout = layout_of(
        head, lambda names: _place(names) or not any(map(is_number, names))
    )
    placed = layout_of(head, _place) or layout
    if placed is None:
        raise DataError(
            f"{head.path}: no line of names of columns. Give a CSV table with columns "
            "lat, lon and, where known, elevation."
        )
    twice = [n for n in placed.names if placed.names.count(n) > 1]
    if twice:
        raise DataError(
            f"{head.path}: {len(twice)} columns are called {twice[0]!r}. Give the "
            "columns different names."
        )
    if not any(line.strip() for line in head.lines[placed.first :]):
        return pd.DataFrame()
    table = read_text(placed, placed.names)
    table.attrs = {"units": placed.units, "first_line": placed.first + 1}
    return table


def _place(names: list[str]) -> bool:
    return all(_column(names, axis) is not None for axis in ("lat", "lon"))


def _column(names: list[str], axis: str) -> tuple[str, str | None] | None:
    """The column of a coordinate and the units in its name, by the usual spellings."""
    found = find_column(axis, names)
    short = [n for n in names if n.strip().lower() in _SHORT[axis]]
    return found or ((short[0], None) if short else None)


def write_points(table: pd.DataFrame, path: str | PathLike) -> None:
    """Write a table as CSV, complete or not at all.

    Raises:
        ConfigError: If the file cannot be written.
    """
    try:
        with atomic_write(path) as temporary:
            table.to_csv(temporary, index=False)
    except OSError as error:
        raise ConfigError(f"`output` {path}: cannot be written ({error}).") from error


def coordinates(
    table: pd.DataFrame, elevation: Elevation, place: str = "points"
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Latitude, longitude (degrees) and elevation (m) of a table's points, each (n,).

    Columns are found by their usual names in any case. Missing elevations, a missing
    column too, are taken from `elevation`; the last array is true for these points.

    Args:
        table: The points.
        elevation: Where unknown elevations come from.
        place: What to call the table in errors.

    Raises:
        DataError: Naming the line and column of a value that cannot be used.
    """
    names = {str(name): name for name in table.columns}
    values = {}
    for axis in ("lat", "lon", "elevation"):
        found = _column(list(names), axis)
        if found is not None:
            values[axis] = _values(table, names[found[0]], axis, found[1], place)
        elif axis == "elevation":
            values[axis] = np.full(len(table), np.nan)
        else:
            raise DataError(
                f"{place}: no column for {axis!r}; it may be called "
                f"{'latitude' if axis == 'lat' else 'longitude'} or {_SHORT[axis][0]}. "
                f"The columns are {', '.join(names)}."
            )
    if "height" in names and _column(list(names), "elevation") is None:
        log.warning(
            "%s: column 'height' is taken as a height above the ground. If it is that "
            "of the ground, call it elevation.", place,
        )  # fmt: skip
    height = values["elevation"]
    unknown = np.isnan(height)
    if unknown.any():
        log.warning(
            "%s: %d of %d points have no elevation; theirs is %s.",
            place, unknown.sum(), len(unknown), elevation.source,
        )  # fmt: skip
        height[unknown] = elevation.at(values["lat"][unknown], values["lon"][unknown])
    return values["lat"], values["lon"], height, unknown


def subgrid_noise(lat: Floats, lon: Floats, unknown: NDArray[np.bool_]) -> Floats:
    """What relief inside a cell of the packaged terrain adds to a prediction, in K.

    Args:
        lat: Latitudes in degrees, (n,).
        lon: Longitudes in degrees, (n,).
        unknown: Points whose elevation is that of the terrain, (n,).

    Returns:
        Standard deviations of independent noise, 0 at the other points, (n,).
    """
    return np.where(unknown, LAPSE_RATE_K_PER_M * terrain_height(lat, lon)[1], 0.0)


def predicted_columns(
    conditioned: "ConditionedModel",
    sites: Sites,
    levels: Sequence[float],
    noise: Floats,
    chunk: int,
) -> dict[str, Floats]:
    """The columns mean, std and one for each quantile at sites.

    Args:
        conditioned: A model that has read its context.
        sites: The sites, n of them.
        levels: Levels of the quantiles.
        noise: Standard deviations of independent noise to add, (n,).
        chunk: Sites decoded at once.
    """
    parts = []
    for first in range(0, len(sites), chunk):
        index = np.arange(first, min(first + chunk, len(sites)))
        parts.append(conditioned.summary(sites.take(index), levels, noise[index]))
    mean, std, values = (np.concatenate(p, axis=-1) for p in zip(*parts, strict=True))
    names = [quantile_name(level) for level in levels]
    return {"mean": mean, "std": std, **dict(zip(names, values, strict=True))}


def with_predictions(
    table: pd.DataFrame,
    time: np.datetime64,
    columns: dict[str, Floats],
    place: str = "points",
) -> pd.DataFrame:
    """The table with the time and predicted columns added on the right.

    Raises:
        DataError: If the table has a column of one of these names already.
    """
    added: dict[str, Any] = {"time": time, **columns}
    taken = [name for name in added if name in table.columns and name != "elevation"]
    if taken:
        raise DataError(
            f"{place}: the columns {', '.join(taken)} would be overwritten by the "
            "prediction. Rename or drop them first."
        )
    return table.assign(**added)


def quantile_name(level: float) -> str:
    """The column of a quantile: q05 for 0.05, q97.5 for 0.975."""
    percent = f"{100 * level:.6g}"
    return f"q{percent.zfill(2)}"


def _values(
    table: pd.DataFrame, name: Any, axis: str, units: str | None, place: str
) -> Floats:
    """A column in degrees or metres; only an elevation may be missing."""
    column = table[name]
    first = table.attrs.get("first_line", 2)

    def at(row: int) -> str:
        text = str(column.iloc[row]).strip()
        return f"{place}: line {row + first}, column {name!r}: {text!r}"

    if axis == "elevation":
        units = table.attrs.get("units", {}).get(name) or units or "m"
        value = numbers(column, at)
        value[np.isin(value, MISSING_CODES)] = np.nan
        value = to_metres(value, units, f"{place}, column {name!r}")
    else:
        value = angles(column, axis, at)
    low, high = _RANGES[axis]
    wrong = ~((value >= low) & (value <= high))
    if axis == "elevation":
        wrong &= ~np.isnan(value)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"{at(row)}. It must lie in [{low:g}, {high:g}]; {int(wrong.sum())} lines "
            "do not. Correct or drop them."
        )
    return value
