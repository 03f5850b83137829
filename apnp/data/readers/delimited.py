"""Delimited text with a line of names: preamble, delimiter, row of units, encoding."""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.csv

from apnp.data.readers.file_head import Head, check_unpacked, whole_lines
from apnp.errors import DataError

DELIMITERS = ",;\t|"
_COMMENT = re.compile(r"^\s*(#+|%+|//+|!+|\*+)\s*")
_MOST_PREAMBLE = 200  # lines before the names, at most
_PLACEHOLDERS = ("", "-", "1", "utc")


@dataclass(frozen=True)
class Layout:
    """How a text file holds its table.

    Attributes:
        head: The beginning of the file.
        names: Names of the columns.
        delimiter: What separates the fields.
        first: Lines before the first row of data.
        units: Column -> units, where a row below the names states them.
        preamble: Lines before the names, without what marks comments.
    """

    head: Head
    names: list[str]
    delimiter: str
    first: int
    units: dict[str, str] = field(default_factory=dict)
    preamble: tuple[str, ...] = ()

    def line_of(self, row: int) -> int:
        """The line of the file, counted from 1, that holds a row of data."""
        left = row
        lines = whole_lines(self.head.path)
        for number, line in enumerate(lines[self.first :], start=self.first + 1):
            if not line.strip() or self.is_comment(line):
                continue
            if left == 0:
                return number
            left -= 1
        return self.first + 1 + row

    def is_comment(self, line: str) -> bool:
        """Whether a line below the names is a comment, not a row."""
        n_fields = len(split(line, self.delimiter))
        return _COMMENT.match(line) is not None and n_fields != len(self.names)


def split(line: str, delimiter: str | None = None) -> list[str]:
    """The fields of a line, by its most frequent delimiter unless one is given.

    >>> split('id; "a;b" ;x')
    ['id', 'a;b', 'x']
    """
    by = delimiter or max(DELIMITERS, key=line.count)
    rows = list(csv.reader([line], delimiter=by, skipinitialspace=True))
    return [field.strip() for field in rows[0]] if rows else []


def is_number(text: str) -> bool:
    """Whether a field is a number, with a decimal point or comma."""
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def layout_of(head: Head, is_header: Callable[[list[str]], bool]) -> Layout | None:
    """The layout of the first line that `is_header` accepts as names; None if none.

    Lines before it are a preamble. The names may be marked as a comment themselves.
    """
    if head.magic.startswith((b"PAR1", b"CDF", b"\x89HDF", b"PK", b"SQLite")):
        return None
    for k, line in enumerate(head.lines[:_MOST_PREAMBLE]):
        bare = _COMMENT.sub("", line)
        for text in dict.fromkeys((line, bare)):
            names = split(text)
            if len(names) > 1 and is_header(names):
                return _layout(head, k, text)
    return None


def _layout(head: Head, at: int, line: str) -> Layout:
    delimiter = max(DELIMITERS, key=line.count)
    names = split(line, delimiter)
    rows = [split(text, delimiter) for text in head.lines[at + 1 : at + 4]]
    units: dict[str, str] = {}
    first = at + 1
    if rows and _is_units_row(rows, len(names)):
        units = {n: u for n, u in zip(names, rows[0], strict=True) if u}
        first += 1
    elif rows and rows[0] == names:
        first += 1
    before = tuple(
        text for text in (_COMMENT.sub("", p).strip() for p in head.lines[:at]) if text
    )
    return Layout(head, names, delimiter, first, units, before)


def _is_units_row(rows: Sequence[Sequence[str]], n_names: int) -> bool:
    """Whether the first row states units: no number where the next row has some."""
    if len(rows) < 2 or not len(rows[0]) == len(rows[1]) == n_names:
        return False
    pairs = list(zip(rows[0], rows[1], strict=True))
    numeric = [above for above, below in pairs if is_number(below)]
    if not numeric or any(is_number(above) and above != "1" for above in numeric):
        return False
    stated = [above for above in numeric if above.lower() not in _PLACEHOLDERS]
    blank = ("", "na", "nan", "null", "none", "m", "missing", "-")
    others = [a for a, b in pairs if not is_number(b) and a]
    return bool(stated) and (
        any(text.lower() not in blank for text in stated)
        and not any(re.search(r"\d{4}|\d\d:\d\d", text) for text in others)
    )


def read_text(layout: Layout, wanted: Sequence[str]) -> pd.DataFrame:
    """The wanted columns as text, spaces around them and all.

    Raises:
        DataError: If a row has more or fewer fields than there are names.
        ValueError: If the file cannot be read as a table.
    """
    bad: list[Any] = []

    def invalid(row: Any) -> str:
        if layout.is_comment(row.text):
            return "skip"
        bad.append(row)
        return "error"

    def read(encoding: str, threads: bool) -> pd.DataFrame:
        path = layout.head.path
        zipped = layout.head.compressed
        if zipped:
            check_unpacked(path)
        # Names are made unique: which of two equal ones is meant is not known here.
        names = _unique(layout.names)
        kept = [names[layout.names.index(w)] for w in wanted]
        with pyarrow.input_stream(
            str(path), compression="gzip" if zipped else None
        ) as file:
            table = pyarrow.csv.read_csv(
                file,
                pyarrow.csv.ReadOptions(
                    column_names=names, skip_rows=layout.first, encoding=encoding,
                    use_threads=threads,
                ),
                pyarrow.csv.ParseOptions(
                    delimiter=layout.delimiter, invalid_row_handler=invalid
                ),
                pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(kept, pyarrow.string()),
                    include_columns=kept, strings_can_be_null=False,
                ),
            )  # fmt: skip
        return table.rename_columns(list(wanted)).to_pandas()

    encoding = layout.head.encoding
    if not any(line.strip() for line in layout.head.lines[layout.first :]):
        raise DataError(f"{layout.head.path}: the table has no rows.")
    try:
        return read(encoding, True)
    except pyarrow.ArrowInvalid as error:
        if bad:
            raise _wrong_row(layout, bad[0]) from None
        if "UTF8" not in str(error):
            raise
        return read("latin-1", True)


def _wrong_row(layout: Layout, row: Any) -> DataError:
    lines = whole_lines(layout.head.path)
    text = row.text.rstrip("\r\n")
    number = next((k + 1 for k, line in enumerate(lines) if line == text), None)
    place = f", line {number}" if number else ""
    return DataError(
        f"{layout.head.path}{place}: {row.actual_columns} fields where "
        f"{row.expected_columns} are named: {text[:80]!r}. Every row has one field a "
        "name: quote fields that hold the delimiter, and write numbers with a point "
        "where the delimiter is a comma."
    )


def _unique(names: Sequence[str]) -> list[str]:
    """Names made different by their position."""
    return [
        name if name not in names[:k] else f"{name}\0{k}"
        for k, name in enumerate(names)
    ]
