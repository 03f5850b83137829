"""The description of a text format: what its columns mean, and how it is recognised.

A description is data. `apnp.data.readers.text_reader` reads any file that has one, so
that a new format needs an entry in `apnp.data.readers.formats` and a test.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from apnp.data.readers.about import About


@dataclass(frozen=True)
class Quality:
    """Which quality codes let a value pass.

    Attributes:
        column: Column of the codes; `{}` stands for the column of the values.
        good: Regular expression of the codes that pass, matched as a whole.
        part: Which of several codes in one cell, separated by commas, counts.
    """

    column: str
    good: str
    part: int | None = None


@dataclass(frozen=True)
class Element:
    """A column of temperatures.

    Attributes:
        column: Name of the column.
        day: Which 24 hours a value stands for, as `apnp.data.day.Day.parse` reads it;
            None for readings at instants.
        comment: How the values are made, where the name does not say so.
        part: Which part of a cell with several, separated by commas, is the value.
        quality: Column of the quality codes, where the format's rule does not name it.
        rows: Column -> regular expression of its texts in the rows that hold this
            element, for formats that hold several in one column; a column that a file
            lacks says nothing.
    """

    column: str
    day: str | None = None
    comment: str = ""
    part: int | None = None
    quality: str = ""
    rows: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Times:
    """How a row states its time.

    Attributes:
        columns: Columns whose texts, joined by blanks, are the time.
        layout: As `strftime` describes it, or `ISO8601`.
        hours: Column of hours (0 to 24) to add, or blank.
    """

    columns: tuple[str, ...]
    layout: str = "ISO8601"
    hours: str = ""


@dataclass(frozen=True)
class Preamble:
    """What the lines before the table say.

    Attributes:
        sites: Columns station, lat, lon, elevation, station_name and perhaps begin
            (the first time at this position); None where they name no position.
        station: Id of the station of all rows, where no column holds it.
        zone: Time zone of the times, as the IANA database names it.
        elements: The columns of temperatures, where only the preamble tells them.
        assumed: What is taken for granted because the lines do not say it.
    """

    sites: pd.DataFrame | None = None
    station: str = ""
    zone: str = "UTC"
    elements: Mapping[str, Element] | None = None
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True)
class TextFormat:
    """A format of text files with one reading a row.

    Attributes:
        about: What people want to know of it.
        header: Regular expression that the line of names matches, among the first
            lines; where the format has no such line, that the first row matches.
        columns: Canonical name (station, lat, lon, elevation, station_name) -> names
            of the column in the order of preference; the first that is there counts.
        times: How a row states its time.
        elements: Variable -> its column of values.
        row: Regular expression that one of the first rows matches, where the line of
            names does not tell the format.
        names: Names of the columns, for formats without a line of names.
        delimiter: Characters of which the one that is most frequent in the line of
            names parts the cells; blank for any number of blanks.
        units: Units of all values; or a function of their texts.
        units_column: Column that states the units of each row, or blank.
        units_row: Whether a row of units follows the names.
        missing: Numbers that stand for a missing value.
        quality: The rule for quality codes, if there are any.
        rows: Column -> regular expression of its texts in the rows that count.
        preamble: Reads the lines before the table.
        station_prefix: Text before the ids in the column of stations, to be removed.
        station_of_file: Regular expression whose group 1 is the station's id in the
            name of the file, for formats that state it nowhere else.
        footer: The last line of a complete file.
        ragged: Whether notes follow the cells of some rows.
        half_sum: At which stations half the sum of maximum and minimum stands for the
            mean: `never`; where it is there for twice as many days (`no mean`); or
            where it is there for `more days`.
        license: Terms of use, where the provider asks to repeat them.
        formerly: A date (YYYY-MM-DD), and how the values before it were made, where
            that differs from the rule of the elements; None = always alike.
    """

    about: About
    header: re.Pattern[str]
    columns: Mapping[str, tuple[str, ...]]
    times: Times
    elements: Mapping[str, Element]
    row: re.Pattern[str] | None = None
    names: tuple[str, ...] = ()
    delimiter: str = ","
    units: str | Callable[[Sequence[str]], str] = "degC"
    units_column: str = ""
    units_row: bool = False
    missing: tuple[float, ...] = ()
    quality: Quality | None = None
    rows: Mapping[str, str] = field(default_factory=dict)
    preamble: Callable[[list[str], Path], Preamble] | None = None
    station_prefix: str = ""
    station_of_file: str = ""
    footer: str = ""
    ragged: bool = False
    half_sum: str = "no mean"
    license: str = ""
    formerly: tuple[str, str] | None = None
