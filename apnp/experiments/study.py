"""The 1-D study: train every model, score all on the same tasks beside the oracles.

A study is a folder: `runs/MODEL-seedS` a trained model each with its `scores.csv`,
`bank/seedS` the training tasks, `oracles-REGIME.csv`, and the tables and figures made
of them. What is there and complete is not made again.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from apnp.checkpoint import find_checkpoint, load_model, read_checkpoint
from apnp.config import Config, TrainerConfig
from apnp.errors import ConfigError
from apnp.experiments.gibbs_models import Entry
from apnp.files import whole
from apnp.model import NeuralProcess
from apnp.tasks.bank import TaskBank
from apnp.tasks.coordinates import Coordinates
from apnp.tasks.gp import (
    GIBBS_CENTRES,
    GIBBS_SUPPORT,
    FunctionDraw,
    gibbs_process,
    gibbs_tasks,
)
from apnp.tasks.oracles import Posterior, given_kind, mixture, unknown_break
from apnp.tasks.stations import collate
from apnp.training.data import Prepared
from apnp.training.fit import fit

COLUMNS = (
    "model", "seed", "regime", "task", "n_context", "log_likelihood", "deviation",
)  # fmt: skip
ORACLES = (
    "oracle: side known", "oracle: exact", "oracle: best Gaussian",
    "oracle: best equivariant Gaussian",
)  # fmt: skip
CEILING, STRICT_CEILING = ORACLES[2:]
"""What no Gaussian model exceeds, and no equivariant one."""
_TEST_SEED, _VALIDATION_SEED = 2**40 + 1, 2**40 + 2
_BATCH = 50
_CHUNK = 100


@dataclass(frozen=True)
class Study:
    """What is trained and scored, and where it is kept.

    Attributes:
        folder: The study's folder.
        trainer: How every model is trained, but for its seed.
        tasks: Number of test tasks of each regime.
        bank: Number of training tasks drawn ahead.
    """

    folder: Path
    trainer: TrainerConfig
    tasks: int
    bank: int

    def __post_init__(self) -> None:
        for name in ("tasks", "bank"):
            least = 2 if name == "tasks" else 0
            if getattr(self, name) < least:
                raise ConfigError(
                    f"--{name} is at least {least}. Got {getattr(self, name)}."
                )

    def run(self, entry: Entry, seed: int) -> Path:
        """The run folder of a model."""
        slug = entry.name.replace("~", "-approximate")
        slug = "".join(c if c.isalnum() or c in "-=." else "-" for c in slug)
        return self.folder / "runs" / f"{slug.replace('--', '-')}-seed{seed}"

    def train(self, entry: Entry, seed: int) -> Path:
        """Train a model, or go on where its training stopped; its run folder."""
        run, trainer = self.run(entry, seed), replace(self.trainer, seed=seed)
        config = Config(str(run), model=entry.model, trainer=trainer)
        begun = (run / "config.yaml").is_file()
        return fit(config, lambda _: self._prepared(config, seed), resume=begun)

    def fill_bank(self, seed: int) -> None:
        """Draw the training tasks of a seed ahead."""
        bank = self._bank(seed, dropout=0.0)
        with _bar(f"tasks, seed {seed}", self.bank, min(bank.count, self.bank)) as bar:
            bank.fill(self.bank, bar.update)

    def _bank(self, seed: int, dropout: float) -> TaskBank:
        folder = self.folder / "bank" / f"seed{seed}"
        return TaskBank(folder, gibbs_tasks("in", seed, dropout))

    def _prepared(self, config: Config, seed: int) -> Prepared:
        approximate = config.model.form == "approximate"
        dropout = config.model.fixed_inputs.dropout if approximate else 0.0
        held = gibbs_tasks("in", _VALIDATION_SEED)
        return Prepared(
            Coordinates(GIBBS_SUPPORT[:1], GIBBS_SUPPORT[1:]),
            self._bank(seed, dropout),
            [held.task(i) for i in range(self.trainer.validation_tasks)],
            f"tasks of the Gibbs process in distribution, seed {seed}",
            "y",
            "1",
        )

    def score(self, entry: Entry, seed: int) -> pd.DataFrame:
        """Scores of a trained model on the test tasks, made if they are not there."""
        run = self.run(entry, seed)
        path, weights = run / "scores.csv", find_checkpoint(run)
        if not _is_older(path, weights / "model.json"):
            found = pd.read_csv(path)
            if self._holds(found):
                return self._cut(found)
        model = load_model(run)[0]
        rows = [
            {"model": entry.name, "seed": seed, **row}
            for regime in GIBBS_CENTRES
            for row in self._scored(model, regime, entry.name)
        ]
        return _written(rows, path)

    def _scored(
        self, model: NeuralProcess, regime: str, name: str
    ) -> Iterator[dict[str, Any]]:
        tasks = gibbs_tasks(regime, _TEST_SEED)
        starts = range(0, self.tasks, _BATCH)
        for start in _watched(starts, f"{name}, {regime}"):
            numbers = range(start, min(start + _BATCH, self.tasks))
            batch = collate([tasks.task(i) for i in numbers])
            with torch.inference_mode():
                predicted = model(batch).double()
                strict = model.strict()(batch).double()
            target = batch.target
            scores = predicted.log_prob(target.y.double(), target.y_mask)
            deviation = relative_deviation(
                predicted.mean.flatten(1), strict.mean.flatten(1)
            )
            counts = batch.context.y_mask.sum((1, 2)).tolist()
            means = (scores / target.y_mask.sum((1, 2))).tolist()
            columns = zip(numbers, counts, means, deviation.tolist(), strict=True)
            for i, n, score, away in columns:
                yield _row(regime, i, n, score, away)

    def runs(self, pairs: Iterable[tuple[Entry, int]]) -> pd.DataFrame:
        """Steps, minutes and best validation score of every trained model."""
        rows = []
        for entry, seed in pairs:
            run = self.run(entry, seed)
            folder = find_checkpoint(run, "last")
            record, weights, _ = read_checkpoint(folder, with_state=False)
            done = record["progress"]
            curve = pd.read_csv(run / "metrics.csv")["validation_nll"]
            rows.append(
                {
                    "model": entry.name, "seed": seed, "steps": done["step"],
                    "minutes": done["elapsed"] / 60, "best_validation": -curve.min(),
                    "weights": sum(w.numel() for w in weights.values()),
                    **record["versions"],
                }
            )  # fmt: skip
        return pd.DataFrame(rows)

    def oracles(self) -> pd.DataFrame:
        """Scores of perfect inference on the test tasks, made if they are not there."""
        return pd.concat([self._oracles(regime) for regime in GIBBS_CENTRES])

    def _oracles(self, regime: str) -> pd.DataFrame:
        path = self.folder / f"oracles-{regime}.csv"
        found = pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=COLUMNS)
        tasks = gibbs_tasks(regime, _TEST_SEED)
        done = int(found["task"].max()) + 1 if len(found) else 0
        rows: list[Any] = found.to_dict("records")
        missing = range(done, self.tasks)
        for i in _watched(missing, f"oracles, {regime}"):
            rows += _judged(tasks.draw(i), regime, i)
            if (i + 1) % _CHUNK == 0 or i + 1 == self.tasks:
                found = _written(rows, path)
        return self._cut(found)

    def _holds(self, found: pd.DataFrame) -> bool:
        return int(found["task"].max()) + 1 >= self.tasks

    def _cut(self, found: pd.DataFrame) -> pd.DataFrame:
        return found[found["task"] < self.tasks]


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
        row = _row(regime, i, len(draw.yc), score, deviation)
        yield {"model": name, "seed": 0, **row}


def relative_deviation(mean: Tensor, reference: Tensor) -> Tensor:
    """||mean - reference||_1 / ||reference||_1 over the targets, (b, nt) -> (b,)."""
    return (mean - reference).abs().sum(-1) / reference.abs().sum(-1)


def _row(regime: str, i: int, n: int, score: float, away: float) -> dict[str, Any]:
    return {
        "regime": regime, "task": i, "n_context": n,
        "log_likelihood": score, "deviation": away,
    }  # fmt: skip


def _written(rows: Iterable[dict[str, Any]], path: Path) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as new:
        table.to_csv(new, index=False)
    return table


def _is_older(path: Path, other: Path) -> bool:
    return not path.is_file() or path.stat().st_mtime < other.stat().st_mtime


def _bar(what: str, total: int, done: int = 0) -> tqdm:
    return tqdm(desc=what, total=total, initial=done, mininterval=1, file=sys.stderr)


def _watched(items: range, what: str) -> Iterable[int]:
    return tqdm(items, what, mininterval=1, file=sys.stderr)
