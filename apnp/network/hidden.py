"""Values hidden as real outages hide them, to see how well they are filled."""

import numpy as np
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.observations import Floats

Mask = NDArray[np.bool_]

KINDS = ("random", "blocks", "stations")
SHARE = 0.1
"""Share of the values, or of the stations, that is hidden."""
CLASSES = {"1 day": 1, "2-7": 7, "8-30": 30, "31-90": 90, "> 90": 10**9}
"""Names of classes of gaps by their length in days, and the longest of each."""
_LENGTHS = (1, 3, 7, 14, 30, 60)
"""Lengths of gaps where the file has too few of its own."""
_LEAST_GAPS = 20
_TRIES = 50


def hide(value: Floats, kind: str, rng: np.random.Generator) -> Mask:
    """Which values to hide, (nt, n).

    Args:
        value: Values, NaN where there is none, (nt, n).
        kind: "random" hides single values, "blocks" runs of days of the lengths of the
            file's own gaps, "stations" whole stations.
        rng: Where randomness comes from.

    Raises:
        DataError: If there is too little to hide.
    """
    known = np.isfinite(value)
    if known.sum() < 1 / SHARE or value.shape[1] < 2:
        raise DataError(
            f"{int(known.sum())} values of {value.shape[1]} stations: too few to hide "
            "some. Give more days or stations."
        )
    if kind == "random":
        hidden = rng.random(value.shape) < SHARE
    elif kind == "stations":
        number = max(int(SHARE * value.shape[1]), 1)
        hidden = np.zeros(value.shape, dtype=bool)
        hidden[:, rng.choice(value.shape[1], number, replace=False)] = True
    else:
        hidden = _blocks(known, rng)
    return hidden & known


def _blocks(known: Mask, rng: np.random.Generator) -> Mask:
    """Runs of days at random stations until the share is reached."""
    nt, n = known.shape
    lengths = gap_lengths(known)
    lengths = lengths[lengths <= nt // 2]
    if len(lengths) < _LEAST_GAPS:
        lengths = np.array([each for each in _LENGTHS if each <= max(nt // 2, 1)])
    hidden = np.zeros((nt, n), dtype=bool)
    for _ in range(_TRIES * n):
        if (hidden & known).sum() >= SHARE * known.sum():
            break
        length, station = int(rng.choice(lengths)), int(rng.integers(n))
        start = int(rng.integers(0, nt - length + 1))
        rows = slice(max(start - 1, 0), start + length + 1)
        if known[rows, station].all() and not hidden[rows, station].any():
            hidden[start : start + length, station] = True
    return hidden


def gap_lengths(known: Mask) -> NDArray[np.intp]:
    """Lengths of the runs of days between the first and last value of each station."""
    found: list[NDArray[np.intp]] = []
    for series in known.T:
        rows = np.flatnonzero(series)
        found.append(np.diff(rows)[np.diff(rows) > 1] - 1)
    return np.concatenate(found) if found else np.empty(0, dtype=np.intp)


def lengths_of(hidden: Mask) -> NDArray[np.intp]:
    """The length of the run of hidden days that each value is in, (nt, n); else 0."""
    nt, n = hidden.shape
    edge = np.diff(np.pad(hidden, ((1, 0), (0, 0))).astype(np.int8), axis=0) != 0
    run = np.cumsum(edge, axis=0) + (nt + 1) * np.arange(n)
    length = np.bincount(run.ravel(), minlength=run.max() + 1)[run]
    return np.where(hidden, length, 0)
