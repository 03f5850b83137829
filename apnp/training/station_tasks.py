"""Tasks drawn from a station network: a task predicts some stations of a day."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from apnp.errors import ConfigError, DataError
from apnp.inputs.stations import StationInputs, observed
from apnp.observations import Observations, Sites
from apnp.types import Domain, PointSet, Task


@dataclass(frozen=True)
class TaskSampling:
    """How a task is drawn from the stations observed on a day.

    Attributes:
        min_context: Least number of context stations, at least 1.
        max_context: Largest number; the number is drawn log-uniformly.
        max_targets: Largest number of target stations.
        dropout: Probability that a task hides its absolute location, in [0, 1].
        seed: With a task's index it determines the task.
    """

    min_context: int
    max_context: int
    max_targets: int
    dropout: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.min_context <= self.max_context:
            raise ConfigError(
                "`data.context` is the least and the largest number of context "
                f"stations, 1 <= least <= largest. Got {self.min_context} and "
                f"{self.max_context}."
            )
        if self.max_targets < 1:
            raise ConfigError(
                f"`data.targets` is a number of stations above 0. "
                f"Got {self.max_targets}."
            )
        if not 0 <= self.dropout <= 1:
            raise ConfigError(
                "`model.fixed_inputs.dropout` is a probability, so lies in [0, 1]. "
                f"Got {self.dropout}."
            )


@dataclass(frozen=True)
class TaskIndices:
    """One task as indices into the store: which day, and which stations."""

    day: int
    context: NDArray[np.intp]
    target: NDArray[np.intp]
    absolute: bool


class StationTasks:
    """The tasks of a network; task `i` is a function of the law's seed and `i` alone.

    The arrays are held once, in single precision; a task indexes them.

    Args:
        inputs: Turns stations into model inputs.
        lat: Latitudes of the stations in degrees, shape (station,).
        lon: Longitudes in degrees, any convention, shape (station,).
        elevation: Heights in metres, finite, shape (station,).
        times: Days, datetime64 of shape (time,).
        values: Observed values in CF units, shape (time, station); NaN = missing.
        law: How tasks are drawn.

    Raises:
        DataError: If no day has enough stations for one task.
    """

    def __init__(
        self,
        inputs: StationInputs,
        lat: NDArray,
        lon: NDArray,
        elevation: NDArray,
        times: NDArray[np.datetime64],
        values: NDArray,
        law: TaskSampling,
    ) -> None:
        self.law = law
        self.inputs = inputs
        self._x = inputs.projection.locations(lat, lon).astype(np.float32)
        self._y = inputs.scaling.scale(values).astype(np.float32)
        terrain = inputs.site.terrain(lat, lon, elevation)
        self._terrain = terrain.astype(np.float32)
        self._lat = np.asarray(lat, dtype=np.float64)
        self._times = times
        sites = Sites(lat, lon, elevation, times[0])
        self._fields = inputs.gridded.on_days(sites, times)
        count = np.isfinite(self._y).sum(axis=1)
        self.days = np.flatnonzero(count > law.min_context)
        if not self.days.size:
            raise DataError(
                f"A task needs more than {law.min_context} stations observed on a day; "
                f"the training days have at most {count.max(initial=0)} training "
                "stations. Lower data.context, or check data.train_times."
            )

    def draw(self, index: int) -> TaskIndices:
        """The indices of task `index`."""
        rng = np.random.default_rng([self.law.seed % 2**64, index])
        absolute = bool(rng.random() >= self.law.dropout)
        day = int(rng.choice(self.days))
        stations = rng.permutation(np.flatnonzero(np.isfinite(self._y[day])))
        largest = min(self.law.max_context, len(stations) - 1)
        n = log_uniform(rng, self.law.min_context, largest)
        return TaskIndices(
            day, stations[:n], stations[n:][: self.law.max_targets], absolute
        )

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding."""
        draw = self.draw(index)
        centre, extent = self.inputs.projection.box(self._x[draw.context])
        domain = Domain(
            torch.from_numpy(np.float32(centre))[None],
            torch.from_numpy(np.float32(extent))[None],
            torch.tensor([draw.absolute]),
        )
        return Task(
            self._points(draw.day, draw.context),
            self._points(draw.day, draw.target),
            domain,
            self.inputs.streams(domain, self._times[draw.day]),
        )

    def _points(self, day: int, stations: NDArray[np.intp]) -> PointSet:
        terrain = self._terrain[stations]
        season = self.inputs.site.season(self._lat[stations], self._times[day])
        season = season.astype(np.float32)
        # The one day of a field that is the same on all of them.
        fields = [each[day % len(each), stations] for each in self._fields]
        w = np.concatenate([terrain, season, *fields], axis=-1)
        return observed(
            torch.from_numpy(self._x[stations])[None],
            torch.from_numpy(self._y[day, stations])[None, :, None],
            torch.from_numpy(w)[None],
        )


def observed_task(
    inputs: StationInputs, context: Observations, target: Observations
) -> Task:
    """The task (b = 1) of a context and a target, its absolute location known."""
    domain = inputs.domain(context.sites)
    return Task(
        inputs.point_set(context),
        inputs.point_set(target),
        domain,
        inputs.streams(domain, context.sites.time),
    )


def log_uniform(rng: np.random.Generator, low: int, high: int) -> int:
    """An integer in [low, high], its logarithm uniform; `low` at least 1."""
    value = np.exp(rng.uniform(np.log(low), np.log(high + 1)))
    return int(min(max(value, low), high))
