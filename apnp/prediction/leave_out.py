"""Stations of a context that are left out, to ask a network how wrong a model is.

Whether a station is left out follows from where it stands, so that the order of the
stations has no part in it, and further stations do not move the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apnp.geometry.sphere import (
    chord_to_km,
    longitude_arc,
    nearest_chord,
    nearest_km,
    unit_vectors,
)
from apnp.geometry.station_blocks import StationSplit
from apnp.observations import Floats, Observations, Sites

LEAST_STATIONS = 10
"""A context of fewer stations is not asked."""
_RESIDUALS = 400
"""Stations that are left out singly, and as many in blocks, of one context."""
_MANY = 500
"""Contexts of more stations are divided into tenths, of fewer into fifths."""
_MOST_OUT = 0.4
"""Share of the stations that is left out at once, at most."""
_POINT_KM = 1.0
"""Side of the blocks that separate single stations."""
_PLACES = 48
"""Rows and columns of the places that a network covers."""
_BLOCK = 6.0
"""Side of a block, in median distances of places to their nearest station."""
_BINS = 6
_HEAVIEST = 4.0
"""Largest weight, in means of all weights."""


@dataclass(frozen=True)
class LeftOut:
    """A context without some of its stations, and these.

    Attributes:
        context: What is left.
        target: What was left out.
        distance: Distance of each target to the nearest station left, km, (n,).
    """

    context: Observations
    target: Observations
    distance: Floats


def leave_out(context: Observations) -> Iterator[LeftOut]:
    """Tasks on a context: some leave out single stations, some whole blocks.

    Blocks are so large that the distances of their stations to the nearest one left
    reach those of places between the stations.
    """
    sites = context.sites
    if len(sites) < LEAST_STATIONS:
        return
    order = np.lexsort((context.value, sites.elevation, sites.lon, sites.lat))
    context = context.take(order)
    sites = context.sites
    parts = 10 if len(sites) > _MANY else 5
    asked = min(parts, int(np.ceil(_RESIDUALS * parts / len(sites))))
    middle = float(np.median(covered_distances(sites)))
    # Sizes in steps, so that a few more stations leave the blocks where they are.
    block_km = max(float(2.0 ** np.round(np.log2(_BLOCK * middle))), _POINT_KM)
    for seed, size in enumerate((_POINT_KM, block_km)):
        part = _parts(sites, size, parts, seed)
        for number in range(asked):
            out = part == number
            if 0 < out.mean() <= _MOST_OUT:
                yield _task(context, out)


def covered_distances(sites: Sites) -> Floats:
    """Distance to the nearest station, in km, of places evenly spread among them.

    The places lie in the stations' box of latitude and longitude, each for the same
    area; those farther from every station than 99 % of the stations are from their
    nearest neighbour are left out.
    """
    unit = unit_vectors(sites.lat, sites.lon).reshape(-1, 3)
    own = chord_to_km(nearest_chord(unit))
    west, turn = longitude_arc(sites.lon)
    share = (np.arange(_PLACES) + 0.5) / _PLACES
    south, north = np.sin(np.radians([sites.lat.min(), sites.lat.max()]))
    lat = np.degrees(np.arcsin(south + share * (north - south)))
    lon = west + share * turn
    places = unit_vectors(*(a.ravel() for a in np.meshgrid(lat, lon)))
    distance = nearest_km(unit, places)
    inside = distance <= max(np.quantile(own, 0.99), distance.min())
    return distance[inside]


def distance_weights(distance: Floats, wanted: Floats) -> Floats:
    """Weights of mean 1 that give distances the distribution of other distances.

    Args:
        distance: Of the values that are weighted, in km, (n,).
        wanted: Distances of that distribution, in km, (m,).
    """
    inner = np.quantile(wanted, np.arange(1, _BINS) / _BINS)
    here, there = (
        np.bincount(np.searchsorted(inner, d), minlength=_BINS)
        for d in (distance, wanted)
    )
    weight = (there / np.maximum(here, 1))[np.searchsorted(inner, distance)]
    weight = np.maximum(weight, 1e-9) / max(weight.mean(), 1e-9)
    weight = np.minimum(weight, _HEAVIEST)
    return weight / weight.mean()


def _parts(sites: Sites, size: float, number: int, seed: int) -> NDArray[np.intp]:
    """The part to which each station's block belongs, (n,)."""
    draws = StationSplit(size, seed=seed).draws(sites.lat, sites.lon)
    return (draws * number).astype(np.intp)


def _task(context: Observations, out: NDArray[np.bool_]) -> LeftOut:
    left, target = context.take(~out), context.take(out)
    there, unit = (
        unit_vectors(part.sites.lat, part.sites.lon).reshape(-1, 3)
        for part in (left, target)
    )
    return LeftOut(left, target, nearest_km(there, unit))
