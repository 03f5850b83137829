"""Positions of stations: which are possible, and what the others may be."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FEWEST_ANGLES = 20  # so many angles below .60 are no accident (0.6**20 = 4e-5)


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
    """Whether each site is at a possible position; notes say which are not."""
    lat = sites["lat"].to_numpy(np.float64)
    lon = sites["lon"].to_numpy(np.float64)
    outside = ~((np.abs(lat) <= 90) & (lon >= -180) & (lon <= 360))
    nowhere = (lat == 0) & (lon == 0)
    for bad, text in (
        (np.isnan(lat) | np.isnan(lon), "without a position dropped"),
        (outside & ~np.isnan(lat + lon), "at impossible coordinates dropped"),
        (nowhere, "at exactly 0N 0E (a code for unknown) dropped"),
    ):
        if bad.any():
            ids = sites["station"][bad].unique()
            notes.append(f"{counted(len(ids), 'station')} {text} ({some(ids)})")
    return ~(outside | nowhere)


def counted(n: int, noun: str) -> str:
    """`1 station`, `2,773 stations`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def some(ids) -> str:
    """The first ids of many, for messages."""
    ids = list(ids)
    return ", ".join(map(str, ids[:5])) + (", ..." if len(ids) > 5 else "")
