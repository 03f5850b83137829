"""Training and validation tasks of real days: the open station observations."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.geometry.sphere import unit_vectors
from apnp.geometry.station_blocks import StationSplit
from apnp.inputs.season import season_difference
from apnp.inputs.stations import StationInputs
from apnp.observations import Sites
from apnp.pretraining.altered_days import Alterations
from apnp.pretraining.misreported import ElevationErrors
from apnp.pretraining.mixture import batch_size_draw
from apnp.pretraining.sampling import Indices, SamplingLaw
from apnp.pretraining.sites import SiteInputs
from apnp.types import Task

Floats = NDArray[np.float64]

COLUMNS = ("station", "time", "lat", "lon", "elevation", "tas", "source")
EUROPE = ("DWD-KL", "KNMI", "MF-SYNOP")
TEST_DAYS = ("2019-01-21/2019-01-25", "2011-07-07/2011-07-08")
"""Days that no training and no choice ever sees."""
EUROPEAN_TEST_DAYS = "2019-01-01/2019-12-31"
"""Days on which European observations are left out as well."""
VALIDATION_DAYS = (
    "2019-01-19/2019-01-20", "2011-07-06/2011-07-06", "2020-03-01/2020-03-31",
    "2020-09-01/2020-09-30", "1943-01-01/1943-12-31", "1972-04-01/1972-04-30",
    "1972-10-01/1972-10-31", "2012-01-01/2012-12-31", "2018-01-01/2018-12-31",
)  # fmt: skip
"""Days on which choices are made; no training sees them."""
KINDS = (
    ("winter 2019", "GSOD-2019-01", 0.2),
    ("summer 2011", "GSOD-2011-07", 0.14),
    ("Australia 2020", "GHCND-AU-2020", 0.18),
    ("historic", "GSOD-1929-47-1972", 0.2),
    ("reference network", "USCRN", 0.23),
    ("Europe", "KNMI", 0.05),
)
"""Kinds of day: name, the source that makes a day of this kind, and its share."""
_STREAM, _VALIDATION_STREAM, _ALTERED_STREAM = 14, 15, 16
_LEAST_COMMON = 0.6
"""Share of a day's stations that a day mixed with it must have."""
_CONTEXT_SIZES = (40, 100, 400, 1000)


@dataclass(frozen=True, eq=False)
class OpenStations:
    """Observations of many stations, sorted by day.

    Attributes:
        lat: Latitudes of the sites in degrees, (n,).
        lon: Longitudes in degrees, (n,).
        elevation: Heights in metres, finite, (n,).
        source: Name of each site's source, (n,).
        days: The days, datetime64[D], rising, (d,).
        start: Number of the first observation of each day, and their count, (d + 1,).
        site: Number of the site of each observation, (k,).
        value: Observed daily means in degC, (k,).
    """

    lat: Floats
    lon: Floats
    elevation: Floats
    source: NDArray[np.str_]
    days: NDArray[np.datetime64]
    start: NDArray[np.intp]
    site: NDArray[np.intp]
    value: Floats

    @classmethod
    def read(cls, path: str | Path) -> "OpenStations":
        """The observations with a value and an elevation in a parquet file.

        Raises:
            DataError: If the file cannot be read or lacks a column.
        """
        try:
            table = pd.read_parquet(path, columns=list(COLUMNS))
        except (OSError, ValueError, KeyError) as error:
            raise DataError(
                f"{path}: not a parquet file with the columns {', '.join(COLUMNS)} "
                f"({error}). Give the file of open observations."
            ) from error
        table = table.dropna(subset=["lat", "lon", "elevation", "tas"])
        table["day"] = table["time"].to_numpy().astype("datetime64[D]")
        table = table.sort_values(["day", "source", "station"], kind="stable")
        place = ["source", "station", "lat", "lon", "elevation"]
        group = table.groupby(place, sort=True).ngroup()
        number = np.asarray(group, dtype=np.intp)
        sites = table[place].drop_duplicates().sort_values(place)
        days, start = np.unique(table["day"].to_numpy(), return_index=True)
        lat, lon, elevation = (
            sites[name].to_numpy(np.float64) for name in ("lat", "lon", "elevation")
        )
        return cls(
            lat, lon, elevation, sites["source"].to_numpy(str),
            days.astype("datetime64[D]"), np.append(start, len(table)), number,
            table["tas"].to_numpy(np.float64),
        )  # fmt: skip

    def kept(self, keep: NDArray[np.bool_]) -> "OpenStations":
        """The observations where `keep` (k,) is true; days without any are left out."""
        day = np.repeat(np.arange(len(self.days)), np.diff(self.start))[keep]
        found, start = np.unique(day, return_index=True)
        return replace(
            self, days=self.days[found], start=np.append(start, len(day)),
            site=self.site[keep], value=self.value[keep],
        )  # fmt: skip

    def day_of(self) -> NDArray[np.datetime64]:
        """The day of each observation, (k,)."""
        return np.repeat(self.days, np.diff(self.start))

    def on(self, day: int) -> slice:
        """The observations of the day with this number."""
        return slice(self.start[day], self.start[day + 1])

    def kinds(self) -> Mapping[str, NDArray[np.intp]]:
        """Numbers of the days of each kind; a day is of the first kind it fits."""
        left = np.arange(len(self.days))
        found = {}
        for name, source, _ in KINDS:
            has = np.add.reduceat(self.source[self.site] == source, self.start[:-1]) > 0
            found[name] = left[has[left]]
            left = left[~has[left]]
        return found


