"""Covariates of the season: the time of year, or insolation."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apnp.geometry.insolation import daily_insolation

Floats = NDArray[np.float64]

DAYS_PER_YEAR = 365.2425
INSOLATION_WM2 = 400.0
"""Insolation that its covariates are divided by."""
INSOLATION_DAYS = 60
"""Days over which the change of insolation is a covariate."""


def season_covariates(
    lat: ArrayLike, time: np.datetime64, insolation: bool = False
) -> Floats:
    """Covariates of the season at latitudes (n,) in degrees on a day, (n, 2).

    Sine and cosine of the time of year; or the daily insolation above the atmosphere
    and its change over the last `INSOLATION_DAYS`, both divided by `INSOLATION_WM2`,
    which mean the same in both hemispheres.
    """
    lat = np.asarray(lat, dtype=np.float64)
    if not insolation:
        return np.broadcast_to(time_of_year(time), (*lat.shape, 2))
    now = daily_insolation(lat, time)
    before = daily_insolation(lat, time - np.timedelta64(INSOLATION_DAYS, "D"))
    return np.stack([now, now - before], axis=-1) / INSOLATION_WM2


def time_of_year(time: ArrayLike) -> Floats:
    """Sine and cosine of the time of year, (..., 2), of datetime64 of shape (...)."""
    day = np.asarray(time, dtype="datetime64[s]")
    elapsed = (day - day.astype("datetime64[Y]")) / np.timedelta64(1, "D")
    angle = 2 * np.pi * elapsed / DAYS_PER_YEAR
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


def season_difference(one: ArrayLike, other: ArrayLike) -> Floats:
    """Days between two times of the year, at most half a year, of datetime64 (...)."""
    sine, cosine = np.moveaxis(time_of_year(one), -1, 0)
    other_sine, other_cosine = np.moveaxis(time_of_year(other), -1, 0)
    angle = np.arctan2(
        sine * other_cosine - cosine * other_sine,
        cosine * other_cosine + sine * other_sine,
    )
    return np.abs(angle) * DAYS_PER_YEAR / (2 * np.pi)
