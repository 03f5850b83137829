"""Coordinate reference systems of target grids: which can be used, and what CF says."""

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from apnp.errors import ConfigError
from apnp.geometry.sphere import EARTH_RADIUS_KM

Floats = NDArray[np.float64]

UNITS = {
    "metre": "m", "kilometre": "km", "foot": "foot", "US survey foot": "US_survey_foot",
    "degree": "degrees",
}  # fmt: skip
"""Units of axes that a grid may have, and what CF calls them."""


def read_crs(text: str | CRS) -> CRS:
    """The horizontal reference system that a text names: EPSG code, WKT, PROJ string.

    Raises:
        ConfigError: If it names none, or one that no grid can be laid out in.
    """
    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"`grid`: {str(text)[:80]!r} is no coordinate reference system that PROJ "
            f"knows ({reason[:160]}). Give an EPSG code such as EPSG:3035."
        ) from None
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    if crs.is_bound and crs.source_crs is not None:
        crs = crs.source_crs
    _check(crs)
    return crs


def name_of(crs: CRS) -> str:
    """What a message calls a reference system: its code, or its name."""
    authority = crs.to_authority(min_confidence=100)
    return ":".join(authority) if authority else crs.name


def is_rotated(crs: CRS) -> bool:
    """Whether it is a rotated latitude and longitude."""
    return crs.is_geographic and crs.is_derived


def _check(crs: CRS) -> None:
    """Refuse a reference system that no grid can be laid out in.

    Raises:
        ConfigError: Naming the system and the rule.
    """
    name = name_of(crs)
    if crs.is_geographic and not crs.is_derived:
        raise ConfigError(
            f"`grid`: {name} is latitude and longitude. Give the cell size in degrees "
            "alone, such as 0.5."
        )
    if not (crs.is_projected or is_rotated(crs)):
        raise ConfigError(
            f"`grid`: {name} is a {crs.type_name}, which has no map of rows and "
            "columns. Give a projected reference system such as EPSG:3035."
        )
    units = {axis.unit_name for axis in crs.axis_info}
    if len(units) != 1 or not units <= UNITS.keys():
        raise ConfigError(
            f"`grid`: {name} is in {' and '.join(sorted(units)) or 'no unit'}; known "
            f"are {', '.join(UNITS)}. Give a reference system in one of these."
        )
    ways = {axis.direction for axis in crs.axis_info}
    if ways not in ({"east", "north"}, {"north"}, {"south"}):  # the latter at the poles
        raise ConfigError(
            f"`grid`: the axes of {name} point {' and '.join(sorted(ways))}. Give a "
            "reference system whose axes point east and north, such as EPSG:5514 in "
            "place of EPSG:5513."
        )
    if not _of(crs).plane.has_inverse:
        raise ConfigError(
            f"`grid`: PROJ has no inverse for {name}, so that the places of its cells "
            "are not known. Give another projection."
        )


@dataclass(frozen=True)
class _Ways:
    """From longitude and latitude of a system's own datum.

    Attributes:
        plane: To x and y.
        wgs84: To longitude and latitude of WGS 84: of the ways that PROJ knows the best
            that needs no file of shifts, so that all machines agree, to some metres.
    """

    plane: Transformer
    wgs84: Transformer


@lru_cache(maxsize=32)
def _ways(wkt: str) -> _Ways:
    crs = CRS.from_wkt(wkt)
    base, area = crs.geodetic_crs, crs.area_of_use
    box = None
    if area is not None:
        box = AreaOfInterest(area.west, area.south, area.east, area.north)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # files of shifts are missing, and not wanted
        group = TransformerGroup(
            base, 4326, always_xy=True,
            area_of_interest=box,  # type: ignore[arg-type]
        )  # fmt: skip
    plain = [
        t for t in group.transformers if not any(o.grids for o in t.operations or ())
    ]
    return _Ways(
        Transformer.from_crs(base, crs, always_xy=True),
        (plain or group.transformers)[0],
    )


