"""Studies: train every model, score all on the same tasks beside what is known.

A study is a folder: `study.json` says of what, `runs/MODEL-seedS` is a trained model
each with its `scores.csv`, and the tables and figures are made of them. What is there
and complete is not repeated.
"""

import hashlib
import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from apnp.checkpoint import (
    RunRecord,
    find_checkpoint,
    load_model,
    read_checkpoint,
)
from apnp.config import Config, DataConfig, TrainerConfig
from apnp.errors import ConfigError
from apnp.experiments.entries import Entry
from apnp.files import atomic_write
from apnp.inputs.batching import collate
from apnp.inputs.coordinates import CoordinateInputs
from apnp.model import NeuralProcess
from apnp.training.data import TrainingData
from apnp.training.fit import fit
from apnp.training.start import begin
from apnp.training.task_source import TaskSource

COLUMNS = (
    "model", "seed", "regime", "task", "n_context", "log_likelihood", "deviation",
)  # fmt: skip
TEST_SEED, VALIDATION_SEED = 2**40 + 1, 2**40 + 2
"""Seeds of the tasks that no model is trained on."""


class Experiment(ABC):
    """What is particular to a study: its tasks, and what its figures show.

    Attributes:
        what: The training data, in words that identify them.
        judged_on: The test data, in words that identify them.
        inputs: Coordinates of locations, and the box where fixed inputs act.
        regimes: Kinds of test tasks, with their headings.
        rivals: What every model is compared with beside its twin: for each column
            the name of a model or oracle, and a heading.
        norm: The p of the norms of deviations.
        batch: Test tasks scored at a time.
        variable: Name of what is predicted.
        units: Its units.
        oracles: Names of the rows of tables that are no models.
    """

    what: str
    judged_on: str
    inputs: CoordinateInputs
    regimes: Mapping[str, str]
    rivals: Mapping[str, tuple[str, str]]
    norm: int
    batch: int
    variable: str
    units: str
    oracles: tuple[str, ...] = ()

    @abstractmethod
    def tasks(self, part: str, seed: int, dropout: float = 0.0) -> TaskSource:
        """Tasks of "train", "validation" or a regime."""

    def ahead(self, seed: int) -> None:
        """Draw the training tasks of a seed ahead, if it is worth while."""
        return

    def known(self, tasks: int) -> list[pd.DataFrame]:
        """Scores of the oracles on that many test tasks of each regime."""
        return []

    def impossible(self, table: pd.DataFrame) -> list[str]:
        """What of a summary cannot be: where there is any, the test is wrong."""
        return []

    @abstractmethod
    def draw(
        self, study: "Study", entries: Sequence[Entry], seed: int, table: pd.DataFrame
    ) -> None:
        """Write the figures."""


