"""Weighted regression from correlated neighbours: what climatologists fill gaps with.

For each neighbour a straight line is fitted to the days that both stations report; the
estimates of the best neighbours are averaged with weights of one over their squared
errors (Eischeid et al. 2000; as a test of values the spatial regression test of Hubbard
et al. 2005).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from apnp.geometry.sphere import unit_vectors
from apnp.observations import Floats

_LEAST_ERROR = 0.05
"""Smallest standard error of a neighbour's line, in the values' units."""


@dataclass(frozen=True)
class NeighbourRegression:
    """Estimates at every station from its best neighbours.

    Attributes:
        nearest: Neighbours that are tried, the nearest ones.
        best: Neighbours that are averaged, those of the smallest error.
        common: Fewest days that two stations must share.
    """

    nearest: int = 25
    best: int = 8
    common: int = 15

    def estimate(
        self, value: Floats, lat: Floats, lon: Floats
    ) -> tuple[Floats, Floats]:
        """Mean and standard deviation at every station and day, each (nt, n).

        Args:
            value: Values, NaN where there is none, (nt, n).
            lat: Latitudes of the stations in degrees, (n,).
            lon: Longitudes in degrees, (n,).

        Returns:
            NaN where no neighbour reports that shares enough days. The standard
            deviation is that of the estimates about the station's values.
        """
        index = self.neighbours(lat, lon)
        mean, std = np.full((2, *value.shape), np.nan)
        for station, others in enumerate(index):
            mean[:, station], std[:, station] = self.one(
                value[:, station], value[:, others]
            )
        return mean, std

    def neighbours(self, lat: Floats, lon: Floats) -> NDArray[np.intp]:
        """Numbers of the stations that are tried for each, nearest first, (n, k)."""
        n = len(lat)
        near = min(self.nearest + 1, n)
        unit = unit_vectors(lat, lon).reshape(-1, 3)
        index = np.reshape(cKDTree(unit).query(unit, near)[1], (n, near))
        # The station itself need not come first: another may share its place.
        own = index == np.arange(n)[:, None]
        own[~own.any(1), -1] = True
        return index[~own].reshape(n, near - 1)

    def one(self, own: Floats, others: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of one station, each (nt,).

        Args:
            own: Its values, (nt,).
            others: Values of its neighbours, (nt, k).
        """
        slope, intercept, error = _lines(own, others, self.common)
        chosen = np.argsort(error, kind="stable")[: self.best]
        chosen = chosen[np.isfinite(error[chosen])]
        guess = intercept[chosen] + slope[chosen] * others[:, chosen]
        known = np.isfinite(guess)
        weight = known / error[chosen] ** 2
        total = weight.sum(1)
        sums = (weight * np.where(known, guess, 0.0)).sum(1)
        mean = np.where(total > 0, sums / np.maximum(total, 1e-12), np.nan)
        apart = (own - mean)[np.isfinite(own - mean)]
        if len(apart) < self.common:
            return np.full_like(mean, np.nan), np.full_like(mean, np.nan)
        spread = max(float(np.sqrt(np.mean(apart**2))), _LEAST_ERROR)
        return mean, np.where(np.isfinite(mean), spread, np.nan)


def _lines(
    own: Floats, others: Floats, common: int
) -> tuple[Floats, Floats, NDArray[np.float64]]:
    """Slopes, intercepts and standard errors of the lines own(other), each (k,)."""
    both = np.isfinite(own)[:, None] & np.isfinite(others)
    days = both.sum(0)
    count = np.maximum(days, 1)
    y, x = np.where(both, own[:, None], 0.0), np.where(both, others, 0.0)
    y_mean, x_mean = y.sum(0) / count, x.sum(0) / count
    y, x = np.where(both, y - y_mean, 0.0), np.where(both, x - x_mean, 0.0)
    slope = (x * y).sum(0) / np.maximum((x**2).sum(0), 1e-9)
    squares = ((y - slope * x) ** 2).sum(0) / np.maximum(days - 2, 1)
    error = np.where(days >= common, np.sqrt(squares), np.inf)
    return slope, y_mean - slope * x_mean, np.maximum(error, _LEAST_ERROR)
