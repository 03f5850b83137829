"""Long tables, one reading a row: CSV (any delimiter, gzip) and Parquet.

Canonical columns: station, time (UTC), lat, lon, elevation (m) and the variable
(degC). Common spellings are understood, units in a column's name too (`tmean_degF`).
Positions may come from a separate station list instead. A column of quality codes
(`qc`, or the variable's name and `_qc` or `_flag`) drops what is not blank, zero or
a word for good; one ending in `DD` holds the letters of MADIS.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from apnp.data.quality import MISSING_CODES
from apnp.data.readers.about import About
from apnp.data.readers.columns import Columns, find_column
from apnp.data.readers.file_head import Head, head_of
from apnp.data.readers.station_lists import positions
from apnp.data.readings import (
    Readings,
    Request,
    midrange,
    readings,
)
from apnp.errors import DataError

ABOUT = About(
    "long table (CSV, Parquet)", "anybody", "columns of usual names, or --columns",
    "as the times suggest", "degC, or as names say",
    "a column of codes: all but blank, 0 and words for good fail",
    "in the file, or a station list",
)  # fmt: skip
NAME = ABOUT.name

_DELIMITERS = ",;\t|"
_BLANK = ("", "na", "nan", "n/a", "none", "null", "m", "-", "missing")
_GOOD = (*_BLANK, "0", "0.0", "good", "ok", "pass", "passed", "valid")
_GOOD_MADIS = ("v", "s", "c", "g", "z")  # verified, screened, coarse, good, unchecked


def recognises(head: Head) -> bool:
    """Whether the file is Parquet, or its first line names columns of a long table."""
    names = _split(head.lines[0])
    return head.magic.startswith(b"PAR1") or (
        len(names) >= 3
        and find_column("time", names) is not None
        and any(find_column(c, names) for c in ("station", "lat", "lon"))
    )


def could_be(head: Head) -> bool:
    """Whether the first line is a row of names, if not ones that are known."""
    names = _split(head.lines[0])
    alike = len(head.lines) < 2 or len(_split(head.lines[1])) == len(names)
    return len(names) >= 3 and alike and all(n and not _is_number(n) for n in names)


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
    return _readings(frame, Columns(list(map(str, frame.columns)), where, request))


def _split(line: str) -> list[str]:
    delimiter = max(_DELIMITERS, key=line.count)
    return [n.strip().strip('"') for n in next(csv.reader([line], delimiter=delimiter))]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_file(path: Path, request: Request) -> Readings:
    head = head_of(path)
    try:
        if head.magic.startswith(b"PAR1"):
            available = list(pyarrow.parquet.read_schema(path).names)
            columns = Columns(available, str(path), request)
            frame = pd.read_parquet(path, columns=list(set(columns.of.values())))
        else:
            columns = Columns(_split(head.lines[0]), str(path), request)
            frame = _read_text(head, columns)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"{path}: cannot be read as a table ({error}). The file is damaged, cut "
            "short, or of another format."
        ) from None
    return _readings(frame, columns)


def _read_text(head: Head, columns: Columns) -> pd.DataFrame:
    """The columns as text. A row of more or fewer fields than names is an error."""
    if not any(head.lines[1:]):
        raise DataError(f"{head.path}: the table has no rows.")
    wanted = list(set(columns.of.values()))
    text = pyarrow.string()

    def read(encoding: str) -> pd.DataFrame:
        return pyarrow.csv.read_csv(
            head.path,
            pyarrow.csv.ReadOptions(
                column_names=columns.available, skip_rows=1, encoding=encoding
            ),
            pyarrow.csv.ParseOptions(
                delimiter=max(_DELIMITERS, key=head.lines[0].count)
            ),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, text), include_columns=wanted
            ),
        ).to_pandas()

    try:
        return read(head.encoding)
    except pyarrow.ArrowInvalid as error:
        if "UTF8" not in str(error):
            raise
        return read("latin-1")


def _readings(frame: pd.DataFrame, columns: Columns) -> Readings:
    if len(frame) == 0:
        raise DataError(f"{columns.where}: the table has no rows.")
    time = _times(frame[columns.of["time"]], columns.where)
    site, sites, notes = _sites(frame, columns)
    value, failed = _values(frame, columns)
    kept = site >= 0
    return readings(
        columns.where, sites, site[kept], time[kept], value[kept], failed=failed[kept],
        units=columns.units, comment=columns.comment, notes=tuple(notes),
        cell_method="",
        attrs={"source": f"{NAME}: {Path(columns.where).name}"},
    )  # fmt: skip


def _at(where: str, column: pd.Series, bad: NDArray) -> str:
    """Place and text of the first bad cell; line 1 of a file holds the names."""
    row = int(np.flatnonzero(bad)[0])
    return f"{where}, line {row + 2}, column {column.name!r}: {column.iloc[row]!r}"


def _times(column: pd.Series, where: str) -> NDArray:
    """UTC times; naive ones are UTC already, whole numbers are YYYYMMDD[HH[MM]]."""
    code, unique = pd.factorize(column)
    given = pd.Series(unique)
    layout = "ISO8601"
    if not pd.api.types.is_datetime64_any_dtype(given.dtype):
        given = given.astype(str).str.strip()
        widths = given.str.len().unique()
        if given.str.fullmatch(r"\d+").all() and len(widths) == 1:
            layout = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M"}.get(
                int(widths[0]), layout
            )
    time = pd.to_datetime(given, utc=True, format=layout, errors="coerce")
    values = np.append(
        time.dt.tz_localize(None).to_numpy().astype("datetime64[ns]"),
        np.datetime64("NaT", "ns"),
    )[code]
    bad = np.isnat(values)
    if bad.any():
        raise DataError(
            f"{_at(where, column, bad)} is not a time. Every reading needs one, like "
            "2021-07-01 or 2021-07-01T12:00 (UTC)."
        )
    return values


def _numbers(column: pd.Series, where: str) -> NDArray[np.float64]:
    """Numbers; blank, NA and their like are NaN.

    Raises:
        DataError: Naming the line of the first text that is no number.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(np.float64, na_value=np.nan)
    value = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    odd = np.isnan(value)
    if odd.any():
        blank = column[odd].astype(str).str.strip().str.lower().isin(_BLANK).to_numpy()
        bad = np.zeros(len(column), dtype=bool)
        bad[odd] = ~blank
        if bad.any():
            raise DataError(f"{_at(where, column, bad)} is not a number.")
    return value


