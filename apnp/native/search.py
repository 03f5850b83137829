"""The nearest of some points, by compiled code where there is any."""

import ctypes

import numpy as np
from numpy.typing import NDArray

from apnp.native.loading import library

_SUFFIX = {np.dtype(np.float32): "f32", np.dtype(np.float64): "f64"}


def arranged(points: NDArray) -> NDArray:
    """The points (m, dx), finite, in an order in which neighbours are close."""
    compiled = library()
    if compiled is None or points.dtype not in _SUFFIX:
        return points
    points = np.ascontiguousarray(points)
    order = np.empty(len(points), dtype=np.int32)
    arrays = (ctypes.c_void_p(each.ctypes.data) for each in (points, order))
    sizes = (ctypes.c_int(size) for size in points.shape)
    getattr(compiled, f"arrange_{_SUFFIX[points.dtype]}")(*sizes, *arrays)
    return points[order]


def search(
    points: NDArray, x: NDArray, k: int, threads: int = 1, *, in_order: bool = False
) -> NDArray:
    """Numbers (n, k) of the `k` nearest points for every target, nearest first.

    Of points at equal distances compiled code takes the first.

    Args:
        points: Locations (m, dx), finite.
        x: Locations (n, dx) of the same kind of number, finite.
        k: From 1 to m.
        threads: Threads to use.
        in_order: Whether the points are in the order of `arranged`: this saves time
            where many points are searched often.
    """
    (m, dx), n = points.shape, len(x)
    compiled = library()
    if (
        compiled is None
        or points.dtype != x.dtype or x.dtype not in _SUFFIX or n == 0
        or not (np.isfinite(x).all() and np.isfinite(points).all())
    ):  # fmt: skip
        from scipy.spatial import cKDTree  # slow to load, and few need it

        _, index = cKDTree(points).query(x, k=k, workers=threads)
        return index.reshape(n, k)
    points, x = np.ascontiguousarray(points), np.ascontiguousarray(x)
    index = np.empty((n, k), dtype=np.int32)
    sizes = (ctypes.c_int(size) for size in (n, m, dx, k))
    given = (ctypes.c_void_p(each.ctypes.data) for each in (x, points))
    getattr(compiled, f"search_{_SUFFIX[x.dtype]}")(
        *sizes, *given, ctypes.c_int(in_order), ctypes.c_void_p(index.ctypes.data),
        ctypes.c_int(threads),
    )  # fmt: skip
    return index
