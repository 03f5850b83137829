"""The description of cells that every grid of a map gives."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from apnp.data.gridded.variable import GriddedVariable
from apnp.errors import ConfigError
from apnp.geometry.cells import quadrilateral_areas
from apnp.geometry.lat_lon_grid import KM_PER_DEGREE
from apnp.geometry.sphere import lat_lon, unit_vectors
from apnp.maps.cf_variable import CFVariable

Floats = NDArray[np.float64]

MOST_CELLS = 1_000_000_000
"""Cells of the largest grid: the globe at 0.008 degree."""
BYTES_A_CELL = 13
"""Bytes that the output holds of a cell and time: two values, a distance, a flag."""
_MOST_PARTS = 16


class Cells(Protocol):
    """Cells in rows and columns; values belong to their centres."""

    @property
    def dims(self) -> tuple[str, str]:
        """Names of the dimensions of rows and columns."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        ...

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all cells in degrees."""
        ...

    @property
    def arrays(self) -> tuple[NDArray, ...]:
        """What tells the grid from others."""
        ...

    @property
    def about(self) -> dict[str, str]:
        """Attributes that every variable on the grid has."""
        ...

    def points(self, rows: slice) -> tuple[Floats, Floats]:
        """Latitude and longitude of every cell of some rows, row by row, each (n,)."""
        ...

    def unit(self, rows: slice) -> Floats:
        """Unit vectors of the centres of some rows, row by row, (n, 3)."""
        ...

    def averaged(self, variable: GriddedVariable, rows: slice) -> Floats:
        """Means of a variable over the cells of some rows, (rows, columns)."""
        ...

    def variables(self) -> Iterator[CFVariable]:
        """The coordinates, bounds and reference system of the grid."""
        ...

    def located(self, rows: slice) -> dict[str, NDArray]:
        """Values of the variables on the cells themselves, for some rows."""
        ...


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
            f"cells; at most {MOST_CELLS:.0e} are predicted. Their mean and "
            f"uncertainty would take {rows * columns * BYTES_A_CELL / 2**30:,.0f} "
            "GiB a day. Choose larger cells (--grid) or a smaller --region."
        )


def two_dimensional(dims: tuple[str, str], about: dict[str, str]) -> list[CFVariable]:
    """Latitude, longitude and area of each cell.

    Args:
        dims: The dimensions of rows and columns.
        about: Attributes that every variable on the grid has.
    """
    found = [
        CFVariable(
            name, "f8", dims,
            {"standard_name": long_name, "long_name": f"{long_name} (WGS 84)",
             "units": units},
        )
        for name, long_name, units in (
            ("lat", "latitude", "degrees_north"),
            ("lon", "longitude", "degrees_east"),
        )
    ]  # fmt: skip
    area = {
        "standard_name": "cell_area", "long_name": "area of the cell", "units": "m2",
        "coverage_content_type": "auxiliaryInformation",
        "coordinates": about["coordinates"], "grid_mapping": about["grid_mapping"],
    }  # fmt: skip
    return [*found, CFVariable("cell_area", "f4", dims, area)]


def located(
    points: tuple[Floats, Floats], corners: tuple[Floats, Floats]
) -> dict[str, NDArray]:
    """Values of the variables of `two_dimensional` for some rows.

    Args:
        points: Latitudes and longitudes of the centres in degrees, each (n,).
        corners: Those of the corners, each (rows + 1, columns + 1).
    """
    area = quadrilateral_areas(*corners)
    lat, lon = (each.reshape(area.shape) for each in points)
    return {"lat": lat, "lon": lon, "cell_area": area.astype(np.float32)}


def mean_over(
    variable: GriddedVariable,
    points: tuple[Floats, Floats],
    corners: tuple[Floats, Floats],
) -> Floats:
    """Means of a variable over cells, (rows, columns).

    Where the variable is finer than the cells, the mean of evenly spread points in each
    cell, as close as the variable's nodes (at most `_MOST_PARTS` along a side);
    elsewhere the value at the centre.

    Args:
        variable: Values that are the same on all days.
        points: As in `located`.
        corners: As in `located`.
    """
    shape = corners[0].shape[0] - 1, corners[0].shape[1] - 1
    side_km = np.sqrt(quadrilateral_areas(*corners).max()) / 1000
    node_km = float(np.diff(variable.grid.lat).min()) * KM_PER_DEGREE
    parts = min(int(np.ceil(side_km / node_km - 1e-6)), _MOST_PARTS)
    if parts < 2:
        return variable.at(*points).reshape(shape)
    corner = unit_vectors(*corners)
    share = (np.arange(parts) + 0.5) / parts
    total = np.zeros(shape)
    for up in share:
        rows = (1 - up) * corner[:-1] + up * corner[1:]
        for along in share:
            inner = (1 - along) * rows[:, :-1] + along * rows[:, 1:]
            total += variable.at(*lat_lon(inner.reshape(-1, 3))).reshape(shape)
    return total / parts**2


class PlacedCells(ABC):
    """Cells of which the places and the corners say everything else."""

    @abstractmethod
    def points(self, rows: slice) -> tuple[Floats, Floats]:
        """Latitude and longitude of every cell of some rows, row by row, each (n,)."""

    @abstractmethod
    def corners(self, rows: slice) -> tuple[Floats, Floats]:
        """Latitude and longitude of the corners, each (rows + 1, columns + 1)."""

    def unit(self, rows: slice) -> Floats:
        """Unit vectors of the centres of some rows, row by row, (n, 3)."""
        return unit_vectors(*self.points(rows))

    def averaged(self, variable: GriddedVariable, rows: slice) -> Floats:
        """Means of a variable over the cells of some rows, (rows, columns)."""
        return mean_over(variable, self.points(rows), self.corners(rows))

    def located(self, rows: slice) -> dict[str, NDArray]:
        """Latitude, longitude and area of the cells of some rows, (rows, columns)."""
        return located(self.points(rows), self.corners(rows))
