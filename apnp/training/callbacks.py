"""What happens beside the steps: metrics, progress, checkpoints, the end."""

import csv
import io
import math
import sys
import time
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from torch import Tensor

from apnp.errors import CheckpointError
from apnp.files import atomic_write
from apnp.training.module import TrainingModule
from apnp.types import Task

COLUMNS = (
    "step", "minutes", "learning_rate", "loss", "validation_crps", "validation_nll",
)  # fmt: skip


class Metrics(pl.Callback):
    """Writes `metrics.csv`: the loss every few steps, the scores of each validation.

    Resumed, it first drops the lines of steps that are done again.
    """

    def __init__(self, path: Path, module: TrainingModule) -> None:
        self.module = module
        self.path = path

    def on_train_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        """Begin the file, or cut it back to the step that training goes on from."""
        if not trainer.is_global_zero:
            return
        rows: list[list[str]] = []
        if self.path.is_file() and self.module.step > 0:
            try:
                with self.path.open(newline="") as file:
                    rows = [r for r in csv.reader(file) if self._done(r)]
            except (ValueError, csv.Error) as error:
                raise CheckpointError(
                    f"{self.path} is damaged ({error}). Remove it: the run is then "
                    "resumed, without its earlier lines."
                ) from error
        with atomic_write(self.path) as new:
            new.write_text(_lines([list(COLUMNS), *rows]))

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any,
        batch: Task, batch_idx: int,
    ) -> None:  # fmt: skip
        """Write the mean loss since the last line."""
        if self.module.step % self.module.settings.log_every == 0:
            rate = trainer.optimizers[0].param_groups[0]["lr"]
            loss = self.module.loss_since()
            self._append(trainer, [f"{rate:.6g}", repr(loss), "", ""])

    def on_validation_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        """Write the scores."""
        scores = [f"{self.module.scores[k]:.6f}" for k in ("crps", "nll")]
        self._append(trainer, ["", "", *scores])

    def _done(self, row: list[str]) -> bool:
        """Whether a line is whole and of a step that is not done again."""
        return (
            len(row) == len(COLUMNS)
            and row[0].isdigit()
            and (int(row[0]) <= self.module.step)
        )

    def _append(self, trainer: pl.Trainer, cells: list[str]) -> None:
        if trainer.is_global_zero:
            row = [str(self.module.step), f"{self.module.elapsed / 60:.3f}", *cells]
            with self.path.open("a", newline="") as file:
                file.write(_lines([row]))


class CheckpointAndStop(pl.Callback):
    """Saves the last and the best checkpoint, and ends training.

    Training ends when its steps or minutes are done, or when the score has not
    improved for `patience` validations.
    """

    def __init__(self, run: Path, module: TrainingModule) -> None:
        self.module = module
        self.run = run
        self.best = math.inf
        self.waited = 0
        self.ended = ""
        self.begun = False
        self._improved = False
        self._saved = time.monotonic()

    def on_train_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        """All that a checkpoint holds has been taken up."""
        self.begun = True

    def state_dict(self) -> dict[str, Any]:
        """The best score, and for how many validations it has stood."""
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take them up again."""
        self.best, self.waited = state["best"], state["waited"]

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any,
        batch: Task, batch_idx: int,
    ) -> None:  # fmt: skip
        """Save now and then; stop when the steps or minutes are done."""
        # One process decides for all: saving waits for every process.
        waited = time.monotonic() - self._saved
        elapsed, waited = trainer.strategy.broadcast((self.module.elapsed, waited))
        if self.module.progress(elapsed) >= 1:
            trainer.should_stop = True
            self.ended = "steps or minutes are done"
        elif waited > 60 * self.module.settings.save_minutes:
            self._save(trainer, "last")

    def on_validation_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        """See whether the score is the best so far, and whether to go on."""
        score = self.module.scores[self.module.settings.monitor]
        self._improved = score < self.best
        self.waited = 0 if self._improved else self.waited + 1
        self.best = min(score, self.best)
        if 0 < self.module.settings.patience <= self.waited:
            trainer.should_stop = True
            self.ended = f"no better score in {self.waited} validations"

    def on_train_epoch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        """Save after a validation, the best first: the last never outruns it."""
        if self._improved:
            self._save(trainer, "best")
        self._improved = False
        self._save(trainer, "last")

    def _save(self, trainer: pl.Trainer, name: str) -> None:
        trainer.save_checkpoint(self.run / name, weights_only=name == "best")
        self._saved = time.monotonic()


class ProgressLines(pl.Callback):
    """Rate, time left, loss and score: one line that moves, or one every few seconds.

    Args:
        module: What is trained.
        seconds: Seconds between lines where the output is no terminal.
    """

    def __init__(self, module: TrainingModule, seconds: float = 10.0) -> None:
        self.module = module
        self.live = sys.stderr.isatty()
        self.seconds = 0.5 if self.live else seconds
        self._loss = math.nan
        self._begun = (0.0, 0, 0.0)
        self._shown = -math.inf

    def on_train_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        """Rates count from here."""
        elapsed = self.module.elapsed
        self._begun = (elapsed, self.module.step, self.module.progress(elapsed))

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any,
        batch: Task, batch_idx: int,
    ) -> None:  # fmt: skip
        """Say how far training is, when it is time."""
        now = time.monotonic()
        if trainer.is_global_zero and now - self._shown >= self.seconds:
            self._shown = now
            loss = outputs["loss"] if isinstance(outputs, dict) else outputs
            self._loss = float(loss) if isinstance(loss, Tensor) else math.nan
            self._say(self._line(), end="" if self.live else "\n")

    def on_validation_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        """Say the scores."""
        if trainer.is_global_zero:
            crps, nll = self.module.scores["crps"], self.module.scores["nll"]
            self._say(
                f"step {self.module.step}: validation CRPS {crps:.4f}, NLL {nll:.4f}",
                end="\n",
            )

    def _line(self) -> str:
        elapsed, step, begun = self._begun
        seconds = self.module.elapsed - elapsed
        done = self.module.progress(seconds + elapsed)
        rate = (self.module.step - step) / max(seconds, 1e-9)
        left = seconds * (1 - done) / max(done - begun, 1e-9)
        return (
            f"step {self.module.step} ({100 * done:.0f} %), {rate:.2f} steps/s, "
            f"{left / 60:.1f} min left, loss {self._loss:.4f}"
        )

    def _say(self, text: str, end: str) -> None:
        start = "\r\x1b[K" if self.live else ""
        print(start + text, end=end, file=sys.stderr, flush=True)


def _lines(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
