"""Tasks drawn from a station network: a task predicts some stations of a day."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from apnp.errors import ConfigError, DataError
from apnp.geometry.sphere import unit_vectors
from apnp.inputs.stations import StationInputs, observed
from apnp.observations import Observations, Sites
from apnp.training.gaps import stations_in_gaps
from apnp.types import Domain, PointSet, Task

GAP_KM = (50.0, 350.0)
"""Least and largest radius of gaps in the context."""
_GAPS = 3


@dataclass(frozen=True)
class TaskSampling:
    """How a task is drawn from the stations observed on a day.

    Attributes:
        min_context: Least number of context stations, at least 1.
        max_context: Largest number; the number is drawn log-uniformly.
        max_targets: Largest number of target stations.
        dropout: Probability that a task hides its absolute location, in [0, 1].
        seed: With a task's index it determines the task.
        site_dropout: Mean share of the sites of fixed inputs that a task does without:
            in its context, and at its targets.
        history_dropout: The same of the stations whose history is hidden.
        gaps: Probability that the targets are the stations of discs without context,
            in [0, 1].
    """

    min_context: int
    max_context: int
    max_targets: int
    dropout: float = 0.0
    seed: int = 0
    site_dropout: tuple[float, float] = (0.0, 0.0)
    history_dropout: tuple[float, float] = (0.0, 0.0)
    gaps: float = 0.0

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
        self._unit = unit_vectors(lat, lon).reshape(-1, 3)
        self._times = times
        sites = self._sites = Sites(lat, lon, elevation, times[0])
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
        apart = self._apart(index, stations)
        left, targets = stations[~apart], stations[apart]
        largest = min(self.law.max_context, len(left) - (not len(targets)))
        n = log_uniform(rng, self.law.min_context, largest)
        if not len(targets):
            targets = left[n:]
        return TaskIndices(day, left[:n], targets[: self.law.max_targets], absolute)

    def _apart(self, index: int, stations: NDArray[np.intp]) -> NDArray[np.bool_]:
        """True at stations of gaps in the context, if the task has any."""
        none = np.zeros(len(stations), dtype=bool)
        if self.law.gaps <= 0:
            return none
        rng = np.random.default_rng([self.law.seed % 2**64, index, _GAPS])
        if rng.random() >= self.law.gaps:
            return none
        apart = stations_in_gaps(rng, self._unit[stations], GAP_KM)
        enough = np.count_nonzero(~apart) >= self.law.min_context
        return apart if enough else none

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding."""
        draw, past = self.draw(index), self._past(index)
        centre, extent = self.inputs.projection.box(self._x[draw.context])
        domain = Domain(
            torch.from_numpy(np.float32(centre))[None],
            torch.from_numpy(np.float32(extent))[None],
            torch.tensor([draw.absolute]),
            *self._used_sites(index),
        )
        return Task(
            self._points(draw.day, draw.context, past[0]),
            self._points(draw.day, draw.target, past[1]),
            domain,
            self.inputs.auxiliary(domain, self._times[draw.day]),
        )

    def _used_sites(self, index: int) -> list[Tensor | None]:
        """Which sites of fixed inputs the context and the targets of a task use."""
        number = len(self.inputs.known_sites)
        if not number:
            return [None, None]
        return [
            torch.from_numpy(kept(rng, share, number))[None]
            for rng, share in self._draws(index, 1, self.law.site_dropout)
        ]

    def _past(self, index: int) -> list[NDArray[np.bool_]]:
        """Whose history the context and the targets of a task know, (station,) each."""
        return [
            kept(rng, share, len(self._lat))
            for rng, share in self._draws(index, 2, self.law.history_dropout)
        ]

    def _draws(
        self, index: int, kind: int, shares: tuple[float, float]
    ) -> Iterator[tuple[np.random.Generator, float]]:
        """Generators of a task for a kind of dropout, beside that of `draw`."""
        for part, share in enumerate(shares):
            seeds = [self.law.seed % 2**64, index, kind, part]
            yield np.random.default_rng(seeds), share

    def _points(
        self, day: int, stations: NDArray[np.intp], past: NDArray[np.bool_]
    ) -> PointSet:
        terrain = self._terrain[stations]
        season = self.inputs.site.season(self._lat[stations], self._times[day])
        season = season.astype(np.float32)
        # The one day of a field that is the same on all of them.
        fields = [each[day % len(each), stations] for each in self._fields]
        sites = replace(self._sites, time=self._times[day]).take(stations)
        history = np.where(past[stations, None], self.inputs.past(sites), np.nan)
        history = history.astype(np.float32)
        w = np.concatenate([terrain, season, *fields, history], axis=-1)
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
        inputs.auxiliary(domain, context.sites.time),
    )


def kept(rng: np.random.Generator, dropout: float, number: int) -> NDArray[np.bool_]:
    """True for those of a number of sites that a task keeps.

    The share that is dropped is drawn for each task, with mean `dropout`, from all to
    none: a network may be known altogether, not at all, or in part.
    """
    if dropout <= 0:
        return np.ones(number, dtype=bool)
    share = rng.random() ** ((1 - dropout) / dropout)
    return rng.random(number) >= share


def log_uniform(rng: np.random.Generator, low: int, high: int) -> int:
    """An integer in [low, high], its logarithm uniform; `low` at least 1."""
    value = np.exp(rng.uniform(np.log(low), np.log(high + 1)))
    return int(min(max(value, low), high))
