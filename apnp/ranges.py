"""Ranges of the numbers that users give, in configurations and as options."""

import math
from collections.abc import Iterator
from dataclasses import Field, dataclass, field, fields
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, get_args, get_origin

from apnp.errors import ConfigError

LARGEST_SEED = 2**32 - 1
"""The largest seed that every random generator in use accepts."""
_KEY = "range"


@dataclass(frozen=True)
class Range:
    """What a number, or each number of a list, may be. NaN and infinity never may.

    Attributes:
        least: Smallest value, included.
        most: Largest value, included.
        above: The value must be greater.
        below: The value must be smaller.
        count: Least and largest number of values in a list.
    """

    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    count: tuple[int, int] = (1, 64)

    def __contains__(self, value: float) -> bool:
        """Whether one number keeps the rule."""
        return (
            math.isfinite(value)
            and (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        """The rule as mathematics, such as `>= 0 and < 1`."""
        bounds = ((">=", self.least), (">", self.above), ("<=", self.most))
        parts = [f"{sign} {b:.10g}" for sign, b in bounds if b is not None]
        if self.below is not None:
            parts.append(f"< {self.below:.10g}")
        return " and ".join(parts)


def ranged(
    default: Any,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    count: tuple[int, int] = (1, 64),
) -> Any:
    """A dataclass field with a default and a range: see `Range`."""
    return field(
        default=default, metadata={_KEY: Range(least, most, above, below, count)}
    )


@dataclass(frozen=True)
class Section:
    """Base of the sections of a configuration: each checks its ranges when it is made.

    Attributes:
        section: Dotted key of the section, for messages.
    """

    section: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Check every field that has a range.

        Raises:
            ConfigError: Naming the key, the rule and the value.
        """
        for each in fields(self):
            limits = range_of(each)
            if limits is not None:
                _check(self.key(each.name), getattr(self, each.name), each, limits)

    def key(self, name: str) -> str:
        """The dotted key of a field."""
        return f"{self.section}.{name}" if self.section else name


def range_of(of: Field) -> Range | None:
    """The range of a dataclass field, where it has one."""
    return of.metadata.get(_KEY)


def number_kind(annotation: Any) -> type | None:
    """`int` or `float` where a field's type holds numbers, else None."""
    kinds = set(_leaves(annotation))
    return float if float in kinds else int if int in kinds else None


def _leaves(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Literal:
        return
    parts = get_args(annotation)
    if not parts:
        yield annotation
    for part in parts:
        yield from _leaves(part)


def _check(key: str, value: Any, of: Field, limits: Range) -> None:
    if value is None or isinstance(value, str):  # such as `devices: auto`
        return
    several = isinstance(value, list | tuple)
    kind = number_kind(of.type)
    noun = "an integer" if kind is int else "a number"
    type_ = Integral if kind is int else Real
    values = value if several else [value]
    if several and not limits.count[0] <= len(value) <= limits.count[1]:
        raise ConfigError(
            f"`{key}` must hold {limits.count[0]} to {limits.count[1]} values. "
            f"Got {len(value)}: {list(value)}."
        )
    for one in values:
        proper = isinstance(one, type_) and not isinstance(one, bool)
        if not proper or float(one) not in limits:
            subject = f"each value of `{key}`" if several else f"`{key}`"
            raise ConfigError(
                f"{subject} must be {noun} {limits}. "
                f"Got {list(value) if several else value!r}."
            )
