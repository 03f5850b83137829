"""What stations have shown lately: covariates that move with the data.

The residual of a station on a day is its value less the weighted mean of its nearest
stations observed that day, less a lapse rate times its height above their weighted mean
height. The lapse rate is a regression over all stations and the days of the window, so
that nothing of the predicted day, nor of a later one, enters. Distances, heights and
values alone enter: every isometry of locations leaves the history as it is.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apnp.geometry.neighbour_means import NeighbourMeans
from apnp.observations import Archive, Sites

Floats = NDArray[np.float64]

_LEAST_VALUES = 3
"""Values in the window below which mean and spread are unknown."""
_SHARE = 0.25
"""Typical size of the covariates: covariances of covariates start with scale one."""
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class HistorySettings:
    """What of a station's past is a covariate; made for JSON.

    Attributes:
        days: Number of days before the predicted day.
        last: Number of latest values that are read one by one.
        neighbours: Nearest stations that a value is compared with.
        scale: Root mean square of residuals in training, in the variable's units.
    """

    days: int
    last: int
    neighbours: int
    scale: float = 1.0

    @property
    def number(self) -> int:
        """Number of covariates: mean, spread, share of missing values, last values."""
        return 3 + self.last

    @classmethod
    def from_dict(cls, record: Mapping[str, Any] | None) -> "HistorySettings | None":
        """The settings in a record, if there are any."""
        return None if record is None else cls(**record)


@dataclass(frozen=True, eq=False)
class StationHistory:
    """The residuals of an archive, and what they say before any day.

    Attributes:
        settings: What is read of them.
        archive: The stations that may be known, and all their days.
    """

    settings: HistorySettings
    archive: Archive
    _days: dict[np.datetime64, Floats] = field(default_factory=dict, init=False)

    @cached_property
    def _departures(self) -> tuple[Floats, Floats]:
        """Values and heights above the neighbours' means, each (time, station)."""
        sites, value = self.archive.sites, self.archive.value
        near = NeighbourMeans.of(sites.lat, sites.lon, self.settings.neighbours)
        height = np.where(np.isfinite(value), sites.elevation / 1000, np.nan)
        return value - near.of_values(value), height - near.of_values(height)

    @cached_property
    def digest(self) -> str:
        """Hash of the archive's stations, times and values."""
        made, archive = hashlib.sha256(), self.archive
        for part in (archive.sites.lat, archive.sites.lon, archive.times):
            made.update(np.ascontiguousarray(part).tobytes())
        made.update(archive.value.astype(np.float32).tobytes())
        return made.hexdigest()

    @property
    def residual_scale(self) -> float:
        """Root mean square of all residuals, in the variable's units; 1 if none."""
        value, height = self._departures
        rest = value - _lapse_rate(value, height) * height
        known = rest[np.isfinite(rest)]
        return float(np.sqrt(np.mean(known**2))) if known.any() else 1.0

    def at(self, sites: Sites) -> Floats:
        """The covariates of sites, (n, number); NaN where unknown.

        Mean and spread of the residuals in the window, share of its times without a
        value, and the last values, latest first; residuals in units of `scale`, times
        a constant.
        """
        found = self.archive.find(sites)
        rows = self.before(sites.time)[found]
        return np.where(found[:, None] >= 0, rows, np.nan)

    def before(self, time: np.datetime64) -> Floats:
        """The covariates of all stations of the archive, (station, number)."""
        day = time.astype("datetime64[D]")
        if day not in self._days:
            if len(self._days) >= 64:
                self._days.clear()
            self._days[day] = self._before(day)
        return self._days[day]

    def _before(self, day: np.datetime64) -> Floats:
        s, times = self.settings, self.archive.times
        first, end = np.searchsorted(times, [day - s.days * _DAY, day])
        value, height = (each[first:end] for each in self._departures)
        out = np.full((len(self.archive.sites), s.number), np.nan)
        if first == end:
            return out
        rest = value - _lapse_rate(value, height) * height
        known = np.isfinite(rest)
        count = known.sum(0)
        total = np.where(known, rest, 0.0)
        mean = total.sum(0) / np.maximum(count, 1)
        away = np.where(known, rest - mean, 0.0)
        spread = np.sqrt((away**2).sum(0) / np.maximum(count, 1))
        enough = count >= _LEAST_VALUES
        unit = _SHARE / s.scale
        out[:, 0] = np.where(enough, unit * mean, np.nan)
        out[:, 1] = np.where(enough, unit * spread, np.nan)
        out[:, 2] = _SHARE * (1 - np.isfinite(self.archive.value[first:end]).mean(0))
        latest = rest[::-1][: s.last]
        out[:, 3 : 3 + len(latest)] = unit * latest.T
        return out


def _lapse_rate(value: Floats, height: Floats) -> float:
    """Slope of departures of values on departures of heights; zero if unknown."""
    known = np.isfinite(value) & np.isfinite(height)
    squares = float((height[known] ** 2).sum())
    product = float((height[known] * value[known]).sum())
    return product / squares if squares > 0 else 0.0
