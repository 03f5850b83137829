"""Days made from real ones, so that an archive of few days gives many tasks.

A model soon overfits a network with eighteen days. A linear combination of two of its
days is a third day: its valleys are cold if they are cold on both, and its weather is
new. So is a day with larger anomalies, another lapse rate, or another gradient across
the network.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apnp.geometry.sphere import EARTH_RADIUS_KM
from apnp.pretraining.networks import log_uniform

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Alterations:
    """The law of altered days.

    A day is its trend, which is linear in height and place, and its anomalies. The
    trend of an altered day is a weighted mean of the trends of two days of the same
    season, its anomalies are the sum of theirs, weighted by the roots of these weights
    so that independent weather keeps its variance; then they are multiplied by a
    factor, and a random trend is added.

    Attributes:
        share: Probability that a day is altered.
        mixed: Probability that an altered day is made from two.
        season_days: Largest difference of the time of year of the two, in days.
        factor: Least and largest factor of the anomalies, drawn log-uniformly.
        lapse: Standard deviation of the added lapse rate, K/km.
        gradient: Standard deviation of the added gradient, K per 1,000 km.
    """

    share: float = 0.0
    mixed: float = 0.7
    season_days: int = 30
    factor: tuple[float, float] = (0.6, 1.6)
    lapse: float = 0.7
    gradient: float = 1.5

    def values(
        self,
        rng: np.random.Generator,
        days: tuple[Floats, Floats | None],
        unit: Floats,
        elevation: Floats,
    ) -> Floats:
        """Values of an altered day at the stations, degC, (n,).

        Args:
            rng: Draws the alteration.
            days: Values of the day, (n,), and those of the day that it is mixed with,
                NaN at stations without any, or None. There the altered day is NaN.
            unit: Unit vectors of the stations, (n, 3).
            elevation: Their heights in metres, (n,).
        """
        km = elevation / 1000
        angle = rng.uniform(0, np.pi / 2) if days[1] is not None else 0.0
        value = np.zeros(len(km))
        factor = log_uniform(rng, *self.factor)
        for day, weight in zip(days, (np.cos(angle), np.sin(angle)), strict=True):
            if day is not None:
                trend = _trend(day, unit, km)
                value += weight**2 * trend + factor * weight * (day - trend)
        direction = rng.normal(0, self.gradient, 3) * EARTH_RADIUS_KM / 1000
        return (
            value - rng.normal(0, self.lapse) * km + (unit - unit.mean(0)) @ direction
        )


def _trend(value: Floats, unit: Floats, km: Floats) -> Floats:
    """What a day's finite values say of the mean, linear in height and place, (n,)."""
    columns = np.column_stack([np.ones(len(km)), km, unit - unit.mean(0)])
    known = np.isfinite(value)
    return columns @ np.linalg.lstsq(columns[known], value[known])[0]
