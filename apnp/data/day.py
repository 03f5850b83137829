"""The day that a daily value stands for: which 24 hours, seen from its date."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from apnp.errors import ConfigError

_TEXT = re.compile(
    r"(?P<begin>\d{1,2}(?::?\d\d)?)\s*-\s*(?P<end>\d{1,2}(?::?\d\d)?)"
    r"(?:\s*(?P<clock>local|utc|z)?\s*(?P<offset>[+-]\d{1,2}(?::?\d\d)?)?)"
    r"(?:,?\s*(?:dated by its )?(?P<dated>start|end))?(?P<assumed>\s*\(assumed\))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Day:
    """Which 24 hours a daily value stands for.

    Attributes:
        start: Hours from 00:00 of the value's date to the beginning of the 24 hours,
            in [-24, 24): 0 is the calendar day; 6 is 06 to 06 of the next day; -15 is
            09 of the day before to 09.
        clock: The clock that counts them: `UTC`, a fixed offset such as `UTC+01:00`,
            or `local` (legal or solar time of each station).
        assumed: Whether this is assumed because nothing states it.

    Raises:
        ConfigError: If the start or the clock is out of range.
    """

    start: float = 0.0
    clock: str = "UTC"
    assumed: bool = False

    def __post_init__(self) -> None:
        if not -24 <= self.start < 24:
            raise ConfigError(
                f"A day starts from -24 to 24 hours after its date. Got {self.start:g}."
            )
        if self.clock != "local" and not re.fullmatch(
            r"UTC([+-]\d\d:\d\d)?", self.clock
        ):
            raise ConfigError(
                f"The clock of a day is UTC, UTC+HH:MM or local. Got {self.clock!r}."
            )

    @classmethod
    def parse(cls, text: str) -> "Day":
        """The day that a text such as `UTC`, `local`, `06-06` or `09-09 UTC+01:00` is.

        Where the text does not say whether the date is that of the start or the end,
        it is the date that holds most of the 24 hours.

        Raises:
            ConfigError: If the text is not understood.

        >>> Day.parse("06-06").start, Day.parse("18-18 UTC").start
        (6.0, -6.0)
        >>> str(Day.parse("09-09 UTC+1 end"))
        '09-09 UTC+01:00, dated by its end'
        """
        plain = text.strip()
        if plain.lower() in ("utc", "z", "local"):
            return cls(clock="local" if plain.lower() == "local" else "UTC")
        found = _TEXT.fullmatch(plain)
        begin = _hours(found["begin"]) if found else None
        if found is None or begin is None or _hours(found["end"]) != begin:
            raise ConfigError(
                "A day is `UTC`, `local` or 24 hours such as `06-06`, `09-09 local`, "
                "`00-00 UTC+01:00` or `09-09 end` (dated by its end). Got "
                f"{text!r}."
            )
        local = (found["clock"] or "").lower() == "local"
        clock = "local" if local else _clock(found["offset"])
        end = found["dated"] == "end" or (found["dated"] is None and begin > 12)
        return cls(begin - 24 if end else begin, clock, bool(found["assumed"]))

    def __str__(self) -> str:
        hour = _clock_time(self.start % 24)
        text = f"{hour}-{hour} {self.clock}"
        by_end = self.start < 0
        if by_end != (self.start % 24 > 12):
            text += f", dated by its {'end' if by_end else 'start'}"
        return text + (" (assumed)" if self.assumed else "")

    @property
    def utc_start(self) -> float | None:
        """Hours from 00 UTC of the date to the beginning; None for local clocks."""
        if self.clock == "local":
            return None
        return self.start - _offset(self.clock)

    @property
    def stamp(self) -> float:
        """Hours from 00 UTC of the date to the time that stands for the value.

        The beginning of days that start on their date; the hour of the reading of days
        that are dated by their end, where that is in the morning; else 00 UTC.

        >>> [Day(start).stamp for start in (0.0, 6.0, -6.0, -15.0)]
        [0.0, 6.0, 0.0, 9.0]
        """
        start = self.utc_start or 0.0
        return start if start >= 0 else start + 24 if start <= -12 else 0.0

    def same(self, other: "Day") -> bool:
        """Whether both are the same 24 hours, stated or assumed."""
        return replace(self, assumed=False) == replace(other, assumed=False)


def parse_days(text: str) -> tuple[Day, ...]:
    """The days that an attribute `day_interval` names, one or several mixed.

    Raises:
        ConfigError: If the text is not understood.
    """
    return tuple(Day.parse(part) for part in text.split(";") if part.strip())


def days_text(days: Sequence[Day]) -> str:
    """The attribute `day_interval`: the days, several joined by semicolons."""
    return "; ".join(map(str, days))


def distinct(days: Iterable[Day]) -> tuple[Day, ...]:
    """The different ones among `days`; stated ones come before assumed ones."""
    kept: list[Day] = []
    for day in sorted(days, key=lambda d: d.assumed):
        if not any(day.same(other) for other in kept):
            kept.append(day)
    return tuple(kept)


def mixture(days: Sequence[Day]) -> str:
    """A sentence on the mixture of different days, and how far they differ.

    >>> mixture([Day(), Day(6.0)])
    'days of different definitions are mixed: 00-00 UTC, 06-06 UTC (up to 6 of the 24 \
hours differ)'
    """
    starts = [day.utc_start for day in days]
    known = [s for s in starts if s is not None]
    size = "by how much is unknown: the time zones are not stated"
    if len(known) == len(starts):
        size = f"up to {min(max(known) - min(known), 24):g} of the 24 hours differ"
    return (
        f"days of different definitions are mixed: {', '.join(map(str, days))} ({size})"
    )


def _hours(text: str) -> float | None:
    """Hours of HH, HHMM or HH:MM; None where that is no time of day. 24 is 0."""
    digits = text.replace(":", "")
    hour, minute = (int(digits), 0) if len(digits) < 3 else divmod(int(digits), 100)
    hour %= 24 if hour == 24 else 100
    return hour + minute / 60 if hour < 24 and minute < 60 else None


def _clock_time(hours: float) -> str:
    minutes = round(hours * 60)
    text = f"{minutes // 60:02d}"
    return text + (f":{minutes % 60:02d}" if minutes % 60 else "")


def _clock(offset: str | None) -> str:
    hours = _hours(offset[1:]) if offset else 0.0
    if hours is None or hours > 14:
        raise ConfigError(f"A clock's offset from UTC is +HH:MM. Got {offset!r}.")
    return offset_clock(-hours if offset and offset[0] == "-" else hours)


def offset_clock(hours: float) -> str:
    """The clock that is `hours` ahead of UTC.

    >>> offset_clock(5.5), offset_clock(0)
    ('UTC+05:30', 'UTC')
    """
    minutes = round(abs(hours) * 60)
    sign = "-" if hours < 0 else "+"
    return f"UTC{sign}{minutes // 60:02d}:{minutes % 60:02d}" if minutes else "UTC"


def _offset(clock: str) -> float:
    if clock == "UTC":
        return 0.0
    hours = int(clock[4:6]) + int(clock[7:9]) / 60
    return -hours if clock[3] == "-" else hours
