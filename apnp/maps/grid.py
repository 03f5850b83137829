"""The cells of a latitude-longitude grid on which a field is predicted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from apnp.data.gridded.variable import GriddedVariable
from apnp.errors import ConfigError
from apnp.geometry.lat_lon_grid import edges
from apnp.geometry.sphere import unit_vectors, wrap_longitude
from apnp.maps.cells import check_cells
from apnp.maps.cf_variable import CFVariable, coordinate

Floats = NDArray[np.float64]
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
    def dims(self) -> tuple[str, str]:
        """Names of the dimensions of rows and columns."""
        return "lat", "lon"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.lat.size, self.lon.size

    @property
    def arrays(self) -> tuple[NDArray, ...]:
        """What tells the grid from others."""
        return self.lat, self.lon

    @property
    def about(self) -> dict[str, str]:
        """Attributes that every variable on the grid has."""
        return {"grid_mapping": "crs"}

    @property
    def box(self) -> Region:
        """West, south, east, north of all cells in degrees."""
        lat, lon = self.lat_bnds, self.lon_bnds
        return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())

    def points(self, rows: slice) -> tuple[Floats, Floats]:
        """Latitude and longitude of every cell of some rows, row by row, each (n,)."""
        lat = self.lat[rows]
        return np.repeat(lat, self.lon.size), np.tile(self.lon, lat.size)

    def unit(self, rows: slice) -> Floats:
        """Unit vectors of the centres of some rows, row by row, (n, 3)."""
        return unit_vectors(self.lat[rows, None], self.lon).reshape(-1, 3)

    def averaged(self, variable: GriddedVariable, rows: slice) -> Floats:
        """Means of a variable over the cells of some rows, (rows, columns)."""
        return variable.averaged_over(
            np.sort(self.lat_bnds[rows]), np.sort(self.lon_bnds)
        )

    def located(self, rows: slice) -> dict[str, NDArray]:
        """Nothing: rows and columns tell where the cells are."""
        return {}

    def variables(self) -> Iterator[CFVariable]:
        """The coordinates, bounds and reference system of the grid."""
        yield from coordinate(
            "lat", self.lat, self.lat_bnds, units="degrees_north",
            standard_name="latitude", long_name="latitude", axis="Y",
        )  # fmt: skip
        yield from coordinate(
            "lon", self.lon, self.lon_bnds, units="degrees_east",
            standard_name="longitude", long_name="longitude", axis="X",
        )  # fmt: skip
        wgs84 = CRS.from_epsg(4326).to_cf()
        yield CFVariable("crs", "i4", (), wgs84, np.array(0))

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
        dlat, dlon = cell_sizes(resolution)
        west, south, width, height = box_of(region)
        nlat = _number_of_cells(height, dlat, "latitude")
        nlon = _number_of_cells(width, dlon, "longitude")
        check_cells((nlat, nlon))
        lat = south + height * np.arange(nlat + 1) / nlat
        lon = west + width * np.arange(nlon + 1) / nlon
        return cls(_centres(lat), _centres(lon), _pairs(lat), _pairs(lon))

    @classmethod
    def of_centres(cls, lat: Floats, lon: Floats) -> "Grid":
        """Cells about centres, which end half-way between neighbours, or at a pole."""
        return cls(lat, lon, _pairs(np.clip(edges(lat), -90, 90)), _pairs(edges(lon)))


def _centres(edge: Floats) -> Floats:
    return (edge[:-1] + edge[1:]) / 2


def _pairs(edge: Floats) -> Floats:
    return np.stack([edge[:-1], edge[1:]], -1)


def cell_sizes(resolution: float | Sequence[float]) -> tuple[float, float]:
    """Sizes of a cell in latitude and longitude, in degrees.

    Raises:
        ConfigError: If one is not above zero.
    """
    sizes = np.atleast_1d(np.asarray(resolution, dtype=np.float64))
    if sizes.shape not in ((1,), (2,)) or not (np.isfinite(sizes) & (sizes > 0)).all():
        raise ConfigError(
            "`grid` is a positive cell size in degrees, or two (latitude, longitude). "
            f"Got {resolution!r}."
        )
    return float(sizes[0]), float(sizes[-1])


def box_of(region: Sequence[float] | None) -> tuple[float, float, float, float]:
    """West edge in [-180, 180), south edge, width and height of a region.

    Raises:
        ConfigError: If an edge is out of range.
    """
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
