"""Covariates that follow from a place and a time: elevation, coast, time of year."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apnp.geometry.coastline import MapScale, coast_distance_km
from apnp.inputs.gridded_covariates import METRES_PER_UNIT

Floats = NDArray[np.float64]

COAST_KM = np.array([50.0, 500.0])
"""Distances inland at which the covariates of the coast level out."""
DAYS_PER_YEAR = 365.2425


@dataclass(frozen=True)
class SiteCovariates:
    """Elevation in kilometres, how far inland with `coast`, and the time of year.

    Attributes:
        coast: Whether the signed distance to the coast is a covariate.
        coast_scale: Scale of the map whose coast it is.
    """

    coast: bool = False
    coast_scale: MapScale = "50m"

    @property
    def number(self) -> int:
        """Number of covariates, those of the time of year among them."""
        return 5 if self.coast else 3

    def terrain(self, lat: ArrayLike, lon: ArrayLike, elevation: ArrayLike) -> Floats:
        """Covariates that do not change with time, of points, (n, number - 2).

        Elevation in kilometres, and how far inland: the distance d to the coast as
        tanh(d / 50 km) and tanh(d / 500 km), below zero on the sea.
        """
        height = np.asarray(elevation, dtype=np.float64)[:, None] / METRES_PER_UNIT
        if not self.coast:
            return height
        inland = coast_distance_km(lat, lon, self.coast_scale)[:, None]
        return np.concatenate([height, np.tanh(inland / COAST_KM)], axis=-1)


def time_of_year(time: ArrayLike) -> Floats:
    """Sine and cosine of the time of year, (..., 2), of datetime64 of shape (...)."""
    day = np.asarray(time, dtype="datetime64[s]")
    elapsed = (day - day.astype("datetime64[Y]")) / np.timedelta64(1, "D")
    angle = 2 * np.pi * elapsed / DAYS_PER_YEAR
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)
