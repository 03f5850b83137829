"""Tasks of random functions drawn ahead, kept in one file that is read in place."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.files import whole
from apnp.tasks.gp import FunctionDraw, FunctionTasks, as_task
from apnp.types import Task

CHUNK = 500
"""Tasks between two notes of how far the bank is."""


class TaskBank:
    """The first tasks of a source, read from a file instead of drawn again.

    Task `i` is that of the source to the last digit, so that a bank changes the time
    that training takes and nothing else. Any number of runs may read one bank, each
    with a dropout of its own; tasks beyond its end are drawn as they are asked for, so
    that none comes twice.

    Args:
        folder: Where the bank is kept: `tasks.f32`, and `count` of those that are done.
        source: What draws the tasks.

    Raises:
        DataError: If the folder holds tasks of another source.
    """

    def __init__(self, folder: Path, source: FunctionTasks) -> None:
        self.folder, self.source = folder, source
        places = source.places
        self._points = places.context[1] + places.targets
        self._width = 1 + places.dx + self._points * (places.dx + 1)
        self._count = folder / "count"
        self.count = int(self._count.read_text()) if self._count.is_file() else 0
        self._rows: NDArray[np.float32] | None = None
        for index in {0, self.count - 1} if self.count else ():
            if not np.array_equal(self._row(index), self._drawn(index)):
                raise DataError(
                    f"{folder} holds tasks of another law or seed: remove it, or give "
                    "another folder."
                )

    def fill(self, count: int, progress: Callable[[int], object]) -> None:
        """Draw tasks until there are `count`; what is done before a stop stays.

        Args:
            count: Number of tasks the bank is to hold.
            progress: Told the number of tasks whenever some more are done.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "tasks.f32"
        with path.open("r+b" if path.exists() else "w+b") as file:
            while self.count < count:
                file.seek(self.count * self._width * 4)
                last = min(count, self.count + CHUNK)
                rows = [self._drawn(i) for i in range(self.count, last)]
                file.write(np.stack(rows).tobytes())
                file.flush()
                with whole(self._count) as new:
                    new.write_text(str(last))
                progress(last - self.count)
                self.count, self._rows = last, None

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding."""
        if index >= self.count:
            return self.source.task(index)
        row, dx = self._row(index), self.source.places.dx
        n = int(row[0])
        x, y = np.split(row[1 + dx :], [self._points * dx])
        x = x.reshape(-1, dx)
        m = n + self.source.places.targets
        parts = row[1 : 1 + dx], x[:n], y[:n], x[n:m], y[n:m]
        centre, xc, yc, xt, yt = (torch.from_numpy(np.array(part)) for part in parts)
        known = self.source.knows_place(index)
        draw = FunctionDraw(0, centre, xc, yc, xt, yt, known)
        return as_task(draw, self.source.places.extent)

    def _row(self, index: int) -> NDArray[np.float32]:
        if self._rows is None:
            shape = (self.count, self._width)
            path = self.folder / "tasks.f32"
            self._rows = np.memmap(path, np.float32, "r", shape=shape)
        return self._rows[index]

    def _drawn(self, index: int) -> NDArray[np.float32]:
        """Number of context points, centre, locations and values, zeros behind them."""
        draw = self.source.draw(index)
        x, y = torch.cat((draw.xc, draw.xt)), torch.cat((draw.yc, draw.yt))
        row = np.zeros(self._width, np.float32)
        dx = len(draw.centre)
        row[0], row[1 : 1 + dx] = len(draw.xc), draw.centre
        row[1 + dx :][: x.numel()] = x.flatten()
        row[1 + dx + self._points * dx :][: len(y)] = y
        return row
