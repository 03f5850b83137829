"""The stations of a CF file: ids, positions and elevations."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from apnp.data.quality import MISSING_CODES
from apnp.data.readers.columns import find_column, units_in_name
from apnp.data.readings import with_all_columns
from apnp.data.units import to_metres

if TYPE_CHECKING:
    from apnp.data.readers.cf_file import CfFile

_HEIGHTS = ("surface_altitude", "altitude", "height_above_mean_sea_level",
            "height_above_geopotential_datum")  # fmt: skip
_ID_ATTRIBUTES = ("station_id", "station_code", "platform_code", "wmo_platform_code",
                  "wmo_id", "station")  # fmt: skip


def sites_of(file: "CfFile") -> tuple[pd.DataFrame, list[str]]:
    """The table of stations of a file, and what was assumed of them."""
    elevation, source = _elevations(file)
    table = {
        "station": _ids(file),
        "lat": np.atleast_1d(file.lat.values).astype(np.float64),
        "lon": np.atleast_1d(file.lon.values).astype(np.float64),
        "elevation": elevation,
    }
    names = [v for v in file.find("station_name") if v.dims == file.lat.dims]
    if names:
        table["station_name"] = _text(names[0].values)
    return with_all_columns(pd.DataFrame(table)), [source]


def _elevations(file: "CfFile") -> tuple[NDArray[np.float64], str]:
    """Elevations in metres, and where they come from.

    A variable with the standard name `height` is a height above the ground, such as
    that of a thermometer, never the elevation of a station.
    """
    named = [
        file.ds[n]
        for n in file.ds.variables
        if find_column("elevation", [str(n)]) is not None
        and file.ds[n].attrs.get("standard_name", "") in ("", *_HEIGHTS)
    ]
    every = [*file.find("elevation", _HEIGHTS), *named]
    found = [
        v
        for v in map(file.per_station, every)
        if v.dims == file.lat.dims and v.dtype.kind in "fiu"
    ]
    if not found:
        above = [str(n) for n in file.ds.variables if _above_ground(file.ds[n])]
        text = "no elevations in the file"
        if above:
            text += f" ({above[0]} is a height above the ground)"
        return np.full(file.lat.size, np.nan), text
    array = found[0]
    value = np.atleast_1d(array.values).astype(np.float64)
    for code in (*MISSING_CODES, *file.request.missing):
        value[np.isclose(value, code, rtol=1e-6)] = np.nan
    asked = file.request.units.get("elevation")
    stated = asked or array.attrs.get("units") or units_in_name(str(array.name))
    where = f"{file.path}: {array.name!r}"
    metres = to_metres(value, str(stated or "m"), where)
    said = "" if stated else " (assumed)"
    return metres, f"elevation from {array.name} in {stated or 'm'}{said}"


def _above_ground(array: xr.DataArray) -> bool:
    return array.attrs.get("standard_name") == "height"


def _ids(file: "CfFile") -> NDArray:
    role = [
        file.ds[n]
        for n in file.ds.variables
        if file.ds[n].attrs.get("cf_role") == "timeseries_id"
    ]
    if "station" in file.request.columns:
        role = []
    own = [v for v in file.find(file.instance or "") if file.instance is not None]
    usual = [
        file.ds[n]
        for n in file.ds.variables
        if find_column("station", [str(n)]) is not None
    ]
    for v in (*role, *file.find("station"), *usual, *own, *_texts(file)):
        if v.dims == file.lat.dims and v.dtype.kind in "OSTUiuf":
            return _text(v.values)
    if file.instance is None:
        for name in _ID_ATTRIBUTES:
            if str(file.ds.attrs.get(name, "")).strip():
                return _text(np.array([file.ds.attrs[name]]))
        return np.array([file.name], dtype=object)
    return np.array([f"{file.name}:{k}" for k in range(file.lat.size)], dtype=object)


def _texts(file: "CfFile") -> list[xr.DataArray]:
    """Variables of texts that tell all stations apart."""
    found = []
    for name in file.ds.variables:
        array = file.ds[name]
        if array.dims == file.lat.dims and array.dtype.kind in "OSTU":
            texts = pd.Series(_text(array.values))
            if texts.is_unique and (texts != "").all():
                found.append(array)
    return found


def _text(values: NDArray) -> NDArray:
    """Ids or names as text, whatever type they were stored in."""
    values = np.atleast_1d(np.asarray(values))
    if values.dtype.kind == "T":  # as zarr gives them
        values = values.astype(object)
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    if values.dtype.kind == "O":
        values = np.array(
            [
                v.decode("utf-8", "replace") if isinstance(v, bytes) else v
                for v in values
            ]
        )
    if values.dtype.kind == "f" and (values == np.round(values)).all():
        values = values.astype(np.int64)
    return np.char.strip(values.astype(str)).astype(object)
