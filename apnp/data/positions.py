"""Positions of stations: which are possible, and what the others may be."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.errors import DataError

FEWEST_ANGLES = 20  # this number below .60 is no accident (0.6**20 = 4e-5)
FEWEST_RADIANS = 5  # no network has 5 buoys within 2 degrees of 0N 0E
_AT_SEA_M = 20.0


def spans(sites: pd.DataFrame) -> str:
    """From where to where the positions run, and what they must be."""
    found = []
    for name in ("lat", "lon"):
        value = sites[name].to_numpy(np.float64)
        known = value[np.isfinite(value)]
        if known.size:
            found.append(f"{name} from {known.min():g} to {known.max():g}")
    if not found:
        return ""
    return (
        f" They have {' and '.join(found)}; degrees lie in [-90, 90] and [-180, 360]. "
        "Write positions in degrees (-33.98, 33.98S or 33°58'48\"S), or name other "
        "columns with --columns lat=NAME lon=NAME."
    )


def note_minutes(sites: pd.DataFrame, notes: list[str]) -> None:
    """Note positions such as 47.59 that may be degrees and minutes: none above .59."""
    places = sites[["lat", "lon"]].drop_duplicates().to_numpy(np.float64).ravel()
    places = np.abs(places[np.isfinite(places)])
    hundredths = np.round(places * 100)
    two_digits = bool((np.abs(places * 100 - hundredths) < 1e-6).all())
    written = two_digits and bool((hundredths % 10 != 0).any())
    if places.size >= FEWEST_ANGLES and written and (hundredths % 100 < 60).all():
        notes.append(
            f"WARNING: none of {places.size} latitudes and longitudes has decimals "
            "above .59: they may be degrees and minutes (47.30 for 47°30'), and are "
            "read as degrees"
        )


def screen_positions(sites: pd.DataFrame, notes: list[str]) -> NDArray[np.bool_]:
    """Whether each site is at a possible position; notes say which are not.

    Raises:
        DataError: If all positions are radians.
    """
    lat = sites["lat"].to_numpy(np.float64)
    lon = sites["lon"].to_numpy(np.float64)
    outside = ~((np.abs(lat) <= 90) & (lon >= -180) & (lon <= 360))
    nowhere = (lat == 0) & (lon == 0)
    _refuse_radians(sites[~(outside | nowhere)], notes)
    for bad, text in (
        (np.isnan(lat) | np.isnan(lon), "without a position dropped"),
        (outside & ~np.isnan(lat + lon), "at impossible coordinates dropped"),
        (nowhere, "at exactly 0N 0E (a code for unknown) dropped"),
    ):
        if bad.any():
            ids = sites["station"][bad].unique()
            notes.append(f"{counted(len(ids), 'station')} {text} ({some(ids)})")
    return ~(outside | nowhere)


def _refuse_radians(sites: pd.DataFrame, notes: list[str]) -> None:
    """Refuse positions that are angles in radians; warn where there are few of them.

    Read as degrees they would all lie in the Gulf of Guinea, on a stretch of sea with
    one island, where no network of stations is.

    Raises:
        DataError: Naming the positions and the conversion.
    """
    places = sites[["lat", "lon"]].dropna().drop_duplicates().to_numpy(np.float64)
    near = (np.abs(places[:, 0]) <= np.pi / 2) & (places[:, 1] >= -np.pi)
    near &= places[:, 1] <= 2 * np.pi
    if len(places) < 2 or not near.all():
        return
    text = (
        f"all {len(places)} positions lie within {places[:, 0].min():g} to "
        f"{places[:, 0].max():g} of latitude and {places[:, 1].min():g} to "
        f"{places[:, 1].max():g} of longitude, which is sea; they are probably radians"
    )
    on_land = (sites["elevation"].abs() > _AT_SEA_M).any()
    if len(places) >= FEWEST_RADIANS or on_land:
        raise DataError(
            f"{text[0].upper()}{text[1:]}. Multiply them by 57.29578 and give degrees."
        )
    notes.append(f"WARNING: {text}, and are read as degrees")


def counted(n: int, noun: str) -> str:
    """`1 station`, `2,773 stations`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def some(ids) -> str:
    """The first ids of many, for messages."""
    ids = list(ids)
    return ", ".join(map(str, ids[:5])) + (", ..." if len(ids) > 5 else "")
