"""The cells of a grid whose rows and columns are those of a map projection."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from apnp.errors import ConfigError
from apnp.geometry.lat_lon_grid import edges
from apnp.geometry.sphere import longitude_arc
from apnp.maps.cells import PlacedCells, check_cells, two_dimensional
from apnp.maps.cf_variable import CFVariable, coordinate
from apnp.maps.crs import (
    UNITS,
    grid_mapping,
    is_rotated,
    name_of,
    places,
    project,
)

Floats = NDArray[np.float64]
Extent = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class ProjectedGrid(PlacedCells):
    """Cells in rows and columns of a projected, or rotated, reference system.

    Attributes:
        y: Centres of the rows in the system's unit, (ny,), strictly monotonic.
        x: Centres of the columns in the system's unit, (nx,), strictly monotonic.
        y_bnds: Edges of each row, (ny, 2), in the order of `y`.
        x_bnds: Edges of each column, (nx, 2), in the order of `x`.
        crs: The reference system; its axes point east and north, or it is polar.

    Raises:
        ConfigError: If a cell has no place on the Earth, or there are too many.
    """

    y: Floats
    x: Floats
    y_bnds: Floats
    x_bnds: Floats
    crs: CRS

    def __post_init__(self) -> None:
        check_cells(self.shape)
        y, x = (
            np.append(edge[:: max(edge.size // 50, 1)], edge[-1])
            for edge in (self._edges(self.y_bnds), self._edges(self.x_bnds))
        )
        lat, _ = places(self.crs, *np.meshgrid(x, y))
        if not np.isfinite(lat).all():
            row, column = np.argwhere(~np.isfinite(lat))[0]
            raise ConfigError(
                f"`grid`: x {x[column]:g}, y {y[row]:g} of {name_of(self.crs)} is no "
                "place on the Earth. Give a smaller region or extent, or a projection "
                "that covers it."
            )

    @classmethod
    def regular(
        cls, crs: CRS, spacing: float, extent: Sequence[float]
    ) -> "ProjectedGrid":
        """Square cells that fill an extent exactly, from the south-west.

        Args:
            crs: The reference system.
            spacing: Side of a cell in its unit, above zero.
            extent: Lowest x, lowest y, highest x, highest y.

        Raises:
            ConfigError: If the cells do not fill the extent.
        """
        west, south, east, north = (float(edge) for edge in extent)
        if not np.isfinite(extent).all() or west >= east or south >= north:
            raise ConfigError(
                "`grid`: an extent is lowest x, lowest y, highest x, highest y. Got "
                f"{west:g},{south:g},{east:g},{north:g}."
            )
        x = _edges(west, east, spacing, "x")
        y = _edges(south, north, spacing, "y")
        pairs = [np.stack([each[:-1], each[1:]], -1) for each in (y, x)]
        centre_y, centre_x = (each.mean(-1) for each in pairs)
        return cls(centre_y, centre_x, pairs[0], pairs[1], crs)

    @classmethod
    def of_centres(cls, y: Floats, x: Floats, crs: CRS) -> "ProjectedGrid":
        """Cells about centres, which end half-way between neighbours."""
        pairs = [np.stack([e[:-1], e[1:]], -1) for e in (edges(y), edges(x))]
        if is_rotated(crs):
            pairs[0] = np.clip(pairs[0], -90.0, 90.0)
        return cls(y, x, pairs[0], pairs[1], crs)

    @property
    def dims(self) -> tuple[str, str]:
        """Names of the dimensions of rows and columns."""
        return ("rlat", "rlon") if is_rotated(self.crs) else ("y", "x")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.y.size, self.x.size

    @property
    def arrays(self) -> tuple[NDArray, ...]:
        """What tells the grid from others."""
        return self.y, self.x, np.frombuffer(self.crs.to_wkt().encode(), np.uint8)

    @property
    def about(self) -> dict[str, str]:
        """Attributes that every variable on the grid has."""
        return {
            "grid_mapping": "crs", "coordinates": "lat lon",
            "cell_measures": "area: cell_area",
        }  # fmt: skip

    @property
    def box(self) -> Extent:
        """West, south, east, north of all cells in degrees."""
        y, x = self._edges(self.y_bnds), self._edges(self.x_bnds)
        along = [
            (np.full(x.size, y[0]), x), (np.full(x.size, y[-1]), x),
            (y, np.full(y.size, x[0])), (y, np.full(y.size, x[-1])),
        ]  # fmt: skip
        lat, lon = places(
            self.crs,
            np.concatenate([each[1] for each in along]),
            np.concatenate([each[0] for each in along]),
        )
        west, width = longitude_arc(lon)
        south, north = float(lat.min()), float(lat.max())
        for pole in (-90.0, 90.0):
            at_x, at_y = (float(each) for each in project(self.crs, pole, 0.0))
            if min(x) <= at_x <= max(x) and min(y) <= at_y <= max(y):
                south, north = min(south, pole), max(north, pole)
                west, width = -180.0, 360.0
        return west, south, west + width, north

    def points(self, rows: slice) -> tuple[Floats, Floats]:
        """Latitude and longitude of every cell of some rows, row by row, each (n,).

        Raises:
            ConfigError: If a cell has no place on the Earth.
        """
        x, y = (each.ravel() for each in np.meshgrid(self.x, self.y[rows]))
        return self._places(x, y)

    def corners(self, rows: slice) -> tuple[Floats, Floats]:
        """Latitude and longitude of the corners, each (rows + 1, columns + 1)."""
        y, x = self._edges(self.y_bnds[rows]), self._edges(self.x_bnds)
        return self._places(*np.meshgrid(x, y))

    def variables(self) -> Iterator[CFVariable]:
        """The coordinates, bounds and reference system of the grid."""
        unit = UNITS[self.crs.axis_info[0].unit_name]
        names = {
            "y": ("projection_y_coordinate", f"northing of {self.crs.name}"),
            "x": ("projection_x_coordinate", f"easting of {self.crs.name}"),
            "rlat": ("grid_latitude", "latitude of the rotated grid"),
            "rlon": ("grid_longitude", "longitude of the rotated grid"),
        }
        for name, values, bounds, axis in (
            (self.dims[0], self.y, self.y_bnds, "Y"),
            (self.dims[1], self.x, self.x_bnds, "X"),
        ):
            standard_name, long_name = names[name]
            yield from coordinate(
                name, values, bounds, standard_name=standard_name,
                long_name=long_name, units=unit, axis=axis,
            )  # fmt: skip
        yield from two_dimensional(self.dims, self.about)
        attrs, _ = grid_mapping(self.crs)
        yield CFVariable("crs", "i4", (), attrs, np.array(0))

    def _places(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        lat, lon = places(self.crs, x, y)
        if not np.isfinite(lat).all():
            raise ConfigError(
                f"`grid`: {int((~np.isfinite(lat)).sum())} cells of "
                f"{name_of(self.crs)} are no places on the Earth. Give a smaller "
                "region or extent."
            )
        return lat, lon

    @staticmethod
    def _edges(pairs: Floats) -> Floats:
        return np.append(pairs[:, 0], pairs[-1, 1])


def _edges(low: float, high: float, spacing: float, axis: str) -> Floats:
    """Edges of cells; multiples of the spacing are the same numbers in every grid.

    Raises:
        ConfigError: If the cells do not fill the length.
    """
    number = max(round(min((high - low) / spacing, 1e15)), 1)
    check_cells((number, 1), f"A grid of {spacing:g} along {axis}")
    if abs(number * spacing - (high - low)) > 1e-6 * spacing:
        raise ConfigError(
            f"`grid`: cells of {spacing:g} do not fill {axis} from {low:g} to "
            f"{high:g} exactly. Choose an extent of whole cells, such as {low:g} to "
            f"{low + number * spacing:g}."
        )
    first = round(low / spacing)
    if abs(first * spacing - low) < 1e-9 * spacing:
        return np.asarray((first + np.arange(number + 1)) * spacing)
    return np.asarray(low + np.arange(number + 1) * spacing)
