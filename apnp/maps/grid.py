"""The cells of a latitude-longitude grid on which a field is predicted."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apnp.data.gridded.horizontal import axes, horizontal, open_file
from apnp.errors import ConfigError, DataError
from apnp.geometry.lat_lon_grid import edges
from apnp.geometry.sphere import longitude_arc, wrap_longitude

Floats = NDArray[np.float64]
MOST_CELLS = 1_000_000_000
"""Cells of the largest grid: the globe at 0.008 degree."""
BYTES_A_CELL = 13
"""Bytes that the output holds of a cell and time: two values, a distance, a flag."""
Region = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells of a latitude-longitude grid; values belong to the cells' centres.

    Attributes:
        lat: Latitudes of the centres in degrees, shape (nlat,), strictly monotonic.
        lon: Longitudes of the centres in degrees, shape (nlon,), strictly monotonic
            within one turn; they run past 180 where the grid crosses the date line.
        lat_bnds: Edges of each row, shape (nlat, 2), in the order of `lat`.
        lon_bnds: Edges of each column, shape (nlon, 2), in the order of `lon`.
    """

    lat: Floats
    lon: Floats
    lat_bnds: Floats
    lon_bnds: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.lat.size, self.lon.size

    def points(self, rows: slice) -> tuple[Floats, Floats]:
        """Latitude and longitude of every cell of some rows, row by row, each (n,)."""
        lat = self.lat[rows]
        return np.repeat(lat, self.lon.size), np.tile(self.lon, lat.size)

    @classmethod
    def regular(
        cls, resolution: float | Sequence[float], region: Sequence[float] | None = None
    ) -> "Grid":
        """Cells of one size in degrees that fill a region exactly.

        Args:
            resolution: Size of a cell in degrees, or (in latitude, in longitude).
            region: West, south, east, north edges in degrees; longitudes in
                [-180, 360]. West of more than east crosses the date line (or
                Greenwich: 350 to 10). The whole globe by default, from -180 to 180.

        Raises:
            ConfigError: If a size is not positive or does not divide the region, or
                an edge is out of range.
        """
        dlat, dlon = _cell_sizes(resolution)
        west, south, width, height = _box(region)
        nlat = _number_of_cells(height, dlat, "latitude")
        nlon = _number_of_cells(width, dlon, "longitude")
        lat = south + height * np.arange(nlat + 1) / nlat
        lon = west + width * np.arange(nlon + 1) / nlon
        return cls(_centres(lat), _centres(lon), _pairs(lat), _pairs(lon))

    @classmethod
    def from_file(cls, path: str | PathLike) -> "Grid":
        """The grid of a NetCDF file: its latitudes and longitudes, as they stand.

        Bounds are half-way between neighbours, and end at the poles.

        Raises:
            DataError: If the file has no such grid, or not one of cells in order.
        """
        with open_file(path, times=False) as ds:
            names = horizontal(ds, str(path))
            axes(ds, names, str(path))
            lat, lon = (ds[name].values.astype(np.float64) for name in names)
        if abs(lon[-1] - lon[0]) >= 360:
            raise DataError(
                f"{path}: longitudes lie within one turn, each meridian once. Got "
                f"{lon[0]} to {lon[-1]}."
            )
        return cls(lat, lon, _pairs(np.clip(edges(lat), -90, 90)), _pairs(edges(lon)))


GridLike = Grid | float | Sequence[float] | str | PathLike


def as_grid(grid: GridLike, region: Sequence[float] | None = None) -> Grid:
    """A `Grid` of a resolution ("1.0", 1.0, "0.5,1", (0.5, 1)) or of a NetCDF file.

    Raises:
        ConfigError: If the resolution or region cannot be used, or a region is given
            beside a grid that has its own.
    """
    size = resolution_of(grid)
    if size is not None:
        return Grid.regular(size, region)
    if region is not None:
        raise ConfigError(
            f"`region` {tuple(region)} goes with a resolution in degrees; a grid that "
            "is given whole is used as it is. Leave the region out."
        )
    if isinstance(grid, Grid):
        return grid
    assert isinstance(grid, str | PathLike)
    if not Path(grid).is_file():
        raise ConfigError(
            f"`grid` is a cell size in degrees (1.0, or 0.5,1.0 for latitude, "
            f"longitude) or a NetCDF file. Got {str(grid)!r}, which is neither."
        )
    return Grid.from_file(grid)


