"""Tables of points to predict at."""

import logging
from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.fill_elevation import LAPSE_RATE_K_PER_M, terrain_height
from apnp.errors import ConfigError, DataError
from apnp.files import atomic_write
from apnp.maps.elevation import Elevation
from apnp.observations import Sites

if TYPE_CHECKING:
    from apnp.prediction.conditioned import ConditionedModel

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

_ALIASES = {
    "lat": ("lat", "latitude", "y"),
    "lon": ("lon", "lng", "long", "longitude", "x"),
    "elevation": ("elevation", "elev", "alt", "altitude", "height", "z"),
}
_RANGES = {"lat": (-90.0, 90.0), "lon": (-180.0, 360.0), "elevation": (-500.0, 9000.0)}


def read_points(path: str | PathLike) -> pd.DataFrame:
    """A CSV table of points, every column as it stands.

    Raises:
        DataError: If the file cannot be read as a table with rows.
    """
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as CSV ({error}).") from error
    if table.empty:
        raise DataError(f"{path}: no points. Give one a line below the column names.")
    return table


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
    columns = {str(name).strip().lower(): name for name in table.columns}
    values = {}
    for name, aliases in _ALIASES.items():
        found = [columns[alias] for alias in aliases if alias in columns]
        if found:
            values[name] = _numbers(table[found[0]], name, place)
        elif name == "elevation":
            values[name] = np.full(len(table), np.nan)
        else:
            raise DataError(
                f"{place}: no column for {name!r}; it may be called "
                f"{', '.join(aliases)}. The columns are "
                f"{', '.join(map(str, table.columns))}."
            )
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


def _numbers(column: pd.Series, name: str, place: str) -> Floats:
    """A column as floats; only an elevation may be missing."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64).copy()
    low, high = _RANGES[name]
    wrong = ~((numbers >= low) & (numbers <= high))
    if name == "elevation":
        wrong &= ~(np.isnan(numbers) & column.isna().to_numpy())
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        found = str(column.iloc[row])
        raise DataError(
            f"{place}: line {row + 2}, column {column.name!r}: {found!r}. "
            f"It must lie in [{low:g}, {high:g}]; {int(wrong.sum())} lines do "
            "not. Correct or drop them."
        )
    return numbers
