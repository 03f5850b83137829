"""The law of simulated station networks: density, clusters, preferred heights."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apnp.geometry.sphere import EARTH_RADIUS_KM, km_to_chord
from apnp.pretraining.candidates import Candidates
from apnp.pretraining.random_fields import matern_field

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NetworkLaw:
    """Which of the candidate places have a station.

    A network lies in a disc about a random place; with probability `global_share` the
    disc is the whole Earth. Its number of stations is log-uniform. Places are taken
    with a weight exp(b f + v), where f is a random field of unit variance, b is
    uniform in [0, `clustering`], and v prefers, or avoids, valleys and low ground. With
    probability `towns_share` stations gather around a few towns as well.

    Attributes:
        stations: Least and largest number of stations, drawn log-uniformly.
        radius_km: Least and largest radius of the disc, drawn log-uniformly.
        global_share: Probability of a network on the whole Earth.
        clustering: Largest strength of the uneven density.
        cluster_km: Least and largest lengthscale of the density, drawn log-uniformly.
        towns_share: Probability of towns.
    """

    stations: tuple[int, int] = (20, 10_000)
    radius_km: tuple[float, float] = (200.0, 6000.0)
    global_share: float = 0.15
    clustering: float = 2.5
    cluster_km: tuple[float, float] = (150.0, 2500.0)
    towns_share: float = 0.3

    def draw(
        self, rng: np.random.Generator, places: Candidates, unit: Floats
    ) -> NDArray[np.intp]:
        """Numbers of the places that have a station, at least the 20 nearest.

        Args:
            rng: Draws the network.
            places: The candidates.
            unit: Their unit vectors, (n, 3).
        """
        inside = self._disc(rng, unit)
        number = round(log_uniform(rng, *self.stations))
        if number >= len(inside):
            return inside
        x = unit[inside]
        km = log_uniform(rng, *self.cluster_km)
        scales = np.full(3, km / EARTH_RADIUS_KM)
        density = matern_field(rng, scales, smoothness=1.5)(x)
        weight = rng.uniform(0, self.clustering) * density
        there = places.take(inside)
        valley = (there.near_m - there.elevation) / (50 + there.near_spread_m)
        weight += rng.normal(0.3, 0.5) * np.clip(valley, -2, 2)
        weight -= rng.exponential(0.5) * np.maximum(there.elevation, 0) / 1000
        if rng.random() < self.towns_share:
            weight += self._towns(rng, x)
        # The largest perturbed log weights are a draw without replacement.
        perturbed = weight + rng.gumbel(size=len(x))
        return inside[np.argpartition(-perturbed, number)[:number]]

    def _disc(self, rng: np.random.Generator, unit: Floats) -> NDArray[np.intp]:
        if rng.random() < self.global_share:
            return np.arange(len(unit))
        centre = unit[rng.integers(len(unit))]
        squared = np.square(unit - centre).sum(-1)
        radius = km_to_chord(log_uniform(rng, *self.radius_km))
        inside = np.flatnonzero(squared <= radius**2)
        if len(inside) >= self.stations[0]:
            return inside
        return np.argpartition(squared, self.stations[0])[: self.stations[0]]

    @staticmethod
    def _towns(rng: np.random.Generator, x: Floats) -> Floats:
        """Log weight that falls off with the distance to the nearest town."""
        towns = x[rng.integers(len(x), size=rng.integers(2, 12))]
        squared = np.square(x[:, None] - towns).sum(-1).min(1)
        reach = km_to_chord(log_uniform(rng, 30.0, 400.0))
        return rng.uniform(1, 4) * np.exp(-0.5 * squared / reach**2)


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number in [low, high] whose logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
