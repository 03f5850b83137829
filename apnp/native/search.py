"""The nearest of some points, by compiled code where there is any."""

import ctypes

import numpy as np
from numpy.typing import NDArray

from apnp.native.loading import library

_SUFFIX = {np.dtype(np.float32): "f32", np.dtype(np.float64): "f64"}


def search(points: NDArray, x: NDArray, k: int, threads: int = 1) -> NDArray:
    """Numbers (n, k) of the `k` nearest points for every target, nearest first.

    Of points at equal distances compiled code takes the first.

    Args:
        points: Locations (m, dx), finite.
        x: Locations (n, dx) of the same kind of number, finite.
        k: From 1 to m.
        threads: Threads to use.
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
    arrays = (ctypes.c_void_p(each.ctypes.data) for each in (x, points, index))
    name = f"search_{_SUFFIX[x.dtype]}"
    getattr(compiled, name)(*sizes, *arrays, ctypes.c_int(threads))
    return index
