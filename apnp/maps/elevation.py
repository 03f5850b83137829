"""The height of the ground where a field is predicted."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from apnp.data.gridded.horizontal import METRES, horizontal, is_height
from apnp.errors import DataError
from apnp.geometry.coastline import is_land
from apnp.geometry.sphere import EARTH_RADIUS_KM, unit_vectors
from apnp.maps.grid import Grid, edges
from apnp.terrain import SOURCE, gridded_path, is_terrain

Floats = NDArray[np.float64]


class Elevation(Protocol):
    """A source of ground elevation in metres above mean sea level."""

    @property
    def source(self) -> str:
        """Where the elevation comes from, for the output's attributes."""
        ...

    def at(self, lat: Floats, lon: Floats) -> Floats:
        """Elevation at points in degrees; shape (n,)."""
        ...

    def on(self, grid: Grid, rows: slice) -> Floats:
        """Elevation of the cells in some rows of a grid; shape (rows, columns)."""
        ...


@dataclass(frozen=True, eq=False)
class StationElevation:
    """Elevation interpolated from the stations', for want of a relief of their Earth.

    The mean of the nearest stations' elevations with weights 1 / (d^2 + 1 km^2), d the
    chord to each: never above the highest of them or below the lowest. Over the sea
    (by the packaged coastline) it is 0.

    Attributes:
        tree: Unit vectors of the stations whose elevation is known.
        elevation: Their elevations in metres, shape (n,).
        neighbours: How many stations enter one mean, at most.
    """

    tree: cKDTree
    elevation: Floats
    neighbours: int = 8

    @classmethod
    def of(cls, lat: Floats, lon: Floats, elevation: Floats) -> "StationElevation":
        """Of stations in degrees and metres, each (n,); unknown elevations are NaN.

        Raises:
            DataError: If no elevation is known.
        """
        known = np.isfinite(elevation)
        if not known.any():
            raise DataError(
                "No station has a known elevation, so none can be interpolated. Give "
                "the stations' elevations, or a relief file."
            )
        return cls(cKDTree(unit_vectors(lat[known], lon[known])), elevation[known])

    @property
    def source(self) -> str:
        """What was interpolated, and how."""
        return (
            "interpolated from the stations: inverse squared distance, "
            f"{self.neighbours} nearest; 0 over the sea (Natural Earth 1:50 million)"
        )

    def at(self, lat: Floats, lon: Floats) -> Floats:
        """Elevation at points in degrees; shape (n,)."""
        land = is_land(lat, lon)
        nearest = np.arange(1, min(self.neighbours, self.elevation.size) + 1)
        ground = unit_vectors(lat[land], lon[land])
        chord, index = self.tree.query(ground, k=nearest, workers=-1)
        weight = 1 / ((EARTH_RADIUS_KM * chord) ** 2 + 1.0)
        elevation = np.zeros(lat.shape)
        elevation[land] = (weight * self.elevation[index]).sum(-1) / weight.sum(-1)
        return elevation

    def on(self, grid: Grid, rows: slice) -> Floats:
        """Elevation of the cells in some rows of a grid; shape (rows, columns)."""
        return self.at(*grid.points(rows)).reshape(-1, grid.lon.size)


