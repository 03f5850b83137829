"""What a reader hands on: readings in long form, before any quality control."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from apnp.data.day import Day, distinct
from apnp.data.schema import FAILED_CHECK, GOOD
from apnp.data.times import nanoseconds
from apnp.variables import Variable

SITE_COLUMNS = ["station", "lat", "lon", "elevation", "station_name"]


@dataclass(frozen=True)
class Request:
    """What is wanted from files.

    Attributes:
        variable: The variable to read.
        columns: Canonical name -> name in the file, where the user says so.
        units: Canonical name -> units, where the user says so.
        station_list: File with the positions of stations, if given.
        day: The 24 hours of daily values, where the user says so.
        missing: Numbers that stand for a missing value or elevation.
        good_flags: The quality codes that are good, where the user says so.
    """

    variable: Variable
    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    station_list: Path | None = None
    day: Day | None = None
    missing: tuple[float, ...] = ()
    good_flags: frozenset[str] | None = None


@dataclass(frozen=True)
class Readings:
    """Readings in long form: `n` values, each at one of `s` sites and `t` times.

    Attributes:
        where: The file or files, for messages.
        sites: Columns station, lat, lon, elevation, station_name; an id may repeat.
        times: Times, shape (t,), increasing, datetime64[ns].
        site: Row of `sites` of each value, shape (n,).
        step: Index into `times` of each value, shape (n,).
        value: Values, shape (n,); NaN only where the flag is not good.
        flag: Quality flag of each value, shape (n,), as in `apnp.data.schema`.
        units: Units of the values.
        cell_method: CF cell method of the values; blank where a file states none.
        comment: How the variable was made, where the file has no such variable.
        attrs: Global attributes to hand on (source, licence, history, ...).
        notes: What the reader left out, one sentence each.
        days: The 24 hours of daily values, by the file or its format; empty where
            neither says it, and for readings at instants.
        assumed: What the reader took for granted (units, time zone, quality column
            used or ignored, source of the elevations), a few words each.
        units_assumed: Whether neither the file nor the user states the units.
    """

    where: str
    sites: pd.DataFrame
    times: NDArray[np.datetime64]
    site: NDArray[np.intp]
    step: NDArray[np.intp]
    value: NDArray[np.float64]
    flag: NDArray[np.int8]
    units: str
    cell_method: str
    comment: str = ""
    attrs: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    days: tuple[Day, ...] = ()
    assumed: tuple[str, ...] = ()
    units_assumed: bool = False

    def __len__(self) -> int:
        return int(self.value.shape[0])

    def take(self, index: NDArray) -> "Readings":
        """The readings at `index` (integers or booleans), of the same sites."""
        return replace(
            self,
            site=self.site[index], step=self.step[index],
            value=self.value[index], flag=self.flag[index],
        )  # fmt: skip


def readings(
    where: str,
    sites: pd.DataFrame,
    site: ArrayLike,
    time: ArrayLike,
    value: ArrayLike,
    *,
    units: str,
    cell_method: str,
    failed: ArrayLike | None = None,
    **about,
) -> Readings:
    """Readings from one site index, time and value a row; missing values are left out.

    Args:
        where: The file or files, for messages.
        sites: Columns station, lat, lon, elevation, and perhaps station_name.
        site: Row of `sites` of each value.
        time: Time of each value.
        value: Values, NaN where missing.
        units: Units of the values.
        cell_method: CF cell method, or blank.
        failed: True where the file's own quality control rejects the value.
        **about: Further fields of `Readings`.
    """
    value = np.asarray(value, dtype=np.float64)
    flag = np.full(value.shape, GOOD, dtype=np.int8)
    if failed is not None:
        flag[np.asarray(failed, dtype=bool)] = FAILED_CHECK
    kept = ~np.isnan(value)
    stamps = nanoseconds(time, where)[kept]
    step, times = pd.factorize(stamps, sort=True)
    return Readings(
        where, with_all_columns(sites), np.asarray(times),
        np.asarray(site, np.intp)[kept], step.astype(np.intp), value[kept], flag[kept],
        units, cell_method, **about,
    )  # fmt: skip


def with_all_columns(sites: pd.DataFrame) -> pd.DataFrame:
    """`sites` with the columns every reader hands on, names empty where unknown."""
    if "station_name" not in sites:
        sites = sites.assign(station_name="")
    return sites[SITE_COLUMNS].reset_index(drop=True)


def join(parts: Sequence[Readings]) -> Readings:
    """All readings of several files, of one variable in the same units and kind."""
    if len(parts) == 1:
        return parts[0]
    times = np.unique(np.concatenate([p.times for p in parts]))
    first = np.cumsum([0, *(len(p.sites) for p in parts)])
    return Readings(
        where=parts[0].where,
        sites=pd.concat([p.sites for p in parts], ignore_index=True),
        times=times,
        site=np.concatenate(
            [p.site + f for p, f in zip(parts, first[:-1], strict=True)]
        ),
        step=np.concatenate([np.searchsorted(times, p.times)[p.step] for p in parts]),
        value=np.concatenate([p.value for p in parts]),
        flag=np.concatenate([p.flag for p in parts]),
        units=parts[0].units,
        cell_method=parts[0].cell_method,
        comment=_together([p.comment for p in parts]),
        attrs={
            key: _together([p.attrs.get(key, "") for p in parts])
            for key in dict.fromkeys(key for p in parts for key in p.attrs)
        },
        notes=tuple(note for p in parts for note in p.notes),
        days=distinct(day for p in parts for day in p.days),
        assumed=tuple(dict.fromkeys(text for p in parts for text in p.assumed)),
    )


def without_codes(part: Readings, codes: Sequence[float]) -> Readings:
    """The readings whose value is not a code for a missing value."""
    if not codes:
        return part
    there = np.zeros(len(part), dtype=bool)
    for code in codes:
        there |= np.isclose(part.value, code, rtol=1e-6, atol=1e-9)
    return part.take(~there)


def _together(texts: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(t for t in texts if t))


def cell_method_of(variable: Variable, times: ArrayLike) -> str:
    """The cell method that the times suggest where a file states none.

    Dates without a clock time, or at midnight, belong to daily values; anything else
    to values at an instant. Extremes are daily by definition.
    """
    if variable.cell_method != "time: mean":
        return variable.cell_method
    time = np.asarray(times).astype("datetime64[s]").astype(np.int64)
    daily = not (time % 86400).any()
    return variable.cell_method if daily else "time: point"


def midrange(
    maximum: NDArray, minimum: NDArray, failed_max: NDArray, failed_min: NDArray
) -> tuple[NDArray, NDArray]:
    """Half the sum of daily maximum and minimum, and whether either failed a check."""
    return (maximum + minimum) / 2, failed_max | failed_min
