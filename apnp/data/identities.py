"""Ids that tell stations of different files apart."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from apnp.data.quality import SAME_PLACE_KM
from apnp.data.readings import Readings
from apnp.geometry.sphere import great_circle_km


def own_ids(parts: Sequence[Readings]) -> list[Readings]:
    """The parts, with the file's name before ids that merely count its stations.

    Ids 0, 1, 2, ... or 1, 2, 3, ... of one file are not those of another. Where
    several files count so, and an id is at different places, they are made unique.
    """
    counted = [part for part in parts if _counts(part)]
    if len(counted) < 2 or not _at_different_places(counted):
        return list(parts)
    return [_named(part) if _counts(part) else part for part in parts]


def _counts(part: Readings) -> bool:
    """Whether the ids of a file are consecutive numbers from 0 or 1."""
    ids = set(part.sites["station"].astype(str))
    n = len(ids)
    return any(ids == {str(k + first) for k in range(n)} for first in (0, 1))


def _at_different_places(parts: Sequence[Readings]) -> bool:
    """Whether an id is at different places in different files."""
    sites = pd.concat([p.sites.drop_duplicates("station") for p in parts])
    first = sites.groupby("station")[["lat", "lon"]].transform("first")
    apart = great_circle_km(
        sites["lat"].to_numpy(float), sites["lon"].to_numpy(float),
        first["lat"].to_numpy(float), first["lon"].to_numpy(float),
    )  # fmt: skip
    return bool((apart > SAME_PLACE_KM).any())


def _named(part: Readings) -> Readings:
    stem = Path(part.where).name.split(".")[0]
    ids = stem + ":" + part.sites["station"].astype(str)
    note = "ids that count the stations of a file made unique by its name"
    return replace(
        part, sites=part.sites.assign(station=ids), assumed=(*part.assumed, note)
    )
