"""The parser of every verb and the kinds of values it reads; quick to load."""

import argparse
import logging
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, NoReturn, TypeVar

from apnp.errors import ConfigError
from apnp.ranges import LARGEST_SEED, Range

log = logging.getLogger(__name__)
Options = TypeVar("Options")

OLD_OPTIONS = {"--relief": "--elevation", "--fields": "--covariates"}
"""Options that have another name now, with that name."""


class ApnpParser(argparse.ArgumentParser):
    """Refuses with a `ConfigError` of one line, and takes options by full name only.

    An option of several values may be given again: the values add up. A list of
    numbers may begin with a minus. Old names of options are understood and reported.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("allow_abbrev", False)
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **options)

    def error(self, message: str) -> NoReturn:
        """Refuse the command line.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(f"{message} ({self.prog} --help lists the options)")

    def options(self, kind: type[Options], argv: Sequence[str]) -> Options:
        """The options in `argv`; every field of the dataclass `kind` is one.

        Raises:
            ConfigError: If an argument is not understood.
        """
        return as_options(kind, self.parse_args(list(argv)))

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse, after renaming old options and joining lists of numbers."""
        words = sys.argv[1:] if args is None else args
        words = self._joined(self._renamed(words))
        return super().parse_known_args(words, namespace)

    def _renamed(self, argv: Sequence[str]) -> list[str]:
        known, out = self._option_string_actions, []
        for word in argv:
            flag, equals, value = word.partition("=")
            new = OLD_OPTIONS.get(flag)
            if new in known and flag not in known:
                log.warning("%s is now called %s; the old name still works.", flag, new)
                word = f"{new}{equals}{value}"
            out.append(word)
        return out

    def _joined(self, argv: Sequence[str]) -> list[str]:
        """`--region -10,35,45,70` as one word, or `-10` would be an option."""
        out: list[str] = []
        for word in argv:
            action = self._option_string_actions.get(out[-1]) if out else None
            lists = action and action.nargs is None and action.type in _LISTS
            if lists and word.startswith("-"):
                out[-1] = f"{out[-1]}={word}"
            else:
                out.append(word)
        return out


def as_options(kind: type[Options], parsed: argparse.Namespace) -> Options:
    """The dataclass of a verb's options from what a parser has parsed."""
    values = vars(parsed)
    return kind(**{f.name: values[f.name] for f in fields(kind)})  # type: ignore[arg-type]


def number(
    kind: type[int] | type[float], limits: Range
) -> Callable[[str], int | float]:
    """What reads a number within a range, as the `type` of an argument."""

    def read(text: str) -> int | float:
        noun = "an integer" if kind is int else "a number"
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or value not in limits:
            raise argparse.ArgumentTypeError(f"must be {noun} {limits}. Got {text}.")
        return value

    return read


positive = number(int, Range(least=1, most=10**9))
"""Reads an integer from 1."""
process_count = number(int, Range(least=1, most=1024))
"""Reads a number of processes."""
seed = number(int, Range(least=0, most=LARGEST_SEED))
"""Reads a seed."""


def numbers(text: str) -> tuple[float, ...]:
    """Numbers separated by commas."""
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = (float("nan"),)
    if not all(x in Range() for x in found):
        raise argparse.ArgumentTypeError(
            f"must be numbers separated by commas. Got {text}."
        )
    return found


def names(text: str) -> tuple[str, ...]:
    """Names with commas between, as an option's type: each is taken once."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",")))


def region(text: str) -> tuple[float, float, float, float]:
    """West, south, east and north in degrees; W > E crosses the date line."""
    found = numbers(text)
    if len(found) != 4 or not -90 <= found[1] < found[3] <= 90 or (
        not -360 <= found[0] <= 360 or not -360 <= found[2] <= 360
    ):  # fmt: skip
        raise argparse.ArgumentTypeError(
            "must be a region W,S,E,N in degrees, with S < N in [-90, 90] and W and E "
            f"in [-360, 360]. Got {text}."
        )
    west, south, east, north = found
    return west, south, east, north


def pair(text: str) -> tuple[str, str]:
    """NAME=VALUE; `qc=`, no column, is what leaves quality codes out."""
    found = re.fullmatch(r"([^=]+)=(.+)|(qc)=", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE. Got {text}.")
    return found[1] or found[3], found[2] or ""


_LISTS = (numbers, region)
"""What reads several numbers out of one word."""


class AddPairs(argparse.Action):
    """Collects NAME=VALUE pairs in a dictionary, over all uses of the option."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Add the pairs; a name that is given two values is refused."""
        known = dict(getattr(namespace, self.dest) or {})
        for name, value in values:
            if known.get(name, value) != value:
                raise argparse.ArgumentError(
                    self, f"{name} is given twice, as {known[name]} and as {value}."
                )
            known[name] = value
        setattr(namespace, self.dest, known)
