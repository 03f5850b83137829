"""ERA5-style NetCDF in, one checked gridded dataset out.

The dataset has dims `time`, `lat`, `lon` and one variable named by `apnp.variables`,
float32 in its CF units, NaN = missing. Times rise (UTC), latitudes rise, longitudes
rise within [-180, 180), or within [0, 360) where the region crosses the date line, and
both in even steps.

Layouts are those of the Climate Data Store before and since 2024: time is `time` or
`valid_time`, latitude falls, values may be packed, `number` is a scalar and `expver`
(final and preliminary values) a dimension, or labels along time.
"""

from collections.abc import Sequence
from os import PathLike

import numpy as np
import xarray as xr

from apnp.data.gridded.horizontal import axes, horizontal, open_file
from apnp.data.units import canonical_units, to_degc
from apnp.errors import DataError
from apnp.variables import Variable, get_variable

FINAL = 1
"""The `expver` of values that are final."""

_NAMES = {"tas": ("tas", "t2m", "2m_temperature", "2t", "air_temperature", "t")}
_TIMES = ("valid_time", "time")
_AXES = {
    "time": {"standard_name": "time", "axis": "T"},
    "lat": {"standard_name": "latitude", "units": "degrees_north", "axis": "Y"},
    "lon": {"standard_name": "longitude", "units": "degrees_east", "axis": "X"},
}


def read_reanalysis(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    *,
    variable: str = "tas",
    name: str | None = None,
) -> xr.Dataset:
    """A gridded dataset of one or more files on the same grid.

    Args:
        paths: NetCDF files; their times are joined and sorted.
        variable: Name of the variable, e.g. `tas`.
        name: What the files call it, where that is not known.

    Raises:
        DataError: Naming the file, the variable, the rule and the remedy.
    """
    about = get_variable(variable)
    if not isinstance(paths, Sequence) or isinstance(paths, str):
        paths = [paths]
    if not paths:
        raise DataError("No reanalysis file is given. Name one or more.")
    parts = [_read_one(str(path), about, name) for path in paths]
    for path, part in zip(paths, parts, strict=True):
        for axis in ("lat", "lon"):
            if not np.array_equal(part[axis], parts[0][axis]):
                raise DataError(
                    f"{path}: its {axis} differ from those of {paths[0]}. Files that "
                    "are joined lie on one grid; read them one by one."
                )
    ds = xr.concat(parts, "time", combine_attrs="override").sortby("time")
    times = ds["time"].values
    again = times[1:][np.diff(times) == np.timedelta64(0)]
    if again.size:
        raise DataError(
            f"{', '.join(map(str, paths))}: time {again[0]} occurs twice. Give each "
            "time once."
        )
    return ds


def _read_one(path: str, about: Variable, name: str | None) -> xr.Dataset:
    try:
        with open_file(path) as ds:
            array = _with_axes(_variable(ds, path, about, name), ds, path).load()
            attrs = dict(ds.attrs)
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as NetCDF ({error}).") from error
    array = _in_order(_merged(array, path), path)
    values = _checked(array, path, about)
    coords = {axis: (axis, array[axis].values, own) for axis, own in _AXES.items()}
    own = {
        "standard_name": about.standard_name, "long_name": about.long_name,
        "units": about.units, "units_metadata": "temperature: on_scale",
        "cell_methods": array.attrs.get("cell_methods", "time: point"),
    }  # fmt: skip
    kept = {k: attrs[k] for k in ("title", "source", "history", "license", "comment")
            if k in attrs}  # fmt: skip
    return xr.Dataset(
        {about.name: (tuple(_AXES), values, own)},
        coords, {"Conventions": "CF-1.11"} | kept,
    )  # fmt: skip


def _variable(
    ds: xr.Dataset, path: str, about: Variable, name: str | None
) -> xr.DataArray:
    found = [v for v in ds.data_vars if v in _NAMES.get(about.name, (about.name,))]
    if name is not None:
        found = [v for v in ds.data_vars if v == name]
    if len(found) != 1:
        raise DataError(
            f"{path}: {name or about.name} must be one variable of the file, which "
            f"holds {', '.join(map(str, ds.data_vars)) or 'none'}. Say which it is "
            "with `name`."
        )
    return ds[found[0]]


