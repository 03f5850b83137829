"""The rows of a text file as columns of text, each row with the number of its line."""

import csv
import re
from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from apnp.data.readers.file_head import Head, whole_text
from apnp.data.readers.text_format import TextFormat
from apnp.errors import DataError

_BLANK = frozenset(
    ("", "na", "n/a", "nan", "none", "-none", "null", "m", "mq", "-", "missing", "///")
)


@dataclass(frozen=True)
class TextTable:
    """Columns of a file as text without blanks around it.

    Attributes:
        path: The file.
        columns: The columns.
        line: Number of the line of each row, counted from 1.
    """

    path: Path
    columns: pd.DataFrame
    line: NDArray[np.intp]

    def take(self, kept: NDArray[np.bool_]) -> "TextTable":
        """The rows that are `kept`."""
        columns = self.columns[kept].reset_index(drop=True)
        return TextTable(self.path, columns, self.line[kept])

    def at(self, column: str, bad: NDArray[np.bool_]) -> str:
        """Place and text of the first bad cell of a column, for messages."""
        row = int(np.flatnonzero(bad)[0])
        return (
            f"{self.path}, line {self.line[row]}, column {column!r}: "
            f"{self.columns[column].iloc[row]!r}"
        )

    def numbers(self, column: str, texts: pd.Series | None = None) -> NDArray:
        """The numbers of a column, or of `texts` made of it; NaN where one is blank.

        Raises:
            DataError: Naming the line of the first text that is no number.
        """
        texts = self.columns[column] if texts is None else texts
        value = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64, copy=True)
        odd = ~np.isfinite(value)
        if odd.any():
            bad = np.zeros(len(texts), dtype=bool)
            bad[odd] = ~texts[odd].str.lower().isin(_BLANK).to_numpy()
            if bad.any():
                raise DataError(
                    f"{self.at(column, bad)} is not a number. Correct the line, or "
                    "delete it."
                )
            value[odd] = np.nan
        return value


class TextFile:
    """A file of a known format: the lines before its table, its names and its rows.

    Attributes:
        path: The file.
        before: The lines before the table.
        names: Names of all columns.
        units: Units of each column, where a row states them.
        delimiter: Character between the cells; blank for blanks.

    Raises:
        DataError: If the file has no rows or is cut short.
    """

    def __init__(self, path: Path, form: TextFormat):
        self.path, self.form = path, form
        lines = whole_text(path).split("\n")
        while lines and not lines[-1].strip():
            lines.pop()
        if form.footer:
            if not lines or lines[-1].strip() != form.footer:
                raise DataError(
                    f"{path}: the last line is not {form.footer!r}. The file is cut "
                    "short."
                )
            lines.pop()
        at = header_at(lines, form)
        if at < 0:
            raise DataError(
                f"{path}: no line of names of {form.about.name} among its first lines."
            )
        first = at if form.names else at + 1
        self.before = lines[: max(at, 0)]
        self.delimiter = max(form.delimiter, key=lines[at].count, default="")
        names = _cells(lines[at].strip().lstrip("#").strip(), self.delimiter)
        self.names = list(form.names) or names
        self.units: dict[str, str] = {}
        if form.units_row and first < len(lines):
            units = _cells(lines[first], self.delimiter)
            self.units = dict(zip(self.names, units, strict=False))
            first += 1
        # Some files repeat the line of names, or part their rows by empty ones.
        kept = [
            k
            for k in range(first, len(lines))
            if lines[k].strip(" \t#") and (form.names or lines[k] != lines[at])
        ]
        if not kept:
            raise DataError(f"{path}: no rows follow the line of names.")
        self._rows = [lines[k] for k in kept]
        self._line = np.array(kept, dtype=np.intp) + 1

    def table(self, used: Collection[str]) -> TextTable:
        """The columns `used`.

        Raises:
            DataError: If a row has more or fewer cells than there are names.
        """
        names, rows = self.names, self._rows
        delimiter = self.delimiter or "\t"
        if not self.delimiter:
            rows = ["\t".join(row.split()) for row in rows]
        if self.form.ragged:
            n = 1 + max(names.index(name) for name in used)
            names = names[:n]
            rows = [delimiter.join(row.split(delimiter)[:n]) for row in rows]
        unique = [n if names.index(n) == k else f"{n}#{k}" for k, n in enumerate(names)]
        wanted = list(dict.fromkeys(used))
        try:
            columns = pyarrow.csv.read_csv(
                BytesIO("\n".join(rows).encode()),
                pyarrow.csv.ReadOptions(column_names=unique),
                pyarrow.csv.ParseOptions(delimiter=delimiter),
                pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(wanted, pa.string()),
                    include_columns=wanted,
                ),
            ).to_pandas()
        except pa.ArrowInvalid as error:
            self._refuse_length(rows, len(names), delimiter)
            raise DataError(
                f"{self.path}: cannot be read as a table ({error}). The file is "
                "damaged."
            ) from None
        if len(columns) != len(self._line):
            raise self._open_quote(rows)
        texts = columns.apply(lambda column: column.str.strip())
        return TextTable(self.path, texts, self._line)

    def _open_quote(self, rows: list[str]) -> DataError:
        """The error where a quote runs over the end of a line."""
        odd = (k for k, row in enumerate(rows) if row.count('"') % 2)
        line = self._line[next(odd, 0)]
        return DataError(
            f"{self.path}, line {line}: a quotation mark that is not closed. The line "
            "is damaged."
        )

    def _refuse_length(self, rows: list[str], n: int, delimiter: str) -> None:
        """Refuse the first row that has more or fewer cells than there are names."""
        for line, cells in zip(
            self._line, csv.reader(rows, delimiter=delimiter), strict=False
        ):
            if len(cells) != n:
                raise DataError(
                    f"{self.path}, line {line}: {n} cells expected, {len(cells)} "
                    "found. The line is damaged or cut short."
                )


