"""Gaps in a network: discs whose stations are predicted from those outside."""

import numpy as np
from numpy.typing import NDArray

from apnp.geometry.sphere import km_to_chord

_DISCS = 24


def stations_in_gaps(
    rng: np.random.Generator, unit: NDArray, radius_km: tuple[float, float]
) -> NDArray[np.bool_]:
    """True at the stations of discs that hold up to a third of all, (n,).

    Args:
        rng: Draws the discs, each about a station, and the radius of all of them.
        unit: Unit vectors of the stations, (n, 3).
        radius_km: Least and largest radius; its logarithm is uniform.
    """
    gaps = np.zeros(len(unit), dtype=bool)
    radius = km_to_chord(np.exp(rng.uniform(*np.log(radius_km))))
    for _ in range(_DISCS):
        centre = unit[rng.integers(len(unit))]
        added = gaps | (np.sqrt(np.square(unit - centre).sum(-1)) <= radius)
        if 3 * np.count_nonzero(added) > len(unit):
            break
        gaps = added
    return gaps
