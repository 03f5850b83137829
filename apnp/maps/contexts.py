"""The observations at each of many times, read when they are asked for."""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.data import observations_at, select_times
from apnp.errors import DataError
from apnp.maps.extrapolation import Network
from apnp.observations import Observations
from apnp.variables import get_variable

log = logging.getLogger(__name__)

_VALUES = 2**22
"""Values of stations that are looked through at once."""


@dataclass(frozen=True, eq=False)
class Contexts:
    """What stations observed at each of some times; it holds one time in memory.

    Attributes:
        stations: A station dataset, whose values may lie in a file.
        variable: The variable.
        times: The times, those at which nothing was observed left out, (nt,).
        counts: Number of observations at each, (nt,).
        observed: Which stations are observed at any of them, (station,).
        digest: Hash of the stations and of all values looked through.
    """

    stations: xr.Dataset
    variable: str
    times: NDArray[np.datetime64]
    counts: NDArray[np.int64]
    observed: NDArray[np.bool_]
    digest: str

    @classmethod
    def at(cls, stations: xr.Dataset, time: str, variable: str) -> "Contexts":
        """The observations at a time, or at the times of a range A/B.

        Raises:
            DataError: If there is no such time, nothing was observed, or a value is
                impossible.
        """
        times = select_times(stations, time)
        counts, observed, digest = _survey(stations, times, variable)
        some = counts > 0
        if some.any() and not some.all():
            log.warning(
                "%d of %d times have no observation and are left out, first %s.",
                (~some).sum(), len(times), times[~some][0],
            )  # fmt: skip
        if not some.any():
            observations_at(stations, times[0], variable=variable)  # tells why
        times, counts = times[some], counts[some]
        return cls(stations, variable, times, counts, observed, digest)

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, index: int) -> Observations:
        return observations_at(self.stations, self.times[index], variable=self.variable)

    def to_ask(self, number: int, earlier: bool) -> Iterator[Observations]:
        """Observations at up to `number` of the times, evenly spread.

        Args:
            number: Times, at most.
            earlier: Whether times of the stations before the first of these follow,
                the latest first, until there are `number`.
        """
        spread = np.linspace(0, len(self) - 1, min(number, len(self))).round()
        yield from (self[int(index)] for index in spread)
        every = self.stations["time"].values
        before = every[every < self.times[0]][::-1] if earlier else every[:0]
        for time in before[: number - len(spread)]:
            row = self.stations[self.variable].sel(time=time).values
            if (np.isfinite(row) & np.isfinite(self.stations["elevation"])).any():
                yield observations_at(self.stations, time, variable=self.variable)

    def network(self) -> Network:
        """The stations of all times."""
        lat, lon = (
            self.stations[name].values[self.observed] for name in ("lat", "lon")
        )
        return Network.of(lat, lon, len(self))

    def __iter__(self) -> Iterator[Observations]:
        return (self[index] for index in range(len(self)))


def _survey(
    stations: xr.Dataset, times: NDArray[np.datetime64], variable: str
) -> tuple[NDArray[np.int64], NDArray[np.bool_], str]:
    """Observations at each time, stations that have any, and a hash of all.

    Raises:
        DataError: If a value is impossible: lazily opened, none was checked before.
    """
    low, high = get_variable(variable).plausible
    digest = hashlib.sha256(times.tobytes())
    for name in ("lat", "lon", "elevation"):
        digest.update(stations[name].values.astype(np.float64).tobytes())
    known = np.isfinite(stations["elevation"].values)
    counts = np.zeros(len(times), dtype=np.int64)
    stations_observed = np.zeros(known.size, dtype=bool)
    size = max(_VALUES // known.size, 1)
    for i in range(0, len(times), size):
        part = stations[variable].sel(time=times[i : i + size])
        values = part.transpose("time", "station").values.astype(np.float32)
        if ((values < low) | (values > high)).any():
            raise DataError(
                f"{variable!r} must lie in [{low:g}, {high:g}]; values from "
                f"{np.nanmin(values):g} to {np.nanmax(values):g} are there after "
                f"{times[i]}. Read the files with apnp.data, which drops such values."
            )
        digest.update(values.tobytes())
        observed = np.isfinite(values) & known
        counts[i : i + size] = observed.sum(axis=1)
        stations_observed |= observed.any(axis=0)
    return counts, stations_observed, digest.hexdigest()
