"""ECA&D station files (`TG_STAIDnnnnnn.txt`): a licence, a header, a line a day.

STAID, SOUID, DATE (YYYYMMDD), value in tenths of degC (-9999 missing), quality (0
valid, 1 suspect, 9 missing). TG is the daily mean, TX the maximum, TN the minimum.
Positions come from `stations.txt`.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from apnp.data.readers.file_head import Head, whole_lines
from apnp.data.readers.ghcn_elements import names_of, where_of
from apnp.data.readers.station_lists import beside, positions
from apnp.data.readings import Readings, Request, readings
from apnp.errors import DataError

NAME = "ECA&D station file"
LICENSE = (
    "ECA&D: non-commercial research and education only; acknowledge Klein Tank, "
    "A.M.G. and Coauthors, 2002, Int. J. of Climatol., 22, 1441-1453, "
    "https://www.ecad.eu"
)

_HEADER = re.compile(r"^\s*STAID\s*,\s*(SOUID\s*,\s*)?DATE\s*,\s*(\w+)\s*,\s*Q_\w+\s*$")
_ELEMENTS = {"tas": "TG", "tasmax": "TX", "tasmin": "TN"}


def recognises(head: Head) -> bool:
    """Whether one of the first lines names the columns of ECA&D."""
    return any(_HEADER.match(line) for line in head.lines[:60])


def read(paths: Sequence[Path], request: Request) -> list[Readings]:
    """Readings of ECA&D files of one element.

    Raises:
        DataError: If a file is of another element or damaged, or no list of stations
            is at hand.
    """
    wanted = request.columns.get(
        request.variable.name, _ELEMENTS[request.variable.name]
    )
    table = pd.concat([_table(path, wanted) for path in paths], ignore_index=True)
    code, ids = pd.factorize(table["station"])
    where = beside(paths, request.station_list, NAME)
    sites, row, notes = positions(list(ids), where)
    site = row[code]
    kept = site >= 0
    found = readings(
        where_of(paths),
        sites,
        site[kept],
        table["time"].to_numpy()[kept],
        table["value"].to_numpy()[kept],
        failed=table["failed"].to_numpy()[kept],
        units=request.units.get(request.variable.name, "tenths of degC"),
        cell_method=request.variable.cell_method,
        attrs={
            "source": f"{NAME}: {names_of(paths)}; positions from {where.name}",
            "license": LICENSE,
        },
        notes=tuple(notes),
    )
    return [found]


def _table(path: Path, wanted: str) -> pd.DataFrame:
    lines = whole_lines(path)
    at, header = next((k, m) for k, m in enumerate(map(_HEADER.match, lines)) if m)
    if header.group(2) != wanted:
        raise DataError(
            f"{path}: holds {header.group(2)}, not {wanted}. Choose --variable "
            "tas (TG), tasmax (TX) or tasmin (TN)."
        )
    rows = [line.split(",") for line in lines[at + 1 :] if line.strip()]
    n_fields = 5 if header.group(1) else 4
    for k, row in enumerate(rows):
        if len(row) != n_fields:
            raise DataError(
                f"{path}, line {at + 2 + k}: {n_fields} fields expected, "
                f"{len(row)} found. The file is damaged or cut short."
            )
    if not rows:
        raise DataError(f"{path}: no rows of data follow the header.")
    try:
        fields = np.array(rows, dtype=str)
        number = fields[:, [0, -3, -2, -1]].astype(np.int64)
        time = pd.to_datetime(pd.Series(number[:, 1]).astype(str), format="%Y%m%d")
    except ValueError as error:
        raise DataError(f"{path}: a field is not a number or date ({error}).") from None
    value = np.where(number[:, 2] == -9999, np.nan, number[:, 2])
    return pd.DataFrame(
        {
            "station": number[:, 0].astype(str),
            "time": time.to_numpy().astype("datetime64[ns]"),
            "value": value,
            "failed": number[:, 3] != 0,
        }
    )
