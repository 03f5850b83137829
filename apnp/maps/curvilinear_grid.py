"""The cells of a grid of two-dimensional latitudes and longitudes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from apnp.geometry.cells import corners_of
from apnp.geometry.sphere import longitude_arc
from apnp.maps.cells import PlacedCells, check_cells, two_dimensional
from apnp.maps.cf_variable import CFVariable

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CurvilinearGrid(PlacedCells):
    """Cells in rows and columns of no known projection.

    Corners lie in the middle of four centres; the outermost are as far out as the next
    in.

    Attributes:
        lat: Latitudes of the centres in degrees, (ny, nx), finite.
        lon: Longitudes of the centres in degrees, (ny, nx), any convention.

    Raises:
        ConfigError: If there are too many cells.
    """

    lat: Floats
    lon: Floats

    def __post_init__(self) -> None:
        check_cells(self.shape)

    @property
    def dims(self) -> tuple[str, str]:
        """Names of the dimensions of rows and columns."""
        return "y", "x"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.lat.shape[0], self.lat.shape[1]

    @property
    def arrays(self) -> tuple[NDArray, ...]:
        """What tells the grid from others."""
        return self.lat, self.lon

    @property
    def about(self) -> dict[str, str]:
        """Attributes that every variable on the grid has."""
        return {
            "grid_mapping": "crs", "coordinates": "lat lon",
            "cell_measures": "area: cell_area",
        }  # fmt: skip

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all cells in degrees."""
        lat, lon = self.corners(slice(None))
        west, width = longitude_arc(lon)
        return west, float(lat.min()), west + width, float(lat.max())

    def points(self, rows: slice) -> tuple[Floats, Floats]:
        """Latitude and longitude of every cell of some rows, row by row, each (n,)."""
        return self.lat[rows].ravel(), self.lon[rows].ravel()

    def corners(self, rows: slice) -> tuple[Floats, Floats]:
        """Latitude and longitude of the corners, each (rows + 1, columns + 1)."""
        first, last, _ = rows.indices(self.shape[0])
        low, high = max(first - 1, 0), min(last + 1, self.shape[0])
        lat, lon = corners_of(self.lat[low:high], self.lon[low:high])
        inner = slice(first - low, last - low + 1)
        return lat[inner], lon[inner]

    def variables(self) -> Iterator[CFVariable]:
        """The coordinates and the reference system of the grid."""
        yield from two_dimensional(self.dims, self.about)
        wgs84 = CRS.from_epsg(4326).to_cf()
        yield CFVariable("crs", "i4", (), wgs84, np.array(0))
