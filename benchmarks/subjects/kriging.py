"""Kriging on the globe: what has `condition` and `predict`, on the clock."""

from dataclasses import dataclass

import numpy as np
from cases import Case, Points
from torch import Tensor

from apnp.observations import Observations, Predictor, Sites
from subjects.subject import Subject, Work


@dataclass(frozen=True)
class Kriging(Subject):
    """A predictor whose variogram and drift are fitted in the setup.

    Attributes:
        name: Its name.
        package: The distribution it comes from.
        predictor: What is fitted.
    """

    name: str
    package: str
    predictor: Predictor

    def does(self, case: Case) -> bool:
        """Kriging."""
        return case.model == "kriging"

    def setup(self, case: Case, points: Points) -> Work:
        """The fit."""
        value = 10 * points.yc[0, :, 0].double().numpy()
        fitted = self.predictor.condition(Observations(sites(points.xc), value))
        wanted = sites(points.xt)
        return Work(0, predict=lambda: fitted.predict(wanted))


def sites(x: Tensor) -> Sites:
    """Places on the globe, with hills, of one task's locations in the unit square."""
    u, v = x[0].double().numpy().T
    hills = 1000 * np.abs(np.sin(20 * u) * np.cos(15 * v))
    return Sites(170 * u - 85, 360 * v - 180, hills, np.datetime64("2020-01-01"))


def covariates(sites: Sites) -> np.ndarray:
    """Elevation in km and latitude in tens of degrees, shape (n, 2)."""
    return np.stack([sites.elevation / 1000, sites.lat / 10], axis=-1)
