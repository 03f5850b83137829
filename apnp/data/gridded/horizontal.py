"""Where gridded files keep latitude and longitude, and which variables are heights."""

import numpy as np
import xarray as xr

from apnp.errors import DataError

HEIGHT_NAMES = ("elevation", "orog", "topo", "altitude", "height", "z")
HEIGHT_STANDARD_NAMES = (
    "surface_altitude", "surface_geopotential", "geopotential",
)  # fmt: skip
METRES: dict[str | None, float] = {
    None: 1.0, "m": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0,
    "m2 s-2": 1 / 9.80665, "m**2 s**-2": 1 / 9.80665,
}  # fmt: skip
"""What turns a height, or a geopotential, in these units into metres."""


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
