"""Where the readings of a text file were made: from columns, preamble or a list."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.readers.station_lists import beside, positions
from apnp.data.readers.text_format import Preamble, TextFormat
from apnp.data.readers.text_table import TextTable
from apnp.data.readings import Request, with_all_columns
from apnp.errors import DataError

_NUMBERS = ("lat", "lon", "elevation")


@dataclass(frozen=True)
class Places:
    """The sites of a file.

    Attributes:
        sites: Columns station, lat, lon, elevation, station_name.
        site: Row of `sites` of each reading; -1 where no position is known.
        notes: What was left out.
        source: Where the positions come from, if not from the file.
    """

    sites: pd.DataFrame
    site: NDArray[np.intp]
    notes: tuple[str, ...] = ()
    source: str = ""


def places(
    table: TextTable,
    form: TextFormat,
    where: Mapping[str, str],
    before: Preamble,
    paths: Sequence[Path],
    request: Request,
) -> Places:
    """The sites of a file's readings.

    Args:
        table: The rows.
        form: The format.
        where: Canonical name -> column, blank where the file has none.
        before: What the lines before the table say.
        paths: All files that are read, beside one of which a list may lie.
        request: What is wanted.

    Raises:
        DataError: If nothing tells the station or its position.
    """
    ids = _ids(table, form, where, before)
    if where.get("lat") and where.get("lon"):
        found = _from_columns(table, where, ids)
        if request.station_list is not None and found.sites["elevation"].isna().all():
            return _with_elevation(found, request.station_list)
        return found
    code, unique = pd.factorize(ids)
    if before.sites is not None:
        known = before.sites
        if len(known) == 1 and len(unique) == 1:
            known = known.assign(station=unique)
        row = pd.Index(known["station"]).get_indexer(pd.Index(unique))
        if (row >= 0).all():
            return Places(with_all_columns(known), row[code].astype(np.intp))
    listed = beside(paths, request.station_list, form.about.name)
    sites, row, notes = positions(list(unique), listed)
    return Places(sites, row[code], tuple(notes), f"positions from {listed.name}")


def _ids(
    table: TextTable, form: TextFormat, where: Mapping[str, str], before: Preamble
) -> pd.Series:
    """The station of each row."""
    column = where.get("station")
    if column:
        ids = table.columns[column]
        blank = (ids == "").to_numpy()
        if blank.any():
            raise DataError(f"{table.at(column, blank)} is not the id of a station.")
        return ids.str.removeprefix(form.station_prefix)
    station = before.station
    if not station and form.station_of_file:
        found = re.search(form.station_of_file, table.path.name)
        station = found.group(1) if found else ""
    if not station:
        raise DataError(
            f"{table.path}: nothing tells the station. In {form.about.name} the name "
            f"of the file does; it matches {form.station_of_file!r}."
        )
    return pd.Series(np.full(len(table.line), station, dtype=object))


def _from_columns(table: TextTable, where: Mapping[str, str], ids: pd.Series) -> Places:
    keys = {k: table.columns[c] for k, c in where.items() if c and k != "station"}
    site = np.zeros(len(ids), dtype=np.int64)
    for key in (ids, *keys.values()):
        code, unique = pd.factorize(key)
        site = pd.factorize(site * len(unique) + code)[0].astype(np.int64)
    first = np.zeros(len(site), dtype=bool)
    first[np.unique(site, return_index=True)[1]] = True
    rows = table.take(first)
    sites = pd.DataFrame({"station": ids[first].to_numpy()})
    for name in _NUMBERS:
        column = where.get(name)
        sites[name] = rows.numbers(column) if column else np.nan
    if where.get("station_name"):
        sites["station_name"] = rows.columns[where["station_name"]].to_numpy()
    return Places(with_all_columns(sites), site.astype(np.intp))


def _with_elevation(found: Places, station_list: Path) -> Places:
    """The same sites with the elevations of a station list."""
    ids = found.sites["station"]
    listed, row, notes = positions(list(ids), station_list)
    height = np.append(listed["elevation"].to_numpy(), np.nan)[row[: len(ids)]]
    return Places(
        found.sites.assign(elevation=height), found.site, tuple(notes),
        f"elevations from {station_list.name}",
    )  # fmt: skip
