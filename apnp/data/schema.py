"""The station dataset: the one form in which station observations leave a reader.

Dims `station` and `time`. Coordinates `station` (text id, cf_role timeseries_id),
`lat`, `lon` (degrees, longitude in [-180, 180)), `elevation` (m, NaN = unknown),
optionally `station_name`, and `time` (datetime64[ns], UTC, increasing). One data
variable named by `apnp.variables`, float32 in its CF units, NaN = missing, with an
ancillary `<name>_flag` that says why. CF discrete sampling geometry, chapter 9.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from apnp.errors import ConfigError, DataError, one_line, printable
from apnp.geometry.sphere import wrap_longitude
from apnp.variables import Variable, get_variable

GOOD, MISSING, FAILED_CHECK, OUT_OF_RANGE = 0, 1, 2, 3
FLAG_MEANINGS = "good missing failed_check out_of_range"
ELEVATION_RANGE = (-450.0, 9000.0)  # m, the Dead Sea shore to above the highest summit

_COORDINATES: dict[str, dict[str, str]] = {
    "station": {"long_name": "station identifier", "cf_role": "timeseries_id"},
    "lat": {
        "standard_name": "latitude", "long_name": "station latitude",
        "units": "degrees_north", "axis": "Y",
    },
    "lon": {
        "standard_name": "longitude", "long_name": "station longitude",
        "units": "degrees_east", "axis": "X",
    },
    "elevation": {
        "standard_name": "surface_altitude",
        "long_name": "station elevation above mean sea level", "units": "m",
    },
    "station_name": {"long_name": "station name"},
    "time": {"standard_name": "time", "long_name": "time (UTC)", "axis": "T"},
}  # fmt: skip


def from_arrays(
    variable: str,
    values: ArrayLike,
    *,
    station: ArrayLike,
    lat: ArrayLike,
    lon: ArrayLike,
    elevation: ArrayLike,
    time: ArrayLike,
    station_name: ArrayLike | None = None,
    flag: ArrayLike | None = None,
    cell_method: str | None = None,
    attrs: Mapping[str, Any] | None = None,
    variable_attrs: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """A validated station dataset from dense arrays.

    Args:
        variable: Name of the variable, e.g. `tas`.
        values: Values in the variable's CF units, shape (station, time), NaN missing.
        station: Station ids, all different.
        lat: Latitudes in degrees north.
        lon: Longitudes in degrees east, any convention.
        elevation: Elevations in metres, NaN = unknown.
        time: Times (UTC), increasing.
        station_name: Names for people.
        flag: Quality flag (station, time); by default good or missing.
        cell_method: CF cell method; the variable's daily one by default.
        attrs: Global attributes beside the standard ones.
        variable_attrs: Attributes of the variable beside the standard ones.

    Raises:
        DataError: If the result is not a station dataset (see `validate`).
    """
    about = get_variable(variable)
    value = np.asarray(values, dtype=np.float32)
    if flag is None:
        flag = np.where(np.isnan(value), MISSING, GOOD)
    coords = _coordinates(station, lat, lon, elevation, time, station_name)
    own = _variable_attributes(about, cell_method) | _shown(variable_attrs)
    dims, flags = ("station", "time"), np.asarray(flag, np.int8)
    ds = xr.Dataset(
        {
            variable: (dims, value, own),
            f"{variable}_flag": (dims, flags, _flag_attributes(about)),
        },
        coords,
        {**_global_attributes(about), **_shown(attrs)},
    )
    return validate(ds)


def _coordinates(
    station: ArrayLike,
    lat: ArrayLike,
    lon: ArrayLike,
    elevation: ArrayLike,
    time: ArrayLike,
    station_name: ArrayLike | None,
) -> dict[str, tuple[str, NDArray, dict[str, str]]]:
    """Dimension, values and attributes of each coordinate."""
    values: dict[str, NDArray] = {
        "station": _text(station),
        "lat": np.asarray(lat, dtype=np.float64),
        "lon": wrap_longitude(lon),
        "elevation": np.asarray(elevation, dtype=np.float64),
        "time": np.asarray(time).astype("datetime64[ns]"),
    }
    if station_name is not None:
        values["station_name"] = _text(station_name)
    return {
        name: ("time" if name == "time" else "station", value, _COORDINATES[name])
        for name, value in values.items()
    }


def _text(values: ArrayLike) -> NDArray:
    """Texts of files, which no terminal must obey wherever they are shown."""
    texts = np.asarray(values).astype(str).astype(object)
    return np.array([one_line(text) for text in texts], dtype=object)


def _shown(attrs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Attributes whose texts no terminal obeys."""
    return {
        name: printable(value) if isinstance(value, str) else value
        for name, value in (attrs or {}).items()
    }


