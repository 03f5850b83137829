"""Tasks cut out of grids: some cells of a random patch predict the others."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from apnp.errors import ConfigError, DataError
from apnp.types import Domain, PointSet, Task

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class PatchSampling:
    """How a task is drawn from a grid.

    Attributes:
        shape: Cells of a patch along each axis of the grid.
        least: Least number of context cells; below 1, their share of the patch's
            observed cells.
        most: Largest number of them, or the largest share. The number is drawn
            uniformly; at least one cell is left to be a target.
        dropout: Probability that a task hides its absolute location, in [0, 1].
        observed: Share of a patch's cells that must be observed for it to be drawn.
        seed: With a task's index it determines the task.
    """

    shape: tuple[int, ...]
    least: float
    most: float
    dropout: float = 0.0
    observed: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.shape or min(self.shape) < 1 or np.prod(self.shape) < 2:
            raise ConfigError(
                "`shape` is the cells of a patch along each axis, two or more in all. "
                f"Got {self.shape}."
            )
        if not 0 < self.least <= self.most or (self.least < 1) != (self.most < 1):
            raise ConfigError(
                "`least` and `most` are both numbers of cells from 1, or both shares "
                f"above 0 and below 1, 0 < least <= most. Got {self.least} and "
                f"{self.most}."
            )
        if not 0 <= self.dropout <= 1:
            raise ConfigError(
                f"`dropout` is a probability, so lies in [0, 1]. Got {self.dropout}."
            )
        if not 0 < self.observed <= 1:
            raise ConfigError(
                "`observed` is a share of a patch's cells, so lies in (0, 1]. "
                f"Got {self.observed}."
            )

    def bounds(self, n: int) -> tuple[int, int]:
        """Least and largest number of context cells of a patch of `n` observed."""
        unit = n if self.most < 1 else 1
        most = min(int(self.most * unit), n - 1)
        return max(1, min(int(np.ceil(self.least * unit)), most)), max(1, most)


SMOKE_SAMPLING = PatchSampling((32, 32), 10, 250)
"""The paper's law of tasks from smoke plumes."""
SURFACE_LAW = PatchSampling((32, 32), 1 / 100, 1 / 3)
"""The paper's law of tasks in latitude and longitude."""
SPACE_TIME_LAW = PatchSampling((4, 16, 16), 1 / 100, 1 / 3)
"""The paper's law of tasks in latitude, longitude, time and elevation; time is first
among the axes of the grid and last among the coordinates of a location."""


class Places(Protocol):
    """Where the cells of a grid lie, as a model sees it."""

    def at(self, record: int, cells: NDArray[np.intp]) -> Floats:
        """Absolute locations (n, dx) of the cells (n, axes) of a record."""
        ...

    def box(self, x: Floats) -> tuple[Floats, Floats]:
        """Centre and extent, each (dx,), of the domain of a patch's locations."""
        ...


@dataclass(frozen=True)
class PlanePlaces:
    """A grid of even steps on the plane, the same in every record.

    Attributes:
        unit: Cells to one unit of length.
    """

    unit: float

    def at(self, record: int, cells: NDArray[np.intp]) -> Floats:
        """The middles of cells (y, x) as locations (x, y)."""
        return ((cells[:, ::-1] + 0.5) / self.unit).astype(np.float32)

    def box(self, x: Floats) -> tuple[Floats, Floats]:
        """The box of the locations."""
        return box_of(x)


def box_of(x: Floats) -> tuple[Floats, Floats]:
    """Centre and extent, each (dx,), of the box of locations (n, dx)."""
    low, high = x.min(axis=0), x.max(axis=0)
    return (low + high) / 2, high - low


@dataclass(frozen=True)
class PatchDraw:
    """One task as cells of the grid."""

    record: int
    corner: tuple[int, ...]
    context: NDArray[np.intp]
    target: NDArray[np.intp]
    absolute: bool


class PatchTasks:
    """The tasks of a grid; task `i` is a function of the law's seed and `i` alone.

    Values are held once, as given (a memory map will do); a task indexes them.

    Args:
        values: Scaled values of records on a grid, shape (record, *grid); NaN =
            missing.
        places: Where its cells lie.
        law: How tasks are drawn.
        absolute: Whether the absolute location of the grid is known to the model.

    Raises:
        ConfigError: If the patch and the grid do not fit.
        DataError: If no patch is found with enough cells.
    """

    def __init__(
        self, values: NDArray, places: Places, law: PatchSampling, absolute: bool = True
    ) -> None:
        grid = values.shape[1:]
        if len(grid) != len(law.shape) or any(
            p > n for p, n in zip(law.shape, grid, strict=False)
        ):
            raise ConfigError(
                f"`shape` is a patch of the grid, whose axes have {grid} cells. Got "
                f"{law.shape}."
            )
        self.law, self.places, self.absolute = law, places, absolute
        self._values = values
        self.task(0)  # refuses a grid without patches before training starts

    def draw(self, index: int) -> PatchDraw:
        """The cells of task `index`."""
        rng = np.random.default_rng([self.law.seed % 2**64, index])
        absolute = bool(rng.random() >= self.law.dropout) and self.absolute
        record, corner, cells = self._patch(rng)
        cells = rng.permutation(cells)
        low, high = self.law.bounds(len(cells))
        n = int(rng.integers(low, high, endpoint=True))
        return PatchDraw(record, corner, cells[:n], cells[n:], absolute)

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding."""
        draw = self.draw(index)
        # The box is that of the whole patch, not of what was observed of it.
        corners = np.indices(self.law.shape).reshape(len(self.law.shape), -1).T
        x = self.places.at(draw.record, corners + np.array(draw.corner))
        centre, extent = self.places.box(x)
        domain = Domain(
            torch.from_numpy(np.float32(centre))[None],
            torch.from_numpy(np.float32(extent))[None],
            torch.tensor([draw.absolute]),
        )
        return Task(
            self._points(draw.record, draw.context),
            self._points(draw.record, draw.target),
            domain,
        )

    def _patch(
        self, rng: np.random.Generator
    ) -> tuple[int, tuple[int, ...], NDArray[np.intp]]:
        """A record, the first cell of a patch, and its observed cells (n, axes)."""
        shape, grid = np.array(self.law.shape), np.array(self._values.shape[1:])
        for _ in range(1000):
            record = int(rng.integers(len(self._values)))
            corner = rng.integers(0, grid - shape, endpoint=True)
            window = (slice(a, b) for a, b in zip(corner, corner + shape, strict=True))
            cells = np.argwhere(np.isfinite(self._values[record][tuple(window)]))
            if len(cells) >= max(2, self.law.observed * shape.prod()):
                return record, tuple(corner.tolist()), cells + corner
        raise DataError(
            f"Of 1000 patches of {self.law.shape} cells none has "
            f"{self.law.observed:.0%} of its cells observed. Lower `observed`, or take "
            "smaller patches."
        )

    def _points(self, record: int, cells: NDArray[np.intp]) -> PointSet:
        y = np.float32(self._values[(record, *cells.T)])
        return PointSet.observed(
            torch.from_numpy(self.places.at(record, cells))[None],
            torch.from_numpy(y)[None, :, None],
        )