class ParquetFile:
    """A Parquet file with the columns of a text format; its rows count as lines.

    Attributes:
        path: The file.
        before: No lines.
        names: Names of all columns.
        units: No units.

    Raises:
        DataError: If the file is damaged.
    """

    def __init__(self, path: Path):
        self.path = path
        self.before: list[str] = []
        self.units: dict[str, str] = {}
        self.names = parquet_names(path)

    def table(self, used: Collection[str]) -> TextTable:
        """The columns `used`.

        Raises:
            DataError: If the file is damaged or has no rows.
        """
        try:
            frame = pd.read_parquet(self.path, columns=list(dict.fromkeys(used)))
        except (OSError, ValueError) as error:
            raise _damaged(self.path, error) from None
        if not len(frame):
            raise DataError(f"{self.path}: the table has no rows.")
        texts = frame.reset_index(drop=True).apply(_texts)
        return TextTable(self.path, texts, np.arange(len(frame)) + 1)


def open_table(path: Path, form: TextFormat) -> TextFile | ParquetFile:
    """The table of a file of a format.

    Raises:
        DataError: If the file has no rows or is damaged.
    """
    with path.open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    return ParquetFile(path) if parquet else TextFile(path, form)


def _texts(column: pd.Series) -> pd.Series:
    """A column as text: whole numbers without decimals, times in ISO 8601."""
    present = column.notna()
    if pd.api.types.is_float_dtype(column.dtype):
        if (column[present] % 1 == 0).all():
            column = column.astype("Int64")
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = column.dt.strftime("%Y-%m-%dT%H:%M:%S")
    return column.astype(str).where(present, "").str.strip()


def parquet_names(path: Path) -> list[str]:
    """Names of the columns of a Parquet file.

    Raises:
        DataError: If the file is damaged.
    """
    try:
        return list(pyarrow.parquet.read_schema(path).names)
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path}: cannot be read as Parquet ({error}). The file is damaged or cut "
        "short."
    )


def is_of(head: Head, form: TextFormat) -> bool:
    """Whether a file, text or Parquet, has the line of names of a format."""
    if head.magic.startswith(b"PAR1"):
        if form.names or form.preamble is not None:
            return False
        names = parquet_names(head.path)
        return header_at([(form.delimiter or " ")[0].join(names)], form) >= 0
    binary = b"\0" in head.magic[:4096] and head.encoding != "utf-16"
    return not binary and header_at(head.lines, form) >= 0


def header_at(lines: list[str], form: TextFormat) -> int:
    """Index of the line that the format is recognised by; -1 where there is none."""
    most = 300 if form.preamble is not None else 60
    for k, line in enumerate(lines[:most]):
        if form.header.search(line):
            rows = lines[k + 1 : k + 11]
            return k if form.row is None or any(map(form.row.search, rows)) else -1
        if form.names and line.strip():
            return -1
    return -1


def _cells(line: str, delimiter: str) -> list[str]:
    if not delimiter:
        return line.split()
    cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    return [cell.strip() for cell in cells]


def matches(texts: pd.Series, pattern: str) -> NDArray[np.bool_]:
    """Whether each text matches the whole pattern; each different text is tried once.

    >>> matches(pd.Series(["1", "5", "15"]), "1|5").tolist()
    [True, True, False]
    """
    code, unique = pd.factorize(texts)
    passes = np.array([re.fullmatch(pattern, text) is not None for text in unique])
    return passes[code] if len(unique) else np.zeros(0, dtype=bool)
