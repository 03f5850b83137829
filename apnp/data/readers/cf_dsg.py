"""CF discrete sampling geometry, feature type timeSeries (CF 1.11, chapter 9).

Orthogonal and incomplete multidimensional arrays (dimensions in any order),
contiguous and indexed ragged arrays, one station or many. Variables are found by
standard name, attributes and units; names matter only where those are silent.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from apnp.data.columns import variable_of_name
from apnp.data.readings import (
    Readings,
    Request,
    cell_method_of,
    join,
    midrange,
    with_all_columns,
)
from apnp.data.schema import FAILED_CHECK, FLAG_MEANINGS, GOOD
from apnp.data.sniff import Head
from apnp.errors import DataError
from apnp.variables import Variable

NAME = "CF discrete sampling geometry (NetCDF)"

_ATTRIBUTES = ("title", "license", "history", "source", "references", "comment",
               "quality_control", "acknowledgement")  # fmt: skip


def recognises(head: Head) -> bool:
    """Whether the file begins like NetCDF, classic or HDF5."""
    return head.magic.startswith((b"CDF", b"\x89HDF"))


def read(paths: Sequence[Path], request: Request) -> Readings:
    """Readings of NetCDF files.

    Raises:
        DataError: If a file cannot be opened, is not a collection of time series, or
            lacks the variable.
    """
    return join([_read_one(path, request) for path in paths])


def _read_one(path: Path, request: Request) -> Readings:
    try:
        with xr.open_dataset(path, engine="netcdf4") as ds:
            return _Geometry(ds, path, request).readings()
    except DataError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(
            f"{path}: cannot be read as NetCDF ({error}). The file is damaged or cut "
            "short; fetch or write it again."
        ) from None


class _Geometry:
    """Which variable of a file is what."""

    def __init__(self, ds: xr.Dataset, path: Path, request: Request):
        self.ds, self.path, self.request = ds, path, request
        self.lat = self._coordinate("lat", ("latitude",), ("degrees_north",))
        self.lon = self._coordinate("lon", ("longitude",), ("degrees_east",))
        self.time = self._time()
        if self.lat.ndim > 1 or self.lat.dims != self.lon.dims:
            raise self._not_stations()
        self.instance = self.lat.dims[0] if self.lat.dims else None
        if self.instance in (self.lat.name, self.lon.name):
            raise self._not_stations()

    def _not_stations(self) -> DataError:
        sizes = ", ".join(f"{k} {v}" for k, v in self.ds.sizes.items())
        return DataError(
            f"{self.path}: not a collection of station time series: latitude has dims "
            f"{self.lat.dims} and longitude {self.lon.dims} (the file has {sizes}). "
            "Stations have one latitude and one longitude each, on the same dimension; "
            "gridded fields are not stations."
        )

    def _find(self, name: str, standard: Sequence[str], units: Sequence[str]) -> list:
        """Variables by user's name, else standard name, else units, else own name."""
        wanted = self.request.columns.get(name)
        if wanted is not None:
            if wanted not in self.ds.variables:
                raise DataError(
                    f"{self.path}: no variable {wanted!r} for {name!r}; the file has "
                    f"{', '.join(map(str, self.ds.variables))}."
                )
            return [self.ds[wanted]]
        every = [self.ds[n] for n in self.ds.variables]
        for found in (
            [v for v in every if v.attrs.get("standard_name") in standard],
            [v for v in every if v.attrs.get("units") in units],
            [v for v in every if str(v.name).lower() in (name, *standard)],
        ):
            if found:
                return found
        return []

    def _coordinate(self, name: str, standard, units) -> xr.DataArray:
        found = self._find(name, standard, units)
        if not found:
            raise DataError(
                f"{self.path}: no {standard[0]} found (by standard_name or units); the "
                f"file has {', '.join(map(str, self.ds.variables))}. Name it with "
                f"--columns {name}=NAME."
            )
        return found[0]

    def _time(self) -> xr.DataArray:
        found = self._find("time", ("time",), ())
        found = [v for v in found if v.dtype.kind in "MO"]
        if not found:
            raise DataError(
                f"{self.path}: no time coordinate found (standard_name time, units "
                "`... since ...`). Name it with --columns time=NAME."
            )
        time = found[0]
        if time.dtype.kind == "O":
            calendar = time.encoding.get("calendar", "unknown")
            try:
                time = time.copy(
                    data=pd.to_datetime([str(t) for t in time.values.ravel()])
                    .values.reshape(time.shape)
                )  # fmt: skip
            except (ValueError, TypeError):
                raise DataError(
                    f"{self.path}: time in calendar {calendar!r} cannot be read as "
                    "dates; station files use the standard calendar."
                ) from None
        return time.astype("datetime64[ns]")

    def sites(self) -> pd.DataFrame:
        n = self.lat.size
        elevation = self._find(
            "elevation",
            ("surface_altitude", "altitude", "height_above_mean_sea_level",
             "height_above_geopotential_datum", "height"),
            (),
        ) or [self.ds[k] for k in ("alt", "elev") if k in self.ds.variables]  # fmt: skip
        elevation = [v for v in elevation if v.dims == self.lat.dims]
        table = {
            "station": self._ids(n),
            "lat": np.atleast_1d(self.lat.values).astype(np.float64),
            "lon": np.atleast_1d(self.lon.values).astype(np.float64),
            "elevation": np.atleast_1d(elevation[0].values).astype(np.float64)
            if elevation
            else np.full(n, np.nan),
        }
        if "station_name" in self.ds.variables:
            table["station_name"] = _text(self.ds["station_name"].values, n)
        return with_all_columns(pd.DataFrame(table))

    def _ids(self, n: int) -> NDArray:
        found = [
            v for v in self.ds.variables.values()
            if v.attrs.get("cf_role") == "timeseries_id"
        ]  # fmt: skip
        wanted = self.request.columns.get("station")
        names = (wanted, self.instance, "station", "station_id", "station_name")
        found += [self.ds.variables[k] for k in names if k in self.ds.variables]
        if wanted in self.ds.variables:
            found.insert(0, self.ds.variables[wanted])
        for candidate in found:
            if candidate.dims == self.lat.dims:
                return _text(candidate.values, n)
        return np.arange(n).astype(str).astype(object)

    def values(self) -> tuple[NDArray, NDArray, xr.DataArray, str]:
        """Values, failed flags, the variable that carries units, and a comment."""
        about = self.request.variable
        chosen = self._data_variable(about)
        if chosen is not None:
            return chosen.values, self._flags(chosen), chosen, ""
        if about.name != "tas":
            raise self._no_variable(about, [])
        high, low = (
            self._data_variable(replace(about, name=n, cell_method=m))
            for n, m in (("tasmax", "time: maximum"), ("tasmin", "time: minimum"))
        )
        if high is None or low is None or high.dims != low.dims:
            raise self._no_variable(about, [])
        value, flag = midrange(high.values, low.values, self._flags(high),
                               self._flags(low))  # fmt: skip
        return value, flag, high, f"({high.name} + {low.name}) / 2"

    def _data_variable(self, about: Variable) -> xr.DataArray | None:
        wanted = self.request.columns.get(about.name)
        if wanted is not None:
            return self._find(about.name, (), ())[0]
        if about.name in self.ds.variables:
            return self.ds[about.name]
        found = [
            self.ds[n] for n in self.ds.data_vars
            if self.ds[n].attrs.get("standard_name") == about.standard_name
            or variable_of_name(str(n)) is not None
        ]  # fmt: skip
        found = [v for v in found if _statistic(v) == about.name and v.ndim > 0]
        if len(found) > 1:
            raise self._no_variable(about, [str(v.name) for v in found])
        return found[0] if found else None

    def _no_variable(self, about: Variable, found: list[str]) -> DataError:
        said = (
            f"{' and '.join(found)} could all be {about.name}"
            if found
            else f"no variable {about.name} ({about.standard_name}); the file has "
            f"{', '.join(map(str, self.ds.data_vars))}"
        )
        return DataError(f"{self.path}: {said}. Say --columns {about.name}=NAME.")

    def _flags(self, variable: xr.DataArray) -> NDArray:
        """The flags this package writes, all good where a file has none of them."""
        for name in str(variable.attrs.get("ancillary_variables", "")).split():
            flag = self.ds.variables.get(name)
            if (
                flag is not None
                and flag.attrs.get("flag_meanings") == FLAG_MEANINGS
                and flag.dims == variable.dims
            ):
                return np.where(np.isin(flag.values, (2, 3)), flag.values, GOOD)
        return np.zeros(variable.shape, dtype=np.int8)

    def readings(self) -> Readings:
        value, flag, variable, comment = self.values()
        site, times, step = self._layout(variable)
        value = np.asarray(value, dtype=np.float64).ravel()
        flag = np.asarray(flag, dtype=np.int8).ravel()
        kept = (~np.isnan(value) | (flag >= FAILED_CHECK)) & (step >= 0)
        about = self.request.variable
        units = self.request.units.get(about.name, variable.attrs.get("units"))
        if units is None:
            raise DataError(
                f"{self.path}: {variable.name!r} has no units. Say --units "
                f"{about.name}=degC (or K, degF, ...)."
            )
        method = " ".join(
            part for part in _method(variable).split("area:")[0].split()
        ) or cell_method_of(about, times)
        attrs = {
            k: str(self.ds.attrs[k]) for k in _ATTRIBUTES if k in self.ds.attrs
        }  # fmt: skip
        attrs.setdefault("source", f"{NAME}: {self.path.name}")
        return Readings(
            self.sites(), times, site[kept], step[kept], value[kept], flag[kept],
            units, about.cell_method if comment else method,
            comment or str(variable.attrs.get("comment", "")), attrs,
        )  # fmt: skip

    def _layout(self, variable: xr.DataArray) -> tuple[NDArray, NDArray, NDArray]:
        """Site of each value, the times, and the step of each value (-1: no time)."""
        dims, n_sites = variable.dims, self.lat.size
        site = np.zeros(1, dtype=np.intp)
        if self.instance in dims:
            shape = [-1 if d == self.instance else 1 for d in dims]
            site = np.arange(n_sites).reshape(shape)
        elif self.instance is not None:
            site = self._ragged(dims)
        missing = [d for d in self.time.dims if d not in dims]
        if missing or len(dims) > 2:
            raise DataError(
                f"{self.path}: {variable.name!r} has dims {dims}; a time series has a "
                f"dimension for stations ({self.instance}) and one for time "
                f"({', '.join(map(str, self.time.dims))})."
            )
        order = [d for d in dims if d in self.time.dims]
        time = self.time.transpose(*order).values
        step, times = pd.factorize(time.ravel(), sort=True)
        step = step.reshape([self.ds.sizes[d] if d in order else 1 for d in dims])
        site, step = np.broadcast_arrays(
            np.broadcast_to(site, variable.shape), np.broadcast_to(step, variable.shape)
        )
        return site.ravel(), np.asarray(times), step.ravel()

    def _ragged(self, dims: tuple) -> NDArray[np.intp]:
        """The station of each element of a ragged array (CF 9.3.3 and 9.3.4)."""
        n_obs = self.ds.sizes[dims[0]] if len(dims) == 1 else -1
        for v in self.ds.variables.values():
            if v.attrs.get("sample_dimension") in dims and len(dims) == 1:
                count = np.asarray(v.values).astype(np.intp)
                if count.sum() != n_obs or (count < 0).any():
                    raise DataError(
                        f"{self.path}: the row sizes sum to {count.sum()}, but there "
                        f"are {n_obs} observations. The file is damaged."
                    )
                return np.repeat(np.arange(self.lat.size), count)
            if v.attrs.get("instance_dimension") == self.instance and v.dims == dims:
                index = np.asarray(v.values).astype(np.intp)
                if index.min(initial=0) < 0 or index.max(initial=0) >= self.lat.size:
                    raise DataError(
                        f"{self.path}: the station index runs from {index.min()} to "
                        f"{index.max()}, but there are {self.lat.size} stations."
                    )
                return index
        raise DataError(
            f"{self.path}: dims {dims} do not name a station, and no count variable "
            "(sample_dimension) or index variable (instance_dimension) says which "
            "station an observation is of (CF 1.11, sections 9.3.3 and 9.3.4)."
        )


def _method(variable: xr.DataArray) -> str:
    return str(variable.attrs.get("cell_methods", ""))


def _statistic(variable: xr.DataArray) -> str:
    """`tas`, `tasmax` or `tasmin`: what the cell methods, else the name, suggest."""
    method = _method(variable)
    if "maximum" in method:
        return "tasmax"
    if "minimum" in method:
        return "tasmin"
    if "mean" in method or "point" in method:
        return "tas"
    return variable_of_name(str(variable.name)) or "tas"


def _text(values: NDArray, n: int) -> NDArray:
    """Ids or names as text, whatever type they were stored in."""
    values = np.atleast_1d(np.asarray(values))
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    if values.dtype.kind == "f" and (values == np.round(values)).all():
        values = values.astype(np.int64)
    return np.char.strip(values.astype(str)).astype(object).reshape(n)