def within(days: NDArray[np.datetime64], *periods: str) -> NDArray[np.bool_]:
    """Whether days lie in one of the periods `A/B`, both included."""
    inside = np.zeros(days.shape, dtype=bool)
    for period in periods:
        first, last = (np.datetime64(end) for end in period.split("/"))
        inside |= (days >= first) & (days <= last)
    return inside


def divided(
    stations: OpenStations, split: StationSplit, without: tuple[str, ...] = ()
) -> tuple[OpenStations, OpenStations, NDArray[np.str_]]:
    """Training observations, validation observations, and the part of every site.

    Training observations are those of training blocks on days of neither test nor
    validation. Validation observations are those of training and validation blocks on
    validation days.

    Args:
        stations: All observations.
        split: Blocks of sites.
        without: Sources that are left out of training.
    """
    part = split.assign(stations.lat, stations.lon)
    day, source = stations.day_of(), stations.source[stations.site]
    tested = within(day, *TEST_DAYS)
    tested |= np.isin(source, EUROPE) & within(day, EUROPEAN_TEST_DAYS)
    validated = within(day, *VALIDATION_DAYS) & ~tested
    seen = part[stations.site]
    trained = ~tested & ~validated & (seen == "train") & ~np.isin(source, without)
    return (
        stations.kept(trained), stations.kept(validated & (seen != "test")), part,
    )  # fmt: skip


