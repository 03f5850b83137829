"""A neural process as Lightning trains it."""

import math
import time
from collections.abc import Callable
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor, nn

from apnp.config import TrainerConfig
from apnp.errors import ConfigError
from apnp.training.clone import Cloning
from apnp.training.regularise import Regulariser
from apnp.types import Task

STD_INFLATIONS = sorted(
    np.exp(np.linspace(-0.3, 0.5, 33)), key=lambda w: abs(np.log(w))
)
"""What standard deviations may be multiplied by, the least change first."""


class TrainingModule(pl.LightningModule):
    """The loss, the optimiser, the schedule, the validation scores, the progress.

    Everything random in a step follows from the seed and the step, so that a resumed
    run goes on as if it had never stopped; the number of steps done is kept here.

    Args:
        model: The neural process: task -> predictive.
        settings: How it is trained.
        std: Standard deviation that scales values, for scores in physical units.
        regulariser: Penalties for departures from symmetries, if there are any.
        cloning: A teacher whose predictions the model learns, if there is one.

    Attributes:
        step: Number of steps done.
        scores: The latest validation scores, `crps` (physical units) and `nll` (nats),
            and `std_inflation`, the factor of predicted standard deviations at which
            they are taken: the one with the least negative log-likelihood, because
            networks are over-confident away from their training stations.
        recent: Losses since metrics were last written.
    """

    def __init__(
        self,
        model: nn.Module,
        settings: TrainerConfig,
        std: float,
        regulariser: Regulariser | None = None,
        cloning: Cloning | None = None,
    ) -> None:
        super().__init__()
        self.regulariser, self.cloning = regulariser, cloning
        self._imitates = cloning is not None
        self.model = model
        self.settings = settings
        self.std = std
        self.step = 0
        self.scores: dict[str, float] = {}
        self.recent: list[Tensor] = []
        self._elapsed = 0.0
        self._started: float | None = None
        self._average: dict[str, Tensor] | None = None
        self._raw: dict[str, Tensor] = {}
        self._sums = torch.zeros(3, len(STD_INFLATIONS))

    @property
    def elapsed(self) -> float:
        """Seconds of training so far, those before a resumption included."""
        if self._started is None:
            return self._elapsed
        return self._elapsed + time.monotonic() - self._started

    def progress(self, elapsed: float) -> float:
        """Share of the training done: of steps or minutes, whichever is more."""
        s = self.settings
        steps = self.step / s.max_steps if s.max_steps > 0 else 0.0
        minutes = elapsed / 60 / s.max_minutes if s.max_minutes > 0 else 0.0
        return min(1.0, max(steps, minutes))

    def on_fit_start(self) -> None:
        """Start the clock, and the average of weights."""
        self._started = time.monotonic()
        if self.settings.average > 0 and self._average is None:
            self._average = {k: v.clone() for k, v in self.model.state_dict().items()}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW; vectors and scalars are not decayed."""
        s = self.settings
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        groups: list[dict[str, Any]] = [
            {"params": [p for p in parameters if p.ndim > 1]},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(
            groups, s.learning_rate, weight_decay=s.weight_decay, fused=True
        )

    def on_train_batch_start(self, batch: Task, batch_idx: int) -> None:
        """Set the learning rate and the seed of this step."""
        elapsed = self.elapsed
        if self.settings.max_minutes > 0:
            elapsed = self.trainer.strategy.broadcast(elapsed)  # one clock for all
        progress = self.progress(elapsed)
        if self.cloning is not None:
            self._imitates = progress < self.cloning.share
        rate = learning_rate(self.settings, self.step, progress)
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate
        rank = self.trainer.global_rank
        torch.manual_seed(hash((self.settings.seed, self.step, rank)) % 2**63)

    def training_step(self, batch: Task, batch_idx: int) -> Tensor:
        """Mean over tasks of the mean loss per observed target value."""
        if self.cloning is not None and self._imitates:
            loss = self.cloning.loss(self.model, batch, self.step)
            self.recent.append(loss.detach())
            return loss
        predictive = self.model(batch)
        y, mask = batch.target.y, batch.target.y_mask
        if self.settings.loss == "nll":
            loss = (-predictive.log_prob(y, mask) / _count(mask)).mean()
        else:
            loss = _masked_mean(predictive.crps(torch.where(mask, y, 0.0)), mask).mean()
        self.recent.append(loss.detach())
        if self.regulariser is None:
            return loss
        return loss + self.regulariser.penalty(self.model, batch, predictive, self.step)

    def optimizer_step(
        self,
        epoch: int,
        batch_idx: int,
        optimizer: Any,
        optimizer_closure: Callable[[], Any] | None = None,
    ) -> None:
        """One step of the optimiser, of the count, and of the average of weights."""
        super().optimizer_step(epoch, batch_idx, optimizer, optimizer_closure)
        self.step += 1
        self._update_average()
        self._tune()

    def _tune(self) -> None:
        """Tune the strengths of penalties when it is time, in all processes alike."""
        penalties = self.regulariser
        if penalties is None or penalties.tuned:
            return
        elapsed = self.trainer.strategy.broadcast(self.elapsed)
        penalties.tune(self.progress(elapsed))
        if penalties.tuned:
            penalties.load(self.trainer.strategy.broadcast(penalties.state()))

    def _update_average(self) -> None:
        if self._average is None:
            return
        decay = min(self.settings.average, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self._average[name].lerp_(value, 1 - decay)
            else:
                self._average[name].copy_(value)

    def loss_since(self) -> float:
        """Mean loss of the steps since the last call, over all processes.

        Raises:
            ConfigError: If it is not finite.
        """
        mean = torch.stack(self.recent).mean()
        loss = float(self.trainer.strategy.reduce(mean, reduce_op="mean"))
        self.recent.clear()
        return self._finite("loss", loss)

    def on_validation_epoch_start(self) -> None:
        """Validate the average of weights, where there is one."""
        self._sums = torch.zeros(3, len(STD_INFLATIONS), device=self.device)
        if self._average is not None:
            self._raw = {k: v.clone() for k, v in self.model.state_dict().items()}
            self.model.load_state_dict(self._average)

    def validation_step(self, batch: Task, batch_idx: int) -> None:
        """Add the scores of each task."""
        predictive = self.model(batch)
        y, mask = batch.target.y, batch.target.y_mask
        units = math.log(self.std)  # a density has the inverse units of its value
        for k, factor in enumerate(STD_INFLATIONS):
            wide = predictive.widened(factor)
            nll = -wide.log_prob(y, mask) / _count(mask) + units
            crps = _masked_mean(wide.crps(torch.where(mask, y, 0.0)), mask)
            scores = torch.stack((self.std * crps, nll, torch.ones_like(nll)))
            self._sums[:, k] += scores.float().sum(-1)

    def on_validation_epoch_end(self) -> None:
        """Mean scores over all tasks of all processes; the weights as they were."""
        sums = self.trainer.strategy.reduce(self._sums, reduce_op="sum").tolist()
        chosen = min(range(len(STD_INFLATIONS)), key=lambda k: sums[1][k])
        crps, nll, n = (row[chosen] for row in sums)
        self.scores = {
            "crps": self._finite("validation CRPS", crps / n),
            "nll": self._finite("validation NLL", nll / n),
            "std_inflation": float(STD_INFLATIONS[chosen]),
        }
        if self._average is not None:
            self.model.load_state_dict(self._raw)
            self._raw = {}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the progress; loops are left out, for they start again."""
        for loss in self.recent:
            self._finite("loss", float(loss))
        checkpoint.pop("loops")
        checkpoint["progress"] = {
            "step": self.step, "elapsed": self.elapsed, "recent": self.recent,
            "scores": self.scores,
        }  # fmt: skip
        if self.regulariser is not None:
            checkpoint["regulariser"] = self.regulariser.state()
        if self.cloning is not None:
            checkpoint["teacher"] = self.cloning.hash
        if self._average is not None:
            checkpoint["raw"] = checkpoint["state_dict"]
            checkpoint["state_dict"] = {
                f"model.{k}": v for k, v in self._average.items()
            }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the progress up again."""
        progress = checkpoint["progress"]
        self.step, self._elapsed = progress["step"], progress["elapsed"]
        self.recent, self.scores = progress["recent"], progress["scores"]
        if self.regulariser is not None and "regulariser" in checkpoint:
            self.regulariser.load(checkpoint["regulariser"])
        if self.cloning is not None and checkpoint["teacher"] != self.cloning.hash:
            raise ConfigError(
                f"`trainer.clone` {self.settings.clone} has changed since this run was "
                "begun: resume it with the teacher as it was, or begin another run."
            )
        if "raw" in checkpoint:
            averaged = checkpoint["state_dict"]
            self._average = {
                k.removeprefix("model."): v.to(self.device) for k, v in averaged.items()
            }
            checkpoint["state_dict"] = checkpoint.pop("raw")

    def _finite(self, what: str, value: float) -> float:
        if not math.isfinite(value):
            raise ConfigError(
                f"The {what} became {value} at step {self.step}. Lower "
                "trainer.learning_rate or trainer.gradient_clip, and start again."
            )
        return value


def learning_rate(settings: TrainerConfig, step: int, progress: float) -> float:
    """The rate of a step: a linear rise, then a cosine to zero over the training."""
    rise = min(1.0, (step + 1) / settings.warmup) if settings.warmup > 0 else 1.0
    return settings.learning_rate * rise * 0.5 * (1 + math.cos(math.pi * progress))


def _count(mask: Tensor) -> Tensor:
    """Number of observed values of each task, at least 1, (b,)."""
    return mask.sum((-1, -2)).clamp(min=1)


def _masked_mean(score: Tensor, mask: Tensor) -> Tensor:
    """Mean over the observed values of each task, (b, nt, dy) -> (b,)."""
    return torch.where(mask, score, 0.0).sum((-1, -2)) / _count(mask)
