"""Gridded fields that accompany the stations: relief, land share, reanalysis."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.data.gridded.horizontal import METRES, horizontal, is_height
from apnp.errors import DataError
from apnp.geometry.lat_lon_grid import LatLonGrid
from apnp.terrain import gridded_path

Floats = NDArray[np.float64]

_MOST_KEPT = 8
"""Fields of other days, or other windows, that one source keeps in memory."""


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
    """

    path: str
    name: str
    units: str
    grid: LatLonGrid
    days: NDArray[np.datetime64] | None
    height: bool
    _kept: dict[tuple, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, path: str | PathLike, name: str) -> "GriddedVariable":
        """The variable `name` of a file: any order of axes, any longitude convention.

        Raises:
            DataError: If the file cannot be read, has no such variable, or not on
                latitude, longitude and, at most, time.
        """
        with _opened(path) as ds:
            if name not in ds.data_vars:
                raise DataError(
                    f"{path}: no variable {name!r}. It holds: "
                    f"{', '.join(map(str, ds.data_vars))}."
                )
            values, names, time = _laid_out(ds, name, str(path))
            grid = _grid_of(values, names, str(path))
            days = None
            if time is not None:
                days = np.unique(values[time].values.astype("datetime64[D]"))
            units = str(values.attrs.get("units", ""))
            height = is_height(name, values.attrs) and (units or None) in METRES
        return cls(str(gridded_path(path)), name, units, grid, days, height)

    def values(self, time: np.datetime64, smooth_km: float = 0.0) -> Floats:
        """The field of the day that `time` lies in, NaN = missing, (rows, columns).

        Where the file has several times on a day, their mean.

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
            (day, smooth_km), lambda: self.grid.smoothed(self.values(time), smooth_km)
        )

    def spread(self, time: np.datetime64, smooth_km: float) -> Floats:
        """How much the field of a day varies within a Gaussian window.

        The root mean square of its departures from its average, NaN = missing.

        Raises:
            DataError: If the day is not in the file.
        """
        values, mean = self.values(time), self.values(time, smooth_km)
        day = None if self.days is None else time.astype("datetime64[D]")
        return self._once(
            (day, "spread", smooth_km),
            lambda: np.sqrt(self.grid.smoothed((values - mean) ** 2, smooth_km)),
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
        """What `make` makes, made once for a key that was asked for not long ago."""
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

    def _read(self, day: np.datetime64 | None) -> Floats:
        with _opened(self.path) as ds:
            values, names, time = _laid_out(ds, self.name, self.path)
            if time is not None:
                here = values[time].values.astype("datetime64[D]") == day
                values = values.isel({time: np.flatnonzero(here)}).mean(time)
            raw = values.transpose(*names).values.astype(np.float64)
        lat, lon = (_unwrapped(values, name) for name in names)
        raw = raw[np.argsort(lat)][:, np.argsort(lon)][:, : self.grid.lon.size]
        raw = np.where(np.isfinite(raw), raw, np.nan)
        if self.height:
            return np.maximum(raw * METRES[self.units or None], 0.0)
        return raw


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
        with _opened(path) as ds:
            here = [name for name in trained if name in ds.data_vars]
        if not here:
            raise DataError(
                f"{path}: holds none of the fields that the model reads, "
                f"{', '.join(trained) or 'which are none'}. Leave it out, or name "
                "another file."
            )
        found |= {name: GriddedVariable.open(path, name) for name in here}
    for name, path in trained.items():
        if name not in found and not gridded_path(path).is_file():
            raise DataError(
                f"The model reads the field {name!r}, from {path} in training, which "
                "is not there. Name a file that holds it: --fields FILE."
            )
        if name not in found:
            found[name] = GriddedVariable.open(path, name)
    return list(found.values())


def _opened(path: str | PathLike) -> xr.Dataset:
    if not gridded_path(path).is_file():
        raise DataError(f"{path}: there is no such file of a field.")
    try:
        return xr.open_dataset(gridded_path(path))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as NetCDF ({error}).") from error


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


def _unwrapped(values: xr.DataArray, name: str) -> Floats:
    return np.unwrap(values[name].values.astype(np.float64), period=360.0)


def _grid_of(values: xr.DataArray, names: tuple[str, str], path: str) -> LatLonGrid:
    """The grid in rising order; a meridian that closes the turn is left out."""
    lat, lon = (np.sort(_unwrapped(values, name)) for name in names)
    for name in names:
        step = np.diff(_unwrapped(values, name))
        if not step.size or not ((step > 0).all() or (step < 0).all()):
            raise DataError(
                f"{path}: {name} must hold two or more values that only rise or only "
                f"fall. Got {step.size + 1} values."
            )
    if abs(lon[-1] - lon[0] - 360) < 1e-3:
        lon = lon[:-1]
    if np.abs(lat).max() > 90.001 or lon[-1] - lon[0] >= 360:
        raise DataError(
            f"{path}: {names[0]} lies in [-90, 90] and {names[1]} goes once round at "
            f"most. Got {lat[0]:g} to {lat[-1]:g} and {lon[0]:g} to {lon[-1]:g}."
        )
    return LatLonGrid(lat, lon)
