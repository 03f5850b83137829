"""Covariates that follow from a place and a time: elevation, coast, time of year."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apnp.geometry.coastline import MapScale, coast_distance_km
from apnp.inputs.gridded_covariates import METRES_PER_UNIT
from apnp.inputs.season import season_covariates

Floats = NDArray[np.float64]

COAST_KM = np.array([50.0, 500.0])
"""Distances inland at which the covariates of the coast level out."""


@dataclass(frozen=True)
class SiteCovariates:
    """Elevation in kilometres, how far inland with `coast`, and the season.

    Attributes:
        coast: Whether the signed distance to the coast is a covariate.
        coast_scale: Scale of the map whose coast it is.
        insolation: Whether insolation is a covariate in place of the time of year.
    """

    coast: bool = False
    coast_scale: MapScale = "50m"
    insolation: bool = False

    @property
    def number(self) -> int:
        """Number of covariates, those of the season among them."""
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

    def season(self, lat: ArrayLike, time: np.datetime64) -> Floats:
        """Covariates of the season at points (n,) on a day, (n, 2)."""
        return season_covariates(lat, time, self.insolation)