def resolution_of(grid: GridLike) -> Sequence[float] | float | None:
    """The cell size in degrees that `grid` states; None if it is a grid or a file."""
    if isinstance(grid, Grid | PathLike):
        return None
    if not isinstance(grid, str):
        return grid
    try:
        return [float(part) for part in grid.split(",")]
    except ValueError:
        return None


def region_around(
    lat: Floats, lon: Floats, resolution: float | Sequence[float]
) -> Region:
    """West, south, east, north of the smallest box of whole cells around points.

    Args:
        lat: Latitudes in degrees, shape (n,).
        lon: Longitudes in degrees, any convention, shape (n,).
        resolution: Size of a cell in degrees, or (in latitude, in longitude).
    """
    dlat, dlon = _cell_sizes(resolution)
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


def _centres(edge: Floats) -> Floats:
    return (edge[:-1] + edge[1:]) / 2


def _pairs(edge: Floats) -> Floats:
    return np.stack([edge[:-1], edge[1:]], -1)


def _cell_sizes(resolution: float | Sequence[float]) -> tuple[float, float]:
    sizes = np.atleast_1d(np.asarray(resolution, dtype=np.float64))
    if sizes.shape not in ((1,), (2,)) or not (np.isfinite(sizes) & (sizes > 0)).all():
        raise ConfigError(
            "`grid` is a positive cell size in degrees, or two (latitude, longitude). "
            f"Got {resolution!r}."
        )
    return float(sizes[0]), float(sizes[-1])


def _box(region: Sequence[float] | None) -> tuple[float, float, float, float]:
    """West edge in [-180, 180), south edge, width and height of a region."""
    if region is None:
        return -180.0, -90.0, 360.0, 180.0
    if len(region) != 4 or not np.isfinite(region).all():
        raise ConfigError(
            f"`region` is west, south, east, north in degrees. Got {tuple(region)!r}."
        )
    west, south, east, north = (float(edge) for edge in region)
    if not -90 <= south < north <= 90:
        raise ConfigError(
            "`region` is west, south, east, north with -90 <= south < north <= 90. "
            f"Got south {south:g} and north {north:g}."
        )
    if not (-180 <= west <= 360 and -180 <= east <= 360) or abs(east - west) > 360:
        raise ConfigError(
            "`region` is west, south, east, north with west and east in -180..180 or "
            f"0..360 (west > east crosses the date line). Got west {west:g} and east "
            f"{east:g}."
        )
    if west == east:
        raise ConfigError(
            f"`region` has no width: west and east are both {west:g}. The whole turn "
            "is -180 to 180."
        )
    return (
        float(wrap_longitude(west)),
        south,
        (east - west) % 360 or 360.0,
        north - south,
    )


def check_cells(shape: tuple[int, int], sizes: str = "") -> None:
    """Refuse grids of more cells than a field can have.

    Args:
        shape: Rows and columns.
        sizes: What made them, for the message.

    Raises:
        ConfigError: With the memory of one field, and the knobs to turn.
    """
    rows, columns = shape
    if rows * columns > MOST_CELLS:
        raise ConfigError(
            f"{sizes or 'The grid'} has {rows:,} x {columns:,} = {rows * columns:.2g} "
            f"cells; at most {MOST_CELLS:.0e} are predicted, as a mean and its "
            f"uncertainty of so many take {rows * columns * BYTES_A_CELL / 2**30:,.0f} "
            "GiB a day. Choose larger cells (--grid) or a smaller --region."
        )


def _number_of_cells(length: float, size: float, axis: str) -> int:
    number = max(round(min(length / size, 1e15)), 1)
    check_cells((number, 1), f"A grid of {size:g} degrees of {axis}")
    if abs(number * size - length) > 1e-6 * length:
        raise ConfigError(
            f"Cells of {size:g} degrees do not fill the {length:g} degrees of {axis} "
            f"exactly. Choose a size that divides them, such as {length / number:g}, "
            "or another region."
        )
    return number
