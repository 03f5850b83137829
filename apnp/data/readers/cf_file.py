"""A CF NetCDF file of time series: which of its variables is what."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from apnp.data.readers.columns import variable_of_name
from apnp.data.readings import Request, midrange, with_all_columns
from apnp.data.schema import FAILED_CHECK, FLAG_MEANINGS, GOOD, OUT_OF_RANGE
from apnp.errors import DataError
from apnp.variables import Variable

_NORTH = ("degrees_north", "degree_north", "degrees_N", "degree_N")
_EAST = ("degrees_east", "degree_east", "degrees_E", "degree_E")
_HEIGHTS = ("surface_altitude", "altitude", "height_above_mean_sea_level",
            "height_above_geopotential_datum", "height")  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """The values of the variable asked for, as the file holds them.

    Attributes:
        array: The variable (of two, the first), which carries dims and attributes.
        value: Values, the shape of `array`.
        flag: Quality flags, the shape of `array`.
        cell_method: CF cell method, or blank.
        comment: How the values were made of others, or blank.
    """

    array: xr.DataArray
    value: NDArray
    flag: NDArray
    cell_method: str
    comment: str


class CfFile:
    """An open file, its times not decoded, and what is wanted from it."""

    def __init__(self, ds: xr.Dataset, path: Path, request: Request):
        self.ds, self.path, self.request = ds, path, request
        self.lat = self._coordinate("lat", "latitude", _NORTH)
        self.lon = self._coordinate("lon", "longitude", _EAST)
        self.time = self._time()
        grid = self.lat.dims in ((self.lat.name,), (self.lon.name,))
        if grid or self.lat.ndim > 1 or self.lat.dims != self.lon.dims:
            sizes = ", ".join(f"{k} {v}" for k, v in ds.sizes.items())
            raise DataError(
                f"{path}: not a collection of station time series: latitude has dims "
                f"{self.lat.dims} and longitude {self.lon.dims} (the file has {sizes})."
                " Stations have one latitude and one longitude each, on the same "
                "dimension; gridded fields are not stations."
            )

    @property
    def instance(self) -> str | None:
        """The dimension of stations; None where a file holds one station."""
        return str(self.lat.dims[0]) if self.lat.dims else None

    def find(
        self, name: str, standard: Sequence[str] = (), units: Sequence[str] = ()
    ) -> list[xr.DataArray]:
        """Variables by the user's word, else standard name, else units, else name."""
        wanted = self.request.columns.get(name)
        if wanted is not None:
            if wanted not in self.ds.variables:
                raise DataError(
                    f"{self.path}: no variable {wanted!r} (asked for as {name}); the "
                    f"file has {', '.join(map(str, self.ds.variables))}."
                )
            return [self.ds[wanted]]
        every = [self.ds[n] for n in self.ds.variables]
        for found in (
            [v for s in standard for v in every if v.attrs.get("standard_name") == s],
            [v for v in every if v.attrs.get("units") in units],
            [v for v in every if str(v.name).lower() in (name, *standard)],
        ):
            if found:
                return found
        return []

    def _coordinate(
        self, name: str, standard: str, units: Sequence[str]
    ) -> xr.DataArray:
        found = self.find(name, (standard,), units)
        if not found:
            raise DataError(
                f"{self.path}: no {standard} found (by standard_name or units); the "
                f"file has {', '.join(map(str, self.ds.variables))}. Name it with "
                f"--columns {name}=NAME."
            )
        return found[0]

    def _time(self) -> xr.DataArray:
        found = [
            v for v in self.find("time", ("time",))
            if re.match(r"\s*\w+\s+since\s", str(v.attrs.get("units", "")))
        ]  # fmt: skip
        if not found:
            raise DataError(
                f"{self.path}: no time coordinate found (standard_name time, units "
                "`days since ...`). Name it with --columns time=NAME."
            )
        # Ragged files repeat their times, and decoding a time can be slow.
        code, unique = pd.factorize(found[0].values.ravel())
        attrs = {k: found[0].attrs[k] for k in ("units", "calendar")
                 if k in found[0].attrs}  # fmt: skip
        try:
            once = xr.decode_cf(xr.Dataset({"time": ("time", unique, attrs)}))["time"]
            # Days as fractions are out by parts of a second.
            half = np.timedelta64(500, "ms")
            times = (once.astype("datetime64[ns]").values + half).astype("M8[s]")
        except (ValueError, TypeError, OverflowError) as error:
            raise DataError(
                f"{self.path}: {found[0].name!r} ({attrs}) cannot be read as dates "
                f"({error}). Station files use the standard calendar."
            ) from None
        times = np.append(times.astype("M8[ns]"), np.datetime64("NaT", "ns"))
        return found[0].copy(data=times[code].reshape(found[0].shape))

    def sites(self) -> pd.DataFrame:
        """The table of stations."""
        n = self.lat.size
        heights = [
            v
            for v in (*self.find("elevation", _HEIGHTS), *self.find("alt"),
                      *self.find("elev"))
            if v.dims == self.lat.dims
        ]  # fmt: skip
        table = {
            "station": self._ids(),
            "lat": np.atleast_1d(self.lat.values).astype(np.float64),
            "lon": np.atleast_1d(self.lon.values).astype(np.float64),
            "elevation": np.atleast_1d(heights[0].values).astype(np.float64)
            if heights
            else np.full(n, np.nan),
        }
        names = [v for v in self.find("station_name") if v.dims == self.lat.dims]
        if names:
            table["station_name"] = _text(names[0].values)
        return with_all_columns(pd.DataFrame(table))

    def _ids(self) -> NDArray:
        role = [
            self.ds[n] for n in self.ds.variables
            if self.ds[n].attrs.get("cf_role") == "timeseries_id"
        ]  # fmt: skip
        if "station" in self.request.columns:
            role = []
        for v in (*role, *self.find("station"), *self.find(self.instance or "")):
            if v.dims == self.lat.dims:
                return _text(v.values)
        return np.arange(self.lat.size).astype(str).astype(object)

    def chosen(self) -> Chosen:
        """The variable asked for; `tas` may be half the sum of daily extremes.

        Raises:
            DataError: If it is not there, or several could be it.
        """
        about = self.request.variable
        array = self._data_variable(about)
        if array is not None:
            comment = str(array.attrs.get("comment", ""))
            method = str(array.attrs.get("cell_methods", "")).split(" area:")[0]
            return Chosen(array, array.values, self._flags(array), method, comment)
        if about.name == "tas":
            high = self._data_variable(replace(about, name="tasmax"))
            low = self._data_variable(replace(about, name="tasmin"))
            if high is not None and low is not None and _alike(high, low):
                value, failed = midrange(
                    high.values, low.values,
                    self._flags(high) > GOOD, self._flags(low) > GOOD,
                )  # fmt: skip
                flag = np.where(failed, FAILED_CHECK, GOOD).astype(np.int8)
                comment = f"({high.name} + {low.name}) / 2"
                return Chosen(high, value, flag, about.cell_method, comment)
        raise self._unclear(about, [])

    def _data_variable(self, about: Variable) -> xr.DataArray | None:
        if about.name in self.request.columns or about.name in self.ds.variables:
            return self.find(about.name)[0]
        found = [
            self.ds[n] for n in self.ds.data_vars
            if self.ds[n].ndim > 0 and self.ds[n].dtype.kind in "fiu"
            and (
                self.ds[n].attrs.get("standard_name") == about.standard_name
                or variable_of_name(str(n)) is not None
            )
            and _statistic(self.ds[n]) == about.name
        ]  # fmt: skip
        if len(found) > 1:
            raise self._unclear(about, [str(v.name) for v in found])
        return found[0] if found else None

    def _unclear(self, about: Variable, found: list[str]) -> DataError:
        said = (
            f"{' and '.join(found)} could all be {about.name}"
            if found
            else f"no variable {about.name} ({about.standard_name}); the file has "
            f"{', '.join(map(str, self.ds.data_vars))}"
        )
        return DataError(f"{self.path}: {said}. Say --columns {about.name}=NAME.")

    def _flags(self, array: xr.DataArray) -> NDArray:
        """The flags this package writes; all good where a file has none of them."""
        for name in str(array.attrs.get("ancillary_variables", "")).split():
            flag = self.ds.variables.get(name)
            if (
                flag is not None
                and flag.dims == array.dims
                and flag.attrs.get("flag_meanings") == FLAG_MEANINGS
            ):
                bad = np.isin(flag.values, (FAILED_CHECK, OUT_OF_RANGE))
                return np.where(bad, flag.values, GOOD).astype(np.int8)
        return np.full(array.shape, GOOD, dtype=np.int8)


def _statistic(array: xr.DataArray) -> str:
    """`tas`, `tasmax` or `tasmin`: what the cell methods, else the name, suggest."""
    method = str(array.attrs.get("cell_methods", ""))
    for word, name in (("maximum", "tasmax"), ("minimum", "tasmin"),
                       ("mean", "tas"), ("point", "tas")):  # fmt: skip
        if word in method:
            return name
    return variable_of_name(str(array.name)) or "tas"


def _alike(one: xr.DataArray, other: xr.DataArray) -> bool:
    units = [a.attrs.get("units") for a in (one, other)]
    return one.dims == other.dims and units[0] == units[1]


def _text(values: NDArray) -> NDArray:
    """Ids or names as text, whatever type they were stored in."""
    values = np.atleast_1d(np.asarray(values))
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    if values.dtype.kind == "f" and (values == np.round(values)).all():
        values = values.astype(np.int64)
    return np.char.strip(values.astype(str)).astype(object)
