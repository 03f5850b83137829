"""The sphere: unit vectors, great-circle distances, nearest points. Degrees, km."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apnp.native import search

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

Floats = NDArray[np.float64]

EARTH_RADIUS_KM = 6371.0
_GLOBAL_DEGREES = 270.0
"""Stations that span this many degrees of longitude are a global network."""


def wrap_longitude(lon: ArrayLike) -> Floats:
    """Longitudes of any convention in degrees, brought to [-180, 180).

    >>> wrap_longitude([190.0, -180.0, 180.0, 359.5]).tolist()
    [-170.0, -180.0, -180.0, -0.5]
    """
    lon = np.asarray(lon, dtype=np.float64)
    inside = (lon >= -180.0) & (lon < 180.0)
    wrapped = (lon + 180.0) % 360.0 - 180.0
    wrapped = np.where(wrapped >= 180.0, -180.0, wrapped)  # -180 - tiny rounds to 180
    return np.where(inside, lon, wrapped)


def longitude_arc(lon: ArrayLike) -> tuple[float, float]:
    """West end and width in degrees of the shortest arc that holds all longitudes.

    >>> longitude_arc([170.0, -160.0, 175.0])
    (170.0, 30.0)
    """
    around = np.sort(wrap_longitude(lon).ravel())
    gaps = np.diff(np.append(around, around[0] + 360))
    widest = int(gaps.argmax())  # the arc begins where the widest gap ends
    return float(around[(widest + 1) % around.size]), float(360 - gaps[widest])


def is_global(lon: ArrayLike) -> bool:
    """Whether points lie all around the globe, three quarters of it at least."""
    return longitude_arc(lon)[1] >= _GLOBAL_DEGREES


def unit_vectors(lat: ArrayLike, lon: ArrayLike) -> Floats:
    """Unit vectors [cos lat cos lon, cos lat sin lon, sin lat] of points in degrees.

    `lat` and `lon` broadcast together to some shape; the result has one axis of
    length 3 more.
    """
    # Rows and columns of a grid have far fewer angles than cells.
    phi, lam = np.radians(lat), np.radians(lon)
    cos_phi = np.cos(phi)
    x, y = cos_phi * np.cos(lam), cos_phi * np.sin(lam)
    return np.stack([x, y, np.broadcast_to(np.sin(phi), np.shape(x))], -1)


def lat_lon(unit: ArrayLike) -> tuple[Floats, Floats]:
    """Latitude and longitude in degrees of vectors (..., 3), of any positive length."""
    x, y, z = np.moveaxis(np.asarray(unit, dtype=np.float64), -1, 0)
    lat = np.degrees(np.arctan2(z, np.hypot(x, y)))
    return lat, wrap_longitude(np.degrees(np.arctan2(y, x)))


def great_circle_km(
    lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike
) -> Floats:
    """Great-circle distance in km between points in degrees, which broadcast.

    The haversine form, accurate for near points and for antipodes alike.
    """
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    dlam = np.radians(lon2) - np.radians(lon1)
    sin2 = np.sin((phi2 - phi1) / 2) ** 2
    sin2 = sin2 + np.cos(phi1) * np.cos(phi2) * np.sin(dlam / 2) ** 2
    half = np.arctan2(np.sqrt(sin2), np.sqrt(np.clip(1 - sin2, 0, 1)))
    return 2 * EARTH_RADIUS_KM * half


def chord_to_km(chord: ArrayLike) -> Floats:
    """Great-circle distance in km of a chord length on the unit sphere, in [0, 2]."""
    half = np.clip(np.asarray(chord, dtype=np.float64) / 2, 0, 1)
    return 2 * EARTH_RADIUS_KM * np.arcsin(half)


def km_to_chord(distance_km: ArrayLike) -> Floats:
    """Chord length on the unit sphere of a great-circle distance in km."""
    half = np.asarray(distance_km, dtype=np.float64) / (2 * EARTH_RADIUS_KM)
    return 2 * np.sin(np.clip(half, 0, np.pi / 2))


def nearest_chord(unit: Floats) -> Floats:
    """Chord from each of some unit vectors (n, 3), two at least, to the nearest other.

    It is zero at a place that is given twice.
    """
    unit = np.asarray(unit, dtype=np.float64)
    index = search(unit, unit, 2)
    # Of two at one place the search may give the other first.
    other = np.where(index[:, 0] == np.arange(len(unit)), index[:, 1], index[:, 0])
    return np.linalg.norm(unit - unit[other], axis=-1)


def nearest_km(
    stations: "ArrayLike | cKDTree", sites: ArrayLike, workers: int = 1
) -> Floats:
    """Great-circle distance in km from each site to its nearest station.

    Args:
        stations: Unit vectors (n, 3), or a cKDTree of them.
        sites: Unit vectors (..., 3).
        workers: Threads of the search; -1 takes all.

    Returns:
        Distances, shape (...); infinite where there is no station at all.
    """
    sites = np.asarray(sites, dtype=np.float64)
    tree: Any = stations
    held = tree.data if hasattr(tree, "query") else tree
    points = np.asarray(held, dtype=np.float64).reshape(-1, 3)
    if not len(points):
        return np.full(sites.shape[:-1], np.inf)
    flat = sites.reshape(-1, 3)
    threads = os.cpu_count() or 1 if workers < 0 else workers
    index = search(points, flat, 1, threads)[:, 0]
    chord = np.linalg.norm(flat - points[index], axis=-1)
    return chord_to_km(chord).reshape(sites.shape[:-1])
