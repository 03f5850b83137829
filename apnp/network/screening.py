"""Suspect values: far from the median of the neighbours. A quick first look.

The median of a dozen neighbours stands a bad one among them, so that what is kept here
is fit to predict others from. It is no verdict: suspects are judged by the model.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from apnp.data.fill_elevation import LAPSE_RATE_K_PER_M
from apnp.geometry.sphere import unit_vectors
from apnp.observations import Floats

NORMAL = 1.4826
"""Standard deviation of a normal law, in its median absolute deviations."""
_NEIGHBOURS = 12
_SUSPECT = 4.0
"""Robust standard deviations from which a value is suspect."""
_LEAST_K = 1.0
"""A value nearer than this to its neighbours' median is not suspect."""
_OFFSET_DAYS, _SPREAD_DAYS = 5.0, 20.0
"""Days of its own from which half of a station's offset, and of its spread, is used."""
_CHUNK = 2**22
"""Values of neighbours that are held at once."""


def suspects(
    value: Floats, lat: Floats, lon: Floats, elevation: Floats
) -> NDArray[np.bool_]:
    """Values far from the median of their neighbours, (nt, n).

    Args:
        value: Values in degC or K, NaN where there is none, (nt, n).
        lat: Latitudes of the stations in degrees, (n,).
        lon: Longitudes in degrees, (n,).
        elevation: Elevations in metres, (n,).
    """
    apart = _from_neighbours(value, lat, lon, elevation)
    days = np.isfinite(apart).sum(0)
    apart = apart - median(apart) * days / (days + _OFFSET_DAYS)
    everywhere = median(np.abs(apart).ravel())
    own = median(np.abs(apart))
    share = days / (days + _SPREAD_DAYS)
    spread = NORMAL * np.sqrt(share * own**2 + (1 - share) * everywhere**2)
    limit = np.maximum(_SUSPECT * spread, _LEAST_K)
    return np.abs(np.nan_to_num(apart)) > limit


def _from_neighbours(
    value: Floats, lat: Floats, lon: Floats, elevation: Floats
) -> Floats:
    """Values less the median of their neighbours, brought to their height, (nt, n)."""
    nt, n = value.shape
    near = min(_NEIGHBOURS + 1, n)
    unit = unit_vectors(lat, lon).reshape(-1, 3)
    index = np.reshape(cKDTree(unit).query(unit, near)[1], (n, near))
    # The station itself need not come first: another may share its place.
    own = index == np.arange(n)[:, None]
    own[~own.any(1), -1] = True
    index = index[~own].reshape(n, near - 1)
    apart = np.full_like(value, np.nan)
    step = max(_CHUNK // max(nt * (near - 1), 1), 1)
    for start in range(0, n if near > 1 else 0, step):
        here = slice(start, start + step)
        higher = elevation[here, None] - elevation[index[here]]
        others = value[:, index[here]] - LAPSE_RATE_K_PER_M * higher
        apart[:, here] = value[:, here] - median(others, axis=-1)
    return apart


def median(value: Floats, axis: int = 0) -> Floats:
    """The median of what is known along an axis; NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN", RuntimeWarning)
        return np.asarray(np.nanmedian(value, axis=axis))


def quantile(value: Floats, level: float) -> Floats:
    """A quantile of what is known of each column; NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN", RuntimeWarning)
        return np.asarray(np.nanquantile(value, level, axis=0))
