"""Whether latitude and longitude were exchanged, judged by land and height."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.gridded.variable import open_gridded
from apnp.data.readings import Readings
from apnp.geometry.sphere import wrap_longitude
from apnp.terrain import SOURCE, TERRAIN

FEWEST_PLACES = 8  # fewer places on land, or at their height, may be chance
_FEW_ON_LAND, _MOST_ON_LAND = 0.8, 0.95
_MISFIT_M, _BETTER = 60.0, 3.0

_Floats = NDArray[np.float64]


def with_doubtful_positions(part: Readings) -> Readings:
    """The readings, with a warning where exchanged positions fit the Earth better.

    Exchanged means that latitudes are given as longitudes and the other way round. It
    shows where most stations lie at sea and would lie on land, or where station
    elevations fit the packaged terrain three times better, when exchanged. Networks
    of fewer than `FEWEST_PLACES` places are not judged, nor are positions that would
    be impossible when exchanged.
    """
    places = part.sites[["lat", "lon", "elevation"]].apply(
        pd.to_numeric, errors="coerce"
    )
    places = places.dropna(subset=["lat", "lon"]).drop_duplicates(["lat", "lon"])
    lat, lon, height = (places[name].to_numpy(np.float64) for name in places)
    lon = wrap_longitude(lon)
    possible = (np.abs(lat) <= 90) & (np.abs(lon) <= 90)
    if len(places) < FEWEST_PLACES or not possible.all():
        return part
    reason = _reason((lat, lon), (lon, lat), height)
    if not reason:
        return part
    note = (
        f"WARNING: latitude and longitude of {part.where} are probably exchanged: "
        f"{reason} (by {SOURCE}). If so, name the columns with --columns lat=NAME "
        "lon=NAME, or correct the file"
    )
    return replace(part, notes=(*part.notes, note))


def _reason(
    given: tuple[_Floats, _Floats], exchanged: tuple[_Floats, _Floats], height: _Floats
) -> str:
    """Why the exchanged positions are the likelier ones; blank where they are not."""
    misfit, other = _misfit_m(*given, height), _misfit_m(*exchanged, height)
    if misfit > _MISFIT_M and misfit > _BETTER * other:
        return (
            f"station elevations differ from the terrain by {misfit:.0f} m (median), "
            f"and by {other:.0f} m when exchanged"
        )
    land, other_land = _share_on_land(*given), _share_on_land(*exchanged)
    if land < _FEW_ON_LAND and other_land >= _MOST_ON_LAND and not misfit < other:
        return (
            f"{land:.0%} of the {height.size} places are on land, and {other_land:.0%} "
            "when exchanged"
        )
    return ""


def _share_on_land(lat: _Floats, lon: _Floats) -> float:
    return float((open_gridded(TERRAIN, "land_fraction").at(lat, lon) > 0).mean())


def _misfit_m(lat: _Floats, lon: _Floats, height: _Floats) -> float:
    """Median departure of the known heights from the terrain; NaN where few are."""
    known = np.isfinite(height)
    if known.sum() < FEWEST_PLACES:
        return np.nan
    terrain = open_gridded(TERRAIN, "elevation").at(lat[known], lon[known])
    return float(np.median(np.abs(height[known] - terrain)))
