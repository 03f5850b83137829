"""Where the readings of a text file were made: from columns, preamble or a list."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.readers.ghcn_elements import names_of
from apnp.data.readers.station_lists import (
    lists_beside,
    located,
    no_positions,
    station_table,
)
from apnp.data.readers.text_format import Preamble, TextFormat
from apnp.data.readers.text_table import TextTable
from apnp.data.readings import with_all_columns
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


class StationLists:
    """The station list that is given, or those in the folders of the files.

    Args:
        paths: The files of readings.
        given: The list that the user names, if any.
        name: Name of the format, for messages.
    """

    def __init__(self, paths: Sequence[Path], given: Path | None, name: str):
        self.paths, self.given, self.name = paths, given, name

    @cached_property
    def _tables(self) -> dict[Path, pd.DataFrame]:
        lists = [self.given] if self.given else lists_beside(self.paths)
        return {path: station_table(path) for path in lists}

    def of(self, ids: Sequence[str], path: Path) -> tuple[Places, pd.DataFrame]:
        """The newest sites of `ids`, and the rows of all lists, those of the folder of
        `path` first.

        Raises:
            DataError: If there is no list, or none has any of the ids.
        """
        if not self._tables:
            raise no_positions(path, self.name)
        order = sorted(self._tables, key=lambda p: p.parent != path.parent)
        table = pd.concat([self._tables[p] for p in order], ignore_index=True)
        newest = table.drop_duplicates("station").reset_index(drop=True)
        where = str(order[0]) + (f" (and {len(order) - 1} more)" if order[1:] else "")
        sites, row, notes = located(list(ids), newest, where)
        return Places(sites, row[:-1], tuple(notes), names_of(order)), table


def places(
    table: TextTable,
    form: TextFormat,
    where: Mapping[str, str],
    before: Preamble,
    lists: StationLists,
    time: NDArray[np.datetime64],
) -> Places:
    """The sites of a file's readings.

    Args:
        table: The rows.
        form: The format.
        where: Canonical name -> column, blank where the file has none.
        before: What the lines before the table say.
        lists: The available station lists.
        time: Time of each row, which tells where a station stood that was moved.

    Raises:
        DataError: If nothing tells the station or its position.
    """
    ids = _ids(table, form, where, before)
    if where.get("lat") and where.get("lon"):
        found = _from_columns(table, where, ids)
        if lists.given is not None and found.sites["elevation"].isna().all():
            return _with_elevation(found, lists, table.path)
        return found
    code, unique = pd.factorize(ids)
    if before.sites is not None:
        known = before.sites
        if len(known) == 1 and len(unique) == 1:
            known = known.assign(station=unique)
        newest = known.drop_duplicates("station").reset_index(drop=True)
        row = pd.Index(newest["station"]).get_indexer(pd.Index(unique))
        if (row >= 0).all():
            found = Places(with_all_columns(newest), row[code].astype(np.intp))
            return _where_it_stood(found, known, time)
    listed, known = lists.of(list(unique), table.path)
    source = f"positions from {listed.source}"
    found = Places(listed.sites, listed.site[code], listed.notes, source)
    return _where_it_stood(found, known, time)


def _where_it_stood(
    found: Places, listed: pd.DataFrame, time: NDArray[np.datetime64]
) -> Places:
    """The same readings, each at the place where its station stood at the time.

    Args:
        found: The newest site of each station.
        listed: Sites; a column `begin` says from when on a station stood there.
        time: Time of each reading.
    """
    if "begin" not in listed or len(found.site) == 0:
        return found
    dated = listed[listed["begin"].notna()]
    key = dated["station"].str.lstrip("0")
    sites, site = [found.sites], found.site.copy()
    n = len(found.sites)
    for k, station in enumerate(found.sites["station"]):
        stood = dated[key == station.lstrip("0")].sort_values("begin")
        if len(stood) < 2:
            continue
        mine = np.flatnonzero(found.site == k)
        period = np.searchsorted(stood["begin"].to_numpy(), time[mine], "right") - 1
        site[mine] = n + np.maximum(period, 0)
        sites.append(with_all_columns(stood.assign(station=station)))
        n += len(stood)
    return replace(found, sites=pd.concat(sites, ignore_index=True), site=site)


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


def _with_elevation(found: Places, lists: StationLists, path: Path) -> Places:
    """The same sites with the elevations of a station list."""
    ids = found.sites["station"]
    listed, _ = lists.of(list(dict.fromkeys(ids)), path)
    height = dict(zip(listed.sites["station"], listed.sites["elevation"], strict=True))
    sites = found.sites.assign(elevation=ids.map(height))
    source = f"elevations from {listed.source}"
    return Places(sites, found.site, listed.notes, source)
