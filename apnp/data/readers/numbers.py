"""Numbers, latitudes and longitudes in text, as people write them."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.errors import DataError

BLANK = ("", "na", "nan", "n/a", "none", "null", "m", "-", "missing", "<na>", "nat",
         "//", "///", "--", "---", ".", "..", "...", "*", "-none", "#n/a", "#na",
         "#value!", "n/d", "nd", "n.d.", "s/d", "?", "n.a.", "unknown", "no data",
         "nodata")  # fmt: skip
_COMMA = re.compile(r"[-+]?\d*,\d+")
_THREE = re.compile(r"[-+]?\d{1,3},\d{3}")
_ANGLE = re.compile(
    r"(?P<before>[NSEW])?\s*(?P<sign>[-+])?\s*(?P<deg>\d+(?:\.\d+)?)\s*(?:°|º|deg|:)?\s*"
    r"(?:(?P<min>\d+(?:\.\d+)?)\s*(?:'|′|’|:)?\s*)?"
    r"(?:(?P<sec>\d+(?:\.\d+)?)\s*(?:\"|″|”|'')?\s*)?(?P<after>[NSEW])?",
    re.IGNORECASE,
)

Place = Callable[[int], str]
"""The place and text of a row, for messages."""


def is_blank(column: pd.Series) -> NDArray[np.bool_]:
    """Whether each cell is empty or a word for missing."""
    missing = column.isna().to_numpy()
    text = column.astype(str).str.strip().str.lower()
    return missing | text.isin(BLANK).to_numpy()


def numbers(column: pd.Series, place: Place) -> NDArray[np.float64]:
    """Numbers; blank, NA and their like are NaN. Decimal commas are understood.

    Raises:
        DataError: Naming the place of the first text that is no number, or of a comma
            that may be one of decimals or of thousands.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(np.float64, copy=True, na_value=np.nan)
    value = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, copy=True)
    rest = np.isnan(value)
    if rest.any():
        left = np.flatnonzero(rest)[~is_blank(column[rest])]
        if left.size:
            value[left] = _odd_numbers(column.iloc[left], value, left, place)
    if np.isinf(value).any():
        row = int(np.flatnonzero(np.isinf(value))[0])
        raise DataError(f"{place(row)} is infinite. Leave a missing value blank.")
    return value


def _odd_numbers(
    column: pd.Series, value: NDArray, rows: NDArray, place: Place
) -> NDArray[np.float64]:
    """What is no number to the computer: decimal commas, typographic minus signs."""
    text = column.astype(str).str.strip().str.replace("−", "-", regex=False)
    comma = text.map(lambda t: _COMMA.fullmatch(t) is not None).to_numpy()
    parsed = pd.to_numeric(text.str.replace(",", "."), errors="coerce")
    bad = ~comma & pd.to_numeric(text, errors="coerce").isna().to_numpy()
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        way_out = "Leave a missing value blank."
        if re.fullmatch(r"[-+]?\d[\d.,]*\s*[^\d\s]+.*", text.iloc[first]):
            way_out = "Write numbers alone, and their units in the column's name."
        raise DataError(f"{place(rows[first])} is not a number. {way_out}")
    fractions = (value[~np.isnan(value)] % 1 != 0).any()
    thousands = text[comma].map(lambda t: _THREE.fullmatch(t) is not None)
    if comma.any() and (fractions or thousands.all()):
        why = (
            "the column holds numbers with a decimal point too"
            if fractions
            else "every comma in the column is followed by three digits"
        )
        raise DataError(
            f"{place(rows[np.flatnonzero(comma)[0]])} has a comma that may be one of "
            f"decimals or of thousands ({why}). Write the numbers with a decimal point "
            "and without separators of thousands."
        )
    return parsed.to_numpy(np.float64)


def angles(column: pd.Series, axis: str, place: Place) -> NDArray[np.float64]:
    """Degrees north (`axis` lat) or east (lon): 33.98S, 33°59'S, S33 58 48, -33,98.

    Raises:
        DataError: Naming the place of the first text that is no such angle.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(np.float64, copy=True, na_value=np.nan)
    code, unique = pd.factorize(column, use_na_sentinel=False)
    texts = pd.Series(unique)
    odd = pd.to_numeric(texts, errors="coerce").isna().to_numpy() & ~is_blank(texts)
    letters = odd & texts.astype(str).str.contains(r"[NSEW°º'′:]|\d\s+\d", case=False)
    if not letters.any():
        return numbers(column, place)
    value = np.full(len(texts), np.nan)
    plain = ~odd & ~is_blank(texts)
    value[plain] = pd.to_numeric(texts[plain]).to_numpy(np.float64)
    for k in np.flatnonzero(odd):
        value[k] = _angle(str(texts.iloc[k]), axis)
        if np.isnan(value[k]):
            row = int(np.flatnonzero(code == k)[0])
            raise DataError(
                f"{place(row)} is not a {'latitude' if axis == 'lat' else 'longitude'}"
                ". Write degrees such as -33.98, 33.98S or 33°58'48\"S (longitudes "
                "with E or W)."
            )
    return value[code]


def _angle(text: str, axis: str) -> float:
    """Degrees of one text, NaN where it is no angle on that axis.

    >>> _angle("33°58'48\\"S", "lat"), _angle("W 71 30", "lon"), _angle("12E", "lat")
    (-33.98, -71.5, nan)
    """
    found = _ANGLE.fullmatch(text.strip().replace(",", ".").replace("−", "-"))
    if found is None:
        return np.nan
    letters = [c.upper() for c in (found["before"], found["after"]) if c]
    minutes, seconds = (float(found[k] or 0) for k in ("min", "sec"))
    allowed = "NS" if axis == "lat" else "EW"
    whole = not found["min"] or float(found["deg"]) % 1 == 0
    if (
        len(letters) > 1
        or any(c not in allowed for c in letters)
        or (letters and found["sign"])
        or not whole
        or max(minutes, seconds) >= 60
    ):
        return np.nan
    size = float(found["deg"]) + minutes / 60 + seconds / 3600
    negative = found["sign"] == "-" or bool(letters and letters[0] in "SW")
    return round(-size if negative else size, 9)
