"""Grids of latitude and longitude: reading between nodes, averaging, smoothing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apnp.geometry.sphere import EARTH_RADIUS_KM

Floats = NDArray[np.float64]

KM_PER_DEGREE = EARTH_RADIUS_KM * np.pi / 180
_LEAST_SHARE = 0.5
"""Share of a reading's weight that must lie on known nodes."""


@dataclass(frozen=True, eq=False)
class Averaging:
    """Weighted means of the nodes of an axis, one for each of n cells.

    Attributes:
        start: Where each cell's nodes begin, rising, (n,).
        node: Numbers of nodes, one cell's after the other's, (k,).
        weight: Their weights, (k,).
    """

    start: NDArray[np.intp]
    node: NDArray[np.intp]
    weight: Floats

    @property
    def touched(self) -> slice:
        """The nodes from the first to the last that have a weight."""
        return slice(int(self.node.min()), int(self.node.max()) + 1)

    def averages(self, values: Floats) -> Floats:
        """Means (n, l) of values (m, l) at the nodes that are `touched`."""
        node = self.node - self.node.min()
        return np.add.reduceat(self.weight[:, None] * values[node], self.start, axis=0)


@dataclass(frozen=True, eq=False)
class LatLonGrid:
    """Nodes where circles of latitude and meridians meet, each place once.

    Values on it have the shape (rows, columns); NaN = missing.

    Attributes:
        lat: Latitudes of the rows in degrees, rising, shape (m,), two at least.
        lon: Longitudes of the columns in degrees, rising within one turn, shape (k,),
            two at least, any convention.
    """

    lat: Floats
    lon: Floats

    def __post_init__(self) -> None:
        for name in ("lat", "lon"):
            axis = getattr(self, name)
            if axis.size < 2 or not (np.diff(axis) > 0).all():
                raise ValueError(
                    f"`{name}` must hold two or more rising values. Got {axis}."
                )
        if self.lon[-1] - self.lon[0] >= 360:
            raise ValueError(
                "`lon` lies within one turn, each meridian once. Got "
                f"{self.lon[0]:g} to {self.lon[-1]:g}."
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.lat.size, self.lon.size

    @property
    def periodic(self) -> bool:
        """Whether the columns go all the way round."""
        gap = 360 - (self.lon[-1] - self.lon[0])
        return bool(gap < 1.5 * np.diff(self.lon).max())

    def at(self, values: Floats, lat: ArrayLike, lon: ArrayLike) -> Floats:
        """Values read at points in degrees, linearly in latitude and in longitude.

        Missing nodes have no weight. A reading is missing where they had more than
        half of it, and beyond the outermost cells; between the outermost nodes and
        the edge of their cells it is constant.

        Args:
            values: At the nodes, (m, k).
            lat: Latitudes of the points, shape (n,).
            lon: Their longitudes, any convention, shape (n,).
        """
        lat, turned = np.asarray(lat, dtype=np.float64), self._turned(lon)
        nodes = np.append(self.lon, self.lon[0] + 360) if self.periodic else self.lon
        i, up = _bracket(lat, self.lat)
        j, along = _bracket(turned, nodes)
        total, known = np.zeros(lat.shape), np.zeros(lat.shape)
        for row, a in ((i, 1 - up), (i + 1, up)):
            for column, b in ((j, 1 - along), (j + 1, along)):
                node = values[row, column % self.lon.size]
                share = np.where(np.isfinite(node), a * b, 0.0)
                total += share * np.where(np.isfinite(node), node, 0.0)
                known += share
        south, north = _ends(self.lat)
        inside = (lat >= south) & (lat <= north)
        if not self.periodic:
            inside &= turned <= _ends(self.lon)[1]
        inside &= known >= _LEAST_SHARE
        return np.where(inside, total / np.where(inside, known, 1.0), np.nan)

    def coarsened(self, values: Floats, km: float) -> tuple["LatLonGrid", Floats]:
        """Means over blocks of cells about `km` wide at the equator, and their grid.

        A block's node is the mean of its nodes; it is missing where all of them are.
        """
        rows, columns = (_blocks(axis, km) for axis in (self.lat, self.lon))

        def block_sums(each: NDArray) -> Floats:
            by_row = np.add.reduceat(each.astype(np.float64), rows, axis=0)
            return np.add.reduceat(by_row, columns, axis=1)

        observed = np.isfinite(values)
        total, count = block_sums(np.where(observed, values, 0.0)), block_sums(observed)
        means = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        lat, lon = (
            np.add.reduceat(axis, first) / np.diff(np.append(first, axis.size))
            for axis, first in ((self.lat, rows), (self.lon, columns))
        )
        return LatLonGrid(lat, lon), means

    def smoothed(self, values: Floats, km: float) -> Floats:
        """Means under a Gaussian window of standard deviation `km`, by area.

        Missing nodes have no weight; a mean is missing where no node is known within
        the window's reach, four standard deviations. The window does not cross a pole.
        """
        seen = np.isfinite(values)
        area = np.cos(np.radians(self.lat))
        step = np.diff(self.lat).mean(), np.diff(self.lon).mean()
        least = km / (KM_PER_DEGREE * step[1] * self.lon.size)
        up = km / (KM_PER_DEGREE * step[0])
        along = km / (KM_PER_DEGREE * step[1] * np.maximum(area, least))

        def window_sums(each: NDArray) -> Floats:
            each = _filtered_columns(each * area[:, None], up)
            if self.periodic:
                return _filtered_circles(each, along)
            from scipy.ndimage import gaussian_filter1d  # slow to load

            rows = zip(each, along, strict=True)
            filtered = (gaussian_filter1d(r, w, mode="constant") for r, w in rows)
            return np.stack(list(filtered))

        total = window_sums(np.where(seen, values, 0.0))
        if self.periodic and seen.all():  # the same all along a row
            weight = _filtered_columns(area[:, None], up)
        else:
            weight = window_sums(seen.astype(np.float64))
        known = weight > 1e-12
        mean = np.where(known, total / np.where(known, weight, 1.0), np.nan)
        # A mean lies among the values, but for rounding.
        low, high = values[seen].min(initial=np.inf), values[seen].max(initial=-np.inf)
        return np.clip(mean, low, high) if seen.any() else mean

    def averaging(self, lat: Floats, lon: Floats) -> tuple["Averaging", "Averaging"]:
        """What averages rows, and columns, of values on the grid over cells.

        Along an axis on which the grid is finer than the cells they are averaged by
        their overlap, otherwise read at the cells' centres.

        Args:
            lat: Lower and upper edges of rows of cells in degrees, (n, 2).
            lon: Western and eastern edges of columns, any convention, (l, 2).
        """
        centre = lon.mean(axis=1)
        west = _ends(self.lon)[0]
        turn = west + (centre - west) % 360 - centre
        turns = (-360.0, 0.0, 360.0) if self.periodic else (0.0,)
        nodes = np.concatenate([self.lon + each for each in turns])
        return (
            _weights(lat, self.lat, self.lat.size),
            _weights(lon + turn[:, None], nodes, self.lon.size),
        )

    def covers(self, lat: Floats, lon: Floats) -> bool:
        """Whether points in degrees lie within the outermost cells, all of them."""
        (south, north), east = _ends(self.lat), _ends(self.lon)[1]
        within = ((lat >= south) & (lat <= north)).all()
        return bool(within and (self.periodic or (self._turned(lon) <= east).all()))

    def _turned(self, lon: ArrayLike) -> Floats:
        """Longitudes brought to the turn that begins at the western end."""
        west = self.lon[0] if self.periodic else _ends(self.lon)[0]
        return west + (np.asarray(lon, dtype=np.float64) - west) % 360


def _window(width: float) -> Floats:
    """Weights of a Gaussian window of nodes, out to four standard deviations."""
    radius = int(4 * width + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / max(width, 1e-9)) ** 2)
    return weights / weights.sum()