def _of(crs: CRS) -> _Ways:
    """The transformations of a reference system.

    Raises:
        ConfigError: If PROJ knows none.
    """
    try:
        return _ways(crs.to_wkt())
    except (ProjError, IndexError) as error:
        raise ConfigError(
            f"`grid`: PROJ cannot transform to {name_of(crs)} ({error}). Give another "
            "projection."
        ) from None


def project(crs: CRS, lat: ArrayLike, lon: ArrayLike) -> tuple[Floats, Floats]:
    """x and y of places in degrees; infinite where they have none."""
    ways = _of(crs)
    own = ways.wgs84.transform(lon, lat, direction="INVERSE")
    x, y = ways.plane.transform(*own)
    return np.asarray(x), np.asarray(y)


def places(crs: CRS, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Latitude and longitude in degrees of x and y; infinite where there is no place.

    A place is that of x and y only if it leads back to them.
    """
    ways, x, y = _of(crs), np.asarray(x, np.float64), np.asarray(y, np.float64)
    own = ways.plane.transform(x, y, direction="INVERSE")
    back_x, back_y = (np.asarray(each) for each in ways.plane.transform(*own))
    with np.errstate(invalid="ignore"):  # infinite minus infinite
        off_x, off_y = back_x - x, back_y - y
        if is_rotated(crs):
            off_x = ((off_x + 180) % 360 - 180) * np.cos(np.radians(y))
        off = np.hypot(off_x, off_y) * _metres(crs)
    lon, lat = (np.asarray(each) for each in ways.wgs84.transform(*own))
    good = np.isfinite(lat) & np.isfinite(lon) & (off < 1.0)
    return np.where(good, lat, np.inf), np.where(good, lon, np.inf)


def _metres(crs: CRS) -> float:
    """Metres, about, of one unit of its axes."""
    factor = crs.axis_info[0].unit_conversion_factor
    return factor * 1000 * EARTH_RADIUS_KM if is_rotated(crs) else factor


def grid_mapping(crs: CRS) -> tuple[dict[str, Any], bool]:
    """CF attributes of a reference system, and whether CF can express it.

    What pyproj writes is read again without its WKT. Where that is another projection
    (Swiss and Hungarian oblique Mercator, conic projections of one parallel and a scale
    factor) or none (Krovak, double stereographic), a program that knows CF attributes
    alone would draw the grid elsewhere: then the WKT alone is given.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parameters lost: found below
        attrs = crs.to_cf()
    if attrs.get("grid_mapping_name") == "lambert_conformal_conic":
        # pyproj leaves it out of conic projections of one parallel.
        attrs.setdefault("latitude_of_projection_origin", attrs["standard_parallel"])
    if _says_the_same(crs, attrs):
        return attrs, True
    return {"crs_wkt": attrs["crs_wkt"], "long_name": crs.name}, False


def _says_the_same(crs: CRS, attrs: dict[str, Any]) -> bool:
    """Whether attributes without the WKT lead to the same x and y."""
    plain = {k: v for k, v in attrs.items() if k != "crs_wkt"}
    if "grid_mapping_name" not in plain:
        return False
    metres = 1.0 if is_rotated(crs) else _metres(crs)
    for name in ("false_easting", "false_northing"):
        if name in plain:  # CF has it in the unit of the axes; pyproj reads metres
            plain[name] = plain[name] * metres
    again = CRS.from_cf(plain)
    lat, lon = _middle(crs)
    there = Transformer.from_crs(again.geodetic_crs, again, always_xy=True)
    here = Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)
    one, other = np.array(here.transform(lon, lat)), np.array(there.transform(lon, lat))
    return bool(np.abs(one * metres - other).max() < (1e-6 if is_rotated(crs) else 1.0))


def _middle(crs: CRS) -> tuple[Floats, Floats]:
    """A few places in degrees where a reference system is used."""
    area = crs.area_of_use
    if area is None:
        x = np.array([0.0, 2.0, -3.0]) * (1e5 / _metres(crs))
        lat, lon = places(crs, x, x[::-1])
        known = np.isfinite(lon)
        return lat[known], lon[known]
    width = (area.east - area.west) % 360 or 360.0
    share = np.array([0.3, 0.5, 0.6])
    return area.south + share * (area.north - area.south), area.west + share * width
