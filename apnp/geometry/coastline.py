"""Land, sea and borders of Natural Earth, read from the package, never fetched.

Two scales are packaged: 1:50 million, the default, and 1:110 million, on which older
models and the simulated climates are built. The files are TopoJSON topologies whose
rings cross the date line and go round the South Pole uncut. Here each ring is unrolled
in longitude, closed through the pole where it goes round it, and cut to one turn.
"""

import gzip
import json
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.affinity import translate
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Polygon, box

from apnp.geometry.sphere import chord_to_km, unit_vectors, wrap_longitude
from apnp.native import arranged, search

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

MapScale = Literal["110m", "50m"]
"""Scale of a Natural Earth map: 1:110 million or 1:50 million."""

_FILES: dict[MapScale, str] = {
    "110m": "natural_earth/land_110m.json",
    "50m": "natural_earth/countries_50m.json.gz",
}
_POLE = -89.9
"""Latitude south of which an edge closes Antarctica and is no coast."""
_COAST_DEGREES = 0.05
"""Distance of points along a coast, by which the distance to it is measured."""


def _topology(scale: MapScale) -> tuple[dict[str, Any], list[Floats]]:
    """The objects of a packaged map, and its arcs: (n, 2) longitude, latitude."""
    content = files("apnp.geometry").joinpath(_FILES[scale]).read_bytes()
    if _FILES[scale].endswith(".gz"):
        content = gzip.decompress(content)
    topology = json.loads(content)
    factor, offset = (
        np.array(topology["transform"][k]) for k in ("scale", "translate")
    )
    arcs = [
        np.cumsum(np.array(arc), axis=0) * factor + offset for arc in topology["arcs"]
    ]
    return topology["objects"], arcs


def _polygons(shape: dict[str, Any]) -> list[list[list[int]]]:
    """The polygons of a geometry as rings of numbers of arcs."""
    if "geometries" in shape:
        return [p for each in shape["geometries"] for p in _polygons(each)]
    return shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]


@cache
def _rings(scale: MapScale) -> list[list[Floats]]:
    """The rings of every land polygon, outer first: (n, 2) longitude, latitude."""
    objects, arcs = _topology(scale)

    def ring(indices: list[int]) -> Floats:
        parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
        return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])

    return [
        [ring(indices) for indices in polygon] for polygon in _polygons(objects["land"])
    ]


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


def _polygon(outer: Floats, *holes: Floats) -> Polygon:
    """The polygon of an unrolled outer ring, with its holes in the same turn."""
    shell = _closed(_unrolled(outer))
    middle = (shell[:, 0].min() + shell[:, 0].max()) / 2
    inner = []
    for hole in map(_unrolled, holes):
        turns = np.round((middle - hole[:, 0].mean()) / 360)
        inner.append(hole + np.array([360 * turns, 0.0]))
    return Polygon(shell, inner)


def _polygons_of(polygons: list[list[Floats]]) -> Shapes:
    """The polygon of each list of rings, the outer one first."""
    outer = [rings[0] for rings in polygons]
    plain = np.array([len(rings) == 1 and _returns(rings[0]) for rings in polygons])
    made = np.empty(len(polygons), dtype=object)
    simple = [ring for ring, is_plain in zip(outer, plain, strict=True) if is_plain]
    coordinates, numbers = _points(simple).values()
    made[plain] = shapely.polygons(shapely.linearrings(coordinates, indices=numbers))
    made[~plain] = [_polygon(*polygons[i]) for i in np.flatnonzero(~plain)]
    return made


def _returns(ring: Floats) -> bool:
    """Whether a ring surely does not go round the Earth."""
    return bool(np.ptp(ring[:, 0]) < 180.0)


def _turns(shapes: Shapes, west: float, east: float) -> Shapes:
    """The shapes and their copies one turn to either side, where they reach a range."""
    low, _, high, _ = shapely.bounds(shapes).T
    turned = []
    for turn in (-360.0, 0.0, 360.0):
        reaching = shapes[(high + turn >= west) & (low + turn <= east)]
        turned += [translate(s, xoff=turn) if turn else s for s in reaching]
    return np.array(turned)


def _land(
    scale: MapScale, west: float, south: float, east: float, north: float
) -> MultiPolygon:
    """Land within a box whose longitudes may reach beyond one turn by some degrees."""
    frame = box(west, south, east, north)
    turned = _turns(_polygons_of(_rings(scale)), west, east)
    whole = shapely.contains_properly(frame, turned)
    # Polygons are apart from each other, but where a copy meets the next at a cut.
    cut = shapely.union_all(shapely.intersection(turned[~whole], frame))
    parts = [*turned[whole], *shapely.get_parts(cut)]
    return MultiPolygon([part for part in parts if part.area > 0])


