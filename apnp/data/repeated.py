"""A value within the range of the others that is repeated too often to be weather."""

import numpy as np
from numpy.typing import NDArray

FEWEST = 20  # fewer repeats than this may be chance
_SHARE = 0.01
_TIMES = 3.0
_WINDOW_K = 5.0
_FEWEST_BESIDE = 10


def often_repeated(raw: NDArray, degc: NDArray) -> tuple[float, int, int] | None:
    """The value that occurs far more often than every value near it, if there is one.

    It makes up at least 1 % of the values, and occurs three times as often as each
    other value within 5 K. Whole numbers among tenths and converted degF do not: their
    like occur as often as they do.

    Args:
        raw: Values in any units, (n,).
        degc: The same values in degC, (n,).

    Returns:
        The value in its own units, how often it occurs, and how often the most frequent
        value near it does; None where no value stands out.

    >>> weather = np.repeat(np.arange(-5.0, 15.0, 0.1).round(1), 4)
    >>> coded = np.append(weather, np.full(30, 9.9))
    >>> often_repeated(coded, coded)
    (9.9, 34, 4)
    >>> often_repeated(weather, weather) is None
    True
    """
    values, first, count = np.unique(raw, return_index=True, return_counts=True)
    enough = np.flatnonzero(count >= max(FEWEST, _SHARE * raw.size))
    for top in enough[np.argsort(-count[enough])]:
        near = np.abs(degc[first] - degc[first[top]]) <= _WINDOW_K
        near[top] = False
        if near.sum() < _FEWEST_BESIDE:
            continue
        beside = int(count[near].max())
        if count[top] >= _TIMES * beside:
            return float(values[top]), int(count[top]), beside
    return None
