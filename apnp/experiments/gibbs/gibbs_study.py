"""The 1-D study: a Gaussian process whose lengthscale steps, and its oracles.

Beside what every study keeps its folder holds `bank/seedS`, the training tasks, and
`oracles-REGIME.csv`.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from apnp.errors import ConfigError
from apnp.experiments.entries import Entry
from apnp.experiments.gibbs import figures as gibbs_figures
from apnp.experiments.gibbs.bank import TaskBank
from apnp.experiments.gibbs.gp import (
    GIBBS_CENTRES,
    GIBBS_SUPPORT,
    FunctionDraw,
    gibbs_process,
    gibbs_tasks,
)
from apnp.experiments.gibbs.oracles import (
    Posterior,
    given_kind,
    mixture,
    unknown_break,
)
from apnp.experiments.study import (
    COLUMNS,
    TEST_SEED,
    Experiment,
    Study,
    relative_deviation,
    score_row,
    watched,
    written,
)
from apnp.inputs.coordinates import CoordinateInputs
from apnp.training.task_source import TaskSource

ORACLES = (
    "oracle: side known", "oracle: exact", "oracle: best Gaussian",
    "oracle: best equivariant Gaussian",
)  # fmt: skip
CEILING, STRICT_CEILING = ORACLES[2:]
"""What no Gaussian model exceeds, and no equivariant one."""
_CHUNK = 100


class Gibbs(Experiment):
    """Tasks of the Gibbs process in distribution and out of it.

    Args:
        folder: The study's folder.
        bank: Number of training tasks drawn ahead.
    """

    what = "tasks of the Gibbs process in distribution"
    judged_on = "tasks of the Gibbs process in and out of distribution"
    inputs = CoordinateInputs(GIBBS_SUPPORT[:1], GIBBS_SUPPORT[1:])
    norm, batch = 1, 50
    variable, units = "y", "1"
    oracles = ORACLES

    def __init__(self, folder: Path, bank: int) -> None:
        if bank < 0:
            raise ConfigError(f"--bank is at least 0. Got {bank}.")
        self.folder, self.bank = folder, bank
        self.regimes = {"in": "In distribution", "out": "Out of distribution"}
        self.rivals = {
            "ceiling": (CEILING, "above ceiling"),
            "strict_ceiling": (STRICT_CEILING, "above equivariant ceiling"),
        }

    def tasks(self, part: str, seed: int, dropout: float = 0.0) -> TaskSource:
        """Tasks of "train", "validation" or a regime."""
        if part == "train":
            return self._bank(seed, dropout)
        return gibbs_tasks("in" if part == "validation" else part, seed)

    def ahead(self, seed: int) -> None:
        """Draw the training tasks of a seed ahead."""
        bank = self._bank(seed, dropout=0.0)
        done = min(bank.count, self.bank)
        with tqdm(
            desc=f"tasks, seed {seed}", total=self.bank, initial=done, mininterval=1,
            file=sys.stderr,
        ) as bar:  # fmt: skip
            bank.fill(self.bank, bar.update)

    def _bank(self, seed: int, dropout: float) -> TaskBank:
        folder = self.folder / "bank" / f"seed{seed}"
        return TaskBank(folder, gibbs_tasks("in", seed, dropout))

    def known(self, tasks: int) -> list[pd.DataFrame]:
        """Scores of perfect inference on the test tasks, made if they are not there."""
        return [self._oracles(regime, tasks) for regime in GIBBS_CENTRES]

    def _oracles(self, regime: str, count: int) -> pd.DataFrame:
        path = self.folder / f"oracles-{regime}.csv"
        found = pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=COLUMNS)
        tasks = gibbs_tasks(regime, TEST_SEED)
        done = int(found["task"].max()) + 1 if len(found) else 0
        rows: list[Any] = found.to_dict("records")
        for i in watched(range(done, count), f"oracles, {regime}"):
            rows += _judged(tasks.draw(i), regime, i)
            if (i + 1) % _CHUNK == 0 or i + 1 == count:
                found = written(rows, path)
        return found[found["task"] < count]

    def impossible(self, table: pd.DataFrame) -> list[str]:
        """Models that score above exact inference."""
        return [
            f"{row['model']} scores above exact inference ({row['regime']} of "
            "distribution): the test is wrong."
            for row in above_ceiling(table).to_dict("records")
        ]

    def draw(
        self, study: Study, entries: Sequence[Entry], seed: int, table: pd.DataFrame
    ) -> None:
        """The gap to the ceiling, predictive bands, and learning."""
        gibbs_figures.draw(study, entries, seed, table)


def above_ceiling(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of Gaussian models that beat the oracle by more than two standard errors.

    It is impossible: where there is one, the test is wrong.
    """
    # What is not one Gaussian at a point may beat the best of them.
    gaussian = ~table["model"].isin(ORACLES) & ~table["model"].str.contains("mixture")
    return table[gaussian & (table["ceiling"] > 2 * table["ceiling_se"])]


def _judged(draw: FunctionDraw, regime: str, i: int) -> Iterator[dict[str, Any]]:
    """One row for every oracle; the deviation is that of exact inference.

    It is of the best Gaussian from the best equivariant one, as that of a model is
    from its own equivariant component.
    """
    process = gibbs_process()
    exact = mixture(process, draw)
    strict = unknown_break(draw)
    away = relative_deviation(exact.mean[None], strict.mean[None]).item()
    known = given_kind(process, draw)
    found: tuple[tuple[Posterior, float], ...] = (
        (known, float("nan")), (exact, float("nan")), (exact.gaussian(), away),
        (strict.gaussian(), float("nan")),
    )  # fmt: skip
    for name, (posterior, deviation) in zip(ORACLES, found, strict=True):
        score = posterior.log_density(draw.yt).mean().item()
        row = score_row(regime, i, len(draw.yc), score, deviation)
        yield {"model": name, "seed": 0, **row}