@cache
def coast_lines(scale: MapScale = "50m") -> MultiLineString:
    """Coasts in degrees, without the cuts along the date line and the pole."""
    return _within_one_turn([ring for polygon in _rings(scale) for ring in polygon])


@cache
def border_lines() -> MultiLineString:
    """Borders between countries in degrees, at 1:50 million."""
    objects, arcs = _topology("50m")
    users: Counter[int] = Counter()
    for country in objects["countries"]["geometries"]:
        used = {max(i, ~i) for p in _polygons(country) for ring in p for i in ring}
        users.update(used)
    shared = [arc for i, arc in enumerate(arcs) if users[i] > 1]
    return _within_one_turn(shared)


def _within_one_turn(paths: list[Floats]) -> MultiLineString:
    """Paths (n, 2) cut to longitudes in [-180, 180], without edges along the cut."""
    turned = _turns(shapely.linestrings(**_points(paths)), -180.0, 180.0)
    inside = shapely.contains_properly(box(-180.0, _POLE, 180.0, 90.0), turned)
    pieces = list(turned[inside])
    cut = shapely.intersection(turned[~inside], box(-180.0, -90.0, 180.0, 90.0))
    for part in shapely.get_parts(cut):
        points = shapely.get_coordinates(part)
        edge = (np.abs(points[:, 0]) > 180.0 - 1e-6) | (points[:, 1] < _POLE)
        cuts = np.flatnonzero(edge[1:] & edge[:-1]) + 1
        pieces += [LineString(p) for p in np.split(points, cuts) if len(p) > 1]
    return shapely.multilinestrings(pieces)


def _points(paths: list[Floats]) -> dict[str, NDArray]:
    """The points of all paths (n, 2), unrolled, with the number of each one's path."""
    numbers = np.repeat(np.arange(len(paths)), [len(path) for path in paths])
    points = np.concatenate(paths)
    step = np.diff(points[:, 0], prepend=points[0, 0])
    step[np.diff(numbers, prepend=0) > 0] = 0.0
    turns = np.cumsum(-np.round(step / 360.0))
    first = np.searchsorted(numbers, np.arange(len(paths)))
    points[:, 0] += 360.0 * (turns - turns[first][numbers])
    return {"coords": points, "indices": numbers}


@cache
def _coast_points(scale: MapScale) -> Floats:
    """Unit vectors of points along every coast, a few kilometres apart, (n, 3)."""
    dense = shapely.segmentize(coast_lines(scale), _COAST_DEGREES)
    lon, lat = shapely.get_coordinates(dense).T
    return arranged(unit_vectors(lat, lon))


def coast_distance_km(
    lat: ArrayLike, lon: ArrayLike, scale: MapScale = "50m"
) -> Floats:
    """Signed distance to the nearest coast: positive on land, negative on the sea.

    Degrees, any longitude convention, broadcast. Islands and lakes that the map of
    this scale does not show have no coast.

    >>> coast_distance_km([47.0, 47.0], [10.0, -30.0]).round(-2).tolist()
    [300.0, -1600.0]
    """
    lat, lon = np.broadcast_arrays(np.asarray(lat, dtype=np.float64), lon)
    unit, coast = unit_vectors(lat, lon), _coast_points(scale)
    flat = unit.reshape(-1, 3)
    nearest = search(coast, flat, 1, in_order=True)[:, 0]
    chord = np.linalg.norm(flat - coast[nearest], axis=-1)
    distance = chord_to_km(chord).reshape(lat.shape)
    return np.where(is_land(lat, lon, scale), distance, -distance)


@cache
def _prepared(scale: MapScale) -> MultiPolygon:
    """Land a degree beyond every edge, so that no point asked for lies on a cut."""
    land = _land(scale, -181.0, -91.0, 181.0, 91.0)
    shapely.prepare(land)
    return land


def is_land(
    lat: ArrayLike, lon: ArrayLike, scale: MapScale = "50m"
) -> NDArray[np.bool_]:
    """Whether points are on land; degrees, any longitude convention, broadcast.

    >>> is_land([48.0, 48.0, -90.0], [10.0, -30.0, 0.0]).tolist()
    [True, False, True]
    """
    lat, lon = np.broadcast_arrays(np.asarray(lat, dtype=np.float64), lon)
    return shapely.contains_xy(_prepared(scale), wrap_longitude(lon), lat)
