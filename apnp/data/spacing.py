"""Means of weeks, months or years that come without bounds: told by their spacing."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.readings import Readings
from apnp.data.schema import GOOD
from apnp.errors import DataError

FEWEST_DATES = 3  # two dates have one distance, which says nothing
_NEAR = 0.25  # by this share distances may differ: 28 to 31 days, 8 to 11 days
_REGULAR = 0.6  # share of the distances that are alike; the others are gaps
_FEW = 4  # so few distances must all be alike to tell anything
_NAMES = {7: "week", 14: "two weeks", 30: "month", 91: "quarter", 365: "year"}


def without_long_means(part: Readings) -> Readings:
    """The readings, with a note on stations that look like means of longer than a day.

    Refuses values whose times follow each other by several days, always the same.

    The means of weeks, five or ten days, months, quarters or years are so spaced. The
    dates of each station are judged, and those of all where no station has three.

    Args:
        part: Readings that are taken for daily values, or for readings at instants,
            because nothing states what they are.

    Raises:
        DataError: If no station has values on successive days, and most of its dates
            are equally far apart.
    """
    site, date = _dates(part)
    within = site[1:] == site[:-1]
    gaps, owner = np.diff(date)[within], site[1:][within]
    if gaps.size == 0 or np.bincount(owner).max() < FEWEST_DATES - 1:
        gaps = np.diff(np.unique(date))
        owner = np.zeros(gaps.size, dtype=np.intp)
    if gaps.size < FEWEST_DATES - 1:
        return part
    if gaps.min() < 2:
        return _noted(part, gaps, owner)
    if _regular(gaps, most=int(np.bincount(owner).max())):
        first = np.unique(date)[:2].astype("datetime64[D]")
        raise DataError(
            f"{part.where}: one value {_every(float(np.median(gaps)))}, dated "
            f"{first[0]}, {first[1]}, ...: means of longer than a day are no values of "
            "a day or an instant, and a map of one would be wrong. Give the daily "
            "values they were made of; if they are values of single days, say so with "
            "--day UTC."
        )
    return part


def _regular(gaps: NDArray[np.int64], most: int) -> bool:
    """Whether distances, at most `most` of a station, are those of a fixed period."""
    if gaps.min() < 2:
        return False
    middle = float(np.median(gaps))
    alike = np.abs(gaps - middle) <= max(_NEAR * middle, 1.0)
    if most <= _FEW:
        return _of_months(gaps) or bool((gaps == gaps[0]).all())
    return bool(alike.mean() >= _REGULAR)


def _noted(
    part: Readings, gaps: NDArray[np.int64], owner: NDArray[np.intp]
) -> Readings:
    """The readings, with a note on stations spaced like means among daily ones."""
    count = np.bincount(owner)
    least = np.full(count.size, 1, dtype=np.int64)
    least[np.unique(owner)] = pd.Series(gaps).groupby(owner).min().to_numpy()
    found = [
        k
        for k in np.flatnonzero((count > _FEW) & (least > 1))
        if _regular(gaps[owner == k], int(count[k]))
    ]
    if not found:
        return part
    ids = pd.unique(part.sites["station"])
    every = _every(float(np.median(gaps[owner == found[0]])))
    note = (
        f"WARNING: {len(found):,} station{'s' * (len(found) > 1)} with one value "
        f"{every}, such as {ids[found[0]]}, among daily values: they may be means of "
        "longer than a day"
    )
    return replace(part, notes=(*part.notes, note))


def _dates(part: Readings) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """The station and date (days since 1970) of each good value, once, in order."""
    good = part.flag == GOOD
    names = pd.factorize(part.sites["station"])[0]
    day = part.times.astype("datetime64[D]").astype(np.int64)
    cells = pd.DataFrame(
        {"site": names[part.site[good]], "day": day[part.step[good]]}
    ).drop_duplicates()
    cells = cells.sort_values(["site", "day"])
    return cells["site"].to_numpy(np.intp), cells["day"].to_numpy(np.int64)


def _of_months(gaps: NDArray[np.int64]) -> bool:
    """Whether all distances are those of months, quarters or years."""
    spans = ((28, 31), (89, 92), (365, 366))
    return any(bool(((gaps >= low) & (gaps <= high)).all()) for low, high in spans)


def _every(days: float) -> str:
    """`a week`, `every 5 days`."""
    for length, name in _NAMES.items():
        if abs(days - length) <= max(0.02 * length, 1.0 if length > 14 else 0.1):
            return f"a {name}" if " " not in name else f"every {name}"
    return f"every {days:g} days"
