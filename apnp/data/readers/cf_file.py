"""A CF NetCDF file of time series: which of its variables is what."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from apnp.data.readers.cf_flags import flags_of
from apnp.data.readers.cf_methods import KNOWN, time_method
from apnp.data.readers.cf_quantities import (
    in_degrees,
    only_temperature,
    other,
    within_valid_range,
)
from apnp.data.readers.cf_sites import sites_of
from apnp.data.readers.cf_time import Stamps, is_time, stamps
from apnp.data.readers.columns import variable_of_name
from apnp.data.readings import Request, midrange
from apnp.data.schema import FAILED_CHECK, GOOD
from apnp.errors import DataError
from apnp.variables import Variable

_NORTH = ("degrees_north", "degree_north", "degrees_N", "degree_N")
_EAST = ("degrees_east", "degree_east", "degrees_E", "degree_E")
_HALF_SUM = ("mid_range", "midrange")


@dataclass(frozen=True)
class Chosen:
    """The values of the variable asked for, as the file holds them.

    Attributes:
        array: The variable (of two, the first), which carries dims and attributes.
        value: Values, the shape of `array`.
        flag: Quality flags, the shape of `array`.
        cell_method: CF cell method, or blank.
        comment: How the values were made of others, or blank.
        assumed: What was taken for granted.
    """

    array: xr.DataArray
    value: NDArray
    flag: NDArray
    cell_method: str
    comment: str
    assumed: tuple[str, ...]


class CfFile:
    """An open file, its times not decoded, and what is wanted from it.

    Args:
        ds: The file.
        path: Its path.
        request: What is wanted.
        name: An id for the station, or the beginning of ids, where the file has none.
    """

    def __init__(self, ds: xr.Dataset, path: Path, request: Request, name: str):
        self.ds, self.path, self.request, self.name = ds, path, request, name
        self.raw_time = self._time()
        self.ds = _without_single(ds, self.raw_time)
        self.lat = self._placed("lat", "latitude", _NORTH)
        self.lon = self._placed("lon", "longitude", _EAST)
        self._drop_single_station()
        grid = self.lat.dims in ((self.lat.name,), (self.lon.name,))
        if grid or self.lat.ndim > 1 or self.lat.dims != self.lon.dims:
            sizes = ", ".join(f"{k} {v}" for k, v in ds.sizes.items())
            raise DataError(
                f"{path}: not a collection of station time series: latitude has dims "
                f"{self.lat.dims} and longitude {self.lon.dims} (the file has {sizes})."
                " Stations have one latitude and one longitude each, on the same "
                "dimension, that do not change in time; gridded fields and ships are "
                "not stations."
            )
        self.stamps: Stamps = stamps(ds, self.raw_time, str(path))
        self.time = self.raw_time.copy(data=self.stamps.values)

    @property
    def instance(self) -> str | None:
        """The dimension of stations; None where a file holds one station."""
        return str(self.lat.dims[0]) if self.lat.dims else None

    def _drop_single_station(self) -> None:
        """Leave out the dimension of a single station, which its values may lack."""
        dims = self.lat.dims
        if self.lat.size == 1 and len(dims) == 1 and dims[0] not in self.raw_time.dims:
            self.ds = self.ds.squeeze(dims[0])
            self.lat, self.lon = self.lat.squeeze(), self.lon.squeeze()

    def _placed(self, name: str, standard: str, units: Sequence[str]) -> xr.DataArray:
        found = in_degrees(self._coordinate(name, standard, units), name, self.path)
        return self.per_station(found)

    def per_station(self, array: xr.DataArray) -> xr.DataArray:
        """One value a station of what a file repeats for every time of a station."""
        for dim in array.dims:
            if array.ndim < 2 or array.dtype.kind != "f":
                break
            if dim not in self.raw_time.dims or array.sizes[dim] < 1:
                continue
            low, high = array.min([dim]), array.max([dim])
            if bool((low == high).all()):
                return low.rename(array.name).assign_attrs(array.attrs)
        return array

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
        found = [v for v in self.find("time", ("time",)) if is_time(v.attrs)]
        if not found:
            raise DataError(
                f"{self.path}: no time coordinate found (standard_name time, units "
                "`days since ...`). Name it with --columns time=NAME."
            )
        return found[0]

    def sites(self) -> tuple[pd.DataFrame, list[str]]:
        """The table of stations, and what was assumed of them."""
        return sites_of(self)

    def chosen(self) -> Chosen:
        """The variable asked for; `tas` may be half the sum of daily extremes.

        Raises:
            DataError: If it is not there, or several could be it.
        """
        about = self.request.variable
        array = self._data_variable(about)
        if array is not None:
            comment = str(array.attrs.get("comment", ""))
            method = self._method(array)
            if method in _HALF_SUM:
                method, comment = "mean", comment or "(maximum + minimum) / 2"
            flag, said = flags_of(self, array)
            named = f"time: {method}" if method else ""
            value, notes = within_valid_range(array)
            return Chosen(array, value, flag, named, comment, (*said, *notes))
        if about.name == "tas":
            high = self._data_variable(replace(about, name="tasmax"))
            low = self._data_variable(replace(about, name="tasmin"))
            if high is not None and low is not None and _alike(high, low):
                (one, said), (other, _) = flags_of(self, high), flags_of(self, low)
                value, failed = midrange(
                    within_valid_range(high)[0], within_valid_range(low)[0],
                    one > GOOD, other > GOOD,
                )  # fmt: skip
                flag = np.where(failed, FAILED_CHECK, GOOD).astype(np.int8)
                comment = f"({high.name} + {low.name}) / 2"
                return Chosen(high, value, flag, about.cell_method, comment, said)
        raise self._unclear(about, [])

    def _data_variable(self, about: Variable) -> xr.DataArray | None:
        asked = about.name in self.request.columns
        if asked or about.name in self.ds.variables:
            array = self.find(about.name)[0]
            only_temperature(array, self._method(array), asked, about.name, self.path)
            return array
        found = [
            self.ds[n] for n in self.ds.data_vars
            if self.ds[n].ndim > 0 and self.ds[n].dtype.kind in "fiu"
            and (
                self.ds[n].attrs.get("standard_name") == about.standard_name
                or (variable_of_name(str(n)) is not None and not other(self.ds[n]))
            )
            and self._statistic(self.ds[n]) == about.name
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

    def _method(self, array: xr.DataArray) -> str:
        names = [str(self.raw_time.name), *map(str, self.raw_time.dims)]
        text = str(array.attrs.get("cell_methods", ""))
        return time_method(text, names, str(self.path))

    def _statistic(self, array: xr.DataArray) -> str:
        """`tas`, `tasmax` or `tasmin`: by the cell method, else by the name."""
        by_method = {"maximum": "tasmax", "minimum": "tasmin", "mean": "tas",
                     "point": "tas", "mid_range": "tas", "midrange": "tas"}  # fmt: skip
        method = self._method(array)
        if method and method not in KNOWN:
            return method
        found = by_method.get(method)
        return found or variable_of_name(str(array.name)) or "tas"


def _without_single(ds: xr.Dataset, time: xr.DataArray) -> xr.Dataset:
    """The file without dimensions of one element that only its values have."""
    placed = {d for v in ds.variables.values() if v.ndim == 1 for d in v.dims}
    single = [
        d
        for d, n in ds.sizes.items()
        if n == 1 and d not in time.dims and (d not in placed or d in ds.variables)
    ]
    kept = [d for d in single if not _may_be_station(ds, str(d))]
    return ds.squeeze(kept) if kept else ds


def _may_be_station(ds: xr.Dataset, dim: str) -> bool:
    """Whether latitudes, ids or counts stand along a dimension."""
    along = [v for n, v in ds.variables.items() if dim in v.dims and n != dim]
    return any(v.dims == (dim,) for v in along) or not along


def _alike(one: xr.DataArray, other: xr.DataArray) -> bool:
    units = [a.attrs.get("units") for a in (one, other)]
    return one.dims == other.dims and units[0] == units[1]