def _filtered_columns(values: Floats, width: float) -> Floats:
    """Sums under one window along columns; there is nothing beyond their ends."""
    window, n = _window(width), len(values)
    beyond = max(len(window) // 2 - (n - 1), 0)  # offsets that no two nodes have
    window = window[beyond : len(window) - beyond]
    radius = len(window) // 2
    size = -(-(n + radius) // 64) * 64
    wave = np.fft.rfft(np.roll(np.pad(window, (0, size - len(window))), -radius))
    return np.fft.irfft(np.fft.rfft(values, size, axis=0) * wave[:, None], size, 0)[:n]


def _filtered_circles(values: Floats, widths: Floats) -> Floats:
    """Sums along rows that go all the way round, under a window of each row's width."""
    n = values.shape[1]
    windows = np.zeros(values.shape)
    for row, width in zip(windows, widths, strict=True):
        window = _window(width)
        nodes = (np.arange(len(window)) - len(window) // 2) % n
        row += np.bincount(nodes, window, n)
    return np.fft.irfft(np.fft.rfft(values) * np.fft.rfft(windows), n)


def _bracket(at: Floats, nodes: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Index of the node below each place, and the share of the way to the next."""
    index = np.clip(np.searchsorted(nodes, at, "right") - 1, 0, nodes.size - 2)
    share = (at - nodes[index]) / (nodes[index + 1] - nodes[index])
    return index, np.clip(share, 0.0, 1.0)


def edges(centres: Floats) -> Floats:
    """Edges half-way between centres, the outer ones as far out as the next in."""
    middle = (centres[:-1] + centres[1:]) / 2
    first, last = 2 * centres[0] - middle[0], 2 * centres[-1] - middle[-1]
    return np.concatenate([[first], middle, [last]])


def _weights(bounds: Floats, source: Floats, period: int) -> Averaging:
    """What brings values at `source` to the cells of an axis.

    Args:
        bounds: Lower and upper edge of each cell, shape (n, 2).
        source: Nodes, rising, shape (m,).
        period: Node i holds the value i modulo this.
    """
    n = len(bounds)
    low, high = bounds.T
    if np.diff(source).max() < (high - low).min() * (1 - 1e-6):
        cell = edges(source)
        first = np.clip(np.searchsorted(cell, low, "right") - 1, 0, source.size - 1)
        last = np.clip(np.searchsorted(cell, high, "left") - 1, first, source.size - 1)
        count = last - first + 1
        start = count.cumsum() - count
        row = np.repeat(np.arange(n), count)
        column = np.arange(count.sum()) + np.repeat(first - start, count)
        top = np.minimum(high[row], cell[column + 1])
        weight = top - np.maximum(low[row], cell[column])
        weight = weight / np.bincount(row, weight, n)[row]
    else:
        below, share = _bracket((low + high) / 2, source)
        start = 2 * np.arange(n)
        column = np.stack([below, below + 1], axis=-1).ravel()
        weight = np.stack([1 - share, share], axis=-1).ravel()
    return Averaging(start, column % period, weight)


def _ends(nodes: Floats) -> tuple[float, float]:
    """Where the outermost cells end, a hair further out."""
    return (
        float(1.5 * nodes[0] - 0.5 * nodes[1]) - 1e-6,
        float(1.5 * nodes[-1] - 0.5 * nodes[-2]) + 1e-6,
    )


def _blocks(axis: Floats, km: float) -> NDArray[np.intp]:
    """The first index of each block of nodes that span about `km`; two at least."""
    number = round(km / (KM_PER_DEGREE * float(np.diff(axis).mean())))
    return np.arange(0, axis.size, min(max(number, 1), (axis.size + 1) // 2))
