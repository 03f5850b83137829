"""What a CF variable measures: refusals of others than air temperature and degrees."""

import re
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.data.readers.cf_methods import KNOWN
from apnp.errors import DataError

_OTHER = re.compile(
    r"surface_temp|sea_|soil|dew|anomal|potential|error|flag|wet_?bulb|brightness|"
    r"ground|water|virtual|tendency|apparent|heat_index|number_of|skin|radiati",
    re.IGNORECASE,
)
_DEGREES = ("", "degrees", "degree", "deg", "decimaldegrees", "decimaldegree", "°")
_AXES = {"lat": ("latitude", "north", "n"), "lon": ("longitude", "east", "e")}


def other(array: xr.DataArray) -> str:
    """What a variable says that it is, if that is no air temperature; else blank."""
    said = str(array.attrs.get("standard_name", "") or array.attrs.get("long_name", ""))
    return said if _OTHER.search(said.replace(" ", "_")) else ""


def only_temperature(
    array: xr.DataArray, method: str, asked: bool, wanted: str, path: Path
) -> None:
    """Refuse a variable that is no temperature of an instant or a day.

    Args:
        array: The variable.
        method: Its cell method for time, blank if none.
        asked: Whether the user named the variable.
        wanted: The variable that it would be read as.
        path: The file, for messages.

    Raises:
        DataError: If its method or its standard name say that it is something else.
    """
    if method and method not in KNOWN:
        raise DataError(
            f"{path}: {array.name!r} holds values of the cell method {method!r}; a "
            f"temperature has one of {', '.join(KNOWN)}. Name another variable with "
            f"--columns {wanted}=NAME."
        )
    if not asked and other(array):
        raise DataError(
            f"{path}: {array.name!r} says that it is {other(array)!r}, no air "
            f"temperature. Name the variable to read with --columns {wanted}=NAME "
            f"({wanted}={array.name} if it is this one)."
        )


def in_degrees(array: xr.DataArray, name: str, path: Path) -> xr.DataArray:
    """A latitude or longitude, if it is one in degrees north or east.

    Raises:
        DataError: If its units or its standard name are others.
    """
    standard, side, letter = _AXES[name]
    units = str(array.attrs.get("units", ""))
    plain = re.sub(r"[\s_]", "", units).lower()
    good = (*_DEGREES, *(f"{d}{s}" for d in _DEGREES[1:4] for s in (side, letter)))
    said = str(array.attrs.get("standard_name", standard))
    if plain in good and said in (standard, "", f"platform_{standard}"):
        return array
    what = f"units {units!r}" if plain not in good else f"standard name {said!r}"
    raise DataError(
        f"{path}: {array.name!r} has {what}; a {standard} is in degrees {side}, on the "
        f"globe. Convert it first, or name another variable with --columns {name}=NAME."
    )


def within_valid_range(array: xr.DataArray) -> tuple[NDArray, tuple[str, ...]]:
    """Values, NaN outside the variable's valid range (CF 2.5.1), and what is said."""
    low, high = (array.attrs.get(k) for k in ("valid_min", "valid_max"))
    if "valid_range" in array.attrs and np.size(array.attrs["valid_range"]) == 2:
        low, high = array.attrs["valid_range"]
    value = array.values
    if value.dtype.kind not in "fiu" or (low is None and high is None):
        return value, ()
    factor, offset = (
        array.encoding.get("scale_factor", 1.0), array.encoding.get("add_offset", 0.0)
    )  # fmt: skip
    value = value.astype(np.float64)
    outside = np.zeros(value.shape, dtype=bool)
    try:
        if low is not None:
            outside |= value < float(low) * factor + offset - 1e-6
        if high is not None:
            outside |= value > float(high) * factor + offset + 1e-6
    except (TypeError, ValueError):
        return value, (f"valid range of {array.name} not understood, and not used",)
    n = int(outside.sum())
    said = (f"{n:,} values outside the valid range that {array.name} states dropped",)
    return np.where(outside, np.nan, value), said if n else ()
