"""Times of a table: one column, or date and clock in several; UTC or local dates."""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.day import Day, offset_clock
from apnp.data.readers.numbers import Place, is_blank
from apnp.data.times import nanoseconds
from apnp.errors import DataError

_ZONE = re.compile(
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d(?::\d\d)?|[+-]\d\d)$", re.IGNORECASE
)
_MONTH = re.compile(r"(1[6-9]|20)\d\d([-/.]?(0[1-9]|1[0-2]))?")
_DIGITS = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_NAMED = re.compile(r"(\d{1,2})[-/. ]([A-Za-z]{3,9})[-/., ]+(\d{4})(?:[ T,]+(.*))?")
_HALF_DAY = re.compile(
    r"(?P<date>.*[T ])?(?P<hour>\d{1,2})(?P<rest>(?::\d\d)*)\s*(?P<half>[ap])\.?m\.?",
    re.I,
)
_DOTTED = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}([ T].*)?")
_SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-]\d{4}([ T].*)?")
_CLOCK = re.compile(r"(\d{1,2})(?::?(\d\d))?(?::?(\d\d)(?:\.\d*)?)?\s*(?:Z|UTC)?", re.I)
_WAY_OUT = (
    "Every reading needs one, like 2021-07-01 or 2021-07-01T12:00 (UTC); name the "
    "column with --columns time=NAME."
)
_COUNTED = (
    "Counts of seconds or days (since 1970, Julian days, serial days of a spreadsheet) "
    "are not read as times: write dates like 2021-07-01 or 2021-07-01T12:00 (UTC), or "
    "name another column with --columns time=NAME."
)


@dataclass(frozen=True)
class Times:
    """The times of the rows of a table.

    Attributes:
        values: UTC times, or local dates where `day` says so; shape (n,).
        day: The 24 hours of values stamped at local midnight; None otherwise.
        assumed: What was taken for granted.
    """

    values: NDArray[np.datetime64]
    day: Day | None
    assumed: str


def combined(frame: pd.DataFrame, of: Mapping[str, str]) -> tuple[pd.Series, str]:
    """One column of texts or dates of the columns of times, and a name for it."""
    if "time" in of:
        return frame[of["time"]], of["time"]
    names = [of[k] for k in ("date", "year", "month", "dayofmonth", "dayofyear", "hour",
                             "minute") if k in of]  # fmt: skip
    label = " + ".join(names)
    if "date" in of:
        date, clock = frame[of["date"]], frame[of["hour"]]
        if _mostly(clock, _is_whole_time):
            return clock, of["hour"]
        if _mostly(date, _has_clock):
            return date, of["date"]
        text = (
            date.astype(str)
            .str.strip()
            .str.replace(r"[ T]00:00(:00)?$", "", regex=True)
        )
    elif "dayofyear" in of:
        text = _joined(frame, of, ("year", "dayofyear"), (4, 3), "")
        time = pd.to_datetime(text, format="%Y%j", errors="coerce")
        text = time.dt.strftime("%Y-%m-%d").where(time.notna(), text + " (year, day)")
    else:
        text = _joined(frame, of, ("year", "month", "dayofmonth"), (4, 2, 2), "-")
    if "hour" in of:
        hour = frame[of["hour"]]
        if "half" in of:
            hour = hour.astype(str).str.strip() + " " + frame[of["half"]].astype(str)
        minute = frame[of["minute"]] if "minute" in of else None
        text = _with_clock(text, hour, minute)
    return text.rename(label), label


def _joined(frame, of, parts, widths, by) -> pd.Series:
    """Whole numbers of several columns as one text."""
    texts = [
        frame[of[p]].astype(str).str.strip().str.replace(r"\.0+$", "", regex=True)
        .str.zfill(w)
        for p, w in zip(parts, widths, strict=True)
    ]  # fmt: skip
    joined = texts[0]
    for text in texts[1:]:
        joined = joined + by + text
    return joined


def _with_clock(text: pd.Series, hour: pd.Series, minute: pd.Series | None):
    """Dates with clock times; hour 24 is 0 of the next day."""
    code, unique = pd.factorize(hour, use_na_sentinel=False)
    clock = pd.Series([_clock(str(u).strip()) for u in unique])[code]
    clock.index = text.index
    if minute is not None:
        minutes = minute.astype(str).str.strip().str.replace(r"\.0+$", "", regex=True)
        clock = clock.str[:2] + ":" + minutes.str.zfill(2)
    zone = text.str.extract(_ZONE.pattern, flags=re.IGNORECASE)["zone"].fillna("")
    bare = text.str.replace(_ZONE.pattern, "", regex=True, flags=re.IGNORECASE)
    bare = bare.where(text.str.len() > 10, text)
    zone = zone.where(text.str.len() > 10, "")
    return bare + "T" + clock + zone


