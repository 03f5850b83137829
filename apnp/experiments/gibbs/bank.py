"""Tasks of random functions drawn ahead, kept in one file that is read in place."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.experiments.gibbs.gp import FunctionTasks
from apnp.files import atomic_write
from apnp.inputs.batching import collate
from apnp.types import Domain, PointSet, Task

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
                with atomic_write(self._count) as new:
                    new.write_text(str(last))
                progress(last - self.count)
                self.count, self._rows = last, None

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding."""
        return self.batch([index])

    def batch(self, indices: Sequence[int]) -> Task:
        """The tasks, padded to the size of the largest; padding is masked."""
        if max(indices) >= self.count:
            return collate([self._one(i) for i in indices])
        rows = torch.from_numpy(np.stack([self._row(i) for i in indices]))
        places, n = self.source.places, rows[:, 0].long()
        sizes = [1, places.dx, self._points * places.dx, self._points]
        _, centre, x, y = rows.split(sizes, dim=1)
        x, y = x.unflatten(1, (-1, places.dx)), y[..., None]
        most = int(n.max())
        mask = (torch.arange(most) < n[:, None])[..., None]
        # Targets lie behind the context, which has a size of its own in every task.
        at = (n[:, None] + torch.arange(places.targets))[..., None]
        xt, yt = x.gather(1, at.expand(-1, -1, places.dx)), y.gather(1, at)
        none = x.new_zeros(len(rows), most, 0)
        known = torch.tensor([self.source.knows_place(i) for i in indices])
        return Task(
            PointSet(
                torch.where(mask, x[:, :most], centre[:, None]),
                torch.where(mask, y[:, :most], 0.0),
                none, mask, none.bool(),
            ),
            PointSet.observed(xt, yt),
            Domain(centre, torch.full_like(centre, places.extent), known),
        )  # fmt: skip

    def _one(self, index: int) -> Task:
        return self.task(index) if index < self.count else self.source.task(index)

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
