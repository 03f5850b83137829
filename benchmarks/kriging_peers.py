"""Regression kriging of apnp beside that of PyKrige and GSTools, on the same tasks.

    python benchmarks/kriging_peers.py FILE [--time A/B] [--context 400] [--tasks 40]

Each library is used as its manual shows, with a mean linear in elevation and latitude
and an exponential variogram that it fits itself: PyKrige's universal kriging in three
dimensions (chordal distance) and its regression kriging (which gives no variance, so
its CRPS is that of a Gaussian with the residuals' standard deviation); GSTools'
external-drift kriging on the sphere, its variogram fitted to the residuals of the
regression. Needs the test dependencies.
"""

import argparse
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO

import gstools
import numpy as np
from pykrige.rk import RegressionKriging
from pykrige.uk3d import UniversalKriging3D
from sklearn.linear_model import LinearRegression

from apnp.data import read_stations, select_times
from apnp.data.heldout import heldout_tasks
from apnp.data.splits import StationSplit
from apnp.evaluation import as_text, baseline, evaluate
from apnp.geometry.sphere import EARTH_RADIUS_KM, unit_vectors
from apnp.observations import Observations, Predictor, Sites


def covariates(sites: Sites) -> np.ndarray:
    """Elevation in km and latitude in tens of degrees, shape (n, 2)."""
    return np.stack([sites.elevation / 1000, sites.lat / 10], axis=-1)


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


def main() -> None:
    """Score all of them at the default split's test blocks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stations", help="station file")
    parser.add_argument("--time", help="days, A/B (default: all)")
    parser.add_argument("--context", type=int, default=400)
    parser.add_argument("--context-pool", choices=("outside", "all"), default="outside")
    parser.add_argument("--tasks", type=int, default=40)
    args = parser.parse_args()
    ds = read_stations([args.stations])
    times = select_times(ds, args.time) if args.time else ds["time"].values
    n = min(args.tasks, len(times))
    times = times[np.linspace(0, len(times) - 1, n).round().astype(int)]
    held_out = StationSplit().assign(ds["lat"].values, ds["lon"].values) == "test"
    peers: list[Predictor] = [
        PyKrigeUniversal(),
        PyKrigeRegression(),
        GSToolsExtDrift(),
    ]
    tasks = heldout_tasks(
        ds, times, held_out, n_context=args.context, context_pool=args.context_pool
    )
    models = [baseline("regression_kriging"), *peers]
    with redirect_stdout(StringIO()):  # PyKrige reports every fit
        evaluation = evaluate(models, tasks, n_tasks=n, progress=True)
    print(as_text(evaluation))


if __name__ == "__main__":
    main()