def _clock(text: str) -> str:
    """HH:MM[:SS] of 6, 06, 0600, 6:00, 06:00:00 or 6.0; `?` where it is none."""
    text = _whole_day(re.sub(r"\.0+$", "", text))
    found = _CLOCK.fullmatch(text)
    if found is None:
        return f"? {text}"
    if re.fullmatch(r"\d{3}", text):
        return f"0{text[0]}:{text[1:]}"
    hour, minute, second = (int(g or 0) for g in found.groups())
    if hour > 24 or minute > 59 or second > 59:
        return f"? {text}"
    return f"{hour:02d}:{minute:02d}" + (f":{second:02d}" if second else "")


def _whole_day(text: str) -> str:
    """A text with a clock of twelve hours as one of twenty-four.

    >>> _whole_day("2021-07-01 12:30 AM"), _whole_day("3 pm"), _whole_day("13:00 PM")
    ('2021-07-01 00:30', '15:00', '13:00 PM')
    """
    found = _HALF_DAY.fullmatch(text)
    if found is None or not 1 <= int(found["hour"]) <= 12:
        return text
    hour = int(found["hour"]) % 12 + 12 * (found["half"].lower() == "p")
    return f"{found['date'] or ''}{hour:02d}{found['rest'] or ':00'}"


def _mostly(column: pd.Series, test) -> bool:
    """Whether the first cell that is not blank passes a test."""
    some = column[~is_blank(column)]
    return len(some) > 0 and test(some.iloc[0])


def _is_whole_time(value: object) -> bool:
    return isinstance(value, pd.Timestamp) or (
        re.match(r"\d{4}[-/]\d\d[-/]\d\d|\d{10,14}$", str(value).strip()) is not None
    )


def _has_clock(value: object) -> bool:
    found = re.search(r"[T ](\d\d):?(\d\d)", str(value))
    return found is not None and found.groups() != ("00", "00")


