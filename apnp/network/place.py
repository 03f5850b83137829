"""Where the next stations should stand, and which could go: greedy choices.

One station after the other is chosen that lowers the mean predictive standard
deviation of the targets most, over the contexts of many days. What a candidate gains
falls as stations come near it, so that a gain computed before is an upper bound, and
only candidates at the top, and near what was chosen, are computed again (lazy greedy;
Minoux 1978). Removal is the mirror image.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from apnp.errors import ConfigError
from apnp.geometry.sphere import great_circle_km
from apnp.network.local_uncertainty import Day, mean_std
from apnp.observations import Floats, Sites


@dataclass(frozen=True, eq=False)
class Chosen:
    """Places in the order of the choice.

    Attributes:
        index: Their numbers among the candidates, or among the stations, (k,).
        change: Estimated change of the mean standard deviation by each, (k,).
        before: Standard deviations at the targets before, mean of the days, (n,).
        after: The same with all changes, computed from whole contexts, (n,).
        weight: Weights of the targets, (n,).
    """

    index: list[int]
    change: list[float]
    before: Floats
    after: Floats
    weight: Floats

    @property
    def mean_before(self) -> float:
        """Mean standard deviation before."""
        return float(self.weight @ self.before)

    @property
    def mean_after(self) -> float:
        """Mean standard deviation after."""
        return float(self.weight @ self.after)


def place_stations(
    days: Sequence[Day],
    lat: Floats,
    lon: Floats,
    elevation: Floats,
    number: int,
    *,
    apart_km: float = 0.0,
    progress: bool = False,
) -> Chosen:
    """Choose a number of the candidates.

    Args:
        days: The contexts; the stations chosen are added to them.
        lat: Latitudes of the candidates in degrees, (n,).
        lon: Longitudes in degrees, (n,).
        elevation: Elevations in metres, (n,).
        number: How many.
        apart_km: Least distance between two stations that are chosen.
        progress: Whether to show rate and time left on standard error.

    Raises:
        ConfigError: If there are fewer candidates.
    """
    if not 1 <= number <= len(lat):
        raise ConfigError(
            f"The number of new stations lies between 1 and that of the candidates, "
            f"{len(lat)}. Got {number}."
        )

    def place(candidate: int, day: Day) -> Sites:
        one = slice(candidate, candidate + 1)
        return Sites(lat[one], lon[one], elevation[one], day.context.sites.time)

    def value(candidate: int) -> tuple[float, float]:
        found, reach = [], 0.0
        for day in days:
            here = place(candidate, day)
            close, gain = day.gain(here)
            found.append(float(day.targets.weight[close] @ gain))
            reach = max(reach, day.reach_km(here))
        return -float(np.mean(found)), reach

    def change(candidate: int) -> None:
        for day in days:
            day.add(place(candidate, day))

    before = mean_std(days)
    index, values = _greedy(
        value, change, lat, lon, number, apart_km=apart_km, progress=progress
    )
    return Chosen(index, values, before, mean_std(days), days[0].targets.weight)


def remove_stations(
    days: Sequence[Day],
    lat: Floats,
    lon: Floats,
    number: int,
    *,
    progress: bool = False,
) -> Chosen:
    """Choose stations whose removal costs least.

    Args:
        days: The contexts; the stations chosen are removed from them.
        lat: Latitudes of all stations in degrees, (n,).
        lon: Longitudes in degrees, (n,).
        number: How many.
        progress: Whether to show rate and time left on standard error.

    Raises:
        ConfigError: If fewer stations would be left than 3.
    """
    if not 1 <= number <= len(lat) - 3:
        raise ConfigError(
            f"Of {len(lat)} stations between 1 and {max(len(lat) - 3, 0)} can be "
            f"removed, so that three are left. Got {number}."
        )

    def station(number: int, day: Day) -> int | None:
        sites = day.context.sites
        found = np.flatnonzero((sites.lat == lat[number]) & (sites.lon == lon[number]))
        return int(found[0]) if len(found) else None

    def value(number: int) -> tuple[float, float]:
        found, reach = [], 0.0
        for day in days:
            here = station(number, day)
            if here is None:
                continue
            close, loss = day.loss(here)
            found.append(float(day.targets.weight[close] @ loss))
            reach = max(reach, day.reach_km(day.context.sites.take(np.array([here]))))
        return float(np.mean(found)) if found else 0.0, reach

    def change(number: int) -> None:
        for day in days:
            here = station(number, day)
            if here is not None:
                day.remove(here)

    before = mean_std(days)
    index, values = _greedy(value, change, lat, lon, number, progress=progress)
    return Chosen(index, values, before, mean_std(days), days[0].targets.weight)


def _greedy(
    value: Callable[[int], tuple[float, float]],
    change: Callable[[int], None],
    lat: Floats,
    lon: Floats,
    number: int,
    *,
    apart_km: float = 0.0,
    progress: bool = False,
) -> tuple[list[int], list[float]]:
    """The lowest value again and again; values of near ones are recomputed.

    Args:
        value: The change of the mean by one, and how far it reaches in km.
        change: What is done when one is chosen.
        lat: Latitudes in degrees, (n,).
        lon: Longitudes in degrees, (n,).
        number: How many to choose.
        apart_km: Least distance of those that are chosen.
        progress: Whether to show rate and time left on standard error.
    """
    heap: list[tuple[float, int]] = []
    reach = np.zeros(len(lat))
    every = range(len(lat))
    for one in tqdm(every, "place", mininterval=1, disable=not progress):
        found, reach[one] = value(one)
        heap.append((found, one))
    heapq.heapify(heap)
    stale = np.zeros(len(lat), dtype=bool)
    barred = np.zeros(len(lat), dtype=bool)
    chosen: list[int] = []
    values: list[float] = []
    while heap and len(chosen) < number:
        found, one = heapq.heappop(heap)
        if barred[one]:
            continue
        if stale[one]:
            found, reach[one] = value(one)
            stale[one] = False
            heapq.heappush(heap, (found, one))
            continue
        chosen.append(one)
        values.append(found)
        change(one)
        apart = great_circle_km(lat, lon, lat[one], lon[one])
        stale |= apart <= reach + reach[one]
        barred |= apart < apart_km
        barred[one] = True
    return chosen, values
