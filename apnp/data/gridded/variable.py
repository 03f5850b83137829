"""One reader of gridded variables: elevation, land share, reanalysis.

Missing values are NaN, or what `open_gridded` is told they stand for. A reading between
nodes gives missing nodes no weight, and is missing where they had more than half of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from threading import RLock
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.data.gridded.horizontal import (
    METRES,
    axes,
    check_ground,
    horizontal,
    is_height,
    open_file,
)
from apnp.errors import DataError
from apnp.geometry.lat_lon_grid import LatLonGrid
from apnp.terrain import gridded_path

Floats = NDArray[np.float64]

_MOST_KEPT = 8
"""Fields of other days, or other windows, that one source keeps in memory."""

_MAKING = RLock()
"""Held while a field is made, so that no two threads make it."""


@dataclass(frozen=True, eq=False)
class GriddedVariable:
    """A variable of a NetCDF file on a grid of latitude and longitude.

    The file is opened for each reading, and may be read by several processes. A height
    of the ground is in metres, and at least 0: depths of the sea count as 0.

    Attributes:
        path: The file.
        name: The variable.
        units: Its units as the file states them, or "".
        grid: Its nodes, in rising order.
        days: Its days in rising order, datetime64[D]; None = the same on all days.
        height: Whether it is the height of the ground.
        missing: What missing values stand for; NaN = they are missing.
    """

    path: str
    name: str
    units: str
    grid: LatLonGrid
    days: NDArray[np.datetime64] | None
    height: bool
    missing: float = np.nan
    _kept: dict[tuple, Any] = field(default_factory=dict, repr=False)

    def values(self, time: np.datetime64, smooth_km: float = 0.0) -> NDArray:
        """The field of the day that `time` lies in, NaN = missing, (rows, columns).

        Where the file has several times on a day, their mean. Averages over windows,
        which are kept in memory, are in single precision.

        Args:
            time: A time.
            smooth_km: Standard deviation of the Gaussian window it is averaged over;
                0 = none.

        Raises:
            DataError: If the day is not in the file.
        """
        self.check_day(time)
        day = None if self.days is None else time.astype("datetime64[D]")
        if not smooth_km:
            return self._once((day,), lambda: self._read(day))
        return self._once(
            (day, smooth_km),
            lambda: self.grid.smoothed(self.values(time), smooth_km).astype(np.float32),
        )

    def spread(self, time: np.datetime64, smooth_km: float) -> NDArray:
        """How much the field of a day varies within a Gaussian window.

        The root mean square of its departures from its average, NaN = missing.

        Raises:
            DataError: If the day is not in the file.
        """
        values, mean = self.values(time), self.values(time, smooth_km)
        day = None if self.days is None else time.astype("datetime64[D]")
        return self._once(
            (day, "spread", smooth_km),
            lambda: np.sqrt(self.grid.smoothed((values - mean) ** 2, smooth_km)).astype(
                np.float32
            ),
        )

    def coarsened(self, time: np.datetime64, km: float) -> tuple[LatLonGrid, Floats]:
        """Means of the field of a day over cells about `km` wide, and their grid.

        Raises:
            DataError: If the day is not in the file.
        """
        values = self.values(time)
        day = None if self.days is None else time.astype("datetime64[D]")
        return self._once((day, "cells", km), lambda: self.grid.coarsened(values, km))

    def _once(self, key: tuple, make: Callable[[], Any]) -> Any:
        """The result of `make`, kept for keys that were used recently."""
        with _MAKING:
            if key not in self._kept:
                made = make()
                while len(self._kept) >= _MOST_KEPT and self.days is not None:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[key] = made
            return self._kept[key]

    def check_day(self, time: np.datetime64) -> None:
        """Refuse a time whose day the file does not hold.

        Raises:
            DataError: Naming the file and the days there are.
        """
        day = time.astype("datetime64[D]")
        if self.days is not None and day not in self.days:
            raise DataError(
                f"{self.path}: {self.name} has no {day}; it holds {self.days.size} "
                f"days from {self.days[0]} to {self.days[-1]}. Give a file that holds "
                "it, or other times."
            )

    def at(self, lat: Floats, lon: Floats) -> Floats:
        """Values that are the same on all days, at points in degrees, (n,).

        Only the rows between which the points lie are read.
        """
        if not lat.size:
            return np.zeros(0)
        first = np.searchsorted(self.grid.lat, lat.min(), "right") - 1
        last = np.searchsorted(self.grid.lat, lat.max(), "right") + 1
        m = self.grid.lat.size
        rows = slice(min(max(first, 0), m - 2), max(min(last, m), 2))
        part = LatLonGrid(self.grid.lat[rows], self.grid.lon)
        return part.at(self._read(None, rows), lat, lon)

    def averaged_over(self, lat: Floats, lon: Floats) -> Floats:
        """Means over cells of values that are the same on all days, (n, l).

        Only the rows and columns that the cells touch are read.

        Args:
            lat: Lower and upper edges of the rows in degrees, (n, 2).
            lon: Western and eastern edges of the columns, (l, 2).
        """
        up, along = self.grid.averaging(lat, lon)
        values = self._read(None, up.touched, along.touched)
        return along.averages(up.averages(values).T).T

    def _read(
        self,
        day: np.datetime64 | None,
        rows: slice = slice(None),
        columns: slice = slice(None),
    ) -> Floats:
        """A block of the grid, in rising order, NaN = missing."""
        with open_file(self.path, times=self.days is not None) as ds:
            values, names, time = _laid_out(ds, self.name, self.path)
            if time is not None:
                here = values[time].values.astype("datetime64[D]") == day
                values = values.isel({time: np.flatnonzero(here)})
            for name, axis in zip(names, axes(ds, names, self.path), strict=True):
                if axis[0] > axis[-1]:
                    values = values.isel({name: slice(None, None, -1)})
            values = values.isel({names[1]: slice(self.grid.lon.size)})
            values = values.isel(dict(zip(names, (rows, columns), strict=True)))
            if time is not None:
                values = values.mean(time)
            raw = values.transpose(*names).values.astype(np.float64)
        if self.height:
            raw *= METRES[self.units or None]
            lat, lon = self.grid.lat[rows], self.grid.lon[columns]
            check_ground(raw, lat, lon, f"{self.path}: {self.name}")
            raw = np.maximum(raw, 0.0)
        return np.where(np.isfinite(raw), raw, self.missing)


def open_gridded(
    path: str | PathLike, name: str, *, missing: float = np.nan
) -> GriddedVariable:
    """The variable `name` of a file: any order of axes, any longitude convention.

    Args:
        path: A NetCDF file, or the name of a packaged one ("terrain").
        name: The variable.
        missing: What missing values stand for; NaN = they are missing.

    Raises:
        DataError: If the file cannot be read, has no such variable, or not on
            latitude, longitude and, at most, time.
    """
    with open_file(path) as ds:
        if name not in ds.data_vars:
            raise DataError(
                f"{path}: no variable {name!r}. It holds: "
                f"{', '.join(map(str, ds.data_vars))}."
            )
        values, names, time = _laid_out(ds, name, str(path))
        grid = _grid_of(ds, names, str(path))
        days = None
        if time is not None:
            days = np.unique(values[time].values.astype("datetime64[D]"))
        units = str(values.attrs.get("units", ""))
        height = is_height(name, values.attrs) and (units or None) in METRES
    return GriddedVariable(
        str(gridded_path(path)), name, units, grid, days, height, missing
    )


def open_elevation(path: str | PathLike) -> GriddedVariable:
    """The elevation of a file, in metres; the sea and missing values are 0.

    Raises:
        DataError: If it cannot be read, or holds no elevation in metres (or
            geopotential) on latitude and longitude alone.
    """
    with open_file(path, times=False) as ds:
        names = horizontal(ds, str(path))
        found = [k for k, v in ds.data_vars.items() if is_height(str(k), v.attrs)]
        if not found:
            raise DataError(
                f"{path}: no elevation. Call a variable `elevation` (in m), or give it "
                "the standard_name surface_altitude. It holds: "
                f"{', '.join(map(str, ds))}."
            )
        field = ds[found[0]].squeeze(drop=True)
        if set(field.dims) != set(names):
            raise DataError(
                f"{path}: {field.name} must have the dimensions {names[0]} and "
                f"{names[1]} alone. Got {dict(field.sizes)}; select one time or level "
                "first."
            )
        units = field.attrs.get("units")
        if units not in METRES:
            raise DataError(
                f"{path}: {field.name} must be in m (or geopotential in m2 s-2). Got "
                f"{units!r}; convert it first."
            )
        grid = _grid_of(ds, names, str(path))
    name = str(gridded_path(path))
    return GriddedVariable(name, str(found[0]), units or "", grid, None, True, 0.0)


def find_fields(
    trained: Mapping[str, str], given: Sequence[str | PathLike] = ()
) -> list[GriddedVariable]:
    """The fields that a model reads: of a given file that holds one, or as trained.

    Args:
        trained: The file of each field in training, by its name.
        given: Files that are read instead.

    Raises:
        DataError: If a file is absent, or cannot be read, or one that is given holds
            none of the fields.
    """
    found: dict[str, GriddedVariable] = {}
    for path in given:
        with open_file(path) as ds:
            here = [name for name in trained if name in ds.data_vars]
        if not here:
            raise DataError(
                f"{path}: holds none of the fields that the model reads, "
                f"{', '.join(trained) or 'which are none'}. Leave it out, or name "
                "another file."
            )
        found |= {name: open_gridded(path, name) for name in here}
    for name, path in trained.items():
        if name not in found and not gridded_path(path).is_file():
            raise DataError(
                f"The model reads the field {name!r}, from {path} in training, which "
                "is not there. Name a file that holds it: --covariates FILE."
            )
        if name not in found:
            found[name] = open_gridded(path, name)
    return list(found.values())


def _laid_out(
    ds: xr.Dataset, name: str, path: str
) -> tuple[xr.DataArray, tuple[str, str], str | None]:
    """The variable, the names of latitude and longitude, and that of time if any."""
    names = horizontal(ds, path)
    values = ds[name]
    others = [str(d) for d in values.dims if d not in names]
    times = [d for d in others if d in ds.coords and ds[d].dtype.kind == "M"]
    single = [d for d in others if d not in times and ds.sizes[d] == 1]
    values = values.squeeze(single, drop=True)
    if len(times) > 1 or set(values.dims) != {*names, *times}:
        raise DataError(
            f"{path}: {name} must have the dimensions {names[0]}, {names[1]} and at "
            f"most one of time (dates of the standard calendar). Got "
            f"{dict(ds[name].sizes)}; select one level first."
        )
    return values, names, times[0] if times else None


def _grid_of(ds: xr.Dataset, names: tuple[str, str], path: str) -> LatLonGrid:
    """The grid in rising order; a meridian that closes the turn is left out."""
    lat, lon = (np.sort(axis) for axis in axes(ds, names, path))
    return LatLonGrid(lat, lon[:-1] if lon[-1] - lon[0] > 360 - 1e-3 else lon)
