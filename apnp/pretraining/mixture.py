"""One supply of training tasks that mixes several sources in fixed shares."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from apnp.errors import CheckpointError, ConfigError
from apnp.files import atomic_write
from apnp.training.task_source import TaskSource
from apnp.types import Task

_LAW = "mixture.json"


@dataclass(frozen=True)
class MixtureLaw:
    """What the training tasks are mixed from.

    Attributes:
        simulated: Share of tasks of simulated climates, in [0, 1].
        without: Sources of the open data that are left out of training, to see how a
            model does where it has not been trained.
        places: Number of places where simulated stations may stand.
        altered: Share of real days that are altered (`Alterations`), in [0, 1].
        edges: Share of tasks whose targets lie beyond all context, in [0, 1].
    """

    simulated: float = 0.3
    without: tuple[str, ...] = ()
    places: int = 200_000
    altered: float = 0.6
    edges: float = 0.1

    def __post_init__(self) -> None:
        shares = {
            "simulated tasks": self.simulated,
            "altered days": self.altered,
            "tasks beyond all context": self.edges,
        }
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise ConfigError(
                    f"The share of {name} must be in [0, 1]. Got {share}."
                )

    def write(self, run: Path) -> None:
        """Keep the law in a run folder, which is made if need be."""
        run.mkdir(parents=True, exist_ok=True)
        with atomic_write(run / _LAW) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def of_run(cls, run: Path) -> "MixtureLaw":
        """The law of a run folder; that of the first runs where it kept none.

        Raises:
            CheckpointError: If the file is damaged.
        """
        first = cls(simulated=0.1, altered=0.0, edges=0.0)
        path = run / _LAW
        if not path.is_file():
            return first
        try:
            kept = json.loads(path.read_text())
            return replace(first, **kept | {"without": tuple(kept["without"])})
        except (ConfigError, LookupError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{path} is damaged ({error}). Name another run."
            ) from error


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
