"""Long tables, one reading a row: CSV (any delimiter, gzip) and Parquet.

Canonical columns: station, time (UTC), lat, lon, elevation (m) and the variable
(degC). Common spellings are understood, units in a column's name too (`tmean_degF`).
Positions may come from a separate station list instead.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.columns import find_column
from apnp.data.quality import MISSING_CODES
from apnp.data.readings import (
    Readings,
    Request,
    cell_method_of,
    join,
    midrange,
    readings,
)
from apnp.data.sniff import Head
from apnp.data.station_lists import positions
from apnp.errors import DataError

NAME = "long table (CSV, Parquet)"

_DELIMITERS = ",;\t|"
_GOOD_CODES = frozenset(
    (
        "",
        "nan",
        "none",
        "0",
        "0.0",
        "good",
        "ok",
        "pass",
        "passed",
        "valid",
        "v",
        "s",
        "c",
        "z",
    )
)  # blank, zero, words, and MADIS letters: verified, screened, coarse, no check


def recognises(head: Head) -> bool:
    """Whether the file is Parquet, or its first line names columns of a long table."""
    if head.magic.startswith(b"PAR1"):
        return True
    names = _split(head.lines[0])
    known = [find_column(c, names) for c in ("time", "station", "lat", "lon")]
    return len(names) >= 3 and sum(k is not None for k in known) >= 1


def could_be(head: Head) -> bool:
    """Whether the first line is a row of names, if not ones that are known."""
    names = _split(head.lines[0])
    return len(names) >= 2 and not any(_is_number(n) for n in names)


def read(paths: Sequence[Path], request: Request) -> Readings:
    """Readings of tables.

    Raises:
        DataError: If a column is missing or holds what it must not.
    """
    return join([_read_one(path, request) for path in paths])


def _split(line: str) -> list[str]:
    delimiter = max(_DELIMITERS, key=line.count)
    return [n.strip().strip('"') for n in next(csv.reader([line], delimiter=delimiter))]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_one(path: Path, request: Request) -> Readings:
    source = _Source(path)
    chosen = _Columns(source.names, path, request)
    table = source.load(list(dict.fromkeys(chosen.names.values())))
    if len(table) == 0:
        raise DataError(f"{path}: the table has no rows.")
    time = _times(table[chosen.names["time"]], chosen.names["time"], path)
    site, sites, notes = _sites(table, chosen.names, path, request)
    value, failed = _values(table, chosen, path)
    kept = site >= 0
    return readings(
        sites, site[kept], time[kept], value[kept], failed=failed[kept],
        units=chosen.units,
        cell_method=cell_method_of(request.variable, time[~np.isnan(value)]),
        comment=chosen.comment, attrs={"source": f"{NAME}: {path.name}"},
        notes=tuple(notes),
    )  # fmt: skip


class _Source:
    """A table on disk: its column names, and the loading of some of them."""

    def __init__(self, path: Path):
        self.path = path
        with path.open("rb") as file:
            self.parquet = file.read(4) == b"PAR1"
        try:
            if self.parquet:
                import pyarrow.parquet

                self.names = list(pyarrow.parquet.read_schema(path).names)
            else:
                head = pd.read_csv(path, nrows=0, sep=self._delimiter(), dtype=str,
                                   encoding_errors="replace")  # fmt: skip
                self.names = [str(n).strip() for n in head.columns]
        except (OSError, ValueError, EOFError) as error:
            raise self._damaged(error) from None

    def _delimiter(self) -> str:
        with pd.io.common.get_handle(
            self.path, "r", compression="infer", errors="replace"
        ) as handle:
            line = handle.handle.readline()
        return max(_DELIMITERS, key=str(line).count)

    def _damaged(self, error: Exception) -> DataError:
        return DataError(
            f"{self.path}: cannot be read as a table ({error}). The file is damaged, "
            "cut short, or of another format."
        )

    def load(self, names: list[str]) -> pd.DataFrame:
        try:
            if self.parquet:
                return pd.read_parquet(self.path, columns=names)
            table = pd.read_csv(
                self.path, sep=self._delimiter(), dtype=str, encoding_errors="replace",
                keep_default_na=False, names=self.names, header=0,
                usecols=names, skipinitialspace=True, index_col=False,
            )  # fmt: skip
        except (OSError, ValueError, EOFError) as error:
            raise self._damaged(error) from None
        return table


class _Columns:
    """Which column is what, and the units of the variable."""

    def __init__(self, available: list[str], path: Path, request: Request):
        self.available, self.path, self.request = available, path, request
        self.names: dict[str, str] = {}
        name = request.variable.name
        units: str | None = None
        for canonical in ("station", "lat", "lon", "elevation", "time", "station_name"):
            self._choose(canonical)
        if (
            "station" in self.names
            and self.names.get("station_name") == (self.names["station"])
        ):
            del self.names["station_name"]
        if "time" not in self.names:
            raise self._missing("time")
        units = self._choose(name)
        self.comment = ""
        if name not in self.names:
            if name != "tas":
                raise self._missing(name)
            units = self._choose("tasmax")
            other = self._choose("tasmin")
            if "tasmax" not in self.names or "tasmin" not in self.names:
                raise self._missing(name)
            if units != other:
                raise DataError(
                    f"{path}: {self.names['tasmax']!r} and {self.names['tasmin']!r} "
                    "state different units."
                )
            self.comment = f"({self.names['tasmax']} + {self.names['tasmin']}) / 2"
        self._choose_quality()
        self.units = request.units.get(name) or units or request.variable.units

    def _choose(self, canonical: str) -> str | None:
        """Note the column of `canonical`; return the units its name states."""
        wanted = self.request.columns.get(canonical)
        if wanted is None:
            found = find_column(canonical, self.available)
        elif wanted in self.available:
            found = wanted, None
        else:
            raise DataError(
                f"{self.path}: no column {wanted!r} (asked for as {canonical}); the "
                f"table has {', '.join(self.available)}."
            )
        if found is None:
            return None
        self.names[canonical] = found[0]
        if found[1] is None and wanted is not None:
            stated = find_column(canonical, [wanted])
            return stated[1] if stated else None
        return found[1]

    def _choose_quality(self) -> None:
        """The column of quality codes that goes with the variable."""
        main = [n for c, n in self.names.items() if c.startswith("tas")]
        for name in main:
            for suffix in ("_flag", "_qc", "_qflag", "DD", "_quality"):
                if name + suffix in self.available and "qc" not in self.names:
                    self.names["qc"] = name + suffix
        if "qc" not in self.names:
            self._choose("qc")

    def _missing(self, canonical: str) -> DataError:
        return DataError(
            f"{self.path}: no column for {canonical!r} found; the table has "
            f"{', '.join(self.available)}. Say --columns {canonical}=NAME."
        )


def _times(text: pd.Series, name: str, path: Path) -> NDArray:
    """UTC times; naive ones are UTC already, whole numbers are YYYYMMDD[HH[MM]]."""
    code, unique = pd.factorize(text)
    given = pd.Series(unique)
    try:
        if pd.api.types.is_datetime64_any_dtype(given.dtype):
            time = pd.to_datetime(given, utc=True)
        else:
            given = given.astype(str).str.strip()
            digits = given.str.fullmatch(r"\d{8}(\d{2}|\d{4})?").all() and len(given)
            layout = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M"}
            time = pd.to_datetime(
                given, utc=True,
                format=layout[len(given.iloc[0])] if digits else "ISO8601",
            )  # fmt: skip
    except (ValueError, TypeError, OverflowError):
        bad = pd.to_datetime(given.astype(str), utc=True, errors="coerce",
                             format="ISO8601").isna()  # fmt: skip
        row = (
            int(np.flatnonzero(code == int(np.flatnonzero(bad)[0]))[0])
            if (bad.any())
            else 0
        )
        raise DataError(
            f"{path}, line {row + 2}, column {name!r}: {text.iloc[row]!r} is not a "
            "time. Write times as 2021-07-01 or 2021-07-01T12:00 (UTC)."
        ) from None
    if (code < 0).any() or time.isna().any():
        missing = code < 0 if (code < 0).any() else time.isna().to_numpy()[code]
        raise DataError(
            f"{path}, line {int(np.flatnonzero(missing)[0]) + 2}, column {name!r}: the "
            "time is missing. Every reading needs one."
        )
    values = time.dt.tz_localize(None).to_numpy().astype("datetime64[ns]")
    return values[code]


def _numbers(text: pd.Series, name: str, path: Path) -> NDArray[np.float64]:
    """Numbers; blank, NA and the usual codes are NaN.

    Raises:
        DataError: Naming the line of the first text that is no number.
    """
    if pd.api.types.is_numeric_dtype(text.dtype):
        return text.to_numpy(np.float64, na_value=np.nan)
    value = pd.to_numeric(text, errors="coerce").to_numpy(np.float64)
    odd = np.isnan(value)
    blank = ("", "na", "nan", "n/a", "none", "null", "m", "-", "missing")
    if odd.any():
        words = text[odd].astype(str).str.strip().str.lower()
        wrong = ~words.isin(blank)
        if wrong.any():
            row = int(np.flatnonzero(odd)[np.flatnonzero(wrong)[0]])
            raise DataError(
                f"{path}, line {row + 2}, column {name!r}: {text.iloc[row]!r} is not a "
                "number."
            )
    return value


def _values(
    table: pd.DataFrame, chosen: _Columns, path: Path
) -> tuple[NDArray, NDArray]:
    """Values, NaN where missing, and whether they failed a quality check."""

    def column(canonical: str) -> NDArray:
        name = chosen.names[canonical]
        value = _numbers(table[name], name, path)
        return np.where(np.isin(value, MISSING_CODES), np.nan, value)

    failed = np.zeros(len(table), dtype=bool)
    if "qc" in chosen.names:
        code, unique = pd.factorize(table[chosen.names["qc"]])
        good = [str(u).strip().lower() in _GOOD_CODES for u in unique]
        failed = ~np.array([*good, True])[code]
    variable = chosen.request.variable.name
    if variable in chosen.names:
        return column(variable), failed
    return midrange(column("tasmax"), column("tasmin"), failed, failed)


def _sites(
    table: pd.DataFrame, names: dict[str, str], path: Path, request: Request
) -> tuple[NDArray, pd.DataFrame, list[str]]:
    """Site of each row (-1: no position known), the sites, and what was left out."""
    if "lat" not in names or "lon" not in names:
        return _listed_sites(table, names, path, request)
    keys = [k for k in ("station", "lat", "lon", "elevation", "station_name")
            if k in names]  # fmt: skip
    codes = [pd.factorize(table[names[k]], use_na_sentinel=False)[0] for k in keys]
    site = codes[0]
    for code in codes[1:]:
        site = pd.factorize(site.astype(np.int64) * (code.max() + 1) + code)[0]
    first = np.flatnonzero(~pd.Series(site).duplicated())
    rows = table.iloc[first]
    sites = pd.DataFrame(
        {
            k: _numbers(rows[names[k]], names[k], path)
            for k in ("lat", "lon", "elevation")
            if k in names
        }
    )
    if "elevation" not in names:
        sites["elevation"] = np.nan
    if "station" in names:
        sites["station"] = rows[names["station"]].astype(str).str.strip().to_numpy()
    else:
        sites["station"] = [
            f"{lat:.4f},{lon:.4f}"
            for lat, lon in zip(sites["lat"], sites["lon"], strict=True)
        ]
    if "station_name" in names:
        sites["station_name"] = rows[names["station_name"]].astype(str).to_numpy()
    return site.astype(np.intp), sites, []


def _listed_sites(
    table: pd.DataFrame, names: dict[str, str], path: Path, request: Request
) -> tuple[NDArray, pd.DataFrame, list[str]]:
    if "station" not in names:
        raise DataError(
            f"{path}: neither positions (lat, lon) nor a station column found; the "
            f"table has {', '.join(table.columns)}. Name them with --columns."
        )
    if request.station_list is None:
        raise DataError(
            f"{path}: no columns for lat and lon found. Name them with --columns "
            "lat=NAME lon=NAME, or give a list of stations with --station-list."
        )
    code, ids = pd.factorize(table[names["station"]].astype(str).str.strip())
    sites, known, notes = positions(ids, request.station_list)
    return known[code], sites, notes
