"""Reads any text format that has a description (`apnp.data.readers.text_format`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    is_of,
    open_table,
)
from apnp.data.readers.text_values import rows_of, times_of, units_of, values_of
from apnp.data.readings import Readings, Request, readings
from apnp.data.units import to_degc, to_metres
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
        notes += _former_rule(self.form, parts)
        return [_joined(self.form, parts, request, notes)]


def _former_rule(form: TextFormat, parts: Sequence[Part]) -> list[str]:
    """A warning where values were made by a rule that does not hold any more."""
    if form.formerly is None:
        return []
    date, rule = form.formerly
    before = np.datetime64(date)
    days = [part.time[part.time < before].astype("datetime64[D]") for part in parts]
    old = np.unique(np.concatenate(days))
    if old.size == 0:
        return []
    return [
        f"WARNING: {counted(old.size, 'day')} before {date} ({old[0]} to {old[-1]}): "
        f"{form.about.provider} made the values in another way then, {rule}"
    ]


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
    _check_time(file, form, request)
    before = form.preamble(file.before, file.path) if form.preamble else Preamble()
    elements = _elements(file, form, before, request)
    where = {
        canonical: _column(file, canonical, names, request)
        for canonical, names in form.columns.items()
    }
    used = {
        *(name for name in where.values() if name),
        *form.times.columns, form.times.hours, *form.rows, form.units_column,
        *(e.column for e in elements.values()),
        *(c for e in elements.values() for c in e.rows if c in file.names),
        *(_quality_column(form, e, file, request) for e in elements.values()),
    } - {""}  # fmt: skip
    lacking = used - set(file.names)
    if lacking:
        raise DataError(
            f"{file.path}: no column {sorted(lacking)[0]!r}, which {form.about.name} "
            f"has; the file has {', '.join(file.names)}."
        )
    table, notes = rows_of(file.table(used), form)
    time = times_of(table, form, before.zone)
    found = places(table, form, where, before, lists, time)
    units = units_of(file, form, elements, table, request)
    values = {}
    rule = "" if form.about.units == units else f" ({form.about.units})"
    assumed = [*before.assumed, f"values in {units}{rule}"]
    for name, element in elements.items():
        code = _quality_column(form, element, file, request)
        value, failed, said = values_of(table, form, element, code, request)
        values[name] = to_degc(value, units), failed
        assumed.append(said)
    if before.zone == "UTC" and all(
        element.day is None for element in elements.values()
    ):
        assumed.append("times in UTC")
    sites = _in_metres(found.sites, request, file.path)
    return Part(
        file.path, replace(found, sites=sites), time, values, elements,
        (*notes, *found.notes), tuple(text.replace("; ", ", ") for text in assumed),
    )  # fmt: skip


def _check_time(
    file: TextFile | ParquetFile, form: TextFormat, request: Request
) -> None:
    """Refuse the user's word on the time where the format has it elsewhere."""
    said = request.columns.get("time")
    if said is not None and said not in form.times.columns:
        raise DataError(
            f"{file.path}: {form.about.name} has its times in "
            f"{', '.join(form.times.columns)}, not in {said!r}. Leave time= out."
        )


def _in_metres(sites: pd.DataFrame, request: Request, path: Path) -> pd.DataFrame:
    """The sites with the user's word on units and missing codes of elevations."""
    height = sites["elevation"].to_numpy(np.float64, copy=True)
    height[np.isin(height, request.missing)] = np.nan
    if "elevation" in request.units:
        height = to_metres(height, request.units["elevation"], str(path))
    return sites.assign(elevation=height)


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
            own = known.get(name) == like[0]
            return {name: like[0] if own else replace(like[0], comment=wanted)}
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
    said = request.columns.get("qc")
    if said is not None:
        return "" if said == "none" else _column(file, "qc", (), request)
    if form.quality is None:
        return ""
    name = element.quality or form.quality.column.format(element.column)
    return name if name in file.names else ""