def _values(frame: pd.DataFrame, columns: Columns) -> tuple[NDArray, NDArray]:
    """Values, NaN where missing, and whether they failed a quality check."""

    def values(canonical: str) -> NDArray:
        value = _numbers(frame[columns.of[canonical]], columns.where)
        return np.where(np.isin(value, MISSING_CODES), np.nan, value)

    failed = np.zeros(len(frame), dtype=bool)
    if "qc" in columns.of:
        good = _GOOD + (_GOOD_MADIS if columns.of["qc"].endswith("DD") else ())
        code, unique = pd.factorize(frame[columns.of["qc"]])
        passes = [str(u).strip().lower() in good for u in unique]
        failed = ~np.array([*passes, True])[code]
    if columns.request.variable.name in columns.of:
        return values(columns.request.variable.name), failed
    return midrange(values("tasmax"), values("tasmin"), failed, failed)


def _sites(
    frame: pd.DataFrame, columns: Columns
) -> tuple[NDArray, pd.DataFrame, list[str]]:
    """Site of each row (-1: no position known), the sites, and what was left out."""
    of = columns.of
    if "lat" not in of or "lon" not in of:
        return _listed_sites(frame, columns)
    keys = [
        k for k in ("station", "lat", "lon", "elevation", "station_name") if k in of
    ]
    site = np.zeros(len(frame), dtype=np.int64)
    for key in keys:
        code, unique = pd.factorize(frame[of[key]], use_na_sentinel=False)
        site = pd.factorize(site * len(unique) + code)[0].astype(np.int64)
    rows = frame.iloc[np.flatnonzero(~pd.Series(site).duplicated())]
    sites = pd.DataFrame(
        {
            k: _numbers(rows[of[k]], columns.where) if k in of else np.nan
            for k in ("lat", "lon", "elevation")
        },
        index=np.arange(len(rows)),
    )
    place = sites["lat"].map("{:.4f}".format) + "," + sites["lon"].map("{:.4f}".format)
    if "station" in of:
        ids = rows[of["station"]].astype(str).str.strip().reset_index(drop=True)
        place = ids.where(~ids.str.lower().isin(_BLANK), place)
    sites["station"] = place
    if "station_name" in of:
        sites["station_name"] = rows[of["station_name"]].astype(str).to_numpy()
    return site.astype(np.intp), sites, []


def _listed_sites(
    frame: pd.DataFrame, columns: Columns
) -> tuple[NDArray, pd.DataFrame, list[str]]:
    station_list = columns.request.station_list
    if "station" not in columns.of or station_list is None:
        raise DataError(
            f"{columns.where}: no columns for lat and lon found; the table has "
            f"{', '.join(columns.available)}. Name them with --columns lat=NAME "
            "lon=NAME, or give a list of the stations with --station-list."
        )
    ids = frame[columns.of["station"]].astype(str).str.strip()
    code, unique = pd.factorize(ids)
    sites, row, notes = positions(list(unique), station_list)
    return row[code], sites, notes
