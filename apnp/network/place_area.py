"""Where stations may stand, and where uncertainty counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from apnp.errors import ConfigError
from apnp.geometry.coastline import is_land
from apnp.geometry.sphere import nearest_km, unit_vectors
from apnp.maps.cells import Cells
from apnp.maps.elevation import Elevation
from apnp.maps.grid import Region
from apnp.network.local_uncertainty import Targets
from apnp.observations import Floats
from apnp.prediction.points import coordinates

MOST_CANDIDATES = 100_000
"""More would take days."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Places where a station may stand.

    Attributes:
        lat: Latitudes in degrees, (n,).
        lon: Longitudes in degrees, (n,).
        elevation: Elevations in metres, (n,).
        row: Row of each in the table of candidates, or cell of the grid, (n,).
    """

    lat: Floats
    lon: Floats
    elevation: Floats
    row: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.lat)

    def take(self, kept: NDArray[np.bool_]) -> "Candidates":
        """Some of them."""
        return Candidates(
            self.lat[kept], self.lon[kept], self.elevation[kept], self.row[kept]
        )


def grid_candidates(grid: Cells, ground: Elevation) -> Candidates:
    """The centres of the land cells of a grid."""
    lat, lon = grid.points(slice(0, grid.shape[0]))
    found = Candidates(lat, lon, ground.at(lat, lon), np.arange(len(lat)))
    return found.take(is_land(lat, lon))


def table_candidates(table: pd.DataFrame, ground: Elevation, place: str) -> Candidates:
    """The places of a table with columns lat, lon and, where known, elevation."""
    lat, lon, elevation, _ = coordinates(table, ground, place)
    return Candidates(lat, lon, elevation, np.arange(len(lat)))


def allowed(
    found: Candidates,
    stations: xr.Dataset,
    excluded: Sequence[Region],
    apart_km: float,
) -> Candidates:
    """The candidates outside excluded zones, and far enough from all stations.

    Args:
        found: The candidates.
        stations: The stations there are.
        excluded: West, south, east, north in degrees of zones without new stations.
        apart_km: Least distance to a station in km.

    Raises:
        ConfigError: If none is left, or too many are.
    """
    kept = np.ones(len(found), dtype=bool)
    for zone in excluded:
        kept &= ~inside(found.lat, found.lon, zone)
    tree = cKDTree(unit_vectors(stations["lat"].values, stations["lon"].values))
    kept &= nearest_km(tree, unit_vectors(found.lat, found.lon)) >= apart_km
    if not kept.any():
        raise ConfigError(
            f"None of {len(found)} candidates is allowed: they lie at sea, in zones of "
            f"--exclude, or within {apart_km:g} km of a station. Give more candidates, "
            "or a smaller --min-distance."
        )
    if kept.sum() > MOST_CANDIDATES:
        raise ConfigError(
            f"{int(kept.sum()):,} candidates, and at most {MOST_CANDIDATES:,} are "
            "compared. Give a coarser --grid or a --region."
        )
    return found.take(kept)


def inside(lat: Floats, lon: Floats, region: Region) -> NDArray[np.bool_]:
    """Whether points lie in a region: west, south, east, north in degrees."""
    west, south, east, north = region
    width = 360.0 if east - west >= 360 else (east - west) % 360
    return (lat >= south) & (lat <= north) & ((lon - west) % 360 <= width)


def land_targets(grid: Cells, ground: Elevation) -> Targets:
    """The land cells of a grid, each counting by its area.

    Raises:
        ConfigError: If there is no land.
    """
    lat, lon = grid.points(slice(0, grid.shape[0]))
    land = is_land(lat, lon)
    if not land.any():
        raise ConfigError(
            "The region whose uncertainty counts has no land cell. Name another."
        )
    area = grid.located(slice(0, grid.shape[0])).get("cell_area")
    weight = (np.cos(np.radians(lat)) if area is None else area.ravel())[land]
    lat, lon = lat[land], lon[land]
    return Targets(lat, lon, ground.at(lat, lon), weight / weight.sum())
