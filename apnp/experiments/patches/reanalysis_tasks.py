"""Tasks cut out of a reanalysis: patches of latitude, longitude and perhaps time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apnp.errors import ConfigError
from apnp.experiments.patches.patch_tasks import (
    Floats,
    PatchSampling,
    PatchTasks,
    box_of,
)
from apnp.inputs.gridded_covariates import METRES_PER_UNIT
from apnp.inputs.stations import StationInputs
from apnp.observations import Sites

DAYS_PER_UNIT = 10.0
"""Days in one unit of time as an axis: in a day as much changes as over 100 km."""
_MIDDLE_OF_YEAR = 182.0


@dataclass(frozen=True, eq=False)
class Grid:
    """Values of one variable on a grid of the Earth.

    Attributes:
        time: Times, datetime64 of shape (time,).
        lat: Latitudes in degrees, shape (lat,).
        lon: Longitudes in degrees, any convention, shape (lon,).
        values: Values in CF units, shape (time, lat, lon); NaN = missing.
        elevation: Heights in metres, finite, shape (lat, lon); None = not known.
    """

    time: NDArray[np.datetime64]
    lat: NDArray
    lon: NDArray
    values: NDArray
    elevation: NDArray | None = None

    def __post_init__(self) -> None:
        shape = (len(self.time), len(self.lat), len(self.lon))
        if self.values.shape != shape:
            raise ValueError(
                f"`values` must have shape (time, lat, lon), here {shape}. Got "
                f"{self.values.shape}."
            )
        height = self.elevation
        if height is not None and not (
            height.shape == shape[1:] and np.isfinite(height).all()
        ):
            raise ValueError(
                f"`elevation` must be finite, of shape {shape[1:]}. Got {height.shape} "
                f"with {int((~np.isfinite(height)).sum())} that are not finite."
            )

    def cut(
        self,
        region: tuple[float, float, float, float] | None = None,
        start: str | None = None,
        end: str | None = None,
        land: NDArray[np.bool_] | None = None,
    ) -> "Grid":
        """The part in a region and between two times, on land alone if it is given.

        Args:
            region: West, south, east and north in degrees; east is west of west
                where the region crosses the date line.
            start: First time, e.g. "2018-01-01".
            end: Last time; a day, month or year includes all of it.
            land: Which cells are kept, (lat, lon); the others become missing.

        Raises:
            ConfigError: If nothing is left.
        """
        rows, columns = np.ones(len(self.lat), bool), np.ones(len(self.lon), bool)
        if region is not None:
            west, south, east, north = region
            rows = (self.lat >= south) & (self.lat <= north)
            columns = (self.lon - west) % 360 <= (east - west) % 360
        kept = np.ones(len(self.time), bool)
        if start is not None:
            kept &= self.time >= np.datetime64(start)
        if end is not None:
            kept &= self.time < (np.datetime64(end) + 1).astype(self.time.dtype)
        if not (rows.any() and columns.any() and kept.any()):
            raise ConfigError(
                f"Nothing of the grid lies in region {region} from {start} to {end}. "
                f"It reaches from {self.lat.min():g} to {self.lat.max():g} N, "
                f"{self.lon.min():g} to {self.lon.max():g} E, {self.time.min()} to "
                f"{self.time.max()}."
            )
        values = self.values if land is None else np.where(land, self.values, np.nan)
        height = self.elevation
        return Grid(
            self.time[kept], self.lat[rows], self.lon[columns],
            values[kept][:, rows][:, :, columns],
            None if height is None else height[rows][:, columns],
        )  # fmt: skip

    def sites(self) -> tuple[NDArray, NDArray]:
        """Latitudes and longitudes of all cells, each (lat * lon,)."""
        lat, lon = np.meshgrid(self.lat, self.lon, indexing="ij")
        return lat.ravel(), lon.ravel()


def represent(grid: Grid, geometry: str) -> StationInputs:
    """The inputs of the grid to train on: its cells, its values' scale.

    Raises:
        ConfigError: If the values do not vary, or the region is too wide for a plane.
    """
    return StationInputs.fit(geometry, *grid.sites(), grid.values)


@dataclass(frozen=True, eq=False)
class EarthPlaces:
    """Where the cells of a grid of the Earth lie.

    Attributes:
        x: Locations of the cells as `StationInputs` has them, (lat, lon, dx); with
            elevation in kilometres as one axis more in space and time.
        time: Time of the year in units of ten days, zero in its middle, (time,), the
            last axis of a location where time is an axis of the grid; else None, and
            each time is a record.
        space: Axes of `x` on which `inputs` knows a box.
        inputs: How places on the Earth are represented.
    """

    x: Floats
    time: Floats | None
    space: int
    inputs: StationInputs

    def at(self, record: int, cells: NDArray[np.intp]) -> Floats:
        """Locations (n, dx) of the cells (lat, lon) or (time, lat, lon)."""
        x = self.x[cells[:, -2], cells[:, -1]]
        if self.time is None:
            return x
        return np.concatenate([x, self.time[cells[:, 0], None]], axis=1)

    def box(self, x: Floats) -> tuple[Floats, Floats]:
        """On the sphere all of it, otherwise the box of the locations."""
        centre, extent = self.inputs.projection.box(x[:, : self.space])
        other, side = box_of(x[:, self.space :]) if x.shape[1] > self.space else (
            x[0, :0], x[0, :0],
        )  # fmt: skip
        return np.concatenate([centre, other]), np.concatenate([extent, side])


def reanalysis_tasks(
    grid: Grid, inputs: StationInputs, law: PatchSampling
) -> PatchTasks:
    """Tasks from a grid, of two axes (lat, lon) or three (time, lat, lon).

    With two axes each time is a record, and a location is what `StationInputs` makes
    of latitude and longitude. With three, a location has elevation (in kilometres) and
    time (in `DAYS_PER_UNIT` since the middle of the year of the grid's first time, so
    that another year has the same times) as further axes, in this order. A grid away
    from the training region has no known absolute location, and on the plane lies
    about its own middle.

    Args:
        grid: Values to predict; times at even steps where time is an axis.
        inputs: That of the training grid.
        law: How tasks are drawn.

    Raises:
        ConfigError: If the patch has another number of axes, or time is an axis and
            elevations are unknown or times uneven.
    """
    lat, lon = grid.sites()
    middle = grid.time[len(grid.time) // 2]
    there, absolute = inputs.adapted(Sites(lat, lon, np.zeros(len(lat)), middle))
    shape = (len(grid.lat), len(grid.lon), -1)
    x = there.projection.locations(lat, lon).reshape(shape).astype(np.float32)
    values = inputs.scaling.scale(grid.values).astype(np.float32)
    if len(law.shape) == 2:
        places = EarthPlaces(x, None, there.dx, there)
        return PatchTasks(values, places, law, absolute)
    if len(law.shape) != 3:
        raise ConfigError(
            "`shape` is the cells of a patch along (lat, lon) or (time, lat, lon). "
            f"Got {law.shape}."
        )
    if grid.elevation is None:
        raise ConfigError(
            "A patch in space and time has elevation as an axis, and this grid has "
            "none. Give `elevation`, or a patch of (lat, lon)."
        )
    if np.unique(np.diff(grid.time)).size > 1:
        raise ConfigError(
            "A patch in space and time needs times at even steps. Got steps of "
            f"{np.diff(grid.time).min()} to {np.diff(grid.time).max()}; cut the grid "
            "where times are missing."
        )
    height = (grid.elevation[..., None] / METRES_PER_UNIT).astype(np.float32)
    since = (grid.time - grid.time[0].astype("M8[Y]")) / np.timedelta64(1, "D")
    # Small numbers, for attention takes differences of squares in single precision.
    time = ((since - _MIDDLE_OF_YEAR) / DAYS_PER_UNIT).astype(np.float32)
    places = EarthPlaces(np.concatenate([x, height], -1), time, there.dx, there)
    return PatchTasks(values[None], places, law, absolute)
