"""What a station's own past and future say of a value that is missing.

The residuals of a station, in predicted standard deviations, z = (value - mean) / std,
are taken to be a Gaussian series with the covariance

    C(d) = usual + lasting exp(-d / days) + rest [d = 0]

of values d days apart: what the station always lies off, what it lies off for some
days or weeks, and noise. It is fitted to the residuals of all stations together; a
missing residual is then predicted from those around it (simple kriging in time).
"""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import nnls

from apnp.observations import Floats

MOST_DAYS = 30
"""Residuals before a gap, and after it, that are read."""
_LAGS = (1, 2, 3, 4, 5, 7, 10, 14, 20, 30, 45, 60)
_SCALES = (1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 35.0)
_CLIPPED = 5.0
"""Standard deviations beyond which a residual counts no more."""
_LEAST_PAIRS = 50
"""Pairs of residuals at a lag from which it counts."""


@dataclass(frozen=True)
class ResidualCovariance:
    """Covariance in time of a station's standardised residuals.

    Attributes:
        usual: Variance of what a station always lies off.
        lasting: Variance of what it lies off for some days.
        days: How many days.
        rest: Variance of the noise.
    """

    usual: float
    lasting: float
    days: float
    rest: float

    @property
    def total(self) -> float:
        """Variance of a residual of which nothing is known."""
        return self.usual + self.lasting + self.rest

    @classmethod
    def fit(cls, z: Floats, day: Floats) -> "ResidualCovariance":
        """The covariance that fits the products of residuals of one station best.

        Args:
            z: Standardised residuals, NaN where there is none, (nt, n).
            day: Days of the rows since any origin, increasing, (nt,).
        """
        z = np.clip(z, -_CLIPPED, _CLIPPED)
        variance = float(np.nanmean(z**2)) if np.isfinite(z).any() else 1.0
        lags, products = _products(z, day)
        if not len(lags):
            return cls(0.0, 0.0, 1.0, variance)
        best, least = cls(0.0, 0.0, 1.0, variance), np.inf
        for days in _SCALES:
            columns = np.stack([np.ones_like(lags), np.exp(-lags / days)], axis=1)
            (usual, lasting), error = nnls(columns, products)
            share = min(0.95 * variance / max(usual + lasting, 1e-12), 1.0)
            if error < least:
                least = error
                usual, lasting = float(usual * share), float(lasting * share)
                best = cls(usual, lasting, days, variance - usual - lasting)
        return best

    def between(self, one: Floats, two: Floats) -> Floats:
        """Covariances of residuals of two sets of days, without noise, (n1, n2)."""
        apart = np.abs(one[:, None] - two[None, :])
        return self.usual + self.lasting * np.exp(-apart / self.days)

    def predict(self, z: Floats, day: Floats, asked: Floats) -> tuple[Floats, Floats]:
        """Mean and variance of residuals at days asked for, noise included, each (n,).

        Args:
            z: Known residuals of the station, (m,).
            day: Their days, (m,).
            asked: Days whose residuals are not known, (n,).
        """
        if not len(z) or self.usual + self.lasting == 0:
            return np.zeros(len(asked)), np.full(len(asked), self.total)
        among = self.between(day, day)
        among[np.diag_indices_from(among)] += self.rest
        across = self.between(day, asked)
        factor = cho_factor(among, lower=True)
        weight = cho_solve(factor, across)
        mean = weight.T @ np.clip(z, -_CLIPPED, _CLIPPED)
        variance = self.total - (weight * across).sum(0)
        return mean, np.maximum(variance, self.rest)

    def told(self) -> str:
        """In words."""
        parts = {k: round(v, 3) for k, v in asdict(self).items()}
        return (
            "residuals of stations in predicted variances: usual {usual}, lasting "
            "{lasting} for {days} days, noise {rest}"
        ).format(**parts)


def _products(z: Floats, day: Floats) -> tuple[Floats, Floats]:
    """Lags in days, and the mean products of residuals so far apart, each (k,)."""
    lags, found = [], []
    for lag in _LAGS:
        later = np.searchsorted(day, day + lag)
        rows = np.flatnonzero(later < len(day))
        rows = rows[day[later[rows]] == day[rows] + lag]
        pairs = z[rows] * z[later[rows]]
        if np.isfinite(pairs).sum() >= _LEAST_PAIRS:
            lags.append(float(lag))
            found.append(float(np.nanmean(pairs)))
    return np.array(lags), np.array(found)


def with_history(
    covariance: ResidualCovariance, z: Floats, day: Floats, missing: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Means and variances of the missing residuals of one station, each (nt,).

    Each run of missing days is predicted from the residuals nearest to it on either
    side.

    Args:
        covariance: The covariance.
        z: Residuals, NaN where there is none, (nt,).
        day: Days of the rows, (nt,).
        missing: Where to predict, boolean, (nt,).

    Returns:
        NaN where nothing is missing.
    """
    mean, variance = np.full((2, len(z)), np.nan)
    known, gaps = np.flatnonzero(np.isfinite(z)), np.flatnonzero(missing)
    before = np.searchsorted(known, gaps)
    for place in np.unique(before):
        rows = gaps[before == place]
        near = known[max(place - MOST_DAYS, 0) : place + MOST_DAYS]
        mean[rows], variance[rows] = covariance.predict(z[near], day[near], day[rows])
    return mean, variance
