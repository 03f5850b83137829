"""Elevations from the packaged terrain for places of unknown elevation."""

import logging

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.data.gridded.variable import open_gridded
from apnp.terrain import SOURCE, TERRAIN

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

ELEVATION_STD = "elevation_std"
"""Coordinate of a filled dataset: standard deviation of the height error, m."""
LAPSE_RATE_K_PER_M = 0.0065
"""Fall of temperature with height that heights are turned into kelvins by."""
_WINDOW_KM = 25.0
_FLAT_M, _SLOPE = 20.0, 2.3
"""Standard deviation of station heights about the terrain, sqrt(a^2 + (b s)^2) for a
spread s of the terrain in the window: from 4,055 open stations, where it is 16, 37,
107, 206 and 337 m (by the median) for spreads of 5, 16, 44, 87 and 152 m."""
_ALWAYS = np.datetime64("2000-01-01")  # the terrain is the same on all days


def terrain_height(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Height of the packaged terrain at points, and how far stations lie off it.

    Args:
        lat: Latitudes in degrees, (n,).
        lon: Longitudes in degrees, any convention, (n,).

    Returns:
        Heights in metres, 0 over the sea, and the standard deviation in metres of a
        station's height about them, which the relief inside a cell causes; each (n,).
    """
    terrain = open_gridded(TERRAIN, "elevation")
    height = terrain.grid.at(terrain.values(_ALWAYS), lat, lon)
    spread = terrain.grid.at(terrain.spread(_ALWAYS, _WINDOW_KM), lat, lon)
    return height, np.hypot(_FLAT_M, _SLOPE * spread)


def fill_elevation(ds: xr.Dataset) -> xr.Dataset:
    """A station dataset in which every station has an elevation.

    Unknown ones are those of the packaged terrain. The attribute `filled_elevation`
    says for how many stations, and how uncertain that makes them; the coordinate
    `elevation_std` says it of every station, 0 where the elevation is known. A dataset
    without unknown elevations is returned as it is.
    """
    elevation = ds["elevation"].values.astype(np.float64)
    unknown = ~np.isfinite(elevation)
    if not unknown.any():
        return ds
    lat, lon = (ds[name].values[unknown].astype(np.float64) for name in ("lat", "lon"))
    elevation[unknown], std = terrain_height(lat, lon)
    note = (
        f"{int(unknown.sum())} of {unknown.size} stations have no elevation: theirs is "
        f"that of {SOURCE}, {_uncertainty(std)}"
    )
    log.warning("%s.", note)
    filled = ds["elevation"].copy(data=elevation)
    every = np.zeros(unknown.size)
    every[unknown] = std
    about = {"units": "m", "long_name": "standard deviation of the station elevation"}
    added = {"elevation": filled, ELEVATION_STD: ("station", every, about)}
    return ds.assign_coords(added).assign_attrs(filled_elevation=note)


def uncertainty_of_filled(lat: Floats, lon: Floats) -> str:
    """How uncertain the packaged terrain makes elevations at places, in words.

    Args:
        lat: Latitudes in degrees, one or more, (n,).
        lon: Longitudes in degrees, (n,).
    """
    return _uncertainty(terrain_height(lat, lon)[1])


def _uncertainty(std: Floats) -> str:
    typical = float(np.median(std))
    return (
        f"uncertain by {typical:.0f} m (median), or "
        f"{LAPSE_RATE_K_PER_M * typical:.1f} K at 6.5 K/km"
    )


def fill_unmeasured_network(ds: xr.Dataset) -> xr.Dataset:
    """`fill_elevation` where no station has an elevation; else the dataset as it is.

    Training and evaluation leave out the few stations of unknown elevation, and a
    network without any elevations is not left out whole.
    """
    return ds if np.isfinite(ds["elevation"].values).any() else fill_elevation(ds)
