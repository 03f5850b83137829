"""What a geostatistician would use instead: predictors that need no training."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from apnp.data.simulate import SimulatedClimate
from apnp.errors import ConfigError
from apnp.evaluation.anomaly_kriging import AnomalyKriging
from apnp.evaluation.kriging import (
    MINIMUM_STD,
    GaussianConditioned,
    GaussianLaw,
    KnownLawKriging,
    Kriging,
    elevation_and_latitude,
    spread,
)
from apnp.evaluation.random_forest import RandomForest
from apnp.geometry.sphere import EARTH_RADIUS_KM, unit_vectors
from apnp.observations import Archive, Conditioned, Observations, Predictor, Sites

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Climatology:
    """Mean and standard deviation of the context's values, everywhere alike."""

    name: str = "climatology"

    def condition(self, context: Observations) -> Conditioned:
        """The spread of the context; refuses an empty one with a DataError."""
        return spread(context)


@dataclass(frozen=True)
class InverseDistance:
    """Mean of the nearest stations, weighted by distance to a negative power.

    Shepard (1968). The standard deviation is one number a context: the root mean
    square error at each context station predicted from the others.

    Attributes:
        power: Power of the chordal distance.
        neighbours: Number of nearest stations that count.
    """

    name: str = "inverse distance"
    power: float = 2.0
    neighbours: int = 12

    def condition(self, context: Observations) -> Conditioned:
        """Index the stations and leave each out; refuses an empty context."""
        if len(context) < 3:
            return spread(context)
        unit = unit_vectors(context.sites.lat, context.sites.lon)
        tree = cKDTree(unit)
        k = min(self.neighbours, len(context) - 1)
        distance, index = tree.query(unit, k + 1)
        # The station itself need not come first: another may share its place.
        self_last = index == np.arange(len(context))[:, None]
        self_last[~self_last.any(1), -1] = True
        order = np.argsort(self_last, axis=1, kind="stable")[:, :k]
        distance = np.take_along_axis(distance, order, 1)
        index = np.take_along_axis(index, order, 1)
        left_out = _weighted(distance, context.value[index], self.power)
        error = np.sqrt(np.mean((left_out - context.value) ** 2))
        return _InverseDistance(self, tree, context.value, max(error, MINIMUM_STD))


@dataclass(frozen=True)
class _InverseDistance(GaussianConditioned):
    """Inverse distance weighting that has read its context."""

    rule: InverseDistance
    tree: cKDTree
    value: Floats
    std: float

    def predict(self, sites: Sites) -> tuple[Floats, Floats]:
        """Mean and standard deviation at sites, each (n,)."""
        k = min(self.rule.neighbours, len(self.value))
        distance, index = self.tree.query(unit_vectors(sites.lat, sites.lon), k)
        mean = _weighted(distance, self.value[index], self.rule.power)
        return mean, np.full(len(sites), self.std)


def _weighted(chord: Floats, value: Floats, power: float) -> Floats:
    """Means along the last axis with weights distance^-power, of 1 m at least."""
    weight = np.maximum(chord * EARTH_RADIUS_KM, 1e-3) ** -power
    return (weight * value).sum(-1) / weight.sum(-1)


def climate_of(ds: xr.Dataset) -> SimulatedClimate | None:
    """The simulated climate that a station dataset was observed from, if any."""
    pattern = r"SimulatedClimate\(seed=(\d+), noise_std=([\d.]+)\)"
    found = re.search(pattern, str(ds.attrs.get("source", "")))
    return SimulatedClimate(int(found[1]), float(found[2])) if found else None


def true_law_kriging(climate: SimulatedClimate) -> KnownLawKriging:
    """Kriging with the drift, covariance and noise of the simulated climate itself."""

    def covariance(a: Sites, b: Sites) -> Floats:
        return climate.covariance(a.lat, a.lon, b.lat, b.lon)

    def variance(sites: Sites) -> Floats:
        return climate.variance(sites.lat, sites.lon)

    def mean(sites: Sites) -> Floats:
        return climate.drift(sites.lat, sites.lon, sites.elevation, sites.time)

    law = GaussianLaw(covariance, variance, climate.noise_std**2, mean=mean)
    return KnownLawKriging(law)


BASELINES: dict[str, Callable[[], Predictor]] = {
    "climatology": Climatology,
    "inverse_distance": InverseDistance,
    "ordinary_kriging": lambda: Kriging("ordinary kriging"),
    "regression_kriging": lambda: Kriging("regression kriging", elevation_and_latitude),
}
"""Every baseline of the context alone, by the name that the command line gives it."""

ARCHIVE_BASELINES: dict[str, Callable[[Archive, int], Predictor]] = {
    "anomaly_kriging": lambda archive, n_context: AnomalyKriging(archive),
    "random_forest": lambda archive, n_context: RandomForest(archive, n_context),
}
"""Baselines that also read other days: by an archive, and the size of the contexts."""


def informed_kriging(covariates: Callable[[Sites], Floats]) -> Kriging:
    """Regression kriging that is also told these covariates, sites -> (n, p)."""

    def together(sites: Sites) -> Floats:
        return np.hstack([elevation_and_latitude(sites), covariates(sites)])

    return Kriging("kriging, model's covariates", together)


def baseline(name: str) -> Predictor:
    """The baseline called `name`.

    Raises:
        ConfigError: If no baseline has that name.
    """
    if name not in BASELINES:
        raise ConfigError(
            f"Unknown baseline {name!r}; known are "
            f"{', '.join([*BASELINES, *ARCHIVE_BASELINES])}."
        )
    return BASELINES[name]()
