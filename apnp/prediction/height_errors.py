"""What unknown heights of stations add to the uncertainty of predictions.

A station of unknown elevation is given that of the packaged terrain, which is wrong by
the relief inside a cell. The error acts like an error of its temperature, of the height
error times the lapse rate, and spreads to predictions near it.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.data.fill_elevation import ELEVATION_STD, LAPSE_RATE_K_PER_M
from apnp.geometry.sphere import unit_vectors
from apnp.native.search import search
from apnp.observations import Floats, Sites

_NEAREST = 8
_SAME = 1e-9
"""Chord of places that are one, for rounding."""
_SAME_M = 1e-3


@dataclass(frozen=True, eq=False)
class HeightErrors:
    """Stations whose elevation is that of the terrain, and what that makes of them.

    Attributes:
        unit: Their unit vectors, (n, 3).
        elevation: The elevations that they were given, in metres, (n,).
        std: Standard deviations of the temperature errors, in K, (n,).
    """

    unit: Floats
    elevation: Floats
    std: Floats

    @classmethod
    def of(cls, stations: xr.Dataset) -> "HeightErrors | None":
        """Those of a dataset (`apnp.data.fill_elevation`); None if all are known."""
        if ELEVATION_STD not in stations.coords:
            return None
        std = stations[ELEVATION_STD].values
        filled = std > 0
        lat, lon = (stations[name].values[filled] for name in ("lat", "lon"))
        unit = unit_vectors(lat, lon).reshape(-1, 3)
        height = stations["elevation"].values[filled].astype(np.float64)
        return cls(unit, height, LAPSE_RATE_K_PER_M * std[filled])

    def own(self, sites: Sites) -> Floats:
        """Standard deviations of sites that are such stations, else 0, in K, (n,)."""
        unit = unit_vectors(sites.lat, sites.lon).reshape(-1, 3)
        index = search(self.unit, unit, 1)[:, 0]
        same = np.linalg.norm(unit - self.unit[index], axis=-1) < _SAME
        same &= np.abs(self.elevation[index] - sites.elevation) < _SAME_M
        return np.where(same, self.std[index], 0.0)

    def among(self, context: Sites) -> "SpreadErrors":
        """What the errors of the stations of a context are to its surroundings."""
        return SpreadErrors(self, context, self.own(context))


@dataclass(frozen=True, eq=False)
class SpreadErrors:
    """Temperature errors of the stations of a context, and what they do around them.

    Attributes:
        errors: All stations with such errors.
        context: The stations of the context.
        std: Standard deviations of their errors, in K, (n,).
    """

    errors: HeightErrors
    context: Sites
    std: Floats

    def at(self, sites: Sites) -> Floats:
        """Standard deviations of the noise to add at sites, in K, (m,).

        The errors are taken as independent, and the mean as one of the eight nearest
        stations, weighted by the inverse square of the distance. A site that is itself
        such a station, as in a leave-out, has its own error besides.
        """
        own = self.errors.own(sites)
        if not self.std.any():
            return own
        unit = unit_vectors(self.context.lat, self.context.lon).reshape(-1, 3)
        asked = unit_vectors(sites.lat, sites.lon).reshape(-1, 3)
        index = search(unit, asked, min(_NEAREST, len(unit)))
        distance = np.linalg.norm(asked[:, None] - unit[index], axis=-1)
        weight = _shares(distance)
        spread = np.sqrt(np.square(weight * self.std[index]).sum(-1))
        in_context = distance[:, 0] < _SAME
        return np.hypot(spread, np.where(in_context, 0.0, own))


def _shares(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse-square weights of sum 1 over the last axis; at a station it has all."""
    weight = 1 / np.maximum(distance, _SAME) ** 2
    return weight / weight.sum(-1, keepdims=True)
