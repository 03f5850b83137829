"""Where the readings of a table were made: from its columns, or from a station list."""

import re
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.quality import MISSING_CODES
from apnp.data.readers.columns import PLACES
from apnp.data.readers.numbers import angles, is_blank, numbers
from apnp.data.readers.station_lists import positions
from apnp.data.units import to_metres
from apnp.errors import DataError

if TYPE_CHECKING:
    from apnp.data.readers.table import Table

Sites = tuple[NDArray[np.intp], pd.DataFrame, list[str], list[str]]


def sites_of(table: "Table") -> Sites:
    """Site of each row (-1: no position known), the sites, notes, what was assumed.

    Raises:
        DataError: If a position cannot be read, or there is none and no station list.
    """
    of = table.columns.of
    if "lat" not in of or "lon" not in of:
        return _listed(table)
    keys = [k for k in PLACES if k in of]
    site = np.zeros(len(table.frame), dtype=np.int64)
    for key in keys:
        code, unique = pd.factorize(table.frame[of[key]], use_na_sentinel=False)
        site = pd.factorize(site * len(unique) + code)[0].astype(np.int64)
    first = ~pd.Series(site).duplicated().to_numpy()
    rows = table.take(first)
    sites = pd.DataFrame(index=np.arange(len(rows.frame)))
    for axis in ("lat", "lon"):
        name = of[axis]
        sites[axis] = angles(rows.frame[name], axis, partial(rows.at, name))
    elevation, source = _elevations(rows)
    sites["elevation"] = elevation
    place = sites["lat"].map("{:.4f}".format) + "," + sites["lon"].map("{:.4f}".format)
    if "station" in of:
        ids = station_ids(rows.frame[of["station"]])
        blank = is_blank(rows.frame[of["station"]].reset_index(drop=True))
        # A word for missing, such as NA, is an id where one place alone has it.
        several = ids.duplicated(keep=False).to_numpy() | (ids == "").to_numpy()
        place = ids.where(~(blank & several), place)
    sites["station"] = place
    if "station_name" in of:
        sites["station_name"] = rows.frame[of["station_name"]].astype(str).to_numpy()
    return site.astype(np.intp), sites, [], [source]


def station_ids(column: pd.Series) -> pd.Series:
    """Ids as text; whole numbers that a table stores as floats lose their `.0`."""
    if pd.api.types.is_float_dtype(column.dtype):
        value = column.to_numpy(np.float64, na_value=np.nan)
        if (np.isnan(value) | (value == np.round(value))).all():
            column = column.astype("Int64")
    elif pd.api.types.is_string_dtype(column.dtype):
        texts = column.dropna().astype(str).str.strip()
        if len(texts) and texts.str.fullmatch(r"\d+\.0").all():
            column = column.astype(str).str.replace(r"\.0\s*$", "", regex=True)
    return column.astype(str).str.strip().reset_index(drop=True)


def _elevations(rows: "Table") -> tuple[NDArray[np.float64], str]:
    """Elevations in metres of rows, and where they come from."""
    columns = rows.columns
    name = columns.of.get("elevation")
    if name is None:
        heights = [c for c in columns.available if c.lower().startswith("height")]
        text = "no column of elevations"
        if heights:
            text += (
                f" ({heights[0]!r} is taken as a height above the ground; if it is the "
                f"station's, say --columns elevation={heights[0]})"
            )
        like = [c for c in columns.available if _like_elevation(c)]
        if like and not heights:
            text += f" ({like[0]!r} is not understood: --columns elevation=NAME)"
        return np.full(len(rows.frame), np.nan), text
    value = numbers(rows.frame[name], lambda r: rows.at(name, r))
    value[_is_code(value, (*MISSING_CODES, *columns.request.missing))] = np.nan
    asked = columns.request.units.get("elevation")
    stated = asked or columns.units.get("elevation")
    metres = to_metres(value, stated or "m", f"{columns.where}, column {name!r}")
    said = "" if stated else " (assumed)"
    return metres, f"elevation from column {name} in {stated or 'm'}{said}"


def _like_elevation(name: str) -> bool:
    """Whether a column's name begins like one of elevations."""
    return (
        re.match(r"(elev|alt(itude)?([^a-z]|$)|hgt)", name.strip().lower()) is not None
    )


def _is_code(value: NDArray, codes: tuple[float, ...]) -> NDArray[np.bool_]:
    found = np.zeros(value.shape, dtype=bool)
    for code in codes:
        found |= np.isclose(value, code, rtol=1e-6, atol=1e-9)
    return found


def _listed(table: "Table") -> Sites:
    columns = table.columns
    station_list = columns.request.station_list
    if "station" not in columns.of or station_list is None:
        raise DataError(
            f"{columns.where}: no columns for lat and lon found; the table has "
            f"{', '.join(columns.available)}. Name them with --columns lat=NAME "
            "lon=NAME, or give a list of the stations with --station-list."
        )
    ids = station_ids(table.frame[columns.of["station"]])
    code, unique = pd.factorize(ids)
    sites, row, notes = positions(
        list(unique), station_list, columns.request.units.get("elevation"),
        columns.request.missing,
    )  # fmt: skip
    return row[code], sites, notes, [f"positions from {station_list.name}"]
