"""PyKrige, used as its manual shows."""

from dataclasses import dataclass

import numpy as np
from pykrige.rk import RegressionKriging
from pykrige.uk3d import UniversalKriging3D
from sklearn.linear_model import LinearRegression

from apnp.geometry.sphere import EARTH_RADIUS_KM, unit_vectors
from apnp.observations import Observations, Sites
from subjects.kriging import Kriging, covariates


def xyz(sites: Sites) -> list[np.ndarray]:
    """Cartesian coordinates in km."""
    return list(EARTH_RADIUS_KM * unit_vectors(sites.lat, sites.lon).T)


@dataclass(frozen=True)
class PyKrigeUniversal:
    """`UniversalKriging3D` with specified drifts."""

    name: str = "pykrige, universal"

    def condition(self, context: Observations) -> "PyKrigeUniversalConditioned":
        """Fit variogram and drift."""
        return PyKrigeUniversalConditioned(
            UniversalKriging3D(
                *xyz(context.sites), context.value, variogram_model="exponential",
                nlags=20, weight=True, drift_terms=["specified"],
                specified_drift=list(covariates(context.sites).T), exact_values=False,
            )
        )  # fmt: skip


@dataclass(frozen=True)
class PyKrigeUniversalConditioned:
    """Fitted."""

    kriging: UniversalKriging3D

    def predict(self, sites: Sites) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation."""
        mean, variance = self.kriging.execute(
            "points", *xyz(sites), specified_drift_arrays=list(covariates(sites).T)
        )
        return np.asarray(mean), np.sqrt(np.maximum(np.asarray(variance), 1e-4))


@dataclass(frozen=True)
class PyKrigeRegression:
    """`RegressionKriging`: linear regression, then ordinary kriging of residuals."""

    name: str = "pykrige, regression"

    def condition(self, context: Observations) -> "PyKrigeRegressionConditioned":
        """Fit regression and variogram."""
        model = RegressionKriging(
            LinearRegression(), method="ordinary3d", variogram_model="exponential",
            n_closest_points=len(context), nlags=20, weight=True,
        )  # fmt: skip
        where = np.stack(xyz(context.sites), axis=-1)
        model.fit(covariates(context.sites), where, context.value)
        trend = model.regression_model.predict(covariates(context.sites))
        return PyKrigeRegressionConditioned(model, float(np.std(context.value - trend)))


@dataclass(frozen=True)
class PyKrigeRegressionConditioned:
    """Fitted."""

    model: RegressionKriging
    std: float

    def predict(self, sites: Sites) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation."""
        mean = self.model.predict(covariates(sites), np.stack(xyz(sites), axis=-1))
        return np.asarray(mean), np.full(len(sites), self.std)


SUBJECTS = [Kriging("pykrige", "pykrige", PyKrigeUniversal())]
