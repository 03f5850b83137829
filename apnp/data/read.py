"""Reading station files of any known format into one station dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from apnp.data.assemble import assemble
from apnp.data.daily import Daily
from apnp.data.day import Day
from apnp.data.exchanged import with_doubtful_positions
from apnp.data.identities import own_ids
from apnp.data.interval import INSTANT, kind_of, with_interval
from apnp.data.quality import screen_values
from apnp.data.readers import READERS, Reader
from apnp.data.readers import table as table_reader
from apnp.data.readers.archives import unpacked
from apnp.data.readers.file_head import Head, head_of, is_store
from apnp.data.readers.memory import check_size
from apnp.data.readers.refusals import refusal_of
from apnp.data.readers.station_lists import is_station_list
from apnp.data.readings import (
    Readings,
    Request,
    cell_method_of,
    join,
    without_codes,
)  # fmt: skip
from apnp.data.season import with_season
from apnp.data.spacing import without_long_means
from apnp.errors import ConfigError, DataError
from apnp.files import one_thread, visible
from apnp.variables import get_variable

FilePath = str | PathLike[str]

_COLUMNS = ("station", "time", "lat", "lon", "elevation", "station_name", "qc",
            "tas", "tasmax", "tasmin", "date", "year", "month", "dayofmonth", "hour",
            "minute", "zone", "parameter", "value", "units")  # fmt: skip


@one_thread
def read_stations(
    paths: FilePath | Sequence[FilePath],
    *,
    variable: str = "tas",
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    station_list: FilePath | None = None,
    daily: Daily | None = None,
    day: str | None = None,
    missing: Sequence[float] = (),
    good_flags: Sequence[str] | None = None,
) -> xr.Dataset:
    """Read station files of any known format into one validated station dataset.

    Failed and impossible values are dropped, stations at impossible positions too,
    and duplicates merged; `quality_control` in the attributes says how many.

    Args:
        paths: Files, or folders of files. Several are joined, of one format or more.
        variable: The variable to read. `tas` where there are only daily extremes is
            half their sum, and its `comment` says so.
        columns: Canonical name -> name in the file, e.g. {"tas": "tmean_degC"}.
        units: Canonical name -> units, where the file states none or wrong ones.
        station_list: Positions of the stations, for formats that hold none.
        daily: Make daily values of readings at instants.
        day: The 24 hours of daily values, where the files do not state them: `UTC`,
            `local`, `06-06`, `09-09 UTC+01:00` (see `apnp.data.day.Day.parse`).
        missing: Numbers that stand for a missing value or an unknown elevation.
        good_flags: Quality codes that are good, where the file's scheme is not known.

    Raises:
        ConfigError: If an argument is not understood.
        DataError: If a file is missing, damaged, of unknown format or breaks a rule.
    """
    request = _request(variable, columns, units, station_list, day, missing, good_flags)
    with unpacked(_paths(paths)) as found:
        check_size(path for path, _ in _files(found))
        parts = [
            part
            for reader, files in _by_format(_files(found), bool(columns)).items()
            for part in reader.read(files, request)
        ]
        return _dataset(parts, request, daily)


def from_table(
    table: pd.DataFrame,
    *,
    variable: str = "tas",
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    station_list: FilePath | None = None,
    daily: Daily | None = None,
    day: str | None = None,
    missing: Sequence[float] = (),
    good_flags: Sequence[str] | None = None,
) -> xr.Dataset:
    """A validated station dataset from a long table in memory, one reading a row.

    Columns, quality control and arguments are those of `read_stations`.

    Raises:
        ConfigError: If an argument is not understood.
        DataError: If the table breaks a rule.
    """
    request = _request(variable, columns, units, station_list, day, missing, good_flags)
    part = table_reader.read_frame(table, "table", request)
    return _dataset([part], request, daily)


def _dataset(
    parts: Sequence[Readings], request: Request, daily: Daily | None
) -> xr.Dataset:
    """Screen the readings of each file, join them and lay them out."""
    about = request.variable
    parts = [without_codes(part, request.missing) for part in own_ids(parts)]
    screened = _stated([screen_values(part, about) for part in parts], request)
    screened = [
        with_season(part, before.units)
        for part, before in zip(screened, parts, strict=True)
    ]
    known = [with_interval(part, about, request.day) for part in screened]
    kinds = {kind_of(part): part.where for part in known}
    if len(kinds) > 1:
        raise DataError(
            "The files mix values of different kinds: "
            f"{'; '.join(f'{kind}, e.g. {where}' for kind, where in kinds.items())}. "
            "Convert them one kind at a time (apnp data convert ... --daily mean)."
        )
    joined = join([with_doubtful_positions(part) for part in known])
    if request.day is None and any(day.assumed for day in joined.days):
        joined = without_long_means(joined)
    return assemble(joined, about, daily)


def _stated(parts: Sequence[Readings], request: Request) -> list[Readings]:
    """The parts, with the cell method of those that state none, judged together.

    Raises:
        DataError: If they would be readings at instants, spaced like means of weeks,
            months or years.
    """
    about = request.variable
    unstated = [part.times for part in parts if not part.cell_method]
    if not unstated:
        return list(parts)
    method = cell_method_of(about, np.concatenate(unstated))
    if method == INSTANT and request.day is None:
        parts = [p if p.cell_method else without_long_means(p) for p in parts]
    return [
        part
        if part.cell_method
        else replace(part, cell_method=method, assumed=(*part.assumed, _taken(method)))
        for part in parts
    ]


def _taken(method: str) -> str:
    """What is assumed of values whose file does not say what they are."""
    if method == INSTANT:
        return "readings at instants: their times have hours (--day if they are daily)"
    return f"daily values ({method}): their times are dates"


def _request(
    variable: str,
    columns: Mapping[str, str] | None,
    units: Mapping[str, str] | None,
    station_list: FilePath | None,
    day: str | None,
    missing: Sequence[float],
    good_flags: Sequence[str] | None,
) -> Request:
    return Request(
        get_variable(variable),
        _checked(columns, _COLUMNS, "columns"),
        _checked(units, (variable, "elevation"), "units"),
        Path(station_list) if station_list is not None else None,
        Day.parse(day) if day is not None else None,
        tuple(float(code) for code in missing),
        None if good_flags is None else frozenset(map(str, good_flags)),
    )


def _checked(
    given: Mapping[str, str] | None, known: Sequence[str], name: str
) -> Mapping[str, str]:
    for key in given or {}:
        if key not in known:
            raise ConfigError(
                f"`{name}` maps {', '.join(known)} to what the file has. Got {key!r}."
            )
    return dict(given or {})


def _paths(paths: FilePath | Sequence[FilePath]) -> list[Path]:
    if isinstance(paths, str | PathLike):
        paths = [paths]
    if not paths:
        raise ConfigError("`paths` names no file.")
    return [Path(path) for path in paths]


def _files(paths: Sequence[Path]) -> list[tuple[Path, bool]]:
    """The files, folders opened, and whether each was named outright."""
    files: list[tuple[Path, bool]] = []
    for path in paths:
        if path.is_dir() and not is_store(path):
            inside = [p for p in visible(path) if p.is_file() or is_store(p)]
            if not inside:
                raise DataError(f"{path}: the folder holds no files.")
            files += [(p, False) for p in inside]
        else:
            files.append((path, True))
    return files


def _by_format(
    files: Sequence[tuple[Path, bool]], mapped: bool
) -> dict[Reader, list[Path]]:
    """Files by the reader that recognises them.

    A file whose columns the user names (`mapped`) is no list of stations. Files found
    in a folder may be something else (a readme, a list), ones named outright may not.
    """
    found: dict[Reader, list[Path]] = {}
    for path, named in files:
        if not named and path.stat().st_size == 0:
            continue
        head = head_of(path)
        reader = next((r for r in READERS if r.recognises(head)), None)
        if reader in (None, table_reader):
            reader = _table_or_none(head, named, reader, mapped)
        if reader is not None:
            found.setdefault(reader, []).append(path)
    if not found:
        raise DataError(
            f"{files[0][0].parent}: no file of a known format. `apnp data formats` "
            "lists those that are read."
        )
    return found


def _table_or_none(
    head: Head, named: bool, reader: Reader | None, mapped: bool
) -> Reader | None:
    """The reader of tables, where a file of no other format can be one.

    Raises:
        DataError: If a file that is named, or holds readings, is not read.
    """
    refusal = refusal_of(head)
    if refusal is not None and (named or refusal.readings):
        raise DataError(f"{head.path}: {refusal.what}. {refusal.way_out}")
    listed = is_station_list(head) and not (mapped and named)
    if listed and named:
        raise DataError(
            f"{head.path}: a list of stations, without readings. Give it with "
            "--station-list beside the files of readings."
        )
    if listed or refusal is not None:
        return None
    if reader is not None or not named:
        return reader
    if not table_reader.could_be(head):
        raise DataError(
            f"{head.path}: unknown format; its first line is {head.lines[0][:60]!r}. "
            "`apnp data formats` lists those that are read. Any other data can be "
            "given as a CSV table with columns station, time, lat, lon, elevation and "
            "tas; --columns NAME=COLUMN maps other names."
        )
    return table_reader
