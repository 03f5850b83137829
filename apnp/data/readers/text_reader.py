"""Reads any text format that has a description (`apnp.data.readers.text_format`)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.day import Day, distinct
from apnp.data.quality import counted
from apnp.data.readers.element_choice import choose
from apnp.data.readers.file_head import Head
from apnp.data.readers.ghcn_elements import names_of, where_of
from apnp.data.readers.text_format import Element, Preamble, TextFormat
from apnp.data.readers.text_sites import Places, StationLists, places
from apnp.data.readers.text_table import (
    ParquetFile,
    TextFile,
    TextTable,
    is_of,
    matches,
    open_table,
)
from apnp.data.readings import Readings, Request, readings
from apnp.data.units import canonical_units, to_degc
from apnp.errors import DataError

_EXTREMES = ("tasmax", "tasmin")


@dataclass(frozen=True)
class Part:
    """The readings of one file.

    Attributes:
        path: The file.
        places: The sites, and the site of each row (-1: no position known).
        time: Time of each row.
        values: Variable -> values in degC (NaN: missing) and whether a value failed
            a check.
        elements: Variable -> the column it comes from.
        notes: What was left out.
        assumed: What is taken for granted.
    """

    path: Path
    places: Places
    time: NDArray[np.datetime64]
    values: Mapping[str, tuple[NDArray[np.float64], NDArray[np.bool_]]]
    elements: Mapping[str, Element]
    notes: tuple[str, ...]
    assumed: tuple[str, ...]


class TextReader:
    """The reader of one text format.

    Args:
        form: The description of the format.
    """

    def __init__(self, form: TextFormat):
        self.form = form
        self.ABOUT = form.about
        self.NAME = form.about.name

    def recognises(self, head: Head) -> bool:
        """Whether one of the first lines is the line of names of the format."""
        return is_of(head, self.form)

    def read(self, paths: Sequence[Path], request: Request) -> list[Readings]:
        """Readings of files of the format.

        Raises:
            DataError: If a file is damaged, or holds nothing of the variable.
        """
        parts: list[Part] = []
        without: list[Part] = []
        lists = StationLists(paths, request.station_list, self.NAME)
        for path in paths:
            part = _part(open_table(path, self.form), self.form, lists, request)
            (parts if part.elements else without).append(part)
        if not parts:
            raise _nothing(self.form, open_table(paths[0], self.form), request)
        notes = [note for part in parts for note in part.notes]
        if without:
            notes.append(
                f"{counted(len(without), 'file')} without {request.variable.name} left "
                f"out ({names_of([p.path for p in without])})"
            )
        return [_joined(self.form, parts, request, notes)]


def _joined(
    form: TextFormat, parts: Sequence[Part], request: Request, notes: list[str]
) -> Readings:
    """The readings of all files, one column or another at each station."""
    name = request.variable.name
    first = np.cumsum([0, *(len(part.places.sites) for part in parts)])
    sites = pd.concat([part.places.sites for part in parts], ignore_index=True)
    frames = {v: _frame(parts, first, sites, v) for v in ("tas", *_EXTREMES)}
    chosen, comment, days = choose(
        frames if name == "tas" else {name: frames[name]},
        {v: e for part in parts for v, e in part.elements.items()},
        form.half_sum,
    )
    lists = {part.places.source for part in parts if part.places.source}
    source = f"{form.about.name}: {names_of([p.path for p in parts])}"
    attrs = {"source": "; ".join([source, *sorted(lists)])}
    if form.license:
        attrs["license"] = form.license
    instants = None in days
    return readings(
        where_of([part.path for part in parts]),
        sites,
        chosen["site"].to_numpy(),
        chosen["time"].to_numpy(),
        chosen["value"].to_numpy(),
        failed=chosen["failed"].to_numpy(),
        units="degC",
        cell_method="time: point" if instants else request.variable.cell_method,
        comment=comment,
        attrs=attrs,
        notes=tuple(dict.fromkeys(notes)),
        days=distinct(Day.parse(day) for day in days if day is not None),
        assumed=tuple(dict.fromkeys(text for part in parts for text in part.assumed)),
    )


def _frame(
    parts: Sequence[Part], first: NDArray, sites: pd.DataFrame, name: str
) -> pd.DataFrame:
    """Columns site, station, time, value, failed: all values of one column."""
    pieces = []
    for part, offset in zip(parts, first[:-1], strict=True):
        if name not in part.values:
            continue
        value, failed = part.values[name]
        kept = (part.places.site >= 0) & ~np.isnan(value)
        pieces.append(
            pd.DataFrame(
                {
                    "site": part.places.site[kept] + offset,
                    "time": part.time[kept],
                    "value": value[kept],
                    "failed": failed[kept],
                }
            )
        )
    if not pieces:
        columns = ["site", "time", "value", "failed", "station"]
        return pd.DataFrame(columns=columns)
    frame = pd.concat(pieces, ignore_index=True)
    return frame.assign(station=sites["station"].to_numpy()[frame["site"]])


def _part(
    file: TextFile | ParquetFile,
    form: TextFormat,
    lists: StationLists,
    request: Request,
) -> Part:
    before = form.preamble(file.before, file.path) if form.preamble else Preamble()
    elements = _elements(file, form, before, request)
    where = {
        canonical: _column(file, canonical, names, request)
        for canonical, names in form.columns.items()
    }
    used = {
        *(name for name in where.values() if name),
        *form.times.columns, form.times.hours, *form.rows, form.units_column,
        *(c for e in elements.values() for c in (e.column, *e.rows)),
        *(_quality_column(form, e, file, request) for e in elements.values()),
    } - {""}  # fmt: skip
    lacking = used - set(file.names)
    if lacking:
        raise DataError(
            f"{file.path}: no column {sorted(lacking)[0]!r}, which {form.about.name} "
            f"has; the file has {', '.join(file.names)}."
        )
    table, notes = _rows(file.table(used), form)
    time = _times(table, form, before.zone)
    found = places(table, form, where, before, lists, time)
    units = _units(file, form, elements, table, request)
    values = {}
    for name, element in elements.items():
        code = _quality_column(form, element, file, request)
        value, failed = _values(table, form, element, code)
        values[name] = to_degc(value, units), failed
    assumed = before.assumed
    if callable(form.units):
        assumed = (*assumed, f"units {units} (the format: {form.about.units})")
    notes += found.notes
    return Part(file.path, found, time, values, elements, tuple(notes), assumed)


def _column(
    file: TextFile | ParquetFile, canonical: str, names: Sequence[str], request: Request
) -> str:
    """The column that is `canonical`: the user's word, else the first that exists."""
    wanted = request.columns.get(canonical)
    if wanted is not None:
        if wanted not in file.names:
            raise DataError(
                f"{file.path}: no column {wanted!r} (asked for as {canonical}); the "
                f"file has {', '.join(file.names)}."
            )
        return wanted
    return next((name for name in names if name in file.names), "")


