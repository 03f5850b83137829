"""How stations of one day are divided into context and target stations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apnp.errors import ConfigError
from apnp.geometry.sphere import km_to_chord
from apnp.pretraining.networks import log_uniform
from apnp.training.gaps import stations_in_gaps

Indices = NDArray[np.intp]

_FEWEST_TARGETS = 8
"""Gaps with fewer stations are given up."""


@dataclass(frozen=True)
class SamplingLaw:
    """The law of a task's region, context and targets, given a day's stations.

    Attributes:
        context: Least and largest number of context stations; the number is drawn
            log-uniformly.
        targets: Largest number of target stations.
        region_share: Probability that a task takes the stations of a disc alone, so
            that small dense countries and sparse continents both occur.
        region_km: Least and largest radius of the disc, drawn log-uniformly.
        gap_share: Probability that the targets are the stations of discs without
            context, instead of stations among the context stations.
        gap_km: Least and largest radius of such a disc, drawn log-uniformly.
        edge_share: Probability that the targets are the outermost stations in a random
            direction, beyond all context.
        edge: Least and largest share of the stations that are outermost.
        least: Least number of stations of a day with tasks.
        region_least: Smallest number of stations of a disc, if there are enough.
    """

    context: tuple[int, int] = (8, 1600)
    targets: int = 256
    region_share: float = 0.65
    region_km: tuple[float, float] = (250.0, 5000.0)
    gap_share: float = 0.35
    gap_km: tuple[float, float] = (50.0, 350.0)
    edge_share: float = 0.0
    edge: tuple[float, float] = (0.1, 0.4)
    least: int = 12
    region_least: int = 40

    def __post_init__(self) -> None:
        if not 1 <= self.context[0] <= self.context[1]:
            raise ConfigError(
                "`context` is the least and the largest number of context stations, "
                f"1 <= least <= largest. Got {self.context[0]} and {self.context[1]}."
            )
        if self.least <= self.context[0]:
            raise ConfigError(
                "`least` must exceed the least number of context stations "
                f"{self.context[0]}, so that a target is left. Got {self.least}."
            )

    def divide(
        self, rng: np.random.Generator, x: NDArray[np.float32], size: float
    ) -> tuple[Indices, Indices]:
        """Numbers of the context and of the target stations.

        Args:
            rng: Draws the division.
            x: Unit vectors of the stations, shape (n, 3), n at least `least`.
            size: A number in [0, 1], uniform, which sets the number of context
                stations: tasks of one batch share it, so that they are padded little.
        """
        inside = np.arange(len(x))
        if rng.random() < self.region_share:
            inside = self._region(rng, x)
        order = rng.permutation(inside)
        apart = self._apart(rng, x[order])
        if np.count_nonzero(apart) >= _FEWEST_TARGETS:
            n = self._context_size(size, int(np.count_nonzero(~apart)))
            return order[~apart][:n], order[apart][: self.targets]
        n_targets = max(1, min(self.targets // 2, len(order) // 3))
        n = self._context_size(size, len(order) - n_targets)
        return order[:n], order[n:][: self.targets]

    def _context_size(self, size: float, available: int) -> int:
        least, largest = self.context
        return min(round(least * (largest / least) ** size), available)

    def _region(self, rng: np.random.Generator, x: NDArray[np.float32]) -> Indices:
        """Stations of a disc about one of them, or the `region_least` nearest."""
        distance = _chords(x, x[rng.integers(len(x))])
        radius = km_to_chord(log_uniform(rng, *self.region_km))
        inside = np.flatnonzero(distance <= radius)
        least = min(self.region_least, len(x))
        if len(inside) >= least:
            return inside
        return np.argpartition(distance, least - 1)[:least]

    def _apart(
        self, rng: np.random.Generator, x: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """True at stations of places without context, false at all if there is none."""
        kind = rng.random()
        if kind < self.gap_share:
            return stations_in_gaps(rng, x, self.gap_km)
        if kind < self.gap_share + self.edge_share:
            along = x @ rng.standard_normal(3)
            return along > np.quantile(along, 1 - rng.uniform(*self.edge))
        return np.zeros(len(x), dtype=bool)


def _chords(x: NDArray[np.float32], centre: NDArray[np.float32]) -> NDArray:
    return np.sqrt(np.square(x - centre).sum(-1))
