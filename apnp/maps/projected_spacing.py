"""A reference system and a spacing: cells of all regions that share them coincide."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from apnp.errors import ConfigError
from apnp.geometry.sphere import EARTH_RADIUS_KM, great_circle_km, longitude_arc
from apnp.maps.crs import UNITS, grid_mapping, name_of, project, read_crs
from apnp.maps.grid import box_of
from apnp.maps.projected_grid import Extent, ProjectedGrid

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

_POINTS = 721
"""Points along each side of a region by which its extent is found."""
_JUMP = 20.0
"""How much longer than usual a step along a side is where a projection is cut."""


@cache
def warn_once(message: str) -> None:
    """Say something of a grid, however often it is made."""
    log.warning(message)


@dataclass(frozen=True, eq=False)
class ProjectedSpacing:
    """Square cells of a reference system, whose edges are multiples of their side.

    Attributes:
        crs: The reference system.
        spacing: Side of a cell in its unit.
        extent: Lowest x, lowest y, highest x, highest y in its unit, whose edges are
            kept as they are; None = that of a region.

    Raises:
        ConfigError: If the spacing is not above zero.
    """

    crs: CRS
    spacing: float
    extent: Extent | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.spacing) and self.spacing > 0):
            raise ConfigError(
                f"`grid`: the spacing of {name_of(self.crs)} is a number above 0 in "
                f"{UNITS[self.crs.axis_info[0].unit_name]}. Got {self.spacing:g}."
            )

    @classmethod
    def parse(cls, text: str) -> "ProjectedSpacing | None":
        """That of "CRS,SPACING" or "CRS,SPACING,XMIN,YMIN,XMAX,YMAX"; else None.

        Raises:
            ConfigError: If the reference system or the spacing cannot be used.
        """
        for count in (5, 1):
            name, *numbers = text.rsplit(",", count)
            try:
                values = [float(number) for number in numbers]
            except ValueError:
                continue
            if len(values) == count and name.strip():
                extent = tuple(values[1:]) or None
                return cls(read_crs(name.strip()), values[0], extent)  # type: ignore[arg-type]
        return None

    def over(self, region: Sequence[float] | None) -> ProjectedGrid:
        """The cells of the extent, or all that a region touches.

        Args:
            region: West, south, east, north in degrees.

        Raises:
            ConfigError: If there is an extent and a region, or the region lies outside
                the reference system.
        """
        if self.extent is not None:
            if region is not None:
                raise ConfigError(
                    "`grid` states an extent already. Leave out the extent or the "
                    "`region`."
                )
            made = ProjectedGrid.regular(self.crs, self.spacing, self.extent)
            west, south, east, north = made.box
            self._check_use("The extent", south, north, west, east - west, False)
            return self._told(made)
        assert region is not None
        west, south, width, height = box_of(region)
        self._check_use("The region", south, south + height, west, width)
        lat, lon = _outline(west, south, width, height)
        x, y = project(self.crs, lat.ravel(), lon.ravel())
        self._check_known(x, y, lat.ravel(), lon.ravel())
        self._check_seam(lat, lon, x.reshape(lat.shape), y.reshape(lat.shape))
        return self._snapped(x, y)

    def around(self, lat: Floats, lon: Floats) -> ProjectedGrid:
        """The cells of the smallest box of whole cells around points in degrees, (n,).

        Raises:
            ConfigError: If a point lies outside the reference system.
        """
        west, width = longitude_arc(lon)
        self._check_use("The box of the stations", lat.min(), lat.max(), west, width)
        x, y = project(self.crs, lat, lon)
        self._check_known(x, y, lat, lon)
        return self._snapped(x, y)

    def _snapped(self, x: Floats, y: Floats) -> ProjectedGrid:
        """The cells that hold places, whole multiples of the spacing."""
        low = [np.floor(each.min() / self.spacing + 1e-9) for each in (x, y)]
        high = [np.ceil(each.max() / self.spacing - 1e-9) for each in (x, y)]
        high = [max(b, a + 1) for a, b in zip(low, high, strict=True)]
        extent = [float(number * self.spacing) for number in (*low, *high)]
        return self._told(ProjectedGrid.regular(self.crs, self.spacing, extent))

    def _told(self, grid: ProjectedGrid) -> ProjectedGrid:
        """The grid; a warning where CF cannot express its reference system."""
        if not grid_mapping(self.crs)[1]:
            operation = self.crs.coordinate_operation
            warn_once(
                f"CF attributes cannot express {name_of(self.crs)} "
                f"({operation.method_name if operation else 'unknown'}). Its WKT is "
                "written, which GDAL, QGIS and R read, and the latitude and longitude "
                "of each cell for other programs."
            )
        return grid

    def _check_known(self, x: Floats, y: Floats, lat: Floats, lon: Floats) -> None:
        lost = ~(np.isfinite(x) & np.isfinite(y))
        if lost.any():
            raise ConfigError(
                f"`grid`: {lat[lost][0]:g} N {lon[lost][0]:g} E has no place in "
                f"{name_of(self.crs)}. Give a smaller `region`, or another reference "
                "system."
            )

    def _check_seam(self, lat: Floats, lon: Floats, x: Floats, y: Floats) -> None:
        """Refuse a region through which the projection is cut; arrays (sides, n)."""
        ground = 1000 * great_circle_km(
            lat[:, 1:], lon[:, 1:], lat[:, :-1], lon[:, :-1]
        )
        factor = self.crs.axis_info[0].unit_conversion_factor
        if self.crs.is_geographic:
            factor *= 1000 * EARTH_RADIUS_KM
        step = factor * np.hypot(np.diff(x), np.diff(y))
        ratio = step[ground > 1.0] / ground[ground > 1.0]
        if ratio.size and ratio.max() > _JUMP * max(float(np.median(ratio)), 1.0):
            raise ConfigError(
                f"`grid`: {name_of(self.crs)} is cut within the region. Give a region "
                "on one side of the cut, or an extent in its unit: "
                "CRS,SPACING,XMIN,YMIN,XMAX,YMAX."
            )

    def _check_use(
        self,
        what: str,
        south: float,
        north: float,
        west: float,
        width: float,
        refuse: bool = True,
    ) -> None:
        """Refuse what lies outside the area of use; say what lies partly outside.

        An extent in the system's own unit is meant as it stands, and not refused.

        Raises:
            ConfigError: Naming the area.
        """
        area = self.crs.area_of_use
        if area is None:
            return
        used = (area.east - area.west) % 360 or 360.0
        after, before = (west - area.west) % 360, (area.west - west) % 360
        name = name_of(self.crs)
        where = f"{area.west:g} to {area.east:g} E, {area.south:g} to {area.north:g} N"
        apart = used < 360 and after > used and before > width
        if refuse and (apart or south > area.north or north < area.south):
            raise ConfigError(
                f"`grid`: {what.lower()} lies outside the area of use of {name} "
                f"({where}). Give a `region` W,S,E,N inside it, another reference "
                "system, or an extent in its unit: CRS,SPACING,XMIN,YMIN,XMAX,YMAX."
            )
        within = area.south <= south and north <= area.north
        if not (within and (used == 360 or after + width <= used)):
            warn_once(
                f"{what} reaches beyond the area of use of {name} ({where}), where "
                "distances on the map may be distorted."
            )


def _outline(
    west: float, south: float, width: float, height: float
) -> tuple[Floats, Floats]:
    """Latitudes and longitudes along the four sides of a region, each (4, n)."""
    along = np.linspace(0.0, 1.0, _POINTS)
    lon, lat = west + width * along, south + height * along
    sides = [
        (np.full(_POINTS, south), lon), (np.full(_POINTS, south + height), lon),
        (lat, np.full(_POINTS, west)), (lat, np.full(_POINTS, west + width)),
    ]  # fmt: skip
    return np.stack([side[0] for side in sides]), np.stack([side[1] for side in sides])
