"""Cells of a latitude-longitude grid to draw: closed at the date line, thinned."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.geometry.sphere import wrap_longitude

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """Cells along one axis, in drawing order.

    Attributes:
        index: Which values of the field are drawn, shape (n,).
        edges: Edges of the cells in degrees, increasing, shape (n + 1,).
    """

    index: NDArray[np.intp]
    edges: Floats

    def thinned(self, most: int) -> "Axis":
        """At most `most` cells, over the same range: each the middle of a block."""
        n = len(self.index)
        block = -(-n // most)
        first = np.arange(0, n, block)
        middle = np.minimum(first + block // 2, n - 1)
        return Axis(self.index[middle], np.append(self.edges[first], self.edges[-1]))

    @property
    def centres(self) -> Floats:
        """Middles of the cells in degrees, shape (n,)."""
        return (self.edges[1:] + self.edges[:-1]) / 2


def _edges(centres: Floats) -> Floats:
    """Half-way between neighbours; the outermost cells are symmetric."""
    half = np.diff(centres) / 2
    return np.concatenate(
        [[centres[0] - half[0]], centres[:-1] + half, [centres[-1] + half[-1]]]
    )


def _ordered(name: str, values: NDArray) -> tuple[NDArray[np.intp], Floats]:
    """Index that puts an axis in increasing order, and the values in that order."""
    values = np.asarray(values, dtype=np.float64)
    step = np.diff(values)
    if values.size < 2 or not ((step > 0).all() or (step < 0).all()):
        raise DataError(
            f"`{name}` of a field to draw must hold two or more values that only rise "
            f"or only fall. Got {values.size}, from {values[:1]} to {values[-1:]}."
        )
    index = np.arange(values.size) if step[0] > 0 else np.arange(values.size)[::-1]
    return index, values[index]


def rows(lat: NDArray) -> Axis:
    """Rows of a field, from south to north; no cell reaches beyond a pole.

    Raises:
        DataError: If the latitudes are not in order.
    """
    index, lat = _ordered("lat", lat)
    return Axis(index, np.clip(_edges(lat), -90, 90))


def columns(lon: NDArray) -> Axis:
    """Columns of a field, from west to east.

    A field right round the Earth is drawn from -180 to 180 whatever its convention; a
    column that lies across the date line is drawn at both ends, so that no gap shows.
    Any other field keeps its own range (it may run past 180).

    Raises:
        DataError: If the longitudes are not in order.
    """
    index, lon = _ordered("lon", lon)
    edges = _edges(lon)
    if edges[-1] - edges[0] < 360 - 1e-3 * (edges[1] - edges[0]):
        return Axis(index, edges)
    unique = lon < lon[0] + 360 - 1e-6  # 0 and 360 may both be there
    index, lon = index[unique], wrap_longitude(lon[unique])
    order = np.argsort(lon)
    index, lon = index[order], lon[order]
    inner = (lon[1:] + lon[:-1]) / 2
    seam = (lon[-1] - 360 + lon[0]) / 2  # between the last column and the first
    if abs(seam + 180) < 1e-9:
        return Axis(index, np.concatenate([[-180], inner, [180]]))
    if seam < -180:
        edges = np.concatenate([[-180], inner, [seam + 360, 180]])
        return Axis(np.append(index, index[0]), edges)
    edges = np.concatenate([[-180, seam], inner, [180]])
    return Axis(np.append(index[-1], index), edges)