class OpenDays:
    """Tasks of real days; task `i` follows from the seed and `i` alone.

    A kind of day is drawn by its share, then a day of it with a probability
    proportional to its number of stations.

    Args:
        inputs: Turns sites into model inputs.
        stations: Training observations.
        sampling: How stations are divided into context and targets.
        seed: With a task's index it determines the task.
        batch_size: Tasks whose sizes are alike.
        alterations: How days are altered.

    Raises:
        DataError: If no day has enough stations for a task.
    """

    def __init__(
        self,
        inputs: StationInputs,
        stations: OpenStations,
        sampling: SamplingLaw,
        seed: int,
        batch_size: int = 1,
        alterations: Alterations | None = None,
    ) -> None:
        self.stations, self.sampling = stations, sampling
        self.alterations = alterations or Alterations()
        self.seed, self.batch_size = seed, batch_size
        self.errors = ElevationErrors()
        self._inputs = SiteInputs(
            inputs, stations.lat, stations.lon, stations.elevation
        )
        self._unit = unit_vectors(stations.lat, stations.lon)
        count = np.diff(stations.start)
        self.kinds = {
            name: days[count[days] >= sampling.least]
            for name, days in stations.kinds().items()
        }
        shares = [share if self.kinds[name].size else 0.0 for name, _, share in KINDS]
        if not any(shares):
            raise DataError(
                f"No training day has {sampling.least} stations or more: give the "
                "file of open observations."
            )
        self._names = [name for name, _, _ in KINDS]
        self._shares = np.array(shares) / sum(shares)
        self._weights = {
            name: count[days] / count[days].sum() for name, days in self.kinds.items()
        }

    def day(self, rng: np.random.Generator) -> int:
        """Number of a day drawn by the shares."""
        name = self._names[rng.choice(len(self._names), p=self._shares)]
        return int(rng.choice(self.kinds[name], p=self._weights[name]))

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding."""
        rng = np.random.default_rng([self.seed, _STREAM, index])
        day, (context, target) = self._division(rng, index)
        here = self.stations.on(day)
        site, value = self.stations.site[here], self._altered(day, index)
        known = [k[np.isfinite(value[k])] for k in (context, target)]
        if all(map(len, known)):
            context, target = known
        else:
            value = self.stations.value[here]
        raised = self.errors.raised_m(
            rng, self._inputs.elevation[site], self._inputs.ground[site]
        )
        return self._inputs.task(
            self.stations.days[day],
            *((site[each], value[each], raised[each]) for each in (context, target)),
        )

    def _altered(self, day: int, index: int) -> Floats:
        """The day's values, or those of one made from it; NaN at stations left out."""
        rng = np.random.default_rng([self.seed, _ALTERED_STREAM, index])
        here, law = self.stations.on(day), self.alterations
        value = self.stations.value[here]
        if rng.random() >= law.share:
            return value
        other = self._other(rng, day) if rng.random() < law.mixed else None
        site = self.stations.site[here]
        unit, elevation = self._unit[site], self.stations.elevation[site]
        return law.values(rng, (value, other), unit, elevation)

    def _other(self, rng: np.random.Generator, day: int) -> Floats | None:
        """Values of another day of the kind and season at the day's stations.

        None if it lacks too many of them. NaN at the stations that it lacks.
        """
        stations = self.stations
        kind = next(name for name, days in self.kinds.items() if day in days)
        days, weights = self.kinds[kind], self._weights[kind]
        apart = season_difference(stations.days[days], stations.days[day])
        usable = (apart < self.alterations.season_days + 0.5) & (days != day)
        if not usable.any():
            return None
        weights = weights[usable] / weights[usable].sum()
        there = stations.on(int(rng.choice(days[usable], p=weights)))
        site = stations.site[stations.on(day)]
        value = np.full(len(stations.lat), np.nan)
        value[stations.site[there]] = stations.value[there]
        value = value[site]
        return value if np.isfinite(value).mean() >= _LEAST_COMMON else None

    def network(self, index: int) -> Sites:
        """The context stations of task `index`, with their true elevations."""
        rng = np.random.default_rng([self.seed, _STREAM, index])
        day, (context, _) = self._division(rng, index)
        stations = self.stations
        site = stations.site[stations.on(day)][context]
        lat, lon = stations.lat[site], stations.lon[site]
        return Sites(lat, lon, stations.elevation[site], stations.days[day])

    def _division(
        self, rng: np.random.Generator, index: int
    ) -> tuple[int, tuple[Indices, Indices]]:
        """The day of a task, and its context and targets among the day's stations."""
        day = self.day(rng)
        site = self.stations.site[self.stations.on(day)]
        size = batch_size_draw(self.seed, index, self.batch_size)
        return day, self.sampling.divide(rng, self._inputs.x[site], size)


def validation_draws(
    stations: OpenStations, part: NDArray[np.str_], number: int
) -> Iterator[tuple[str, int, NDArray[np.intp], NDArray[np.intp]]]:
    """Fixed tasks at validation blocks: kind, day, context and target observations.

    For each kind of day `number` tasks on days evenly spread, their context drawn from
    the sites of training blocks alone, in sizes that go round.
    """
    count = np.diff(stations.start)
    for name, days in stations.kinds().items():
        usable = [day for day in days if count[day] >= 2 * _CONTEXT_SIZES[0] // 3]
        if not usable:
            continue
        steps = np.linspace(0, len(usable) - 1, number).round().astype(int)
        for k, step in enumerate(steps):
            day = usable[step]
            rng = np.random.default_rng([_VALIDATION_STREAM, k, day])
            here = np.arange(stations.start[day], stations.start[day + 1])
            held_out = part[stations.site[here]] == "validation"
            context = rng.permutation(here[~held_out])
            context = context[: _CONTEXT_SIZES[k % len(_CONTEXT_SIZES)]]
            if held_out.any() and len(context):
                yield name, day, context, here[held_out]
