"""Draws of whole fields: how many, of which seed, and where they are anchored."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apnp.errors import ConfigError
from apnp.geometry.sphere import unit_vectors
from apnp.maps.cells import Cells
from apnp.maps.elevation import Elevation
from apnp.observations import Floats, Sites

Draw = Callable[[Sites, Floats, NDArray[np.intp]], Floats]
"""Sites, uniform numbers (k, n) of their own, and the numbers (n,) of their cells in
the grid, row by row, to draws in units, (k, n)."""
_CANDIDATES = 4096
"""Cells that anchors are chosen from, whatever the size of the grid."""


@dataclass(frozen=True)
class Samples:
    """Draws of a field.

    Attributes:
        number: Number of draws, above zero.
        seed: They follow from it and the time: other times, grids cut into other
            chunks, and other times asked for beside change none.
        anchors: Cells at which a model that does not predict how errors are correlated
            draws one after the other, above zero.
        noise: Whether draws include observation noise, as the marginals do.
    """

    number: int
    seed: int = 0
    anchors: int = 128
    noise: bool = True

    def __post_init__(self) -> None:
        for name, value, least in (
            ("samples", self.number, 1),
            ("seed", self.seed, 0),
            ("anchors", self.anchors, 1),
        ):
            if value < least:
                raise ConfigError(
                    f"`{name}` is a number of at least {least}. Got {value}."
                )

    def shared(self, time: np.datetime64) -> np.random.Generator:
        """What draws the numbers that all cells of one time share."""
        return self._generator(time, 0)

    def levels(self, time: np.datetime64, grid: Cells, rows: slice) -> Floats:
        """Uniform numbers of the cells of some rows, (number, n), row by row."""
        numbers = range(grid.shape[0])[rows]
        shape = self.number, grid.shape[1]
        drawn = [self._generator(time, 1 + row).random(shape) for row in numbers]
        return np.concatenate(drawn, axis=-1)

    def _generator(self, time: np.datetime64, stream: int) -> np.random.Generator:
        seconds = int(time.astype("datetime64[s]").astype(np.int64)) % 2**63
        return np.random.default_rng((self.seed, seconds, stream))


def anchors(
    grid: Cells, elevation: Elevation, time: np.datetime64, number: int
) -> Sites:
    """Centres of cells spread evenly over a grid, the farthest from all others next.

    Args:
        grid: The cells.
        elevation: Their elevation.
        time: The time of the field.
        number: How many; all of a grid with fewer cells.
    """
    rows, columns = grid.shape
    step = int(np.ceil(np.sqrt(max(rows * columns / _CANDIDATES, 1.0))))
    spread = slice(step // 2, None, step)
    lat, lon = (
        each.reshape(-1, columns)[:, spread].ravel() for each in grid.points(spread)
    )
    index = _farthest(unit_vectors(lat, lon), min(number, lat.size))
    return Sites(lat[index], lon[index], elevation.at(lat[index], lon[index]), time)


def _farthest(unit: Floats, number: int) -> NDArray[np.intp]:
    """Numbers of points, each the farthest from those before it; the first is first."""
    chosen = [0]
    distance = np.full(len(unit), np.inf)
    for _ in range(number - 1):
        distance = np.minimum(distance, ((unit - unit[chosen[-1]]) ** 2).sum(-1))
        chosen.append(int(distance.argmax()))
    return np.array(chosen)