def _elements(
    file: TextFile | ParquetFile, form: TextFormat, before: Preamble, request: Request
) -> dict[str, Element]:
    """Variable -> column for the variable asked for, and for what makes a mean."""
    name = request.variable.name
    known = form.elements if before.elements is None else before.elements
    wanted = request.columns.get(name)
    if wanted is not None:
        _column(file, name, (), request)
        like = [e for e in known.values() if e.column == wanted]
        if like:
            return {name: like[0]}
        day = next((known[v].day for v in (name, "tas") if v in known), None)
        return {name: Element(wanted, day, wanted)}
    half = name == "tas" and form.half_sum != "never"
    names = (name, *_EXTREMES) if half else (name,)
    found = {v: known[v] for v in names if v in known and known[v].column in file.names}
    if "tas" not in found and len(found) < 2 and name == "tas":
        return {}
    return found


def _nothing(
    form: TextFormat, file: TextFile | ParquetFile, request: Request
) -> DataError:
    """The error where no file has the variable."""
    name = request.variable.name
    if name in _EXTREMES and form.about.day == "instants":
        return DataError(
            f"{file.path}: {form.about.name} holds readings at instants, no {name}. "
            f"Make it of --variable tas with --daily {name[-3:]}."
        )
    names = (name, *_EXTREMES) if name == "tas" else (name,)
    columns = [form.elements[v].column for v in names if v in form.elements]
    return DataError(
        f"{file.path}: no {name} ({' or '.join(dict.fromkeys(columns)) or 'none'} in "
        f"{form.about.name}); the file has {', '.join(file.names)}. Choose another "
        f"--variable (tas, tasmax, tasmin), or say --columns {name}=NAME."
    )


def _quality_column(
    form: TextFormat, element: Element, file: TextFile | ParquetFile, request: Request
) -> str:
    """The column of quality codes of a column of values; blank where there is none."""
    if form.quality is None:
        return ""
    if "qc" in request.columns:
        return _column(file, "qc", (), request)
    name = element.quality or form.quality.column.format(element.column)
    return name if name in file.names else ""


