"""Places on the real relief where a simulated network may have a station."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from apnp.geometry.coastline import coast_distance_km
from apnp.geometry.sphere import lat_lon, unit_vectors
from apnp.inputs.gridded_covariates import FieldSource

Floats = NDArray[np.float64]

NEAR_KM, WIDE_KM = 40.0, 150.0
"""Gaussian windows within which the surroundings of a place are described."""
_ISLAND_SHARE = 0.03
"""Share of the places that lie on cells with little land."""
_DAY = np.datetime64("2000-01-01")


@dataclass(frozen=True, eq=False)
class Candidates:
    """Places and their surroundings; every array has the shape (n,).

    Attributes:
        lat: Latitudes in degrees north.
        lon: Longitudes in degrees east.
        elevation: Heights in metres.
        near_m: Mean height of the relief within `NEAR_KM`.
        near_spread_m: Its standard deviation there.
        wide_m: Mean height of the relief within `WIDE_KM`.
        wide_spread_m: Its standard deviation there.
        coast_km: Distance to the coast, negative at sea.
    """

    lat: Floats
    lon: Floats
    elevation: Floats
    near_m: Floats
    near_spread_m: Floats
    wide_m: Floats
    wide_spread_m: Floats
    coast_km: Floats

    def __len__(self) -> int:
        return len(self.lat)

    @property
    def unit(self) -> Floats:
        """Unit vectors of the places, (n, 3)."""
        return unit_vectors(self.lat, self.lon)

    def take(self, index: NDArray[np.intp]) -> "Candidates":
        """The places with these numbers."""
        return Candidates(*(getattr(self, f.name)[index] for f in fields(self)))

    @classmethod
    def draw(
        cls, relief: FieldSource, land: FieldSource, n: int, seed: int
    ) -> "Candidates":
        """`n` places, uniform over land, a few of them on small islands.

        A station stands above or below the mean of its relief cell, more often below:
        its elevation differs from the relief by a normal error with mean -0.15 and
        standard deviation 0.5 of the relief's spread within `NEAR_KM`, and by one
        with standard deviation 15 m.

        Args:
            relief: Height of the ground in metres.
            land: Land fraction in [0, 1].
            n: Number of places.
            seed: Draws the places.
        """
        rng = np.random.default_rng([seed, 1])
        lat, lon = lat_lon(rng.standard_normal((6 * n, 3)))
        fraction = land.grid.at(land.values(_DAY), lat, lon)
        mainland = np.flatnonzero(fraction > 0.5)
        islands = np.flatnonzero((fraction > 0.02) & (fraction <= 0.5))
        n_islands = round(_ISLAND_SHARE * n)
        kept = rng.permutation(
            np.concatenate([mainland[: n - n_islands], islands[:n_islands]])
        )
        lat, lon = lat[kept], lon[kept]
        ground = relief.grid.at(relief.values(_DAY), lat, lon)
        means = [
            relief.grid.at(relief.values(_DAY, km), lat, lon)
            for km in (NEAR_KM, WIDE_KM)
        ]
        spreads = [
            relief.grid.at(relief.spread(_DAY, km), lat, lon)
            for km in (NEAR_KM, WIDE_KM)
        ]
        rough = spreads[0] * (0.5 * rng.standard_normal(len(lat)) - 0.15)
        rough += 15 * rng.standard_normal(len(lat))
        elevation = np.maximum(ground + rough, 1.0)
        coast = coast_distance_km(lat, lon)
        return cls(
            lat, lon, elevation, means[0], spreads[0], means[1], spreads[1], coast
        )
