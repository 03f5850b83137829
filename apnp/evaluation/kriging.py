"""Kriging: the best linear prediction from a covariance, a drift and a noise.

The values are modelled as y(s) = m(s) + f(s) beta + z(s) + e, where m is a known mean,
f are the columns of the drift with unknown coefficients beta, z is a Gaussian field and
e is independent noise (the nugget). Predictions are of what a station would report, so
their variance includes the noise, and the uncertainty of beta (universal kriging;
Cressie 1993, sections 3.4 and 3.5).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.spatial.distance import cdist

from apnp.errors import DataError
from apnp.evaluation.maximum_likelihood import fit_exponential
from apnp.geometry.sphere import EARTH_RADIUS_KM, unit_vectors
from apnp.observations import Conditioned, Observations, Sites
from apnp.scores import GaussianMarginals

Floats = NDArray[np.float64]

MINIMUM_STD = 0.05
"""Smallest standard deviation that a baseline gives (files are rounded to 0.1)."""
UNKNOWN_STD = 10.0
"""Standard deviation (K) about a single observation, which shows no spread."""
_CHUNK = 4096


def chordal_km(a: Sites, b: Sites) -> Floats:
    """Straight-line distances through the Earth in km, shape (len(a), len(b))."""
    ua, ub = unit_vectors(a.lat, a.lon), unit_vectors(b.lat, b.lon)
    return EARTH_RADIUS_KM * cdist(ua, ub)


@dataclass(frozen=True)
class Exponential:
    """The covariance sill * exp(-d / range) of the chordal distance d.

    The chord makes it a covariance on the sphere, which the great-circle distance
    would not for every function of the plane (Gneiting 2013).

    Attributes:
        sill: Variance of the field.
        range_km: Distance at which the correlation is 1 / e.
    """

    sill: float
    range_km: float

    def __call__(self, a: Sites, b: Sites) -> Floats:
        """Covariances between two sets of sites, shape (len(a), len(b))."""
        return self.sill * np.exp(-chordal_km(a, b) / self.range_km)

    def variance(self, sites: Sites) -> Floats:
        """Variance at sites, shape (len(sites),)."""
        return np.full(len(sites), self.sill)


def no_drift(sites: Sites) -> Floats:
    """A drift without columns: the mean is known."""
    return np.empty((len(sites), 0))


def zero_mean(sites: Sites) -> Floats:
    """A known mean of zero."""
    return np.zeros(len(sites))


@dataclass(frozen=True)
class GaussianLaw:
    """Everything that kriging takes as known.

    Attributes:
        covariance: (sites a, sites b) -> covariances of the field (len(a), len(b)).
        variance: sites -> variances of the field (n,).
        noise_variance: Variance of the noise.
        drift: sites -> columns with unknown coefficients (n, p).
        mean: sites -> known part of the mean (n,).
    """

    covariance: Callable[[Sites, Sites], Floats]
    variance: Callable[[Sites], Floats]
    noise_variance: float
    drift: Callable[[Sites], Floats] = no_drift
    mean: Callable[[Sites], Floats] = zero_mean

    def condition(self, context: Observations) -> "Kriged":
        """The prediction from a context of n stations; memory grows as n squared."""
        return Kriged(self, context)


class GaussianConditioned(ABC):
    """A predictor that has read its context and answers with Gaussians."""

    @abstractmethod
    def predict(self, sites: Sites) -> tuple[Floats, Floats]:
        """Mean and standard deviation (noise included) at sites, each (n,)."""

    def marginals(self, sites: Sites) -> GaussianMarginals:
        """The Gaussians at sites, which score themselves."""
        return GaussianMarginals(*self.predict(sites))


@dataclass(frozen=True)
class Kriged(GaussianConditioned):
    """A Gaussian law conditioned on a context."""

    law: GaussianLaw
    context: Observations
    _factor: Floats = field(init=False, repr=False)
    _drift: Floats = field(init=False, repr=False)
    _drift_factor: Floats = field(init=False, repr=False)
    _beta: Floats = field(init=False, repr=False)
    _weight: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sites, law = self.context.sites, self.law
        covariance = law.covariance(sites, sites)
        covariance[np.diag_indices_from(covariance)] += law.noise_variance
        factor = cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)
        drift = solve_triangular(factor, law.drift(sites), lower=True)
        residual = self.context.value - law.mean(sites)
        white = solve_triangular(factor, residual, lower=True)
        drift_factor = cast(Floats, np.linalg.qr(drift, mode="r")).T
        beta = cho_solve((drift_factor, True), drift.T @ white)
        weight = solve_triangular(factor, white - drift @ beta, lower=True, trans="T")
        for name, value in (
            ("_factor", factor), ("_drift", drift), ("_drift_factor", drift_factor),
            ("_beta", beta), ("_weight", weight),
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    def predict(self, sites: Sites) -> tuple[Floats, Floats]:
        """Mean and standard deviation (noise included) at sites, each (n,)."""
        mean, std = np.empty(len(sites)), np.empty(len(sites))
        for start in range(0, len(sites), _CHUNK):
            part = np.arange(start, min(start + _CHUNK, len(sites)))
            mean[part], std[part] = self._predict(sites.take(part))
        return mean, std

    def _predict(self, sites: Sites) -> tuple[Floats, Floats]:
        law = self.law
        cross = law.covariance(self.context.sites, sites)
        drift = law.drift(sites)
        mean = law.mean(sites) + drift @ self._beta + self._weight @ cross
        white = solve_triangular(self._factor, cross, lower=True, overwrite_b=True)
        rest = drift.T - self._drift.T @ white
        known = np.square(white).sum(0)
        unknown = np.square(solve_triangular(self._drift_factor, rest, lower=True))
        variance = law.variance(sites) + law.noise_variance - known + unknown.sum(0)
        return mean, np.sqrt(np.maximum(variance, MINIMUM_STD**2))


@dataclass(frozen=True)
class Constant(GaussianConditioned):
    """The same Gaussian everywhere."""

    mean: float
    std: float

    def predict(self, sites: Sites) -> tuple[Floats, Floats]:
        """Mean and standard deviation, each (n,)."""
        return np.full(len(sites), self.mean), np.full(len(sites), self.std)


def spread(context: Observations) -> Constant:
    """Mean and standard deviation of the context's values, for a new station.

    Raises:
        DataError: If the context is empty.
    """
    n = len(context)
    if n == 0:
        raise DataError(
            "A baseline predicts from observed stations, and the context has none. "
            "Give at least one station."
        )
    std = UNKNOWN_STD if n == 1 else context.value.std(ddof=1) * np.sqrt(1 + 1 / n)
    return Constant(float(context.value.mean()), max(float(std), MINIMUM_STD))


def elevation_and_latitude(sites: Sites) -> Floats:
    """What regression kriging takes the mean to depend on, (n, 2)."""
    return np.stack([sites.elevation / 1000, sites.lat / 10], axis=-1)


@dataclass(frozen=True)
class Kriging:
    """Kriging with covariance and drift estimated from the context alone.

    Exponential covariance of the chordal distance with a nugget, fitted by maximum
    likelihood to every context. The mean is a constant plus a linear function of
    covariates; none of them is ordinary kriging. With fewer than 5 stations a
    covariate, or one that the others already give (all stations at one height, say),
    the covariates that cannot be estimated are left out, later ones first; with fewer
    than 5 stations at all the prediction is their mean and spread.

    Attributes:
        name: Name for tables.
        covariates: sites -> what the mean depends on (n, p), of order one.
        max_stations: Refuses larger contexts, whose dense matrices would fill memory.
    """

    name: str
    covariates: Callable[[Sites], Floats] = no_drift
    max_stations: int = 8000

    def condition(self, context: Observations) -> Conditioned:
        """Fit the law to the context and condition on it.

        Raises:
            DataError: If the context is empty or larger than `max_stations`.
        """
        n = len(context)
        if n > self.max_stations:
            raise DataError(
                f"{self.name.capitalize()} solves dense matrices of {n} x {n} numbers "
                f"({8e-9 * n**2:.1f} GB each) and takes at most {self.max_stations} "
                "stations. Take a smaller context, or leave this baseline out."
            )
        if n < 5:
            return spread(context)
        return self.fit(context).condition(context)

    def fit(self, context: Observations) -> GaussianLaw:
        """The law of greatest likelihood for a context of at least 5 stations."""
        columns = self._identified(context.sites)

        def drift(sites: Sites) -> Floats:
            ones = np.ones((len(sites), 1))
            return np.concatenate([ones, self.covariates(sites)[:, columns]], axis=-1)

        sites = context.sites
        sill, range_km, nugget = fit_exponential(
            chordal_km(sites, sites), drift(sites), context.value, MINIMUM_STD
        )
        covariance = Exponential(sill, range_km)
        return GaussianLaw(covariance, covariance.variance, nugget, drift)

    def _identified(self, sites: Sites) -> list[int]:
        """Numbers of the covariates whose coefficients the sites can tell."""
        known = np.ones((len(sites), 1))
        found: list[int] = []
        for k, new in enumerate(self.covariates(sites).T):
            rest = new - known @ np.linalg.lstsq(known, new)[0]
            enough = len(sites) >= 5 * (len(found) + 2)
            if enough and np.linalg.norm(rest) > 1e-6 * np.linalg.norm(new):
                known, found = np.column_stack([known, new]), [*found, k]
        return found


@dataclass(frozen=True)
class KnownLawKriging:
    """Kriging with the law that made the data: no method can do better with it.

    Attributes:
        law: The true law.
        name: Name for tables.
    """

    law: GaussianLaw
    name: str = "kriging, true law"

    def condition(self, context: Observations) -> Conditioned:
        """Condition the true law on the context."""
        return self.law.condition(context)
