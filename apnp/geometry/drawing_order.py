"""An order in which points are drawn: coarse to fine, far ones of a step together."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_BITS = 60
"""Of the number of a cube. Points that share one of the smallest come last together."""
_FIRST = 64
"""Points that come one by one, at most: the coarsest."""


def drawing_order(x: NDArray[np.float64]) -> Iterator[NDArray[np.intp]]:
    """Groups of points, every point in one of them.

    Space is cut into cubes, half as large at each level. A level has a point of every
    cube that holds none of an earlier level. Its points come in groups of cubes that do
    not touch each other, so that the points of a group are far apart for their level.
    The order depends on the points alone.

    Args:
        x: Locations, (n, dx).

    Yields:
        Numbers of points.
    """
    n, dx = x.shape
    if n == 0:
        return
    left = np.arange(n)
    done, low = left[:0], x.min(0)
    size = max(float((x - low).max()), np.finfo(np.float64).tiny)
    for _ in range(_BITS // dx - 1):
        cube = np.floor((x - low) / size).astype(np.int64)
        order = np.concatenate([done, left])
        _, first = np.unique(_keys(cube[order]), return_index=True)
        chosen = order[np.sort(first[first >= len(done)])]
        colour = (cube[chosen] % 2) @ (2 ** np.arange(dx))
        if len(done) + len(chosen) <= _FIRST:
            yield from chosen[:, None]
        else:
            for each in np.unique(colour):
                yield chosen[colour == each]
        done = np.concatenate([done, chosen])
        kept = np.ones(n, dtype=bool)
        kept[done] = False
        left = left[kept[left]]
        if len(left) == 0:
            return
        size /= 2
    yield left


def _keys(cube: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for each cube."""
    widths = cube.max(0, initial=0) + 1
    return np.asarray(np.ravel_multi_index(tuple(cube.T), tuple(widths)))
