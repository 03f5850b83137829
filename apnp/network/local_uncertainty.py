"""How a station that comes, or goes, changes the uncertainty around it.

A station changes predictions near it alone. So the change is computed from the
stations around it, once with and once without it, and only at the targets that would
read it: a candidate costs a small fraction of a map.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from apnp.geometry.sphere import chord_to_km, unit_vectors
from apnp.observations import Floats, Observations, Sites
from apnp.prediction import TrainedModel

AROUND = 96
"""Stations around a place from which a change there is computed."""
_READS = 16
"""A place changes the targets that have it among their nearest stations."""


@dataclass(frozen=True, eq=False)
class Targets:
    """Where uncertainty counts.

    Attributes:
        lat: Latitudes in degrees, (n,).
        lon: Longitudes in degrees, (n,).
        elevation: Elevations in metres, (n,).
        weight: What each counts, adding up to 1, (n,).
    """

    lat: Floats
    lon: Floats
    elevation: Floats
    weight: Floats

    def sites(self, chosen: NDArray, time: np.datetime64) -> Sites:
        """Some of them at a time."""
        return Sites(self.lat[chosen], self.lon[chosen], self.elevation[chosen], time)


@dataclass(eq=False)
class Day:
    """The stations of one day, to which hypothetical ones are added.

    Attributes:
        model: The model.
        targets: Where uncertainty counts.
        context: What was observed, and what was added.
    """

    model: TrainedModel
    targets: Targets
    context: Observations
    _tree: cKDTree = field(init=False, repr=False)
    _unit: Floats = field(init=False, repr=False)
    _reach: Floats = field(init=False, repr=False)
    _target_tree: cKDTree = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._unit = unit_vectors(self.targets.lat, self.targets.lon).reshape(-1, 3)
        self._target_tree = cKDTree(self._unit)
        self._index()

    def _index(self) -> None:
        sites = self.context.sites
        self._tree = cKDTree(unit_vectors(sites.lat, sites.lon).reshape(-1, 3))
        number = min(_READS, len(self.context))
        distance = self._tree.query(self._unit, number)[0]
        self._reach = distance.reshape(len(self._unit), number)[:, -1]

    def std(self) -> Floats:
        """Standard deviations at all targets, (n,)."""
        every = np.arange(len(self.targets.lat))
        sites = self.targets.sites(every, self.context.sites.time)
        return self.model.condition(self.context).predict(sites)[1]

    def near(self, place: Sites) -> NDArray[np.intp]:
        """The targets that a station at one place changes."""
        unit = unit_vectors(place.lat, place.lon).reshape(3)
        within = self._target_tree.query_ball_point(unit, self._reach.max())
        close = np.array(sorted(within), dtype=np.intp)
        chord = np.linalg.norm(self._unit[close] - unit, axis=-1)
        return close[chord <= self._reach[close]]

    def reach_km(self, place: Sites) -> float:
        """How far the changes of a station at one place reach, in km."""
        close = self.near(place)
        if not len(close):
            return 0.0
        unit = unit_vectors(place.lat, place.lon).reshape(3)
        chord = np.linalg.norm(self._unit[close] - unit, axis=-1)
        return float(chord_to_km(chord.max()))

    def gain(self, place: Sites) -> tuple[NDArray[np.intp], Floats]:
        """By how much a station at one place lowers standard deviations.

        It reports what the model expects there.

        Returns:
            The targets, and how much lower theirs are.
        """
        close = self.near(place)
        if not len(close):
            return close, np.empty(0)
        around = self._around(place, AROUND)
        before = self.model.condition(around)
        value, _ = before.predict(place)
        sites = self.targets.sites(close, place.time)
        more = joined(around, Observations(place, value))
        after = self.model.condition(more).predict(sites)[1]
        return close, before.predict(sites)[1] - after

    def loss(self, station: int) -> tuple[NDArray[np.intp], Floats]:
        """By how much the standard deviations rise without one of the stations."""
        place = self.context.sites.take(np.array([station]))
        close = self.near(place)
        if not len(close) or len(self.context) < 2:
            return close, np.zeros(len(close))
        index = self._nearest(place, AROUND + 1)
        sites = self.targets.sites(close, place.time)
        without = self.model.condition(self.context.take(index[index != station]))
        here = self.model.condition(self.context.take(index))
        return close, without.predict(sites)[1] - here.predict(sites)[1]

    def add(self, place: Sites) -> None:
        """Add a station that reports what the model expects there."""
        value, _ = self.model.condition(self._around(place, AROUND)).predict(place)
        self.context = joined(self.context, Observations(place, value))
        self._index()

    def remove(self, station: int) -> None:
        """Remove one of the stations."""
        self.context = self.context.take(np.arange(len(self.context)) != station)
        self._index()

    def _around(self, place: Sites, number: int) -> Observations:
        return self.context.take(self._nearest(place, number))

    def _nearest(self, place: Sites, number: int) -> NDArray[np.intp]:
        """Numbers of the stations nearest to a place, in order of their numbers."""
        unit = unit_vectors(place.lat, place.lon).reshape(3)
        index = self._tree.query(unit, min(number, len(self.context)))[1]
        return np.sort(np.atleast_1d(index))


def joined(one: Observations, other: Observations) -> Observations:
    """The observations of both, at the time of the first."""
    lat, lon, elevation = (
        np.concatenate([getattr(one.sites, k), getattr(other.sites, k)])
        for k in ("lat", "lon", "elevation")
    )
    return Observations(
        Sites(lat, lon, elevation, one.sites.time),
        np.concatenate([one.value, other.value]),
    )


def mean_std(days: Sequence[Day]) -> Floats:
    """Standard deviations at the targets, mean of the days, (n,)."""
    return np.mean([day.std() for day in days], axis=0)
