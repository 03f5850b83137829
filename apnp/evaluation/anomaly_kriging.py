"""Kriging in two stages: long-term means of stations, and the anomalies of a day.

As national services and E-OBS do it (Haylock et al. 2008, section 3): what a station
keeps showing is its own mean, so that only the day's departure has to be interpolated.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from apnp.evaluation.kriging import (
    Constant,
    GaussianConditioned,
    Kriging,
    elevation_and_latitude,
    spread,
)
from apnp.geometry.neighbour_means import NeighbourMeans
from apnp.observations import Archive, Conditioned, Floats, Observations, Sites

_DAYS_PER_YEAR = 365.2425
_LEAST_VALUES = 5
"""A station with fewer values in the window has no mean of its own."""
_FITTED = 500
"""Stations by which the covariance of long-term means is estimated, at most."""


@dataclass(frozen=True, eq=False)
class AnomalyKriging:
    """Kriging of anomalies from the mean of each station at that time of year.

    A station's mean is that of its values within `half_window` days of the predicted
    time of year, in all years of the archive, without the predicted day. Gaps are
    allowed for: the mean anomaly of its neighbours on the days it reported is taken
    off, so that a station that missed a cold week is not warm. Anomalies of the
    context are interpolated by regression kriging, whose law is fitted to every
    context again. A place without a station has the mean that regression kriging of
    the stations' means gives it, whose variance is added.

    Without any station of known mean (an archive of one day), the values themselves
    are kriged.

    Attributes:
        archive: The stations that may be known. Stations that a task must not know
            have to be left out of it.
        half_window: Half the width of the window, in days of the year.
        name: Name for tables.
    """

    archive: Archive
    half_window: float = 15.0
    name: str = "anomaly kriging"
    _neighbours: NeighbourMeans = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sites = self.archive.sites
        neighbours = NeighbourMeans.of(sites.lat, sites.lon)
        object.__setattr__(self, "_neighbours", neighbours)

    def condition(self, context: Observations) -> Conditioned:
        """Take the means off the context and krige what is left.

        Raises:
            DataError: If the context is empty or too large to krige.
        """
        if not len(context):
            return spread(context)
        kriging = Kriging(self.name, elevation_and_latitude)
        means = _Means(self.archive, self.means(context.sites.time))
        if not means.known.any():
            return kriging.condition(context)
        mean, _ = means.at(context.sites)
        anomalies = Observations(context.sites, context.value - mean)
        return _AnomaliesKriged(means, kriging.condition(anomalies))

    def means(self, time: np.datetime64) -> Floats:
        """The mean of every station of the archive about a day, without that day.

        Returns:
            Means in the variable's units, (station,); NaN where the station has too few
            values.
        """
        rows = self._rows(time)
        value = self.archive.value[rows]
        observed = np.isfinite(value)
        count = observed.sum(0)
        mean = np.full(count.shape, np.nan)
        enough = count >= _LEAST_VALUES
        total = np.where(observed, value, 0.0).sum(0)
        np.divide(total, count, out=mean, where=enough)
        around = np.nan_to_num(self._neighbours.of_values(value - mean))
        seen = np.where(observed, around, 0.0).sum(0) / np.maximum(count, 1)
        return mean + around.sum(0) / max(len(rows), 1) - seen

    def _rows(self, time: np.datetime64) -> NDArray[np.intp]:
        """Rows of the archive near a day in the course of the year, without it."""
        away = (self.archive.times - time) / np.timedelta64(1, "D")
        turn = away - _DAYS_PER_YEAR * np.round(away / _DAYS_PER_YEAR)
        day = self.archive.times.astype("datetime64[D]")
        other = day != time.astype("datetime64[D]")
        return np.flatnonzero((np.abs(turn) <= self.half_window) & other)


@dataclass(eq=False)
class _Means:
    """Long-term means: of stations their own, elsewhere kriged from these."""

    archive: Archive
    mean: Floats
    _field: Conditioned | None = None

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which stations have a mean of their own."""
        return np.isfinite(self.mean)

    def at(self, sites: Sites) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the mean, zero at known stations, (n,)."""
        found = self.archive.find(sites)
        mean = np.where(found >= 0, self.mean[found], np.nan)
        std = np.zeros(len(sites))
        unknown = np.isnan(mean)
        if unknown.any():
            mean[unknown], std[unknown] = self._kriged().predict(sites.take(unknown))
        return mean, std

    def _kriged(self) -> Conditioned:
        """The field of means, conditioned on all stations that have one."""
        if self._field is None:
            known = Observations(
                self.archive.sites.take(self.known), self.mean[self.known]
            )
            kriging = Kriging("kriging of means", elevation_and_latitude)
            chosen = np.random.default_rng(0).permutation(len(known))
            if len(known) < _LEAST_VALUES:
                self._field = spread(known)
            elif len(known) > kriging.max_stations:
                self._field = kriging.condition(
                    known.take(chosen[: kriging.max_stations])
                )
            else:
                law = kriging.fit(known.take(np.sort(chosen[:_FITTED])))
                self._field = law.condition(known)
        return self._field


@dataclass(frozen=True)
class _AnomaliesKriged(GaussianConditioned):
    """Means, and anomalies that have read their context."""

    means: _Means
    anomalies: Conditioned | Constant

    def predict(self, sites: Sites) -> tuple[Floats, Floats]:
        """Mean and standard deviation at sites, each (n,)."""
        mean, unsure = self.means.at(sites)
        anomaly, std = self.anomalies.predict(sites)
        return mean + anomaly, np.hypot(std, unsure)
