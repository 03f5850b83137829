"""Corners of cells, and their areas on the WGS 84 ellipsoid in square metres.

Latitudes become authalic ones: on a sphere of the ellipsoid's area they leave every
area as it is (Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395,
1987, section 3).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apnp.geometry.sphere import lat_lon, unit_vectors

Floats = NDArray[np.float64]

_MAJOR_M = 6378137.0
_E2 = 0.0066943799901413165
"""Semi-major axis and squared eccentricity of WGS 84."""


def _q(sine: ArrayLike) -> Floats:
    """Snyder's q (equation 3-12) of the sine of a geodetic latitude."""
    e, sine = np.sqrt(_E2), np.asarray(sine, dtype=np.float64)
    return (1 - _E2) * (sine / (1 - _E2 * sine**2) + np.arctanh(e * sine) / e)


_Q_POLE = float(_q(1.0))
_RADIUS2_M2 = _MAJOR_M**2 * _Q_POLE / 2
"""Square of the radius of the sphere that has the ellipsoid's area."""


def authalic_sine(lat: ArrayLike) -> Floats:
    """Sine of the authalic latitude of geodetic latitudes in degrees.

    >>> authalic_sine([0.0, 90.0, -90.0]).tolist()
    [0.0, 1.0, -1.0]
    """
    return _q(np.sin(np.radians(lat))) / _Q_POLE


def zone_areas(lat_bnds: Floats, lon_bnds: Floats) -> Floats:
    """Areas of cells between circles of latitude and meridians, (rows, columns).

    Args:
        lat_bnds: Edges of the rows in degrees, (rows, 2), in any order.
        lon_bnds: Edges of the columns in degrees, (columns, 2), without a jump.
    """
    height = np.abs(np.diff(authalic_sine(lat_bnds), axis=1)[:, 0])
    width = np.abs(np.diff(np.radians(lon_bnds), axis=1)[:, 0])
    return _RADIUS2_M2 * height[:, None] * width


def quadrilateral_areas(lat: Floats, lon: Floats) -> Floats:
    """Areas of the cells of a grid between its nodes, (rows, columns).

    Their sides are great circles of the authalic sphere.

    Args:
        lat: Latitudes of the corners in degrees, (rows + 1, columns + 1).
        lon: Their longitudes in degrees, any convention, same shape.
    """
    authalic = np.degrees(np.arcsin(np.clip(authalic_sine(lat), -1.0, 1.0)))
    node = unit_vectors(authalic, lon)
    a, b, c, d = node[:-1, :-1], node[:-1, 1:], node[1:, 1:], node[1:, :-1]
    return _RADIUS2_M2 * np.abs(_excess(a, b, c) + _excess(a, c, d))


def corners_of(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Corners of cells about centres in degrees, each (rows + 1, columns + 1).

    They lie in the middle of four centres; the outermost are as far out as the next in.

    Args:
        lat: Latitudes of the centres, (rows, columns), two or more of each.
        lon: Their longitudes, any convention, same shape.
    """
    centre = unit_vectors(lat, lon)
    for axis in (0, 1):
        before, after = (
            2 * centre.take([i], axis) - centre.take([j], axis)
            for i, j in ((0, 1), (-1, -2))
        )
        centre = np.concatenate([before, centre, after], axis)
        n = centre.shape[axis]
        centre = centre.take(range(n - 1), axis) + centre.take(range(1, n), axis)
    return lat_lon(centre)


def _excess(a: Floats, b: Floats, c: Floats) -> Floats:
    """Signed spherical excess of triangles of unit vectors (..., 3).

    tan(E / 2) = a.(b x c) / (1 + a.b + b.c + c.a) (Van Oosterom and Strackee 1983);
    the triple product is taken of differences, which keeps small triangles exact.
    """
    triple = (a * np.cross(b - a, c - a)).sum(-1)
    around = 1 + (a * b).sum(-1) + (b * c).sum(-1) + (c * a).sum(-1)
    return 2 * np.arctan2(triple, around)