def _rows(table: TextTable, form: TextFormat) -> tuple[TextTable, list[str]]:
    """The rows that count, and a note on the others."""
    notes = []
    for column, pattern in form.rows.items():
        kept = matches(table.columns[column], pattern)
        if not kept.any():
            raise DataError(
                f"{table.path}: no row counts: {column} is never {pattern}, but e.g. "
                f"{table.columns[column].iloc[0]!r}."
            )
        if not kept.all():
            n = counted(int((~kept).sum()), "row")
            notes.append(f"{n} left out whose {column} is not {pattern}")
            table = table.take(kept)
    return table, notes


def _units(
    file: TextFile | ParquetFile,
    form: TextFormat,
    elements: Mapping[str, Element],
    table: TextTable,
    request: Request,
) -> str:
    """Canonical units of the values: the user's word, the file's, or the format's."""
    said = request.units.get(request.variable.name)
    column = next((e.column for e in elements.values()), "")
    said = said or file.units.get(column)
    if not said and form.units_column:
        return _stated_units(table, form, elements)
    if not said and isinstance(form.units, str):
        said = form.units
    if not said:
        texts = [t for e in elements.values() for t in table.columns[e.column].unique()]
        said = form.units(texts) if callable(form.units) else ""
    return canonical_units(said, str(file.path))


def _stated_units(
    table: TextTable, form: TextFormat, elements: Mapping[str, Element]
) -> str:
    """The units that the rows state: the same in all that hold the variable."""
    held = np.zeros(len(table.line), dtype=bool)
    for element in elements.values():
        held |= _holds(table, element)
    found = table.columns[form.units_column][held].unique()
    if len(found) > 1:
        raise DataError(
            f"{table.path}: the rows state different units ({', '.join(found)}). Part "
            "the file by units."
        )
    return canonical_units(found[0] if len(found) else "degC", str(table.path))


def _holds(table: TextTable, element: Element) -> NDArray[np.bool_]:
    """Which rows hold the element."""
    held = np.ones(len(table.line), dtype=bool)
    for column, pattern in element.rows.items():
        held &= matches(table.columns[column], pattern)
    return held


def _values(
    table: TextTable, form: TextFormat, element: Element, code: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values as the file has them, NaN where missing, and whether each failed."""
    texts = table.columns[element.column]
    if element.part is not None:
        texts = _piece(texts, element.part)
    value = table.numbers(element.column, texts)
    value[np.isin(value, form.missing) | ~_holds(table, element)] = np.nan
    if form.quality is None or not code:
        return value, np.zeros(len(value), dtype=bool)
    codes = table.columns[code]
    if form.quality.part is not None:
        codes = _piece(codes, form.quality.part)
    return value, ~matches(codes, form.quality.good)


def _piece(texts: pd.Series, part: int) -> pd.Series:
    """One part of cells that hold several, separated by commas; blank if lacking."""
    code, unique = pd.factorize(texts)
    parts = [text.split(",") for text in unique]
    piece = [p[part].strip() if part < len(p) else "" for p in parts]
    return pd.Series(np.array([*piece, ""], dtype=object)[code], index=texts.index)


def _times(table: TextTable, form: TextFormat, zone: str) -> NDArray[np.datetime64]:
    """The time of each row in UTC (of daily values, the date)."""
    columns = form.times.columns
    texts = table.columns[columns[0]]
    for name in columns[1:]:
        texts = texts + " " + table.columns[name]
    code, unique = pd.factorize(texts)
    parsed = pd.to_datetime(
        pd.Series(unique), format=form.times.layout, utc=True, errors="coerce"
    )
    if zone != "UTC":
        local = parsed.dt.tz_localize(None)
        parsed = local.dt.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
        parsed = parsed.dt.tz_convert("UTC")
    time = parsed.dt.tz_localize(None).to_numpy().astype("datetime64[s]")[code]
    bad = np.isnat(time)
    if form.times.hours:
        hours = table.numbers(form.times.hours)
        off = ~((hours >= 0) & (hours <= 24))
        if off.any():
            raise DataError(
                f"{table.at(form.times.hours, off)} is not an hour from 0 to 24."
            )
        time = time + (hours * 3600).astype("timedelta64[s]")
    if bad.any():
        text = texts.iloc[int(np.flatnonzero(bad)[0])]
        whole = f" ({text!r})" if columns[1:] else ""
        month = re.fullmatch(r"\d{4}-?\d\d", text)
        raise DataError(
            f"{table.at(columns[0], bad)}{whole} "
            + (
                "is a month. Means of months are no values of a day or an instant; "
                "give the daily or hourly values."
                if month
                else f"is not a time of the layout {form.times.layout}."
            )
        )
    return time.astype("datetime64[ns]")
