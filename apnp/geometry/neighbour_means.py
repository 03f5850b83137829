"""Weighted means over the nearest stations, on many days at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apnp.geometry.sphere import EARTH_RADIUS_KM, unit_vectors

Floats = NDArray[np.float64]

_ROWS = 64
"""Days whose values of neighbours are held in memory at once."""


@dataclass(frozen=True, eq=False)
class NeighbourMeans:
    """The nearest other stations of every station of a network, and their weights.

    Attributes:
        index: Numbers of the neighbours, (n, k).
        weight: Their weights, (n, k): 1 / (distance + softening).
    """

    index: NDArray[np.intp]
    weight: Floats

    @classmethod
    def of(
        cls, lat: Floats, lon: Floats, number: int = 12, softening_km: float = 10.0
    ) -> "NeighbourMeans":
        """The neighbours of stations in degrees, each (n,).

        Args:
            lat: Latitudes.
            lon: Longitudes, any convention.
            number: Neighbours of a station, at most; fewer in a small network.
            softening_km: Distance below which nearer stations hardly weigh more.
        """
        n = len(lat)
        k = min(number, n - 1)
        if k < 1:
            return cls(np.empty((n, 0), dtype=np.intp), np.empty((n, 0)))
        from scipy.spatial import cKDTree  # slow to load, and seldom needed

        unit = unit_vectors(lat, lon)
        distance, index = cKDTree(unit).query(unit, k + 1)
        # A station need not come first: another may share its place.
        last = index == np.arange(n)[:, None]
        last[~last.any(1), -1] = True
        order = np.argsort(last, axis=1, kind="stable")[:, :k]
        distance = np.take_along_axis(distance, order, 1) * EARTH_RADIUS_KM
        return cls(np.take_along_axis(index, order, 1), 1 / (distance + softening_km))

    def of_values(self, value: Floats) -> Floats:
        """Weighted means of the neighbours' values, (time, n) -> (time, n).

        NaN is a missing value, and the mean where every neighbour's is missing.
        """
        mean = np.full(value.shape, np.nan)
        for start in range(0, len(value), _ROWS):
            rows = value[start : start + _ROWS]
            observed = np.isfinite(rows)
            filled = np.where(observed, rows, 0.0)
            total = np.zeros(rows.shape)
            weight = np.zeros(rows.shape)
            for index, share in zip(self.index.T, self.weight.T, strict=True):
                total += share * filled[:, index]
                weight += share * observed[:, index]
            np.divide(total, weight, out=mean[start : start + _ROWS], where=weight > 0)
        return mean
