"""One supply of training tasks that mixes several sources in fixed shares."""

from collections.abc import Mapping

import numpy as np

from apnp.errors import ConfigError
from apnp.training.task_source import TaskSource
from apnp.types import Task


class MixedTasks:
    """Tasks of several sources; the source of task `i` follows from the seed and `i`.

    Task `i` is task `i` of its source, so no task repeats.

    Args:
        sources: The sources by name.
        shares: Probability of each source, by the same names; they sum to 1.
        seed: Draws the source of each task.

    Raises:
        ConfigError: If the shares are no probabilities of the sources.
    """

    def __init__(
        self, sources: Mapping[str, TaskSource], shares: Mapping[str, float], seed: int
    ) -> None:
        values = list(shares.values())
        if (
            set(shares) != set(sources)
            or min(values) < 0
            or abs(sum(values) - 1) > 1e-9
        ):
            raise ConfigError(
                "The shares of the task sources must be probabilities that sum to 1, "
                f"one for each of {', '.join(sources)}. Got {dict(shares)}."
            )
        self.sources, self.seed = dict(sources), seed
        self._names = list(shares)
        self._upper = np.cumsum(values)

    def source_of(self, index: int) -> str:
        """Name of the source of task `index`."""
        level = np.random.default_rng([self.seed, 11, index]).random()
        k = int(np.searchsorted(self._upper, level, side="right"))
        return self._names[min(k, len(self._names) - 1)]

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding."""
        return self.sources[self.source_of(index)].task(index)


def batch_size_draw(seed: int, index: int, batch_size: int) -> float:
    """A uniform number in [0, 1) that all tasks of a batch share."""
    return float(np.random.default_rng([seed, 12, index // batch_size]).random())
