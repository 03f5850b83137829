"""GHCN-Daily by year: CSV (gzip), a line a value, all stations of a year.

Columns id, YYYYMMDD, element, value, measurement flag, quality flag, source flag,
time of observation; with or without a line of names. Tenths of degC; any letter as
quality flag is a failed check. Positions come from `ghcnd-stations.txt`.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from apnp.data.readers.about import About
from apnp.data.readers.file_head import Head, head_of
from apnp.data.readers.ghcn_elements import ELEMENTS, element_readings
from apnp.data.readings import Readings, Request
from apnp.errors import DataError

ABOUT = About(
    "GHCN-Daily by year (CSV)", "NOAA NCEI", "TAVG, TMAX, TMIN",
    "local day of observation", "0.1 degC", "any quality flag fails",
    "ghcnd-stations.txt",
)  # fmt: skip
NAME = ABOUT.name

_LINE = re.compile(r'^"?[A-Z]{2}[A-Z0-9_-]{9}"?,"?\d{8}"?,"?[A-Z0-9]{4}"?,\s*-?\d+,')
_HEADER = re.compile(r'^"?ID"?,"?(DATE|YEAR/MONTH/DAY)"?,"?ELEMENT"?,', re.IGNORECASE)
_NAMES = ["station", "date", "element", "value", "m", "q"]
_ROWS_AT_ONCE = 2_000_000


def recognises(head: Head) -> bool:
    """Whether the file starts with a value of one element, or the names for them."""
    return any(pattern.match(head.lines[0]) for pattern in (_LINE, _HEADER))


def read(paths: Sequence[Path], request: Request) -> list[Readings]:
    """Readings of by-year files; years are joined before the elements are chosen.

    Raises:
        DataError: If a line is malformed, or there is no list of stations.
    """
    table = pd.concat([_table(path, request) for path in paths])
    return [element_readings(table, paths, request, NAME)]


def _table(path: Path, request: Request) -> pd.DataFrame:
    wanted = {request.columns.get(request.variable.name), *ELEMENTS}
    header = _HEADER.match(head_of(path).lines[0]) is not None
    try:
        chunks = pd.read_csv(
            path, header=0 if header else None, names=_NAMES, usecols=range(6),
            dtype={"station": str, "date": np.int64, "element": str,
                   "value": np.float64, "m": str, "q": str},
            keep_default_na=False, chunksize=_ROWS_AT_ONCE,
        )  # fmt: skip
        table = pd.concat(
            [c[c["element"].isin(wanted) & (c["value"] != -9999)] for c in chunks]
        )
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"{path}: a line is not ID,YYYYMMDD,ELEMENT,VALUE,M,Q,S,TIME ({error}). "
            "The file is damaged or cut short."
        ) from None
    code, dates = pd.factorize(table["date"])
    try:
        time = pd.to_datetime(pd.Series(dates).astype(str), format="%Y%m%d")
    except ValueError as error:
        raise DataError(f"{path}: a date is not YYYYMMDD ({error}).") from None
    return pd.DataFrame(
        {
            "station": table["station"].to_numpy(),
            "time": time.to_numpy().astype("datetime64[ns]")[code],
            "element": table["element"].to_numpy(),
            "value": table["value"].to_numpy(),
            "failed": (table["q"].str.strip() != "").to_numpy(),
        }
    )
