"""Local times of a table made UTC, by a column of time zones or offsets."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.day import Day, offset_clock
from apnp.data.readers.columns import plain
from apnp.data.readers.numbers import is_blank
from apnp.data.readers.table_times import Times
from apnp.data.times import nanoseconds
from apnp.errors import DataError

if TYPE_CHECKING:
    from apnp.data.readers.table import Table

_OFFSET = re.compile(
    r"(?:UTC|GMT)?\s*(?P<sign>[+\-−])(?P<hour>\d\d?)(?::?(?P<minute>\d\d))?", re.I
)
_UTC = ("utc", "gmt", "z", "etc/utc", "etc/gmt", "zulu", "coordinated universal time")
_MOST_HOURS = 14.0  # no zone is farther from UTC


def in_utc(table: "Table", found: Times, name: str) -> Times:
    """The times of a table in UTC, where a column says which zone each is in.

    Dates without clock times are local dates: they keep their values, and get the day
    of the zone. Times that state their own offset, or are UTC by their column's name,
    do not need the column.

    Args:
        table: The table, with a column `zone` or without.
        found: Its times as they stand.
        name: The column of times.

    Raises:
        DataError: If times are local and nothing says their offset from UTC, or a zone
            is not known.
    """
    zone = table.columns.of.get("zone")
    if found.day is not None or "zone" not in found.assumed:
        return found
    dated = not (found.values != found.values.astype("datetime64[D]")).any()
    if re.search(r"utc|gmt|zulu", plain(name)):
        unused = f" (column {zone} is not needed)" if zone else ""
        return Times(found.values, None, f"times of column {name} are UTC{unused}")
    if zone is None:
        return _without(table, found, name, dated)
    code, zones = _zones(table, zone)
    if dated:
        return _local_dates(found, zones, zone)
    utc = np.full(found.values.shape, np.datetime64("NaT"), dtype="datetime64[ns]")
    for k, each in enumerate(zones):
        utc[code == k] = _converted(found.values[code == k], each)
    lost = int(np.isnat(utc).sum())
    said = f"times of column {name} converted to UTC by column {zone}"
    if lost:
        said += (
            f"; {lost:,} of them left out, as clocks showed them twice or never when "
            "they were put back or forward"
        )
    return Times(nanoseconds(utc, table.columns.where), None, said)


def _without(table: "Table", found: Times, name: str, dated: bool) -> Times:
    """Times of no stated zone: UTC, unless the column's name says that they are local.

    Raises:
        DataError: If they are local times of day.
    """
    words = re.findall(r"[a-z]+", name.lower())
    if not {"local", "lst", "lt", "localtime"} & set(words):
        return found
    if dated:
        return Times(found.values, Day(clock="local"), f"{name}: local dates")
    raise DataError(
        f"{table.columns.where}: column {name!r} is in local time, whose offset from "
        "UTC it does not say. Write the times with it (2021-07-01T06:00+01:00) or in "
        "UTC, or name a column of time zones or offsets with --columns zone=NAME."
    )


def _local_dates(found: Times, zones: list[tzinfo], zone: str) -> Times:
    offsets = {each.utcoffset(None) for each in zones}
    fixed = offsets.pop() if len(offsets) == 1 else None
    clock = "local" if fixed is None else offset_clock(fixed.total_seconds() / 3600)
    text = f"dates are local ones, as column {zone} names time zones"
    return Times(found.values, Day(clock=clock), text)


def _converted(wall: NDArray[np.datetime64], zone: tzinfo) -> NDArray[np.datetime64]:
    """UTC times of local ones; NaT where clocks showed them twice or never."""
    local = pd.DatetimeIndex(wall).tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    return local.tz_convert("UTC").tz_localize(None).to_numpy()


def _zones(table: "Table", column: str) -> tuple[NDArray[np.intp], list[tzinfo]]:
    """The zone of each row as a number, and the zones.

    Raises:
        DataError: Naming the first that is not known.
    """
    cells = table.frame[column]
    code, unique = pd.factorize(cells, use_na_sentinel=False)
    blank = is_blank(pd.Series(unique))
    zones: list[tzinfo] = []
    for k, cell in enumerate(unique):
        zone = None if blank[k] else zone_of(cell)
        if zone is None:
            row = int(np.flatnonzero(code == k)[0])
            raise DataError(
                f"{table.at(column, row)} is no time zone. Write names such as "
                "Europe/Berlin or offsets such as +02:00 or 5.5 (hours), or read the "
                "times as UTC with --columns zone=none."
            )
        zones.append(zone)
    return code.astype(np.intp), zones


def zone_of(cell: object) -> tzinfo | None:
    """The time zone that a cell names: IANA names, offsets, hours or seconds.

    Abbreviations such as EST or IST stand for several zones, so are none.

    >>> zone_of("UTC-03:30"), zone_of(5.5), zone_of("IST")
    (datetime.timezone(datetime.timedelta(days=-1, seconds=73800)), \
datetime.timezone(datetime.timedelta(seconds=19800)), None)
    """
    text = str(cell).strip()
    if text.lower() in _UTC:
        return UTC
    signed = _OFFSET.fullmatch(text)
    try:
        if signed is not None:
            hours = int(signed["hour"]) + int(signed["minute"] or 0) / 60
            return _fixed(hours if signed["sign"] == "+" else -hours)
        if re.fullmatch(r"-?\d+(\.\d+)?", text):
            number = float(text)
            in_seconds = abs(number) >= 3600 and number % 900 == 0
            return _fixed(number / 3600 if in_seconds else number)
        return ZoneInfo(text) if "/" in text else None
    except (KeyError, ValueError, OSError):
        return None


def _fixed(hours: float) -> timezone | None:
    quarters = hours * 4
    if abs(hours) > _MOST_HOURS or abs(quarters - round(quarters)) > 1e-6:
        return None
    return timezone(timedelta(hours=hours))
