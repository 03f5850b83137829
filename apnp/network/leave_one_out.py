"""What a model predicts at every station of a network from the other stations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from apnp.geometry.sphere import unit_vectors
from apnp.network.remembered_terrain import remembering
from apnp.observations import Floats, Observations, Sites
from apnp.prediction import TrainedModel

PARTS = 4
"""Parts of a network; one is left out at a time."""
LEAST_STATIONS = 3
"""Fewest stations that anything is predicted from."""
_SOUNDED_DAYS = 6
"""Days on which near stations are left out together."""
_SOUNDED_STATIONS = 1500
"""Stations that are predicted then, at most."""
_AROUND = 3
"""Neighbours that a station shares no part with, in numbers of parts."""


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """A model that predicts each station of a network from stations of other parts.

    The stations are divided into parts such that a station and its nearest neighbours
    belong to different ones. Every part is predicted from the others, so that no value
    has any influence on its own prediction, and a day costs as many readings of the
    context as there are parts rather than stations.

    Attributes:
        model: The model.
        lat: Latitudes in degrees, (n,).
        lon: Longitudes in degrees, (n,).
        elevation: Elevations in metres, (n,).
        part: The part that each station belongs to, (n,).
    """

    model: TrainedModel
    lat: Floats
    lon: Floats
    elevation: Floats
    part: NDArray[np.intp]

    @classmethod
    def of(
        cls, model: TrainedModel, stations: xr.Dataset, parts: int = PARTS
    ) -> "LeaveOneOut":
        """For the stations of a dataset, all of known elevation."""
        lat, lon, elevation = (
            stations[name].values.astype(np.float64)
            for name in ("lat", "lon", "elevation")
        )
        model = remembering(model, lat, lon)
        return cls(model, lat, lon, elevation, spread_parts(lat, lon, parts))

    def day(
        self,
        value: Floats,
        time: np.datetime64,
        trusted: NDArray[np.bool_] | None = None,
        wanted: NDArray[np.bool_] | None = None,
    ) -> tuple[Floats, Floats]:
        """Mean and standard deviation at every station from the others, each (n,).

        Args:
            value: Observed values, NaN where there is none, (n,).
            time: Their time.
            trusted: Stations that others may be predicted from; all by default, (n,).
            wanted: Stations to predict; all by default, (n,).

        Returns:
            NaN where it is not wanted, or fewer than three stations are left.
        """
        read = np.isfinite(value)
        if trusted is not None:
            read &= trusted
        if wanted is None:
            wanted = np.ones(len(value), dtype=bool)
        mean, std = np.full((2, len(value)), np.nan)
        part = np.where(read, self.part, -1)
        for number in range(-1, self.part.max(initial=0) + 1):
            asked, left = wanted & (part == number), read & (part != number)
            if number < 0:
                left = read
            if asked.any() and left.sum() >= LEAST_STATIONS:
                context = Observations(self.sites(left, time), value[left])
                found = self.model.condition(context)
                mean[asked], std[asked] = found.predict(self.sites(asked, time))
        return mean, std

    def sites(self, chosen: NDArray[np.bool_], time: np.datetime64) -> Sites:
        """Some of the stations at a time."""
        return Sites(self.lat[chosen], self.lon[chosen], self.elevation[chosen], time)


def sounding_rows(number: int) -> NDArray[np.intp]:
    """A few of a number of days, evenly spaced, for `residuals_together`."""
    rows = np.linspace(0, number - 1, min(_SOUNDED_DAYS, number)).round()
    return np.unique(rows.astype(np.intp))


def residuals_together(
    others: LeaveOneOut,
    days: Sequence[tuple[Floats, np.datetime64]],
    rng: np.random.Generator,
) -> Floats:
    """Standardised residuals of stations that do not use each other, (k, n).

    Random parts of the network are left out, near stations together, so that products
    of the residuals in a row tell how alike the errors of two missing stations are. Of
    a large network a part is predicted.

    Args:
        others: The network.
        days: Values of all stations (n,) on some days, and the times.
        rng: Divides the stations.
    """
    n = len(others.lat)
    part = rng.integers(0, PARTS, n)
    wanted = rng.random(n) < _SOUNDED_STATIONS / n
    together = replace(others, part=part)
    z = np.full((len(days), PARTS, n), np.nan)
    for row, (value, time) in enumerate(days):
        mean, std = together.day(value, time, wanted=wanted & np.isfinite(value))
        z[row, part, np.arange(n)] = (value - mean) / std
    return z.reshape(-1, n)


def spread_parts(lat: Floats, lon: Floats, parts: int) -> NDArray[np.intp]:
    """Parts of stations (n,) such that near stations belong to different ones, (n,).

    One station after the other takes the part that is rarest among its neighbours, the
    nearest of which weigh most. The order of the stations has no influence.
    """
    n = len(lat)
    order = np.lexsort((lon, lat))
    unit = unit_vectors(lat, lon).reshape(-1, 3)[order]
    near = min(_AROUND * parts + 1, n)
    index = np.reshape(cKDTree(unit).query(unit, near)[1], (n, near))
    found = np.full(n, -1, dtype=np.intp)
    total = np.zeros(parts)
    weight = 1.0 / np.arange(1, near + 1)
    for station in range(n):
        others = found[index[station]]
        known = others >= 0
        crowd = np.bincount(others[known], weight[known], minlength=parts)
        found[station] = np.lexsort((total, crowd))[0]
        total[found[station]] += 1
    part = np.empty(n, dtype=np.intp)
    part[order] = found
    return part