def times(column: pd.Series, name: str, place: Place, where: str) -> Times:
    """UTC times of a column; those stamped at local midnight are local dates.

    Naive times are UTC already, whole numbers are YYYYMMDD[HH[MM[SS]]].

    Raises:
        DataError: Naming the place of what is no time, or stands for a month or year.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if isinstance(column.dtype, pd.PeriodDtype):
        if not re.fullmatch(r"period\[(D|B|h|min|s|ms|us|ns)\]", str(column.dtype)):
            raise _monthly(f"{where}, column {name!r}", f"periods of {column.dtype}")
        column = column.dt.to_timestamp()
    code, unique = pd.factorize(column, use_na_sentinel=False)
    some = pd.Series(unique)

    def at(bad: NDArray) -> str:
        return place(int(np.flatnonzero(np.isin(code, np.flatnonzero(bad)))[0]))

    if isinstance(some.dtype, pd.DatetimeTZDtype):
        wall = some.dt.tz_localize(None)
        offset = (wall - some.dt.tz_convert("UTC").dt.tz_localize(None)).dt
        hours = offset.total_seconds().to_numpy() / 3600
        return _zoned(wall.to_numpy(), hours, code, name, where)
    if pd.api.types.is_datetime64_any_dtype(some.dtype):
        wall = some.to_numpy()
        return _naive(_checked(wall, np.isnat(wall), at, name, where)[code], name)
    text = some.astype(str).str.strip()
    _refuse_months(text, at, name, where)
    zone = text.str.extract(_ZONE)["zone"]
    zoned = (zone.notna() & (text.str.len() > 10) & text.str.contains(":")).to_numpy()
    bare = text.where(~zoned, text.str.replace(_ZONE, "", regex=True))
    wall = _parsed(bare, at)
    wall = _checked(wall, np.isnat(wall), at, name, where)
    if not zoned.any():
        return _naive(wall[code], name)
    if not zoned.all():
        raise DataError(
            f"{at(~zoned)} states no offset from UTC, and other times of the column "
            "do. Write all times with an offset, or all in UTC without one."
        )
    hours = np.array(
        [_offset(z) if k else 0.0 for z, k in zip(zone, zoned, strict=True)]
    )
    return _zoned(wall, hours, code, name, where)


def _naive(time: NDArray, name: str) -> Times:
    return Times(time, None, f"times of column {name} without a zone are UTC")


def _zoned(
    wall: NDArray, hours: NDArray, code: NDArray, name: str, where: str
) -> Times:
    """Times with offsets from UTC, or local dates where all are at local midnight."""
    minutes = np.round(hours * 60).astype(np.int64)
    local = nanoseconds(wall, where)
    at_midnight = (local == local.astype("datetime64[D]")).all()
    if at_midnight and (minutes != 0).any():
        one = np.unique(minutes)
        clock = offset_clock(one[0] / 60) if one.size == 1 else "local"
        zones = ", ".join(offset_clock(m / 60) for m in one[:3])
        return Times(
            local[code], Day(clock=clock),
            f"times of column {name} are local midnights ({zones}): each value belongs "
            "to its local date",
        )  # fmt: skip
    time = nanoseconds(local - minutes.astype("timedelta64[m]"), where)
    text = "stated" if (minutes == 0).all() else "converted from the offsets stated"
    return Times(time[code], None, f"times of column {name} in UTC ({text})")


def _offset(zone: str) -> float:
    """Hours of Z, +01:00, -0330 or +02."""
    if zone.upper() in ("Z", "UTC", "GMT"):
        return 0.0
    digits = zone[1:].replace(":", "")
    hours = int(digits[:2]) + int(digits[2:4] or 0) / 60
    return -hours if zone[0] == "-" else hours


def _checked(wall, bad, at, name: str, where: str) -> NDArray[np.datetime64]:
    if bad.any():
        raise DataError(f"{at(bad)} is not a time. {_WAY_OUT}")
    return nanoseconds(wall, f"{where}, column {name!r}")


def _refuse_months(text: pd.Series, at, name: str, where: str) -> None:
    """Refuse counts of days or seconds, and texts that name months or years."""
    decimal = text.str.fullmatch(r"[-+]?\d*\.\d+|\d+\.").to_numpy(dtype=bool)
    if decimal.any():
        raise DataError(f"{at(decimal)} is not a time, but a number. {_COUNTED}")
    count = text.str.fullmatch(r"-?\d{5}|-?\d{13,}|1[0-7]\d{8}").to_numpy(dtype=bool)
    count = count & ~text.str.fullmatch(r"\d{14}").to_numpy(dtype=bool)
    if count.all() and count.size:
        raise DataError(f"{at(count)} is not a time, but a number. {_COUNTED}")
    month = text.map(lambda t: _MONTH.fullmatch(t) is not None).to_numpy(dtype=bool)
    if month.any():
        raise _monthly(at(month), "a month or a year")


def _monthly(place: str, what: str) -> DataError:
    return DataError(
        f"{place} is {what}. Means of months or years are no values of a day or an "
        "instant, and a map of one would be wrong. Give the daily or hourly values "
        "they were made of."
    )


def _parsed(text: pd.Series, at) -> NDArray[np.datetime64]:
    """Naive times of texts, NaT where one is none."""
    text = text.str.replace(r"^(\d{4})/(\d\d?)/(\d\d?)", r"\1-\2-\3", regex=True)
    text = text.map(_whole_day).map(_numbered)
    text, next_day = _midnight_24(text)
    widths = text.str.len().unique()
    if text.str.fullmatch(r"\d+").all():
        layout = _DIGITS.get(int(widths[0])) if len(widths) == 1 else None
        time = _to_datetime(text, layout) if layout else pd.Series([pd.NaT] * len(text))
    else:
        dotted = text.map(lambda t: _DOTTED.fullmatch(t) is not None).to_numpy(bool)
        slashed = text.map(lambda t: _SLASHED.fullmatch(t) is not None).to_numpy(bool)
        if dotted.all():
            text = _turned(text.str.replace(".", "-", n=2), day_first=True)
        elif slashed.all():
            text = _turned(text, _day_first(text, at))
        time = _to_datetime(text, "ISO8601")
    values = time.to_numpy().astype("datetime64[us]")
    return np.where(next_day, values + np.timedelta64(1, "D"), values)


def _numbered(text: str) -> str:
    """A date whose month has its English name, as one of numbers.

    >>> _numbered("1-Jul-2021 06:00"), _numbered("01 juillet 2021")
    ('2021-07-01 06:00', '01 juillet 2021')
    """
    found = _NAMED.fullmatch(text)
    month = found[2].lower() if found else ""
    names = [name.lower() for name in calendar.month_name]
    number = [k for k, name in enumerate(names) if k and month in (name, name[:3])]
    if found is None or not number:
        return text
    return f"{found[3]}-{number[0]:02d}-{int(found[1]):02d} {found[4] or ''}".strip()


def _to_datetime(text: pd.Series, layout: str) -> pd.Series:
    return pd.to_datetime(text, format=layout, errors="coerce")


def _midnight_24(text: pd.Series) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Texts whose clock is 24:00 as 00:00, and where the next day is meant."""
    pattern = r"(?<=[T ])24(?=:?00)|(?<=^\d{8})24(?=(?:00)*$)"
    last = text.str.contains(pattern).to_numpy(dtype=bool)
    return text.str.replace(pattern, "00", regex=True), last


def _day_first(text: pd.Series, at) -> bool:
    """Whether dates like 13/07/2021 begin with the day.

    Raises:
        DataError: If all of them could be read both ways.
    """
    pairs = text.str.extract(_SLASHED)[[0, 1]].astype(int)
    day_first, month_first = (pairs[0] > 12).any(), (pairs[1] > 12).any()
    if day_first == month_first:
        raise DataError(
            f"{at(np.ones(len(text), dtype=bool))} may begin with the day or with the "
            "month. Write dates like 2021-07-01."
        )
    return bool(day_first)


def _turned(text: pd.Series, day_first: bool) -> pd.Series:
    """Texts that begin with day and month as ones that begin with the year."""
    parts = text.str.extract(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(.*)")
    day, month = (0, 1) if day_first else (1, 0)
    return (
        parts[2] + "-" + parts[month].str.zfill(2) + "-" + parts[day].str.zfill(2)
        + parts[3]
    )  # fmt: skip
