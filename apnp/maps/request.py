"""The request for a field: checked before anything is read or computed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.errors import ConfigError
from apnp.geometry.sphere import is_global
from apnp.maps.cells import Cells, check_cells
from apnp.maps.draws import Samples
from apnp.maps.elevation import Elevation, Relief, StationElevation
from apnp.maps.field_metadata import is_simulated
from apnp.maps.grid_choice import (
    GridLike,
    as_grid,
    grid_around,
    needs_region,
    resolution_of,
)
from apnp.terrain import TERRAIN

log = logging.getLogger(__name__)

Mask = Literal["land"] | NDArray[np.bool_] | None


@dataclass(frozen=True, eq=False)
class FieldRequest:
    """The requested field.

    Attributes:
        grid: Cell size in degrees (one, or latitude and longitude); a reference
            system and a spacing, "EPSG:3035,1000"; a `Grid`; or a NetCDF file whose
            grid is used (`as_grid`).
        region: West, south, east, north in degrees (west > east crosses the date
            line). By default the stations' box; for a model on the sphere the globe,
            if they span three quarters of the longitudes.
        elevation: NetCDF file of elevation; by default the packaged terrain (of
            simulated stations, which stand on another Earth, their own elevations are
            interpolated).
        mask: "land" leaves out the sea; an array leaves out cells that are False.
        quantiles: Levels of quantiles to add, each in (0, 1); kept in rising order.
        samples: Draws of the field to add.
        recalibration: Whether the stations are first asked how uncertain the model
            should be.

    Raises:
        ConfigError: If a value breaks a rule.
    """

    grid: GridLike
    region: Sequence[float] | None = None
    elevation: str | PathLike | None = None
    mask: Mask = None
    quantiles: Sequence[float] = ()
    samples: Samples | None = None
    recalibration: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantiles", check_levels(self.quantiles))
        if isinstance(self.mask, str) and self.mask != "land":
            raise ConfigError(
                f"`mask` is 'land' (predict on land alone) or an array. Got "
                f"{self.mask!r}."
            )
        if not self._needs_region:
            grid = as_grid(self.grid, self.region)
            check_cells(grid.shape)
            check_mask(self.mask, grid)

    @property
    def _needs_region(self) -> bool:
        """Whether the cells depend on the stations."""
        return self.region is None and needs_region(self.grid)

    def cells(self, stations: xr.Dataset, spherical: bool) -> Cells:
        """The cells; where no region is given around the stations, or the globe.

        Args:
            stations: A station dataset.
            spherical: Whether the model may predict all around the globe.

        Raises:
            ConfigError: If the grid or region cannot be used, or the mask does not fit.
            DataError: If the grid's file cannot be read.
        """
        lat, lon = stations["lat"].values, stations["lon"].values
        globe = spherical and is_global(lon) and resolution_of(self.grid) is not None
        if self._needs_region and not globe:
            grid = grid_around(self.grid, lat, lon)
        else:
            grid = as_grid(self.grid, self.region)
        check_cells(grid.shape)
        check_mask(self.mask, grid)
        return grid

    def ground(self, stations: xr.Dataset) -> Elevation:
        """Where the elevation of the cells comes from.

        Raises:
            DataError: If the elevation file cannot be used.
        """
        return elevation_for(stations, self.elevation)


def elevation_for(
    stations: xr.Dataset, elevation: str | PathLike | None = None
) -> Elevation:
    """Elevation of a file, or of the packaged terrain where none is named.

    Of simulated stations, which stand on another Earth, their own elevations are
    interpolated in place of the packaged terrain.

    Raises:
        DataError: If the file cannot be used.
    """
    if elevation is not None or not is_simulated(stations):
        return Relief.open(TERRAIN if elevation is None else elevation)
    log.warning(
        "These stations stand on a simulated Earth, and no relief file of it is given: "
        "elevation is interpolated from them."
    )
    return StationElevation.of(
        *(stations[k].values.astype(np.float64) for k in ("lat", "lon", "elevation"))
    )


def check_levels(levels: Sequence[float]) -> tuple[float, ...]:
    """Levels of quantiles as rising floats.

    Raises:
        ConfigError: If one is not a probability strictly between 0 and 1.
    """
    checked = tuple(sorted({float(level) for level in levels}))
    wrong = [level for level in checked if not 0 < level < 1]
    if wrong:
        raise ConfigError(
            "`quantiles` are probabilities above 0 and below 1 (0.05 for 5 %). Got "
            f"{', '.join(f'{level:g}' for level in wrong)}."
        )
    return checked


def check_mask(mask: Mask, grid: Cells) -> None:
    """Refuse a mask that does not fit the grid.

    Raises:
        ConfigError: Naming both shapes.
    """
    if mask is None or isinstance(mask, str):
        return
    if np.shape(mask) != grid.shape:
        raise ConfigError(
            f"`mask` must have the grid's shape {grid.shape}. Got {np.shape(mask)}."
        )
