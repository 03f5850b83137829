"""GHCN-Daily station files (`.dly`): fixed width, a line an element and month.

Columns 1-11 id, 12-15 year, 16-17 month, 18-21 element, then for each of 31 days a
value of 5 characters and the flags of measurement, quality and source. Tenths of
degC, -9999 missing, any letter as quality flag is a failed check (NCEI readme,
section III). Positions come from `ghcnd-stations.txt`.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.readers.about import About
from apnp.data.readers.file_head import Head, whole_lines
from apnp.data.readers.ghcn_elements import ELEMENTS, element_readings
from apnp.data.readings import Readings, Request
from apnp.errors import DataError

ABOUT = About(
    "GHCN-Daily station file (.dly)", "NOAA NCEI", "TAVG, TMAX, TMIN",
    "local day of observation", "0.1 degC", "any quality flag fails",
    "ghcnd-stations.txt",
)  # fmt: skip
NAME = ABOUT.name

_LINE = re.compile(r"^[A-Z]{2}[A-Z0-9_-]{9}\d{6}[A-Z0-9]{4}[ \d-]{5}")
_WIDTH = 269


def recognises(head: Head) -> bool:
    """Whether the first line is a month of one element."""
    return _LINE.match(head.lines[0]) is not None


def read(paths: Sequence[Path], request: Request) -> list[Readings]:
    """Readings of `.dly` files.

    Raises:
        DataError: If a line is malformed, or there is no list of stations.
    """
    tables = [_table(path, request) for path in paths]
    return [element_readings(pd.concat(tables), paths, request, NAME)]


def _table(path: Path, request: Request) -> pd.DataFrame:
    """Columns station, time, element, value (tenths of degC), failed."""
    wanted = {request.columns.get(request.variable.name), *ELEMENTS}
    lines = whole_lines(path)
    kept = [k for k, line in enumerate(lines) if line[17:21] in wanted]
    block = np.array(
        [lines[k].ljust(_WIDTH)[:_WIDTH] for k in kept], dtype=f"S{_WIDTH}"
    )
    chars = block.view(np.uint8).reshape(len(kept), _WIDTH)
    line_number = np.array(kept, dtype=np.intp) + 1
    month = _integers(chars[:, None, 11:17], path, line_number)[:, 0]
    days = chars[:, 21:].reshape(len(kept), 31, 8)
    value = _integers(days[:, :, :5], path, line_number)
    start = _months(month, path, line_number)
    time = start[:, None].astype("datetime64[D]") + np.arange(31)
    in_month = time < (start + 1).astype("datetime64[D]")[:, None]
    row, day = np.nonzero(in_month & (value != -9999))
    head = chars[:, :21].copy().view("S21")[:, 0].astype(str)
    return pd.DataFrame(
        {
            "station": pd.Series([h[:11] for h in head], dtype=object).to_numpy()[row],
            "time": time[row, day].astype("datetime64[ns]"),
            "element": pd.Series([h[17:] for h in head], dtype=object).to_numpy()[row],
            "value": value[row, day].astype(np.float64),
            "failed": days[row, day, 6] != ord(" "),
        }
    )


def _integers(chars: NDArray, path: Path, line_number: NDArray) -> NDArray[np.int64]:
    """Integers of fixed width in the last axis; blank is -9999.

    Raises:
        DataError: Naming the line of the first field that is no integer.
    """
    digit = (chars >= ord("0")) & (chars <= ord("9"))
    minus = chars == ord("-")
    wrong = ~(digit | minus | (chars == ord(" "))).all(axis=-1)
    wrong |= minus.sum(axis=-1) > 1
    if wrong.any():
        row, field = np.argwhere(wrong)[0]
        raise DataError(
            f"{path}, line {line_number[row]}: "
            f"{chars[row, field].tobytes().decode('latin-1')!r} is not a number "
            f"(field {field + 1}). The line is damaged."
        )
    power = 10 ** np.arange(chars.shape[-1] - 1, -1, -1)
    number = np.where(digit, chars - np.uint8(ord("0")), 0).astype(np.int64) @ power
    number = np.where(minus.any(axis=-1), -number, number)
    return np.where(digit.any(axis=-1), number, -9999)


def _months(number: NDArray, path: Path, line_number: NDArray) -> NDArray:
    year, month = number // 100, number % 100
    wrong = (month < 1) | (month > 12) | (year < 1700)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"{path}, line {line_number[row]}: {number[row]} is not a year and month."
        )
    return ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