@dataclass(frozen=True, eq=False)
class Study:
    """What is trained and scored, and where it is kept.

    Attributes:
        folder: The study's folder.
        trainer: How every model is trained, but for its seed.
        tasks: Number of test tasks of each regime.
        experiment: Of what it is.

    Raises:
        ConfigError: If there are too few tasks, or the folder is of another study.
    """

    folder: Path
    trainer: TrainerConfig
    tasks: int
    experiment: Experiment

    def __post_init__(self) -> None:
        if self.tasks < 2:
            raise ConfigError(f"--tasks is at least 2. Got {self.tasks}.")
        path = self.folder / "study.json"
        about = {n: getattr(self.experiment, n) for n in ("what", "judged_on")}
        if not path.is_file():
            with atomic_write(path) as new:
                new.write_text(json.dumps(about, indent=1))
        found = json.loads(path.read_text())
        if found != about:
            raise ConfigError(
                f"{self.folder} holds a study of {found}, and {about} is requested: "
                "give another --output."
            )

    def run(self, entry: Entry, seed: int) -> Path:
        """The run folder of a model."""
        return self.folder / "runs" / f"{file_name(entry)}-seed{seed}"

    def train(self, entry: Entry, seed: int) -> Path:
        """Train a model, or resume its training; return its run folder."""
        run, changes = self.run(entry, seed), dict(entry.changes)
        if entry.teacher is not None:
            teacher = replace(entry, name=entry.teacher)
            changes["clone"] = str(self.run(teacher, seed))
        trainer = replace(self.trainer, seed=seed, **changes)
        data = DataConfig(augment=entry.augment)
        config = Config(str(run), data, entry.model, trainer)
        begun = (run / "config.yaml").is_file()
        start = begin(config, resume=begun)
        return fit(config, self._prepared(config, seed), start)

    def _prepared(self, config: Config, seed: int) -> TrainingData:
        approximate = config.model.form == "approximate"
        dropout = config.model.fixed_inputs.dropout if approximate else 0.0
        held = self.experiment.tasks("validation", VALIDATION_SEED)
        return TrainingData(
            self.experiment.inputs,
            self.experiment.tasks("train", seed, dropout),
            [held.task(i) for i in range(self.trainer.validation_tasks)],
            f"{self.experiment.what}, seed {seed}",
            self.experiment.variable,
            self.experiment.units,
        )

    def score(self, entry: Entry, seed: int) -> pd.DataFrame:
        """Scores of a trained model on the test tasks, made if they are not there."""
        run = self.run(entry, seed)
        path, weights = run / "scores.csv", find_checkpoint(run)
        if not _is_older(path, weights / "model.json"):
            found = pd.read_csv(path)
            if int(found["task"].max()) + 1 >= self.tasks:
                return found[found["task"] < self.tasks]
        model = load_model(run)[0]
        rows = [
            {"model": entry.name, "seed": seed, **row}
            for regime in self.experiment.regimes
            for row in self._scored(model, regime, entry.name)
        ]
        return written(rows, path)

    def _scored(
        self, model: NeuralProcess, regime: str, name: str
    ) -> Iterator[dict[str, Any]]:
        tasks = self.experiment.tasks(regime, TEST_SEED)
        starts = range(0, self.tasks, self.experiment.batch)
        for start in watched(starts, f"{name}, {regime}"):
            numbers = range(start, min(start + self.experiment.batch, self.tasks))
            batch = collate([tasks.task(i) for i in numbers])
            with torch.inference_mode():
                predicted = model(batch).double()
                strict = model.strict()(batch).double()
            target = batch.target
            scores = predicted.log_prob(target.y.double(), target.y_mask)
            # A padded target has a prediction, and nothing to say.
            mean, reference = (
                (m.mean * target.y_mask).flatten(1) for m in (predicted, strict)
            )
            deviation = relative_deviation(mean, reference, self.experiment.norm)
            counts = batch.context.y_mask.sum((1, 2)).tolist()
            means = (scores / target.y_mask.sum((1, 2))).tolist()
            columns = zip(numbers, counts, means, deviation.tolist(), strict=True)
            for i, n, score, away in columns:
                yield score_row(regime, i, n, score, away)

    def curve(self, entry: Entry, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Minutes of training, and the validation score then."""
        metrics = pd.read_csv(self.run(entry, seed) / "metrics.csv")
        known = metrics.dropna(subset="validation_nll")
        return known["minutes"].to_numpy(), -known["validation_nll"].to_numpy()

    def runs(self, pairs: Iterable[tuple[Entry, int]]) -> pd.DataFrame:
        """How every model was trained: with what, where, for how long.

        Returns:
            One row a model and seed: model, seed, steps, minutes, learning_rate,
            best_validation (log-likelihood a target), weights (their number), config
            (digest of the model and of how it is trained, but for the seed), apnp,
            torch, python, commit, machine, finished.
        """
        rows = []
        for entry, seed in pairs:
            run = self.run(entry, seed)
            folder = find_checkpoint(run, "last")
            stated, weights, _ = read_checkpoint(folder, with_state=False)
            record = RunRecord.parse(stated, folder)
            done = record.progress
            curve = pd.read_csv(run / "metrics.csv")["validation_nll"]
            rows.append(
                {
                    "model": entry.name, "seed": seed, "steps": done.step,
                    "minutes": done.elapsed / 60,
                    "learning_rate": record.config.trainer.learning_rate,
                    "best_validation": -curve.min(),
                    "weights": sum(w.numel() for w in weights.values()),
                    "config": _digest(stated["config"]),
                    **record.versions, **record.provenance,
                }
            )  # fmt: skip
        return pd.DataFrame(rows)


def _digest(config: Mapping[str, Any]) -> str:
    """Eight digits that tell configurations apart, wherever and from which seed."""
    trainer = {k: v for k, v in config["trainer"].items() if k != "seed"}
    told = {"model": config["model"], "trainer": trainer}
    augment = config["data"].get("augment", {"group": "none"})
    if augment["group"] != "none":  # else runs of earlier versions have that digest
        told["augment"] = augment
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:8]


def file_name(entry: Entry) -> str:
    """The name of a model as a part of a file's name."""
    slug = entry.name.replace("~", "-approximate")
    slug = "".join(c if c.isalnum() or c in "-=." else "-" for c in slug)
    return slug.replace("--", "-")


def relative_deviation(mean: Tensor, reference: Tensor, norm: int = 1) -> Tensor:
    """||mean - reference||_p / ||reference||_p over the targets, (b, nt) -> (b,)."""
    away = torch.linalg.vector_norm(mean - reference, norm, dim=-1)
    return away / torch.linalg.vector_norm(reference, norm, dim=-1)


def score_row(regime: str, i: int, n: int, score: float, away: float) -> dict[str, Any]:
    """The scores of one task, by their columns."""
    return {
        "regime": regime, "task": i, "n_context": n,
        "log_likelihood": score, "deviation": away,
    }  # fmt: skip


def written(rows: Iterable[dict[str, Any]], path: Path) -> pd.DataFrame:
    """Scores as a table, written to a file."""
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as new:
        table.to_csv(new, index=False)
    return table


def watched(items: range, what: str) -> Iterable[int]:
    """The items, with a bar of progress on standard error."""
    return tqdm(items, what, mininterval=1, file=sys.stderr)


def _is_older(path: Path, other: Path) -> bool:
    return not path.is_file() or path.stat().st_mtime < other.stat().st_mtime
