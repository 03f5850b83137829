"""ISD-Lite: fixed columns, a line an hour (UTC), a file a station and year.

Year, month, day, hour, air temperature in tenths of degC, ...; -9999 missing. The
file is called USAF-WBAN-YEAR; positions come from `isd-history`.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from apnp.data.readers.about import About
from apnp.data.readers.file_head import Head
from apnp.data.readers.ghcn_elements import names_of, where_of
from apnp.data.readers.station_lists import beside, positions
from apnp.data.readings import Readings, Request, readings
from apnp.errors import DataError

ABOUT = About(
    "ISD-Lite",
    "NOAA NCEI",
    "air temperature",
    "instants",
    "0.1 degC",
    positions="isd-history.txt or .csv",
)
NAME = ABOUT.name

_LINE = re.compile(r"^\d{4} \d{2} \d{2} \d{2}(\s+-?\d+){8}\s*$")
_FILE = re.compile(r"^([A-Z0-9]{6}-\d{5})(-\d{4})?")


def recognises(head: Head) -> bool:
    """Whether the first line is an hour of eight quantities."""
    return _LINE.match(head.lines[0]) is not None


def read(paths: Sequence[Path], request: Request) -> list[Readings]:
    """Readings at instants of ISD-Lite files.

    Raises:
        DataError: If a line is malformed, the file's name is no station, or there
            is no list of stations.
    """
    if request.variable.name != "tas":
        raise DataError(
            f"{paths[0]}: ISD-Lite holds readings at instants, no "
            f"{request.variable.name}. Make it with --daily max or --daily min."
        )
    ids = [_station(path) for path in paths]
    where = beside(paths, request.station_list, NAME)
    sites, row, notes = positions(list(dict.fromkeys(ids)), where)
    of_id = dict(zip(dict.fromkeys(ids), row, strict=False))
    tables = [_table(p) for i, p in zip(ids, paths, strict=True) if of_id[i] >= 0]
    size = [len(t) for t in tables]
    table = pd.concat(tables)
    found = readings(
        where_of(paths),
        sites,
        np.repeat([of_id[i] for i in ids if of_id[i] >= 0], size),
        table["time"].to_numpy(),
        table["value"].to_numpy(),
        units=request.units.get("tas", "tenths of degC"),
        cell_method="time: point",
        attrs={"source": f"{NAME}: {names_of(paths)}; positions from {where.name}"},
        notes=tuple(notes),
        assumed=("values in tenths of degC", "times in UTC", "no quality codes"),
    )
    return [found]


def _station(path: Path) -> str:
    found = _FILE.match(path.name)
    if found is None:
        raise DataError(
            f"{path}: an ISD-Lite file is called USAF-WBAN-YEAR, e.g. "
            "010010-99999-2018; its name is all that tells the station."
        )
    return found.group(1)


def _table(path: Path) -> pd.DataFrame:
    names = ["year", "month", "day", "hour", "value"]
    try:
        table = pd.read_csv(
            path, sep=r"\s+", header=None, names=names, usecols=range(5), dtype=np.int64
        )
        time = pd.to_datetime(table[names[:4]])
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"{path}: a line is not an hour of ISD-Lite ({error}). The file is damaged."
        ) from None
    value = table["value"].astype(np.float64)
    return pd.DataFrame({"time": time, "value": value.where(value != -9999)})
