"""Cells to draw: in drawing order, closed at the date line, thinned."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.geometry.cells import corners_of
from apnp.geometry.sphere import longitude_arc, wrap_longitude

Floats = NDArray[np.float64]

_ROUND = 300.0
"""Degrees of longitude that the corners of cells about a pole span at least."""


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


@dataclass(frozen=True, eq=False)
class Mesh:
    """Cells of a map between their corners.

    Attributes:
        dims: The dimensions of rows and columns.
        rows: Which rows of the field are drawn, (m,).
        columns: Which columns, (k,).
        lat: Latitudes of the corners in degrees, (m + 1, k + 1).
        lon: Their longitudes, without a jump but where the cells go round a pole.
        straight: Whether the sides run along meridians and circles of latitude.
    """

    dims: tuple[str, str]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    lat: Floats
    lon: Floats
    straight: bool

    @classmethod
    def of(cls, ds: xr.Dataset, most: tuple[int, int]) -> "Mesh":
        """The cells of a field's dataset, with a largest number of rows and columns.

        Raises:
            DataError: If its latitudes and longitudes are not in order.
        """
        if ds["lat"].ndim == 1:
            y = rows(ds["lat"].values).thinned(most[0])
            x = columns(ds["lon"].values).thinned(most[1])
            lon, lat = np.meshgrid(x.edges, y.edges)
            return cls(("lat", "lon"), y.index, x.index, lat, lon, True)
        down, across = (str(dim) for dim in ds["lat"].dims)
        places = (
            ds[name].transpose(down, across).values.astype(np.float64)
            for name in ("lat", "lon")
        )
        lat, lon = corners_of(*places)
        number = [Axis(np.arange(n - 1), np.arange(float(n))) for n in lat.shape]
        y, x = (each.thinned(n) for each, n in zip(number, most, strict=True))
        kept = np.ix_(y.edges.astype(int), x.edges.astype(int))
        lat, lon = lat[kept], lon[kept]
        west, _ = longitude_arc(lon)
        lon = west + (lon - west) % 360
        return cls((down, across), y.index, x.index, lat, lon, False)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all cells in degrees."""
        return (
            float(self.lon.min()), float(self.lat.min()),
            float(self.lon.max()), float(self.lat.max()),
        )  # fmt: skip

    @property
    def right_round(self) -> bool:
        """Whether the cells go right round the Earth."""
        west, _, east, _ = self.box
        return east - west > (360 - 1e-6 if self.straight else _ROUND)

    def values(self, variable: xr.DataArray) -> NDArray:
        """Values of the cells that are drawn, (m, k)."""
        down, across = self.dims
        part = variable.isel({down: self.rows, across: self.columns})
        return part.transpose(down, across).values


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
