"""Long tables, one reading a row: delimited text, Parquet, GeoPackage and DataFrames.

Canonical columns: station, time (UTC), lat, lon, elevation (m) and the variable
(degC). Common spellings are understood, units in a column's name or in a row below the
names too. Date and clock may be in several columns, positions in a separate station
list, and the variable in rows named by a column of parameters. A column of quality
codes (`qc`, or the variable's name and `_qc` or `_flag`) drops what its scheme rejects.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.day import Day
from apnp.data.readers.about import About
from apnp.data.readers.columns import (
    Columns,
    find_column,
    variable_of_name,
)
from apnp.data.readers.delimited import (
    Layout,
    is_number,
    layout_of,
    read_text,
    split,
)
from apnp.data.readers.file_head import Head, head_of
from apnp.data.readers.frames import flat_frame, frame_of, is_frame_file
from apnp.data.readers.numbers import is_blank
from apnp.data.readers.table_sites import sites_of
from apnp.data.readers.table_times import Times, combined, times
from apnp.data.readers.table_values import values_of
from apnp.data.readers.table_zones import in_utc
from apnp.data.readings import Readings, Request, readings
from apnp.errors import DataError

ABOUT = About(
    "long table (CSV, Parquet)", "anybody", "columns of usual names, or --columns",
    "as the times suggest", "degC, or as names say",
    "kept: blank, 0 and words for good; 1 and 2 where 1 is the commonest",
    "in the file, or a station list",
)  # fmt: skip
NAME = ABOUT.name


@dataclass(frozen=True)
class Table:
    """A table to be read: its columns, and where each row of it stands.

    Attributes:
        frame: The columns that are used.
        columns: What is what.
        layout: The text file that it is of; None for other sources.
        row: Number of each row in the source.
    """

    frame: pd.DataFrame
    columns: Columns
    layout: Layout | None
    row: NDArray[np.intp]

    def take(self, kept: NDArray[np.bool_]) -> "Table":
        """Some of the rows."""
        frame = self.frame[kept].reset_index(drop=True)
        return Table(frame, self.columns, self.layout, self.row[kept])

    def at(self, name: str, row: int) -> str:
        """Place and text of a cell, for messages; `row` counts in this table."""
        source = int(self.row[row])
        if self.layout is not None:
            place = f"line {self.layout.line_of(source)}"
        else:
            place = f"row {source + 1}"
        text = ""
        if name in self.frame:
            text = f": {str(self.frame[name].iloc[row]).strip()!r}"
        return f"{self.columns.where}, {place}, column {name!r}{text}"


def recognises(head: Head) -> bool:
    """Whether the file is Parquet or GeoPackage, or has names of a long table."""
    return is_frame_file(head) or layout_of(head, _is_header) is not None


def _is_header(names: list[str]) -> bool:
    """Whether fields are names of columns: of times, and of stations or places."""
    if any(is_number(name) for name in names):
        return False
    dated = any(find_column(c, names) for c in ("time", "date", "year"))
    placed = any(find_column(c, names) for c in ("station", "lat", "lon"))
    valued = any(find_column(c, names) for c in ("tas", "tasmax", "tasmin", "value"))
    return len(names) >= 3 and placed and (dated or valued)


def could_be(head: Head) -> bool:
    """Whether some line is a row of names, if not ones that are known."""
    return layout_of(head, _like_names(head)) is not None


def _like_names(head: Head):
    """A test of fields: three names or more, and as many fields in the next line."""
    counts = [len(split(line)) for line in head.lines if line.strip()]

    def test(names: list[str]) -> bool:
        alike = len(counts) < 2 or counts.count(len(names)) > 1
        no_numbers = all(n and not is_number(n) for n in names)
        return len(names) >= 3 and alike and no_numbers

    return test


def read(paths: Sequence[Path], request: Request) -> list[Readings]:
    """Readings of tables in files, each on its own.

    Raises:
        DataError: If a column is missing or holds what it must not.
    """
    return [_read_file(path, request) for path in paths]


def read_frame(frame: pd.DataFrame, where: str, request: Request) -> Readings:
    """Readings of a table in memory. `where` stands for it in messages.

    Raises:
        DataError: If a column is missing or holds what it must not.
    """
    flat = flat_frame(frame)
    columns = Columns(list(flat.columns), where, request)
    return _readings(flat[columns.wanted], columns, None)


def _read_file(path: Path, request: Request) -> Readings:
    head = head_of(path)
    if is_frame_file(head):
        frame = _loaded(path, lambda: frame_of(path))
        columns = Columns(list(frame.columns), str(path), request)
        return _readings(frame[columns.wanted], columns, None)
    if any("\0" in line for line in head.lines):
        raise DataError(
            f"{path}: the text holds zero bytes, as UTF-16 and UTF-32 without a mark "
            "and damaged files do. Save it as UTF-8."
        )
    layout = layout_of(head, _is_header) or layout_of(head, _like_names(head))
    if layout is None:
        raise DataError(f"{path}: no line of names of columns found.")
    columns = Columns(layout.names, str(path), request, layout.units)
    frame = _loaded(path, lambda: read_text(layout, columns.wanted))
    return _readings(frame, columns, layout)


def _loaded(path: Path, load: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    try:
        return load()
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise DataError(
            f"{path}: cannot be read as a table ({error}). The file is damaged, cut "
            "short, or of another format."
        ) from None


def _readings(frame: pd.DataFrame, columns: Columns, layout: Layout | None) -> Readings:
    table = Table(frame, columns, layout, np.arange(len(frame)))
    table = _of_parameter(_filled(table))
    if len(table.frame) == 0:
        raise DataError(f"{columns.where}: the table has no rows.")
    when = _times(table)
    site, sites, notes, placed = sites_of(table)
    values = values_of(table, site, when.values)
    kept = (site >= 0) & values.used & ~np.isnat(when.values)
    name = Path(columns.where).name
    days: tuple[Day, ...] = (when.day,) if when.day is not None else ()
    return readings(
        columns.where, sites, site[kept], when.values[kept], values.value[kept],
        failed=values.failed[kept], units=values.units, comment=values.comment,
        notes=(*notes, *values.notes), days=days, cell_method=values.method(when.day),
        attrs={"source": f"{NAME}: {name}"},
        units_assumed=values.units_assumed,
        assumed=(*values.assumed, when.assumed, *placed, *_skipped(layout)),
    )  # fmt: skip


def _skipped(layout: Layout | None) -> list[str]:
    if layout is None or not layout.preamble:
        return []
    n, first = len(layout.preamble), layout.preamble[0][:40]
    return [f"{n} line{'s' * (n > 1)} before the names skipped ({first!r})"]


def _filled(table: Table) -> Table:
    """The rows that are no repeated line of names."""
    frame = table.frame
    if table.layout is None or len(frame) == 0:
        return table
    name = frame.columns[-1]
    repeated = (frame[name] == name).to_numpy(dtype=bool)
    if repeated.any():
        every = (frame == np.array(frame.columns)).all(axis=1).to_numpy(dtype=bool)
        repeated = repeated & every
        return table.take(~repeated)
    return table


def _of_parameter(table: Table) -> Table:
    """The rows of the parameter asked for, where a column tells parameters apart.

    Raises:
        DataError: If none or several parameters could be the variable.
    """
    of, request = table.columns.of, table.columns.request
    if "parameter" not in of:
        return table
    column, name = of["parameter"], request.variable.name
    texts = table.frame[column].astype(str).str.strip()
    unique = sorted(texts[~is_blank(texts)].unique())
    asked = request.columns.get(name)
    if asked in unique:
        chosen = [asked]
    elif len(unique) <= 1:
        return table
    else:
        chosen = [text for text in unique if variable_of_name(text) == name]
    if len(chosen) != 1:
        found = "several of them" if chosen else "none of them"
        raise DataError(
            f"{table.columns.where}: column {column!r} names a parameter in each row: "
            f"{', '.join(unique[:12])}{', ...' * (len(unique) > 12)}; {found} is known "
            f"as {name}. Choose one, e.g. --columns {name}={(chosen or unique)[0]!r}."
        )
    return table.take((texts == chosen[0]).to_numpy(dtype=bool))


def _counts_from_one(table: Table) -> bool:
    """Whether the hours of a table run from 1 to 24, and not from 0 to 23."""
    hours = pd.to_numeric(table.frame[table.columns.of["hour"]], errors="coerce")
    return bool(hours.min() >= 1) and hours.max() in (24, 2400)


def _times(table: Table) -> Times:
    column, name = combined(table.frame, table.columns.of)
    shown = Table(
        table.frame.assign(**{name: column}), table.columns, table.layout, table.row
    )
    found = times(column, name, lambda row: shown.at(name, row), table.columns.where)
    bracket = name.partition("(")[2].rstrip(") ").lower()
    found = in_utc(table, found, name)
    if "hour" in table.columns.of and _counts_from_one(table):
        said = f"{found.assumed}; hours run from 1 to 24, and 24 is 00 of the next day"
        found = replace(found, assumed=said)
    known = ("", "utc", "gmt", "z", "iso8601", "iso 8601", "lst", "local",
             "local time", "lt")  # fmt: skip
    if bracket not in known and found.day is None:
        return Times(found.values, found.day, f"{found.assumed} (not {bracket})")
    return found
