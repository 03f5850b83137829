"""Power laws of loss against compute whose floor is known, and where two cross."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apnp.errors import DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PowerLaw:
    """The loss above its floor is `factor * compute^-exponent`.

    Attributes:
        factor: At a compute of one.
        exponent: How fast it falls.
    """

    factor: float
    exponent: float

    @classmethod
    def fit(cls, compute: Floats, gap: Floats) -> "PowerLaw":
        """By least squares of the logarithms; there is no free floor.

        Args:
            compute: Compute of each point, above zero.
            gap: Loss above the known floor; points at or below it are left out.

        Raises:
            DataError: If fewer than two points of different compute lie above it.
        """
        above = gap > 0
        if len(np.unique(compute[above])) < 2:
            raise DataError(
                "A power law needs two points of different compute above the floor. "
                f"Got {int(above.sum())} above it."
            )
        slope, start = np.polyfit(np.log(compute[above]), np.log(gap[above]), 1)
        return cls(math.exp(start), -float(slope))

    def at(self, compute: Floats) -> Floats:
        """Loss above the floor."""
        return self.factor * compute**-self.exponent


def frontier(compute: Floats, gap: Floats) -> NDArray[np.intp]:
    """Points that no cheaper point beats, by rising compute."""
    best, kept = math.inf, []
    for i in np.argsort(compute, kind="stable"):
        if gap[i] < best:
            best = gap[i]
            kept.append(i)
    return np.array(kept, dtype=np.intp)


def resampled(
    compute: Sequence[float],
    gaps: Sequence[Floats],
    draws: int = 200,
    seed: int = 0,
) -> tuple[PowerLaw | None, float]:
    """A power law of the frontier, and the bootstrap error of its exponent.

    Args:
        compute: Compute of each point.
        gaps: For each point the loss above the floor of every test task, the seeds
            averaged; the same tasks for all points, shape (tasks,).
        draws: Bootstrap samples of the tasks.
        seed: Draws them.

    Returns:
        The law, None where too few points lie above the floor; the standard deviation
        of the exponent over samples, NaN where fewer than half of them have one.
    """
    cost, table = np.asarray(compute, dtype=np.float64), np.stack(gaps)
    law = _fitted(cost, table.mean(1))
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        tasks = rng.integers(table.shape[1], size=table.shape[1])
        one = _fitted(cost, table[:, tasks].mean(1))
        if one is not None:
            found.append(one.exponent)
    error = float(np.std(found)) if len(found) >= max(2, draws / 2) else math.nan
    return law, error


def _fitted(compute: Floats, gap: Floats) -> PowerLaw | None:
    kept = frontier(compute, gap)
    try:
        return PowerLaw.fit(compute[kept], gap[kept])
    except DataError:
        return None


def crossing(
    one: PowerLaw,
    other: PowerLaw,
    floors: tuple[float, float],
    span: tuple[float, float],
) -> float:
    """The least compute in a span where two losses are equal; NaN if there is none.

    Args:
        one: Law of the first loss above its floor.
        other: Law of the second.
        floors: Floors of both.
        span: Least and largest compute that is looked at.
    """
    compute = np.geomspace(*span, 4001)
    apart = one.at(compute) + floors[0] - other.at(compute) - floors[1]
    change = np.flatnonzero(np.diff(np.sign(apart)) != 0)
    return float(compute[change[0]]) if change.size else math.nan