def _global_attributes(about: Variable) -> dict[str, str]:
    return {
        "Conventions": "CF-1.11",
        "featureType": "timeSeries",
        "title": f"Station observations of {about.long_name}",
    }


def _variable_attributes(about: Variable, cell_method: str | None) -> dict[str, str]:
    return {
        "standard_name": about.standard_name,
        "long_name": about.long_name,
        "units": about.units,
        "units_metadata": "temperature: on_scale",
        "cell_methods": cell_method or about.cell_method,
        "ancillary_variables": f"{about.name}_flag",
    }


def _flag_attributes(about: Variable) -> dict[str, Any]:
    return {
        "long_name": f"quality flag of {about.long_name}",
        "standard_name": "quality_flag",
        "flag_values": np.arange(4, dtype=np.int8),
        "flag_meanings": FLAG_MEANINGS,
    }


def variables_of(ds: xr.Dataset) -> list[str]:
    """Names of the observed variables of a station dataset (not their flags)."""
    names = [str(n) for n in ds.data_vars if not str(n).endswith("_flag")]
    return [n for n in names if ds[n].dims == ("station", "time")]


def validate(ds: xr.Dataset) -> xr.Dataset:
    """Return `ds` if it is a station dataset as this module describes it.

    Raises:
        DataError: Naming the part that breaks a rule, its value and the rule.
    """
    for name in variables_of(validate_layout(ds)):
        _validate_values(ds[name])
    return ds


def validate_layout(ds: xr.Dataset) -> xr.Dataset:
    """Return `ds` if all of it but the values keeps the rules; they are not read.

    Raises:
        DataError: Naming the part that breaks a rule, its value and the rule.
    """
    for name in ("station", "lat", "lon", "elevation", "time"):
        if name not in ds.coords:
            raise DataError(
                f"A station dataset has a coordinate {name!r}; this one has "
                f"{', '.join(map(str, ds.coords))}. Make it with apnp.data."
            )
        dims = ("time",) if name == "time" else ("station",)
        if ds[name].dims != dims:
            raise DataError(
                f"Coordinate {name!r} must have dims {dims}. Got {ds[name].dims}."
            )
    if 0 in (ds.sizes["station"], ds.sizes["time"]):
        raise DataError(
            f"A station dataset holds at least one station and one time. Got "
            f"{ds.sizes['station']} stations and {ds.sizes['time']} times."
        )
    _validate_stations(ds)
    _validate_times(ds["time"].values)
    names = variables_of(ds)
    if not names:
        raise DataError(
            "A station dataset holds a variable with dims (station, time); this one "
            f"holds {', '.join(map(str, ds.data_vars)) or 'none'}."
        )
    for name in names:
        _validate_units(ds[name])
    return ds


def _validate_stations(ds: xr.Dataset) -> None:
    ids = ds["station"].values.astype(str)
    unique, count = np.unique(ids, return_counts=True)
    if (count > 1).any():
        raise DataError(
            f"Station ids must differ; '{unique[count > 1][0]}' occurs "
            f"{count.max()} times. Merge the stations first (apnp.data.read_stations "
            "does)."
        )
    for name, low, high in (
        ("lat", -90.0, 90.0),
        ("lon", -180.0, np.nextafter(180.0, 0.0)),
        ("elevation", *ELEVATION_RANGE),
    ):
        value = np.asarray(ds[name].values, dtype=np.float64)
        bad = ~((value >= low) & (value <= high))
        if name == "elevation":
            bad &= ~np.isnan(value)
        if bad.any():
            raise DataError(
                f"{name!r} of station '{ids[bad][0]}' is {value[bad][0]:g}; it must "
                f"lie in [{low:g}, {high:g}] ({int(bad.sum())} stations break this)."
            )


def _validate_times(time: NDArray) -> None:
    if time.dtype != np.dtype("datetime64[ns]"):
        raise DataError(f"`time` must be datetime64[ns]. Got {time.dtype}.")
    if np.isnat(time).any() or (np.diff(time) <= np.timedelta64(0)).any():
        raise DataError("`time` must increase, without missing or repeated times.")


def _validate_units(values: xr.DataArray) -> None:
    try:
        about = get_variable(str(values.name))
    except ConfigError as error:
        raise DataError(str(error)) from None
    units = values.attrs.get("units")
    if units != about.units:
        raise DataError(
            f"{about.name!r} must be in {about.units}; its units are {units!r}."
        )


def _validate_values(values: xr.DataArray) -> None:
    about = get_variable(str(values.name))
    low, high = about.plausible
    bad = (values.values < low) | (values.values > high)
    if bad.any():
        where = np.argwhere(bad)[0]
        raise DataError(
            f"{about.name!r} lies in [{low:g}, {high:g}] {about.units}; station "
            f"{values['station'].values[where[0]]!r} has {values.values[tuple(where)]} "
            f"at {values['time'].values[where[1]]} ({int(bad.sum())} such)."
        )
