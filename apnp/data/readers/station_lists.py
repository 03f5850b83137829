"""Lists of stations: where the stations of formats without positions are.

GHCN-Daily `ghcnd-stations.txt`, ISD `isd-history.txt` and `.csv`, ECA&D
`stations.txt`, and CSV tables with columns station, lat, lon, elevation, name.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.quality import MISSING_CODES, counted
from apnp.data.readers.columns import find_column
from apnp.data.readers.delimited import layout_of, read_text
from apnp.data.readers.file_head import Head, head_of, whole_text
from apnp.data.readers.list_formats import (
    FIXED,
    LISTS,
    list_format,
    read_list,
    sexagesimal,
)
from apnp.data.readers.numbers import angles, numbers
from apnp.data.readings import SITE_COLUMNS, with_all_columns
from apnp.data.units import to_metres
from apnp.errors import DataError
from apnp.files import visible

_GHCN = re.compile(r"^[A-Z]{2}[A-Z0-9_-]{9} [ \d.-]{8} [ \d.-]{9} [ \d.-]{6} ")
_ISD = re.compile(r"^[A-Z0-9]{6} \d{5} .{44}[+-]\d")
_ECAD = re.compile(r"^\s*STAID\s*,\s*STANAME")


def is_station_list(head: Head) -> bool:
    """Whether the file is a list of stations rather than of readings."""
    return _parser(head) is not None


def positions(
    ids: Sequence[str],
    path: Path,
    elevation_units: str | None = None,
    missing: Sequence[float] = (),
) -> tuple[pd.DataFrame, NDArray[np.intp], list[str]]:
    """The stations `ids` as the list at `path` has them: see `located`.

    Args:
        ids: Ids of the readings.
        path: The list.
        elevation_units: Units of the elevations, where the user says so.
        missing: Numbers that stand for unknown elevations.

    Raises:
        DataError: If the list is of no known layout or has none of the ids.
    """
    table = station_table(path).drop_duplicates("station").reset_index(drop=True)
    for code in missing:
        table.loc[np.isclose(table["elevation"], code), "elevation"] = np.nan
    if elevation_units is not None:
        height = table["elevation"].to_numpy()
        table["elevation"] = to_metres(height, elevation_units, str(path))
    return located(ids, table, str(path))


def station_table(path: Path) -> pd.DataFrame:
    """A list of stations: columns station, lat, lon, elevation, station_name.

    A list that tells where stations stood when has a column `begin` too, and a row for
    each place, the newest first; in others no id repeats.

    Raises:
        DataError: If the list is of no known layout.
    """
    parse = _parser(head_of(path))
    if parse is None:
        raise DataError(
            f"{path}: not a list of stations. Known are ghcnd-stations.txt, "
            "isd-history.txt or .csv, ECA&D stations.txt and sources.txt, "
            f"{', '.join(form.name for form in LISTS)}, DWD Beschreibung_Stationen, "
            "HadISD station lists, and a CSV table with columns station, lat, lon, "
            "elevation."
        )
    table = parse(path)
    if "begin" not in table:
        table = table.drop_duplicates("station")
    return table.reset_index(drop=True)


def located(
    ids: Sequence[str], table: pd.DataFrame, where: str
) -> tuple[pd.DataFrame, NDArray[np.intp], list[str]]:
    """The stations `ids` as a table of stations has them.

    Args:
        ids: Ids of stations, all different.
        table: Columns station, lat, lon, elevation, station_name; no id repeats.
        where: The list or lists, for messages.

    Returns:
        The sites found; the row of each id in them, -1 where the list lacks it, with
        one more -1 at the end; and a note on those.

    Raises:
        DataError: If the table has none of the ids.
    """
    in_list = _rows_of(list(ids), table["station"].tolist())
    used, row = np.unique(in_list, return_inverse=True)
    if used.size and used[0] < 0:
        used, row = used[1:], row - 1
    sites = with_all_columns(
        table.iloc[used].assign(station=_ids_of(ids, row, len(used)))
    )
    if (row < 0).all():
        raise DataError(
            f"{where}: holds none of the {len(ids)} stations, e.g. {ids[0]!r}; it "
            f"lists {', '.join(table['station'][:3])}, ... Give the list that goes "
            "with the files."
        )
    lost = [i for i, r in zip(ids, row, strict=True) if r < 0]
    notes = []
    if lost:
        n_lost = counted(len(lost), "station")
        notes.append(f"{n_lost} not in the station list dropped ({lost[0]}, ...)")
    return sites, np.append(row, -1).astype(np.intp), notes


def _rows_of(ids: list[str], listed: list[str]) -> NDArray[np.intp]:
    """The row of each id in the list, -1 where it lacks it.

    Whole numbers that differ by leading zeros alone are one id, unless the list has
    both.
    """
    row = pd.Index(listed).get_indexer(pd.Index(ids))
    plain = pd.Series([i.lstrip("0") if i.isdigit() else "" for i in listed])
    plain = plain.where(~plain.duplicated(keep=False), "")
    by_number = {text: k for k, text in enumerate(plain) if text}
    for k in np.flatnonzero(row < 0):
        if ids[k].isdigit():
            row[k] = by_number.get(ids[k].lstrip("0"), -1)
    return row


def _ids_of(ids: Sequence[str], row: NDArray[np.intp], n: int) -> list[str]:
    """The ids of the sites: those of the readings."""
    out = [""] * n
    for station, k in zip(ids, row, strict=True):
        if k >= 0:
            out[k] = station
    return out


def beside(paths: Sequence[Path], request_list: Path | None, name: str) -> Path:
    """The station list given, or else the one in the folder of the files.

    Raises:
        DataError: If there is none.
    """
    if request_list is not None:
        return request_list
    found = lists_beside(paths)
    if not found:
        raise no_positions(paths[0], name)
    return found[0]


def lists_beside(paths: Sequence[Path]) -> list[Path]:
    """The station lists in the folders of the files, each folder once, in order."""
    readings = set(paths)
    return [
        path
        for folder in dict.fromkeys(p.parent for p in paths)
        for path in visible(folder)
        if path.suffix in (".txt", ".csv", ".tsv") and path not in readings
        and path.stat().st_size > 0 and is_station_list(head_of(path))
    ]  # fmt: skip


def no_positions(path: Path, name: str) -> DataError:
    """The error if there is no list of stations."""
    return DataError(
        f"{path}: {name} files hold no positions. Give the list of stations with "
        "--station-list."
    )


def _parser(head: Head):
    if len(head.lines) > 0 and _GHCN.match(head.lines[0]):
        return _ghcn
    if any(_ECAD.match(line) for line in head.lines[:40]):
        return _ecad
    if any(_ISD.match(line) for line in head.lines[:40]):
        return _isd_history
    if list_format(head.lines) or _fixed(head.lines):
        return _published
    layout = layout_of(head, _lists_stations)
    if layout is None:
        return None
    return _isd_csv if {"USAF", "WBAN", "LAT", "LON"} <= set(layout.names) else _csv


def _lists_stations(names: list[str]) -> bool:
    """Whether names are of stations and their positions, without times or values."""
    placed = all(find_column(c, names) for c in ("station", "lat", "lon"))
    others = ("time", "date", "year", "tas", "tasmax", "tasmin", "value")
    return placed and not any(find_column(c, names) for c in others)


def _fixed(lines: Sequence[str]):
    """The parser of a list that no delimiter describes, if it is one of these."""
    for pattern, parse in FIXED:
        if any(map(pattern.match, lines[:40])):
            return parse
    return None


def _published(path: Path) -> pd.DataFrame:
    """A list that a weather service publishes."""
    lines = whole_text(path).split("\n")
    form = list_format(lines)
    parse = _fixed(lines)
    if form is not None:
        table = read_list(lines, *form)
    else:
        assert parse is not None  # `_parser` has found one of the two
        table = parse(lines)
    found = _table(*(table[name] for name in SITE_COLUMNS))
    if "begin" in table:
        found["begin"] = table["begin"].to_numpy()
    return found


def _table(station, lat, lon, elevation, name) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "station": pd.Series(station).astype(str).str.strip().to_numpy(),
            "lat": pd.to_numeric(pd.Series(lat), errors="coerce").to_numpy(),
            "lon": pd.to_numeric(pd.Series(lon), errors="coerce").to_numpy(),
            "elevation": pd.to_numeric(
                pd.Series(elevation), errors="coerce"
            ).to_numpy(),
            "station_name": pd.Series(name).astype(str).str.strip().to_numpy(),
        }
    )


def _cut(path: Path, columns: Sequence[tuple[int, int]], skip: re.Pattern) -> list:
    """Fixed columns of the lines that match `skip`'s layout."""
    with path.open(encoding="latin-1") as file:
        lines = [line for line in file if skip.match(line)]
    return [[line[a:b].strip() for line in lines] for a, b in columns]