def _with_axes(array: xr.DataArray, ds: xr.Dataset, path: str) -> xr.DataArray:
    """The array with dimensions `time`, `lat` and `lon`, longitudes without a jump."""
    place = f"{path}: {array.name!r}"
    names = horizontal(ds, path)
    lat, lon = axes(ds, names, path)
    # Some files hold two names for time, of which one is the dimension.
    times = [n for n in _TIMES if n in array.coords and array[n].dims in ((n,), ())]
    times.sort(key=lambda n: n not in array.dims)
    if not times or not set(names) <= set(array.dims):
        raise DataError(
            f"{place} must have dimensions of time ({' or '.join(_TIMES)}), latitude "
            f"and longitude; its dims are {array.dims}. Convert it to a regular grid "
            "of latitude and longitude first."
        )
    if times[0] not in array.dims:
        array = array.expand_dims(times[0])
    array = array.drop_vars([n for n in times[1:] if n in array.coords])
    today = dict(zip((times[0], *names), _AXES, strict=True))
    array = array.rename({old: new for old, new in today.items() if old != new})
    return array.assign_coords(lat=lat, lon=lon)


def _merged(array: xr.DataArray, path: str) -> xr.DataArray:
    """Final values where there are any, else preliminary; no further dimensions."""
    if "expver" in array.dims:
        version = array["expver"].values.astype(str).astype(int)
        order = np.argsort(version != FINAL, kind="stable")
        merged = array.isel(expver=order[0])
        for index in order[1:]:
            merged = merged.fillna(array.isel(expver=index))
        array = merged.assign_attrs(array.attrs)
    for dim in [d for d in array.dims if d not in _AXES]:
        if array.sizes[dim] != 1:
            raise DataError(
                f"{path}: {array.name!r} has {array.sizes[dim]} values along {dim!r}. "
                "A field has dims of time, latitude and longitude; select one first."
            )
        array = array.isel({dim: 0})
    return array.reset_coords(drop=True).transpose(*_AXES)


def _in_order(array: xr.DataArray, path: str) -> xr.DataArray:
    """Latitudes and longitudes that rise evenly, in one turn."""
    lat, lon = (np.round(array[axis].values, 6) for axis in ("lat", "lon"))
    for turned in ((lon + 180) % 360 - 180, lon % 360):
        ordered = array.assign_coords(lat=lat, lon=turned).sortby(
            ["lat", "lon", "time"]
        )
        if _even(ordered["lon"].values):
            break
    for axis in ("lat", "lon"):
        if not _even(ordered[axis].values):
            raise DataError(
                f"{path}: {axis} must be even steps, each value once. Got steps of "
                f"{np.diff(ordered[axis].values).min():g} to "
                f"{np.diff(ordered[axis].values).max():g} degrees. Convert it to a "
                "regular grid of latitude and longitude first."
            )
    return ordered


def _even(value: np.ndarray) -> bool:
    step = np.diff(value)
    return step.size == 0 or (step[0] > 0 and bool(np.ptp(step) <= 1e-3 * step[0]))


def _checked(array: xr.DataArray, path: str, about: Variable) -> np.ndarray:
    """Values in CF units, float32, within what can occur."""
    if not np.issubdtype(array["time"].dtype, np.datetime64):
        raise DataError(
            f"{path}: the times of {array.name!r} are not dates of the standard "
            f"calendar ({array['time'].dtype}). Give them units `hours since ...`."
        )
    units = array.attrs.get("units")
    if units is None:
        raise DataError(
            f"{path}: {array.name!r} has no units. Give it the attribute units = K."
        )
    where = f"{path}: {array.name!r}"
    value = to_degc(array.values.astype("f8"), canonical_units(str(units), where))
    low, high = about.plausible
    bad = (value < low) | (value > high)
    if bad.any():
        raise DataError(
            f"{where} holds {value[bad][0]:g} {about.units} ({int(bad.sum())} such) "
            f"where {low:g} to {high:g} can occur. Its units are {units!r}: check "
            "them."
        )
    if not np.isfinite(value).any():
        raise DataError(f"{where} holds no value: all are missing. Check the request.")
    return value.astype(np.float32)