@dataclass(frozen=True, eq=False)
class Relief:
    """Elevation of a gridded NetCDF file, read a few rows at a time.

    Along an axis on which the file is finer than the grid its cells are averaged by
    their overlap, otherwise interpolated linearly. Depths below the sea, and missing
    values, count as 0 m.

    Attributes:
        path: The file.
        field: Elevation or geopotential, rows from south to north, columns eastward.
        lat: Latitudes of its rows in degrees, rising, shape (m,).
        lon: Longitudes of its columns in degrees, rising within one turn, shape (k,).
        periodic: Whether the columns go round the Earth.
        metres: What turns the field's units into metres.
    """

    path: str
    field: xr.DataArray
    lat: Floats
    lon: Floats
    periodic: bool
    metres: float

    @classmethod
    def open(cls, path: str | PathLike) -> "Relief":
        """Open a relief file; any order of axes, any longitude convention.

        Raises:
            DataError: If it cannot be read, or holds no elevation in metres (or
                geopotential) on latitude and longitude.
        """
        try:
            ds = xr.open_dataset(gridded_path(path), decode_times=False)
        except (OSError, ValueError) as error:
            raise DataError(f"{path}: cannot be read as NetCDF ({error}).") from error
        names = horizontal(ds, str(path))
        field = _elevation_of(ds, names, str(path))
        for name in names:
            axis = np.unwrap(ds[name].values.astype(np.float64), period=360.0)
            field = field.assign_coords({name: axis})
            step = np.diff(axis)
            once = (step > 0).all() or (step < 0).all()
            if step.size == 0 or not once or abs(step.sum()) > 360.001:
                raise DataError(
                    f"{path}: {name} must hold two or more values that only rise or "
                    f"only fall, once round the Earth at most. Got {axis.size}, from "
                    f"{axis[0]:g} to {axis[-1]:g}."
                )
            if step[0] < 0:
                field = field.isel({name: slice(None, None, -1)})
        lat, lon = (field[name].values for name in names)
        gap = 360 - (lon[-1] - lon[0])
        metres = METRES[field.attrs.get("units")]
        return cls(str(path), field, lat, lon, gap < 1.5 * np.diff(lon).max(), metres)

    @property
    def source(self) -> str:
        """The file and the variable."""
        if is_terrain(self.path):
            return f"{self.field.name} of {SOURCE}"
        return f"{self.field.name} of {Path(self.path).name}; sea and missing values 0"

    def _read(self, rows: slice, columns: slice) -> Floats:
        """Metres, not below 0, of a block of the file."""
        block = self.field[rows, columns].values.astype(np.float64) * self.metres
        return np.where(block > 0, block, 0.0)

    def _longitudes(self) -> Floats:
        """Columns of the file, three times round where it is periodic."""
        turns = (-360.0, 0.0, 360.0) if self.periodic else (0.0,)
        return np.concatenate([self.lon + turn for turn in turns])

    def at(self, lat: Floats, lon: Floats) -> Floats:
        """Elevation at points in degrees, interpolated linearly; shape (n,).

        Raises:
            DataError: If a point lies beyond the file.
        """
        source = self._longitudes()
        i, v = _bracket(lat, self.lat)
        j, u = _bracket(self._turned(lon), source)
        self._check_cover(lat, lon)
        if i.size == 0:
            return np.zeros(0)
        block = self._read(slice(i.min(), i.max() + 2), slice(None))
        i, west, east = i - i.min(), j % self.lon.size, (j + 1) % self.lon.size
        south = (1 - u) * block[i, west] + u * block[i, east]
        north = (1 - u) * block[i + 1, west] + u * block[i + 1, east]
        return (1 - v) * south + v * north

    def on(self, grid: Grid, rows: slice) -> Floats:
        """Elevation of the cells in some rows of a grid; shape (rows, columns).

        Raises:
            DataError: If the grid reaches beyond the file.
        """
        self._check_cover(grid.lat, grid.lon)
        up = _weights(np.sort(grid.lat_bnds[rows]), self.lat, self.lat.size)
        turn = self._turned(grid.lon) - grid.lon
        bounds = np.sort(grid.lon_bnds) + turn[:, None]
        along = _weights(bounds, self._longitudes(), self.lon.size)
        used = slice(up.indices.min(), up.indices.max() + 1)
        read = slice(along.indices.min(), along.indices.max() + 1)
        return (along[:, read] @ (up[:, used] @ self._read(used, read)).T).T

    def _turned(self, lon: Floats) -> Floats:
        """Longitudes brought to the turn that begins at the file's western edge."""
        west = edges(self.lon)[0]
        return west + (lon - west) % 360

    def _check_cover(self, lat: Floats, lon: Floats) -> None:
        south, *_, north = edges(self.lat)
        west, *_, east = edges(self.lon)
        out = (lat < south - 1e-6) | (lat > north + 1e-6)
        beyond = not self.periodic and (self._turned(lon) > east + 1e-6).any()
        if out.any() or beyond:
            raise DataError(
                f"{self.path}: the relief covers {south:g} to {north:g} N and "
                f"{west:g} to {east:g} E; {lat.min():g} to {lat.max():g} N and "
                f"{lon.min():g} to {lon.max():g} E is asked for. Give a relief that "
                "covers it, or a smaller region."
            )


def _elevation_of(ds: xr.Dataset, names: tuple[str, str], path: str) -> xr.DataArray:
    """The elevation of a dataset, with the dimensions `names` in that order."""
    candidates = [
        key for key, var in ds.data_vars.items() if is_height(str(key), var.attrs)
    ]
    if not candidates:
        raise DataError(
            f"{path}: no elevation. Call a variable `elevation` (in m), or give it the "
            f"standard_name surface_altitude. It holds: {', '.join(map(str, ds))}."
        )
    field = ds[candidates[0]].squeeze(drop=True)
    if set(field.dims) != set(names):
        raise DataError(
            f"{path}: {field.name} must have the dimensions {names[0]} and {names[1]} "
            f"alone. Got {dict(field.sizes)}; select one time or level first."
        )
    if field.attrs.get("units") not in METRES:
        raise DataError(
            f"{path}: {field.name} must be in m (or geopotential in m2 s-2). Got "
            f"{field.attrs['units']!r}; convert it first."
        )
    return field.transpose(*names)


def _bracket(at: Floats, source: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Index of the node below each place, and the share of the way to the next."""
    index = np.clip(np.searchsorted(source, at, "right") - 1, 0, source.size - 2)
    share = (at - source[index]) / (source[index + 1] - source[index])
    return index, np.clip(share, 0.0, 1.0)


def _weights(bounds: Floats, source: Floats, period: int) -> csr_array:
    """Weights (n, period) that bring values at `source` to the cells of an axis.

    Args:
        bounds: Lower and upper edge of each cell, shape (n, 2).
        source: Nodes, rising, shape (m,).
        period: Node i holds the value i modulo this.
    """
    n = len(bounds)
    low, high = bounds.T
    if np.diff(source).max() < (high - low).min() * (1 - 1e-6):
        cell = edges(source)
        first = np.clip(np.searchsorted(cell, low, "right") - 1, 0, source.size - 1)
        last = np.clip(np.searchsorted(cell, high, "left") - 1, first, source.size - 1)
        count = last - first + 1
        row = np.repeat(np.arange(n), count)
        column = np.arange(count.sum()) + np.repeat(
            first - count.cumsum() + count, count
        )
        top, bottom = (
            np.minimum(high[row], cell[column + 1]),
            np.maximum(low[row], cell[column]),
        )
        weight = top - bottom
        weight = weight / np.bincount(row, weight, n)[row]
    else:
        below, share = _bracket((low + high) / 2, source)
        row = np.tile(np.arange(n), 2)
        column = np.concatenate([below, below + 1])
        weight = np.concatenate([1 - share, share])
    return csr_array((weight, (row, column % period)), shape=(n, period))