def _ghcn(path: Path) -> pd.DataFrame:
    columns = ((0, 11), (12, 20), (21, 30), (31, 37), (41, 71))
    return _table(*_cut(path, columns, _GHCN))


def _isd_history(path: Path) -> pd.DataFrame:
    columns = ((0, 6), (7, 12), (57, 64), (65, 73), (74, 81), (13, 42))
    usaf, wban, *rest = _cut(path, columns, _ISD)
    ids = [f"{u}-{w}" for u, w in zip(usaf, wban, strict=True)]
    return _table(ids, *rest)


def _isd_csv(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return _table(
        table["USAF"] + "-" + table["WBAN"], table["LAT"], table["LON"],
        table.get("ELEV(M)", ""), table.get("STATION NAME", ""),
    )  # fmt: skip


def _ecad(path: Path) -> pd.DataFrame:
    """Names may hold commas, so fields count from the end of the line."""
    with path.open(encoding="latin-1") as file:
        rows = [line.split(",") for line in file if re.match(r"^\s*\d+\s*,", line)]
    lat, lon = ([sexagesimal(r[k]) for r in rows] for k in (-3, -2))
    names = [",".join(r[1:-4]) for r in rows]
    ids = [str(int(r[0])) for r in rows]
    return _table(ids, lat, lon, [r[-1].strip() for r in rows], names)


def _csv(path: Path) -> pd.DataFrame:
    layout = layout_of(head_of(path), _lists_stations)
    assert layout is not None, "It was recognised by this layout."
    found = {
        c: find_column(c, layout.names)
        for c in ("station", "lat", "lon", "elevation", "station_name")
    }
    names = {c: column[0] for c, column in found.items() if column is not None}
    table = read_text(layout, list(dict.fromkeys(names.values())))

    def at(name: str):
        return lambda row: (
            f"{path}, line {layout.line_of(row)}, column {name!r}: "
            f"{table[name].iloc[row].strip()!r}"
        )

    columns: dict[str, NDArray] = {}
    for axis in ("lat", "lon"):
        columns[axis] = angles(table[names[axis]], axis, at(names[axis]))
    columns["elevation"] = np.full(len(table), np.nan)
    elevation = found["elevation"]
    if elevation is not None:
        name, units = elevation
        height = numbers(table[name], at(name))
        height[np.isin(height, MISSING_CODES)] = np.nan
        stated = layout.units.get(name) or units or "m"
        columns["elevation"] = to_metres(height, stated, f"{path}, column {name!r}")
    title = table.get(names.get("station_name", ""), pd.Series([""] * len(table)))
    return _table(
        table[names["station"]], columns["lat"], columns["lon"], columns["elevation"],
        title,
    )  # fmt: skip
