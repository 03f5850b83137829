"""Where gridded files keep latitude and longitude, and which variables are heights."""

from os import PathLike

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.terrain import gridded_path

Floats = NDArray[np.float64]

HEIGHT_NAMES = ("elevation", "orog", "topo", "altitude", "height", "z")
HEIGHT_STANDARD_NAMES = (
    "surface_altitude", "surface_geopotential", "geopotential",
)  # fmt: skip
METRES: dict[str | None, float] = {
    None: 1.0, "m": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0,
    "m2 s-2": 1 / 9.80665, "m**2 s**-2": 1 / 9.80665,
}  # fmt: skip
"""What turns a height, or a geopotential, in these units into metres."""


GROUND_M = (-12_000.0, 9_000.0)
"""Heights of the ground: from the deepest trench to above the highest summit."""


def check_ground(metres: NDArray, lat: NDArray, lon: NDArray, place: str) -> None:
    """Refuse heights of the ground that are infinite or impossible; NaN is missing.

    Args:
        metres: Heights, shape (rows, columns).
        lat: Latitudes of the rows in degrees.
        lon: Longitudes of the columns in degrees.
        place: The file and variable, for messages.

    Raises:
        DataError: Naming the first such place and its value.
    """
    low, high = GROUND_M
    bad = np.isinf(metres) | (metres < low) | (metres > high)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"{place} is {metres[row, column]:g} m at {lat[row]:g} N, "
            f"{lon[column]:g} E ({int(bad.sum())} such cells); the ground lies in "
            f"[{low:g}, {high:g}] m. Declare a code for missing values as _FillValue "
            "(or set such cells to NaN), and state the units: m, or m2 s-2 of a "
            "geopotential."
        )


def is_height(name: str, attrs: dict) -> bool:
    """Whether a variable of a file is the height of the ground, by CF or by name."""
    return (
        attrs.get("standard_name") in HEIGHT_STANDARD_NAMES
        or name.lower() in HEIGHT_NAMES
    )


def horizontal(ds: xr.Dataset, place: str) -> tuple[str, str]:
    """Names of the latitude and longitude coordinates of a gridded dataset.

    Found by CF standard name, units or usual name.

    Raises:
        DataError: If there is none, or it is not one-dimensional and finite.
    """
    found = []
    for name, units in (("latitude", "degrees_north"), ("longitude", "degrees_east")):
        matches = [
            key
            for key, var in ds.variables.items()
            if var.attrs.get("standard_name") == name
            or var.attrs.get("units") == units
            or str(key).lower() in (name, name[:3])
        ]
        named = [str(key) for key in matches if ds[key].dims == (key,)]
        if not named:
            raise DataError(
                f"{place}: no one-dimensional {name} coordinate. A grid needs `lat` "
                f"and `lon` (or standard_name {name!r}). It holds: "
                f"{', '.join(map(str, ds.variables))}."
            )
        if not np.isfinite(ds[named[0]].values).all():
            raise DataError(f"{place}: {named[0]} must be finite everywhere.")
        found.append(named[0])
    return found[0], found[1]


def open_file(path: str | PathLike, *, times: bool = True) -> xr.Dataset:
    """A NetCDF file, not yet read.

    Args:
        path: The file, or the name of a packaged one.
        times: Whether to decode times.

    Raises:
        DataError: If it is absent or no NetCDF file.
    """
    if not gridded_path(path).is_file():
        raise DataError(f"{path}: cannot be read as NetCDF (there is no such file).")
    try:
        return xr.open_dataset(gridded_path(path), decode_times=times)
    except (OSError, ValueError) as error:
        why = " ".join(str(error).split())
        raise DataError(
            f"{path}: cannot be read as NetCDF ({why}). If it is a ZIP, as the "
            "Climate Data Store packs several kinds of values, unpack it first."
        ) from error


def axes(ds: xr.Dataset, names: tuple[str, str], place: str) -> tuple[Floats, Floats]:
    """Latitudes and longitudes in the file's order, longitudes without a jump.

    Raises:
        DataError: If they do not rise or fall throughout, lie beyond a pole, or go
            round the Earth more than once.
    """
    lat, lon = (
        np.unwrap(ds[name].values.astype(np.float64), period=360.0) for name in names
    )
    for name, axis in zip(names, (lat, lon), strict=True):
        step = np.diff(axis)
        if not step.size or not ((step > 0).all() or (step < 0).all()):
            raise DataError(
                f"{place}: {name} must hold two or more values that only rise or only "
                f"fall. Got {axis.size}, from {axis[0]:g} to {axis[-1]:g}."
            )
    if np.abs(lat).max() > 90.001 or abs(lon[-1] - lon[0]) > 360.001:
        raise DataError(
            f"{place}: {names[0]} lies in [-90, 90] and {names[1]} goes once round at "
            f"most, within one turn. Got {lat[0]:g} to {lat[-1]:g} and {lon[0]:g} to "
            f"{lon[-1]:g}."
        )
    return lat, lon
