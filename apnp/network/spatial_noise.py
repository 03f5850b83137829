"""Noise that is alike at near stations, for draws of what gaps may have been."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky
from scipy.spatial import cKDTree

from apnp.errors import ConfigError
from apnp.geometry.sphere import EARTH_RADIUS_KM, km_to_chord, unit_vectors
from apnp.network.history import ResidualCovariance
from apnp.observations import Floats

_FARTHEST_KM = 500.0
_BINS = 12
_LENGTHS = (10.0, 20.0, 40.0, 80.0, 150.0, 300.0)
_LEAST_PAIRS = 30
_CLIPPED = 4.0
MOST_STATIONS = 8000
"""Stations with gaps that are drawn together, at most: a dense matrix is factored."""


@dataclass(frozen=True)
class SpatialCorrelation:
    """Correlation of the residuals of two stations that are both missing.

    share * exp(-d / length) at a chordal distance d: below one even for close stations,
    for each has noise of its own.

    Attributes:
        share: Correlation of very near stations, in [0, 1].
        length_km: Distance at which it has fallen by a factor e.
    """

    share: float
    length_km: float

    @classmethod
    def fit(cls, z: Floats, lat: Floats, lon: Floats) -> "SpatialCorrelation":
        """The correlation that fits products of residuals best.

        Args:
            z: Standardised residuals of stations that were left out together, NaN for
                the others, (k, n).
            lat: Latitudes in degrees, (n,).
            lon: Longitudes in degrees, (n,).
        """
        z = np.clip(z, -_CLIPPED, _CLIPPED)
        unit = unit_vectors(lat, lon).reshape(-1, 3)
        pairs = cKDTree(unit).query_pairs(
            float(km_to_chord(_FARTHEST_KM)), output_type="ndarray"
        )
        products = z[:, pairs[:, 0]] * z[:, pairs[:, 1]]
        known = np.isfinite(products)
        apart = EARTH_RADIUS_KM * np.linalg.norm(
            unit[pairs[:, 0]] - unit[pairs[:, 1]], axis=-1
        )
        distance = np.broadcast_to(apart, products.shape)[known]
        products = products[known]
        if len(products) < _LEAST_PAIRS or not np.isfinite(z).any():
            return cls(0.0, _LENGTHS[0])
        variance = float(np.nanmean(z**2))
        edges = np.unique(np.quantile(distance, np.linspace(0, 1, _BINS + 1)))
        place = np.clip(np.searchsorted(edges, distance) - 1, 0, max(len(edges) - 2, 0))
        count = np.bincount(place).astype(np.float64)
        middle = np.bincount(place, distance) / np.maximum(count, 1)
        found = np.bincount(place, products) / np.maximum(count, 1) / variance
        return cls._best(middle, found, count)

    @classmethod
    def _best(
        cls, middle: Floats, found: Floats, count: Floats
    ) -> "SpatialCorrelation":
        """Least squares over lengths, weighted by the number of pairs."""
        best, least = cls(0.0, _LENGTHS[0]), float((count * found**2).sum())
        for length in _LENGTHS:
            shape = np.exp(-middle / length)
            share = float((count * shape * found).sum() / (count * shape**2).sum())
            share = float(np.clip(share, 0.0, 1.0))
            loss = float((count * (found - share * shape) ** 2).sum())
            if loss < least:
                best, least = cls(share, length), loss
        return best

    def factor(self, lat: Floats, lon: Floats) -> Floats:
        """A root of the correlation matrix of stations, (n, n).

        Raises:
            ConfigError: If there are too many.
        """
        if len(lat) > MOST_STATIONS:
            raise ConfigError(
                f"--draws makes joint draws of at most {MOST_STATIONS} stations with "
                f"gaps. Got {len(lat)}: fill the network in parts."
            )
        unit = unit_vectors(lat, lon).reshape(-1, 3)
        apart = EARTH_RADIUS_KM * np.sqrt(np.maximum(2 - 2 * unit @ unit.T, 0.0))
        matrix = self.share * np.exp(-apart / self.length_km)
        matrix[np.diag_indices_from(matrix)] = 1.0 + 1e-9
        return np.asarray(cholesky(matrix, lower=True, overwrite_a=True))


@dataclass(frozen=True, eq=False)
class SpatialNoise:
    """Standard normal numbers of stations, day after day.

    A part lasts from day to day as residuals do, the rest is new every day; each has
    the same correlation between stations.

    Attributes:
        factor: Root of the correlation of the stations that are drawn, (m, m).
        drawn: Which of all stations they are, boolean, (n,).
        covariance: Covariance of residuals in time.
        number: Number of draws.
        seed: The numbers follow from it, draw by draw.
    """

    factor: Floats
    drawn: NDArray[np.bool_]
    covariance: ResidualCovariance
    number: int
    seed: int

    @classmethod
    def of(
        cls,
        z: Floats,
        lat: Floats,
        lon: Floats,
        drawn: NDArray[np.bool_],
        covariance: ResidualCovariance,
        number: int,
        seed: int,
    ) -> "SpatialNoise":
        """Noise as alike as residuals of stations that were left out together.

        Args:
            z: These residuals, NaN = none, (k, n).
            lat: Latitudes of all stations in degrees, (n,).
            lon: Longitudes in degrees, (n,).
            drawn: Stations that are drawn, (n,).
            covariance: Covariance of residuals in time.
            number: Number of draws.
            seed: Their seed.

        Raises:
            ConfigError: If too many stations are drawn.
        """
        correlation = SpatialCorrelation.fit(z, lat, lon)
        factor = correlation.factor(lat[drawn], lon[drawn])
        return cls(factor, drawn, covariance, number, seed)

    def days(self, day: Floats) -> Iterator[Floats]:
        """Numbers (draw, n) of one day after the other; zero where none is drawn.

        Args:
            day: Days since any origin, (nt,).
        """
        rngs = [np.random.default_rng((self.seed, k)) for k in range(self.number)]
        moving = self.covariance.lasting + self.covariance.rest
        lasting = self.covariance.lasting / moving if moving else 0.0
        slow = self._new(rngs)
        for row in range(len(day)):
            if row:
                kept = np.exp(-(day[row] - day[row - 1]) / self.covariance.days)
                slow = kept * slow + np.sqrt(1 - kept**2) * self._new(rngs)
            out = np.zeros((self.number, len(self.drawn)))
            fresh = self._new(rngs)
            out[:, self.drawn] = np.sqrt(lasting) * slow + np.sqrt(1 - lasting) * fresh
            yield out

    def _new(self, rngs: list[np.random.Generator]) -> Floats:
        white = np.stack([rng.standard_normal(len(self.factor)) for rng in rngs])
        return white @ self.factor.T
