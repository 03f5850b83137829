"""GSTools, used as its manual shows."""

from dataclasses import dataclass

import gstools
import numpy as np
from sklearn.linear_model import LinearRegression

from apnp.observations import Observations, Sites
from subjects.kriging import Kriging, covariates


@dataclass(frozen=True)
class GSToolsExtDrift:
    """`krige.ExtDrift` on the sphere, variogram fitted to the residuals."""

    name: str = "gstools, external drift"

    def condition(self, context: Observations) -> "GSToolsConditioned":
        """Fit variogram and drift."""
        where = (context.sites.lat, context.sites.lon)
        drift = covariates(context.sites)
        trend = LinearRegression().fit(drift, context.value).predict(drift)
        centres, gamma = gstools.vario_estimate(
            where, context.value - trend, latlon=True, geo_scale=gstools.KM_SCALE
        )
        model = gstools.Exponential(latlon=True, geo_scale=gstools.KM_SCALE)
        model.fit_variogram(centres, gamma)
        return GSToolsConditioned(
            gstools.krige.ExtDrift(model, where, context.value, drift.T)
        )


@dataclass(frozen=True)
class GSToolsConditioned:
    """Fitted."""

    kriging: gstools.krige.ExtDrift

    def predict(self, sites: Sites) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation."""
        mean, variance = self.kriging(
            (sites.lat, sites.lon), ext_drift=covariates(sites).T
        )
        return mean, np.sqrt(np.maximum(variance, 1e-4))


SUBJECTS = [Kriging("gstools", "gstools", GSToolsExtDrift())]
