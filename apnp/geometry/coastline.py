"""Land and sea: Natural Earth at 1:110 million, read from the package, never fetched.

The file is a TopoJSON topology whose rings cross the date line and go round the South
Pole uncut. Here each ring is unrolled in longitude, closed through the pole where it
goes round it, and cut to one turn.
"""

import json
from functools import cache
from importlib.resources import files

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from shapely.affinity import translate
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Polygon, box

from apnp.geometry.sphere import nearest_km, unit_vectors, wrap_longitude

Floats = NDArray[np.float64]

_COAST_DEGREES = 0.05
"""Distance of points along a coast, by which the distance to it is measured."""


def _rings() -> list[list[Floats]]:
    """The rings of every land polygon, outer first: (n, 2) longitude, latitude."""
    text = files("apnp.geometry").joinpath("natural_earth/land_110m.json").read_text()
    topology = json.loads(text)
    scale, offset = (np.array(topology["transform"][k]) for k in ("scale", "translate"))
    arcs = [
        np.cumsum(np.array(arc), axis=0) * scale + offset for arc in topology["arcs"]
    ]

    def ring(indices: list[int]) -> Floats:
        parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
        return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])

    land = topology["objects"]["land"]["geometries"]
    polygons = [polygon for shape in land for polygon in shape["arcs"]]
    return [[ring(indices) for indices in polygon] for polygon in polygons]


def _unrolled(ring: Floats) -> Floats:
    """The ring with longitudes that never jump: it may leave [-180, 180]."""
    return np.column_stack([np.unwrap(ring[:, 0], period=360.0), ring[:, 1]])


def _closed(ring: Floats) -> Floats:
    """The unrolled ring, closed through the pole if it goes once round the Earth."""
    first, last = ring[0, 0], ring[-1, 0]
    if abs(last - first) < 180.0:
        return ring
    beyond = np.copysign(91.0, ring[:, 1].mean())
    return np.concatenate([ring, [[last, beyond], [first, beyond]]])


def _turns(shapes: list) -> list:
    """The shapes, and their copies one turn to the west and to the east."""
    return [
        translate(shape, xoff=turn) for shape in shapes for turn in (-360.0, 0.0, 360.0)
    ]


def _land(west: float, south: float, east: float, north: float) -> MultiPolygon:
    """Land within a box whose longitudes may reach beyond one turn by some degrees."""
    outer = [Polygon(_closed(_unrolled(polygon[0]))) for polygon in _rings()]
    lakes = [Polygon(_unrolled(ring)) for polygon in _rings() for ring in polygon[1:]]
    cut = shapely.intersection(_turns(outer), box(west, south, east, north))
    whole = shapely.union_all(cut).difference(shapely.union_all(_turns(lakes)))
    return MultiPolygon([part for part in shapely.get_parts(whole) if part.area > 0])


@cache
def land_polygons() -> MultiPolygon:
    """Land of the Earth in degrees, longitudes in [-180, 180], latitudes in [-90, 90].

    Polygons that cross the date line are cut there; Antarctica reaches the pole.
    """
    return _land(-180.0, -90.0, 180.0, 90.0)


@cache
def coast_lines() -> MultiLineString:
    """Coasts in degrees, without the cuts along the date line and the pole."""
    lines = [LineString(_unrolled(ring)) for polygon in _rings() for ring in polygon]
    whole = shapely.intersection(_turns(lines), box(-180.0, -90.0, 180.0, 90.0))
    parts = shapely.get_parts(whole)
    xs = [np.asarray(part.coords)[:, 0] for part in parts]
    keep = [len(x) > 1 and not (np.abs(x) == 180.0).all() for x in xs]
    return MultiLineString([p for p, k in zip(parts, keep, strict=True) if k])


@cache
def _coast_points() -> cKDTree:
    """Unit vectors of points along every coast, a few kilometres apart."""
    dense = shapely.segmentize(coast_lines(), _COAST_DEGREES)
    lon, lat = shapely.get_coordinates(dense).T
    return cKDTree(unit_vectors(lat, lon))


def coast_distance_km(lat: ArrayLike, lon: ArrayLike) -> Floats:
    """Distance to the nearest coast, above zero on land, below on the sea.

    Degrees, any longitude convention, broadcast. Small islands and lakes are none:
    coasts are those of a map at 1 : 110 million.

    >>> coast_distance_km([47.0, 47.0], [10.0, -30.0]).round(-2).tolist()
    [300.0, -1600.0]
    """
    lat, lon = np.broadcast_arrays(np.asarray(lat, dtype=np.float64), lon)
    distance = nearest_km(_coast_points(), unit_vectors(lat, lon))
    return np.where(is_land(lat, lon), distance, -distance)


@cache
def _prepared() -> MultiPolygon:
    """Land a degree beyond every edge, so that no point asked for lies on a cut."""
    land = _land(-181.0, -91.0, 181.0, 91.0)
    shapely.prepare(land)
    return land


def is_land(lat: ArrayLike, lon: ArrayLike) -> NDArray[np.bool_]:
    """Whether points are on land; degrees, any longitude convention, broadcast.

    >>> is_land([48.0, 48.0, -90.0], [10.0, -30.0, 0.0]).tolist()
    [True, False, True]
    """
    lat, lon = np.broadcast_arrays(np.asarray(lat, dtype=np.float64), lon)
    return shapely.contains_xy(_prepared(), wrap_longitude(lon), lat)
