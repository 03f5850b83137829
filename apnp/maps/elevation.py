"""The height of the ground where a field is predicted."""

import os
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from apnp.data.gridded.variable import GriddedVariable, open_elevation
from apnp.errors import DataError
from apnp.geometry.coastline import is_land
from apnp.geometry.lat_lon_grid import edges
from apnp.geometry.sphere import EARTH_RADIUS_KM, unit_vectors
from apnp.maps.cells import Cells
from apnp.native import search
from apnp.terrain import SOURCE, is_terrain

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

    def on(self, grid: Cells, rows: slice) -> Floats:
        """Elevation of the cells in some rows of a grid; shape (rows, columns)."""
        ...


@dataclass(frozen=True, eq=False)
class StationElevation:
    """Elevation interpolated from the stations', for want of a relief of their Earth.

    The mean of the nearest stations' elevations with weights 1 / (d^2 + 1 km^2), d the
    chord to each: never above the highest of them or below the lowest. Over the sea
    (by the packaged coastline) it is 0.

    Attributes:
        places: Unit vectors of the stations whose elevation is known, (n, 3).
        elevation: Their elevations in metres, shape (n,).
        neighbours: How many stations enter one mean, at most.
    """

    places: Floats
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
        return cls(unit_vectors(lat[known], lon[known]), elevation[known])

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
        ground = unit_vectors(lat[land], lon[land])
        count = min(self.neighbours, self.elevation.size)
        index = search(self.places, ground, count, os.cpu_count() or 1)
        chord = np.linalg.norm(self.places[index] - ground[:, None], axis=-1)
        weight = 1 / ((EARTH_RADIUS_KM * chord) ** 2 + 1.0)
        elevation = np.zeros(lat.shape)
        elevation[land] = (weight * self.elevation[index]).sum(-1) / weight.sum(-1)
        return elevation

    def on(self, grid: Cells, rows: slice) -> Floats:
        """Elevation of the cells in some rows of a grid; shape (rows, columns)."""
        return self.at(*grid.points(rows)).reshape(-1, grid.shape[1])


@dataclass(frozen=True, eq=False)
class Relief:
    """Elevation of a gridded NetCDF file, read a few rows at a time.

    Along an axis on which the file is finer than the grid its cells are averaged by
    their overlap, otherwise interpolated linearly. Depths below the sea, and missing
    values, count as 0 m.

    Attributes:
        path: The file as it was named.
        variable: Its elevation.
    """

    path: str
    variable: GriddedVariable

    @classmethod
    def open(cls, path: str | PathLike) -> "Relief":
        """Open a relief file; any order of axes, any longitude convention.

        Raises:
            DataError: If it cannot be read, or holds no elevation in metres (or
                geopotential) on latitude and longitude.
        """
        return cls(str(path), open_elevation(path))

    @property
    def source(self) -> str:
        """The file and the variable."""
        if is_terrain(self.path):
            return f"{self.variable.name} of {SOURCE}"
        return (
            f"{self.variable.name} of {Path(self.path).name}; sea and missing values 0"
        )

    def at(self, lat: Floats, lon: Floats) -> Floats:
        """Elevation at points in degrees, interpolated linearly; shape (n,).

        Raises:
            DataError: If a point lies beyond the file.
        """
        self._check_cover(lat, lon)
        return self.variable.at(lat, lon)

    def on(self, grid: Cells, rows: slice) -> Floats:
        """Elevation of the cells in some rows of a grid; shape (rows, columns).

        Raises:
            DataError: If the grid reaches beyond the file.
        """
        self._check_cover(*grid.points(rows))
        return grid.averaged(self.variable, rows)

    def _check_cover(self, lat: Floats, lon: Floats) -> None:
        covered = self.variable.grid
        if not covered.covers(lat, lon):
            south, *_, north = edges(covered.lat)
            west, *_, east = edges(covered.lon)
            raise DataError(
                f"{self.path}: the relief covers {south:g} to {north:g} N and "
                f"{west:g} to {east:g} E; {lat.min():g} to {lat.max():g} N and "
                f"{lon.min():g} to {lon.max():g} E is requested. Give a relief that "
                "covers it, or a smaller region."
            )
