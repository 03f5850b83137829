"""Two predictions of a missing value as one: the model's, and the neighbours' lines.

The model sees one day and all that is known of places; lines fitted to pairs of
stations hold what a station's own record shows. Their errors are partly the same, so
they are weighted by the covariance of their errors (Bates and Granger 1969), which is
found by hiding spells of observed days.
"""

from dataclasses import dataclass

import numpy as np

from apnp.network.history import ResidualCovariance, with_history
from apnp.network.neighbour_regression import NeighbourRegression
from apnp.observations import Floats

SPELL = 10
"""Days that are hidden together."""
_EVERY = 60
"""Days from one hidden spell of a station to the next."""
_LEAST = 100
"""Hidden values from which predictions are combined."""
_MOST_CORRELATED = 0.98
_CLIPPED = 5.0
"""Standard deviations beyond which an error counts no more."""


@dataclass(frozen=True)
class Combination:
    """Covariance of the errors of two predictions, in their standard deviations.

    Attributes:
        first: Variance of the first one's errors.
        second: Variance of the second one's errors.
        correlation: Their correlation.
        values: Hidden values that say so; with none the first prediction stands alone.
    """

    first: float = 1.0
    second: float = 1.0
    correlation: float = 0.0
    values: int = 0

    @classmethod
    def fit(cls, first: Floats, second: Floats) -> "Combination":
        """From errors in predicted standard deviations, each (n,), NaN = unknown."""
        known = np.isfinite(first) & np.isfinite(second)
        if known.sum() < _LEAST:
            return cls()
        one, two = (
            np.clip(each[known], -_CLIPPED, _CLIPPED) for each in (first, second)
        )
        a, b = float(np.mean(one**2)), float(np.mean(two**2))
        shared = float(np.mean(one * two)) / np.sqrt(a * b)
        bound = _MOST_CORRELATED
        return cls(a, b, float(np.clip(shared, -bound, bound)), int(known.sum()))

    def of(
        self, mean: Floats, std: Floats, other: Floats, other_std: Floats
    ) -> tuple[Floats, Floats]:
        """Mean and standard deviation of both together; of the first without other.

        Args:
            mean: Means of the first prediction, of any shape.
            std: Its standard deviations.
            other: Means of the second, NaN where there is none.
            other_std: Its standard deviations.
        """
        if not self.values:
            return mean, std
        v1, v2 = self.first * std**2, self.second * other_std**2
        shared = self.correlation * np.sqrt(v1 * v2)
        spread = np.maximum(v1 + v2 - 2 * shared, 1e-12)
        weight = np.clip((v2 - shared) / spread, 0.0, 1.0)
        both = weight * mean + (1 - weight) * other
        variance = weight**2 * v1 + (1 - weight) ** 2 * v2
        variance = variance + 2 * weight * (1 - weight) * shared
        known = np.isfinite(both)
        return np.where(known, both, mean), np.where(known, np.sqrt(variance), std)

    def told(self) -> str:
        """In words."""
        if not self.values:
            return "neighbours' lines not used: too few days to hide some"
        return (
            f"combined with neighbours' lines by {self.values:,} hidden values: error "
            f"variances {self.first:.2f} and {self.second:.2f} of those predicted, "
            f"correlation {self.correlation:.2f}"
        )


def hidden_errors(
    covariance: ResidualCovariance,
    day: Floats,
    own: tuple[Floats, Floats, Floats],
    others: Floats,
    start: int,
) -> tuple[Floats, Floats]:
    """Errors of both predictions at hidden spells of one station, each (nt,).

    Args:
        covariance: Covariance of residuals in time.
        day: Days of the rows, (nt,).
        own: Values, predicted means and standard deviations of the station, each (nt,).
        others: Values of its neighbours, nearest first, (nt, k).
        start: Row at which the first spell begins.

    Returns:
        In predicted standard deviations, NaN where nothing was hidden.
    """
    value, mean, std = own
    hidden = (np.arange(len(value)) - start) % _EVERY < SPELL
    hidden &= np.isfinite(value)
    left = np.where(hidden, np.nan, value)
    shift, variance = with_history(covariance, (left - mean) / std, day, hidden)
    first = (value - mean - shift * std) / (std * np.sqrt(variance))
    line, error = NeighbourRegression().one(left, others)
    second = (value - line) / error
    return np.where(hidden, first, np.nan), np.where(hidden, second, np.nan)
