"""From what a user names as a grid to its cells."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apnp.errors import ConfigError
from apnp.geometry.sphere import longitude_arc, wrap_longitude
from apnp.maps.cells import Cells
from apnp.maps.curvilinear_grid import CurvilinearGrid
from apnp.maps.grid import Grid, Region, cell_sizes
from apnp.maps.grid_file import read_grid
from apnp.maps.projected_grid import ProjectedGrid
from apnp.maps.projected_spacing import ProjectedSpacing

Floats = NDArray[np.float64]
AnyGrid = Grid | ProjectedGrid | CurvilinearGrid
GridLike = AnyGrid | float | Sequence[float] | str | PathLike


def as_grid(grid: GridLike, region: Sequence[float] | None = None) -> Cells:
    """The cells that are meant.

    Args:
        grid: A cell size in degrees ("1.0", 1.0, "0.5,1", (0.5, 1)); a reference
            system with a spacing and, perhaps, an extent in its unit
            ("EPSG:3035,1000"); a NetCDF file; or a grid.
        region: West, south, east, north in degrees.

    Raises:
        ConfigError: If the grid or region cannot be used, or a region is given beside
            a grid that has its own.
    """
    size = resolution_of(grid)
    if size is not None:
        return Grid.regular(size, region)
    spacing = projected_of(grid)
    if spacing is not None and (region is not None or spacing.extent is not None):
        return spacing.over(region)
    if region is not None:
        raise ConfigError(
            f"`region` {tuple(region)} goes with a resolution; a grid that is given "
            "whole is used as it is. Leave the region out."
        )
    if isinstance(grid, AnyGrid):
        return grid
    assert isinstance(grid, str | PathLike)
    if not Path(grid).is_file():
        raise ConfigError(
            f"`grid` is a cell size in degrees (1.0, or 0.5,1.0 for latitude, "
            "longitude), a reference system with a spacing (EPSG:3035,1000) or a "
            f"NetCDF file. Got {str(grid)!r}, which is neither."
        )
    return read_grid(grid)


def needs_region(grid: GridLike) -> bool:
    """Whether the cells are those of a region, and not told by `grid` alone."""
    spacing = projected_of(grid)
    return resolution_of(grid) is not None or (
        spacing is not None and spacing.extent is None
    )


def grid_around(grid: GridLike, lat: Floats, lon: Floats) -> Cells:
    """Cells of the resolution of `grid`, which needs a region, around points.

    Args:
        grid: A cell size in degrees, or a reference system with a spacing.
        lat: Latitudes in degrees, (n,).
        lon: Longitudes in degrees, any convention, (n,).

    Raises:
        ConfigError: If it cannot be used there.
    """
    size = resolution_of(grid)
    if size is not None:
        return Grid.regular(size, region_around(lat, lon, size))
    spacing = projected_of(grid)
    assert spacing is not None
    return spacing.around(lat, lon)


def resolution_of(grid: GridLike) -> Sequence[float] | float | None:
    """The cell size in degrees that `grid` states; None if it states none."""
    if isinstance(grid, AnyGrid | PathLike):
        return None
    if not isinstance(grid, str):
        return grid
    try:
        return [float(part) for part in grid.split(",")]
    except ValueError:
        return None


def projected_of(grid: GridLike) -> ProjectedSpacing | None:
    """The reference system and spacing that `grid` states; None if it states none.

    Raises:
        ConfigError: If they cannot be used.
    """
    if not isinstance(grid, str) or Path(grid).is_file():
        return None
    return ProjectedSpacing.parse(grid)


def region_around(
    lat: Floats, lon: Floats, resolution: float | Sequence[float]
) -> Region:
    """West, south, east, north of the smallest box of whole cells around points.

    Args:
        lat: Latitudes in degrees, shape (n,).
        lon: Longitudes in degrees, any convention, shape (n,).
        resolution: Size of a cell in degrees, or (in latitude, in longitude).
    """
    dlat, dlon = cell_sizes(resolution)
    west, width = longitude_arc(lon)
    columns = np.array([np.floor(west / dlon), np.ceil((west + width) / dlon)])
    rows = np.array([np.floor(lat.min() / dlat), np.ceil(lat.max() / dlat)])
    columns[1] += columns[0] == columns[1]
    rows[1] += rows[0] == rows[1]
    south, north = np.clip(rows, -np.floor(90 / dlat), np.floor(90 / dlat)) * dlat
    west, east = columns * dlon
    if east - west >= 360:
        return -180.0, float(south), 180.0, float(north)
    return (
        float(wrap_longitude(west)),
        float(south),
        float(wrap_longitude(east)),
        float(north),
    )
