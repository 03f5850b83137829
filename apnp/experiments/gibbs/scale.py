"""Does equivariance matter at scale? Loss against compute, beside the known floors."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.utils.flop_counter import (
    FlopCounterMode,
    sdpa_backward_flop_count,
    sdpa_flop_count,
)

from apnp.build import build_model
from apnp.errors import ConfigError
from apnp.experiments.entries import Entry, check_names
from apnp.experiments.gibbs import models
from apnp.experiments.gibbs.gibbs_study import CEILING, STRICT_CEILING
from apnp.experiments.gibbs.roads import Roads, roads
from apnp.experiments.scaling import PowerLaw, crossing, resampled
from apnp.experiments.study import Study
from apnp.files import atomic_write
from apnp.inputs.batching import collate

FLOORS = {
    "TNP": CEILING,
    "TNP + augmentation": STRICT_CEILING,
    "TNP + frames T": STRICT_CEILING,
    "TNP(T)": STRICT_CEILING,
    "TNP(T~)": CEILING,
}
"""The arms, each with the oracle that bounds it as compute grows without end."""
GRIDS = {
    "small": ((16, 32), (250, 500, 1000, 2000, 4000)),
    "paper": ((16, 32, 64, 128), (250, 1000, 4000, 16_000)),
}
"""Widths and numbers of steps."""
_SPAN = 1e4
"""How far beyond the computed points a crossing is looked for, either way."""
_NAME = re.compile(r"(?P<arm>.*), width (?P<width>\d+), (?P<steps>\d+) steps")


def entries(
    arms: Sequence[str], size: models.Size, widths: Sequence[int], steps: Sequence[int]
) -> list[Entry]:
    """A model for each arm, width and number of steps.

    Raises:
        ConfigError: If an arm is unknown.
    """
    check_names("--models", arms, tuple(FLOORS))
    return [
        replace(
            entry,
            name=f"{entry.name}, width {width}, {number} steps",
            twin=None,
            changes=dict(entry.changes) | {"max_steps": number, "max_minutes": 0.0},
        )
        for width in widths
        for entry in roads(arms, replace(size, width=width))
        for number in steps
    ]


class Scale(Roads):
    """The roads at several widths and lengths of training."""

    def draw(
        self, study: Study, entries: Sequence[Entry], seed: int, table: pd.DataFrame
    ) -> None:
        """Write the points, `scale.csv`, and the laws fitted to them, `fits.csv`."""
        per_task = pd.read_csv(study.folder / "scores.csv")
        points = pd.DataFrame([self._point(study, e, per_task) for e in entries])
        fits = self._fits(points, per_task)
        for name, made in (("scale", points), ("fits", fits)):
            with atomic_write(study.folder / f"{name}.csv") as new:
                made.to_csv(new, index=False, float_format="%.6g")
        print(points.to_string(index=False))
        print(fits.to_string(index=False))

    def _point(
        self, study: Study, entry: Entry, per_task: pd.DataFrame
    ) -> dict[str, Any]:
        """Compute and losses of a model, its seeds averaged."""
        found = _NAME.fullmatch(entry.name)
        if found is None:
            raise ConfigError(f"{entry.name!r} names no arm, width and steps.")
        own = per_task[per_task["model"] == entry.name]
        runs = study.runs([(entry, int(s)) for s in own["seed"].unique()])
        losses = -own.groupby("regime")["log_likelihood"].mean()
        steps = int(found["steps"])
        return {
            "model": entry.name, "arm": found["arm"], "width": int(found["width"]),
            "steps": steps, "seeds": len(runs),
            "operations": steps * self.operations(study, entry),
            "seconds": 60 * runs["minutes"].mean(), "weights": runs["weights"].iloc[0],
            "config": " ".join(sorted(runs["config"].unique())),
            **{f"loss_{regime}": loss for regime, loss in losses.items()},
        }  # fmt: skip

    def operations(self, study: Study, entry: Entry) -> int:
        """Multiplications and additions of one step of training."""
        tasks = self.tasks("validation", 0)
        batch = collate([tasks.task(i) for i in range(study.trainer.batch_size)])
        model = build_model(entry.model, self.inputs)
        own = {_FUSED: _attention, _FUSED_BACKWARD: _attention_backward}
        with FlopCounterMode(display=False, custom_mapping=own) as counter:
            predictive = model(batch)
            target = batch.target
            (-predictive.log_prob(target.y, target.y_mask).mean()).backward()
        return counter.get_total_flops()

    def _fits(self, points: pd.DataFrame, per_task: pd.DataFrame) -> pd.DataFrame:
        """A law for each arm in distribution, and where it crosses that of the TNP."""
        inside = per_task[per_task["regime"] == "in"]
        scores = {
            str(name): own.groupby("task")["log_likelihood"].mean()
            for name, own in inside.groupby("model")
        }
        laws: dict[str, tuple[PowerLaw | None, float]] = {}
        floors = {arm: -float(scores[name].mean()) for arm, name in FLOORS.items()}
        arms = list(dict.fromkeys(points["arm"]))
        for arm in arms:
            own, floor = points[points["arm"] == arm], scores[FLOORS[arm]]
            gaps = [(floor - scores[m]).dropna().to_numpy() for m in own["model"]]
            laws[arm] = resampled(own["operations"].tolist(), gaps)
        low, high = points["operations"].min(), points["operations"].max()
        span = low / _SPAN, high * _SPAN
        return pd.DataFrame([_row(arm, laws, floors, points, span) for arm in arms])


def _row(
    arm: str,
    laws: Mapping[str, tuple[PowerLaw | None, float]],
    floors: Mapping[str, float],
    points: pd.DataFrame,
    span: tuple[float, float],
) -> dict[str, Any]:
    law, error = laws[arm]
    own = points[points["arm"] == arm]
    best = own.sort_values("loss_in").iloc[0]
    plain = laws.get("TNP", (None, 0.0))[0]
    met = math.nan
    if law is not None and plain is not None and arm != "TNP":
        met = crossing(law, plain, (floors[arm], floors["TNP"]), span)
    return {
        "arm": arm, "floor": floors[arm],
        "exponent": np.nan if law is None else law.exponent, "exponent_se": error,
        "factor": np.nan if law is None else law.factor,
        "best_loss": best["loss_in"], "best_width": int(best["width"]),
        "crosses_TNP_at": met,
    }  # fmt: skip


def _attention(q: Any, k: Any, v: Any, *_: Any, **__: Any) -> int:
    return sdpa_flop_count(q, k, v)


def _attention_backward(g: Any, q: Any, k: Any, v: Any, *_: Any, **__: Any) -> int:
    return sdpa_backward_flop_count(g, q, k, v)


_FUSED = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_FUSED_BACKWARD = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward
