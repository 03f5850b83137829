"""Elevations as real networks report them: missing ones and wrong ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apnp.pretraining.networks import log_uniform

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ElevationErrors:
    """How often a task's stations report another elevation than their own.

    Attributes:
        missing: Probability that some stations report none: they get that of the
            relief at their place.
        wrong: Probability that the elevations of some stations have normal errors.
        error_m: Least and largest standard deviation of these errors in metres.
    """

    missing: float = 0.08
    wrong: float = 0.08
    error_m: tuple[float, float] = (5.0, 100.0)

    def raised_m(
        self, rng: np.random.Generator, elevation: Floats, ground: Floats
    ) -> Floats:
        """Metres by which reported elevations exceed the true ones, (n,).

        Args:
            rng: Draws the errors.
            elevation: True heights in metres, (n,).
            ground: Heights of the relief at the places, (n,).
        """
        kind = rng.random()
        some = rng.random(len(elevation)) < log_uniform(rng, 0.03, 1.0)
        if kind < self.missing:
            return np.where(some, ground - elevation, 0.0)
        if kind < self.missing + self.wrong:
            std = log_uniform(rng, *self.error_m)
            return np.where(some, std * rng.standard_normal(len(elevation)), 0.0)
        return np.zeros(len(elevation))
