"""Solar radiation at the top of the atmosphere: latitude and season in one number."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SOLAR_CONSTANT = 1361.0
"""Total solar irradiance in W m-2 (Kopp and Lean 2011)."""
_OBLIQUITY = np.radians(23.44)
_DAYS_PER_YEAR = 365.2425


def daily_insolation(lat: ArrayLike, time: ArrayLike) -> Floats:
    """Daily mean insolation on a horizontal plane above the atmosphere, W m-2.

    With latitude phi, declination delta and the hour angle h of sunset,
    cos h = -tan phi tan delta cut to [-1, 1],

        S / pi (h sin phi sin delta + cos phi cos delta sin h)

    (Hartmann 1994, equation 2.17). The orbit is taken to be a circle, so the values
    are within 3.5 % of the true ones.

    Args:
        lat: Latitudes in degrees.
        time: datetime64 of a shape that broadcasts with `lat`.

    >>> days = np.array(["2021-06-21", "2021-12-21"], dtype="datetime64[D]")
    >>> daily_insolation(50.0, days).round(-1).tolist()
    [500.0, 80.0]
    """
    day = np.asarray(time, dtype="datetime64[s]")
    elapsed = (day - day.astype("datetime64[Y]")) / np.timedelta64(1, "D")
    declination = -_OBLIQUITY * np.cos(2 * np.pi * (elapsed + 10) / _DAYS_PER_YEAR)
    phi = np.radians(np.clip(np.asarray(lat, dtype=np.float64), -89.999, 89.999))
    sunset = np.arccos(np.clip(-np.tan(phi) * np.tan(declination), -1, 1))
    upright = sunset * np.sin(phi) * np.sin(declination)
    slanting = np.cos(phi) * np.cos(declination) * np.sin(sunset)
    return SOLAR_CONSTANT / np.pi * (upright + slanting)
