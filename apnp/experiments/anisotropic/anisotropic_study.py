"""The study of linear maps: exact, compact and augmented, none, or fixed inputs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from apnp.config import (
    AugmentConfig,
    BackboneConfig,
    FixedInputsConfig,
    ModelConfig,
    TNPConfig,
    TrainerConfig,
)
from apnp.experiments.anisotropic.stretched import (
    CONDITIONS,
    SIDE,
    Layout,
    StretchedTasks,
)
from apnp.experiments.entries import PAPER_TRAINER, Entry, check_names
from apnp.experiments.study import TEST_SEED, Experiment, Study, score_row, watched
from apnp.inputs.coordinates import CoordinateInputs
from apnp.training.task_source import TaskSource

ORACLE = "oracle: stretch known"
NAMES = ("TNP", "TNP(E)", "TNP(E) + stretches", "TNP(E~)", "TNP(SL)", "TNP(affine)")
"""No symmetry; the maximal compact subgroup by architecture, alone, with stretched
training tasks and with fixed inputs; the whole group by whitening frames."""
TRAINER: dict[str, TrainerConfig] = {
    "small": replace(
        PAPER_TRAINER, max_steps=3000, max_minutes=0.0, learning_rate=1e-3, warmup=100,
        average=0.99, validation_every=500, validation_tasks=128, log_every=50,
        precision="32-true", accelerator="cpu", workers=0, threads=1, batch_size=8,
    ),
    "paper": PAPER_TRAINER,
}  # fmt: skip
TASKS = {"small": 300, "paper": 4000}
"""Test tasks of each regime."""
_WIDTH = {"small": (32, 3, 4), "paper": (128, 9, 8)}
_LENGTHS = (4.0, 1.5, 0.5, 0.2)


def entries(names: Sequence[str], size: str) -> list[Entry]:
    """The models of these names.

    Raises:
        ConfigError: If a name is unknown.
    """
    check_names("--models", names, NAMES)
    return [_entry(name, size) for name in NAMES if name in names]


def _entry(name: str, size: str) -> Entry:
    width, layers, heads = _WIDTH[size]
    inside = name.partition("(")[2].partition(")")[0]
    group: Any = {"": "none", "SL": "special_linear", "affine": "affine"}.get(
        inside, "rigid_motions"
    )
    frames = inside in ("SL", "affine")
    tnp = TNPConfig(
        width=width, layers=layers, heads=heads, lengthscales_km=_LENGTHS,
        attention="gaussian_bias" if inside else "plain",
    )  # fmt: skip
    model = ModelConfig(
        geometry="box", group=group, symmetrise="frames" if frames else "none",
        form="approximate" if inside == "E~" else "strict",
        backbone=BackboneConfig("tnp", tnp=tnp), likelihood="gaussian", coast=False,
        fixed_inputs=FixedInputsConfig(
            count=width, frequencies=4, scale_km=1.0, width=width, edge_km=0.0
        ),
    )  # fmt: skip
    augment = AugmentConfig("special_linear" if "stretches" in name else "none")
    twin = "TNP(E)" if inside == "E~" else None
    return Entry(name, model, twin, augment=augment)


class Anisotropic(Experiment):
    """Tasks of a process in stretched coordinates, in distribution and out of it.

    Args:
        layout: Whether the stations of a task are stretched as its function is.
    """

    inputs = CoordinateInputs((-SIDE / 2, -SIDE / 2), (SIDE / 2, SIDE / 2))
    norm, batch = 1, 50
    variable, units = "y", "1"
    oracles = (ORACLE,)

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.what = f"a process in stretched coordinates, {layout} layouts"
        self.judged_on = f"{self.what}, in and out of distribution"
        self.regimes = {
            regime: f"Stretched {low:g} to {high:g} times"
            for regime, (low, high) in CONDITIONS.items()
        }
        self.rivals = {"ceiling": (ORACLE, "above exact inference")}

    def tasks(self, part: str, seed: int, dropout: float = 0.0) -> TaskSource:
        """Tasks of "train", "validation" or a regime."""
        regime = part if part in CONDITIONS else "in"
        return StretchedTasks(self.layout, regime, seed, dropout)

    def known(self, tasks: int) -> list[pd.DataFrame]:
        """Scores of inference that knows the stretch, on the test tasks."""
        rows = [
            {"model": ORACLE, "seed": 0, **score_row(regime, i, *_exact(made.draw(i)))}
            for regime in CONDITIONS
            for made in [StretchedTasks(self.layout, regime, TEST_SEED)]
            for i in watched(range(tasks), f"exact inference, {regime}")
        ]
        return [pd.DataFrame(rows)]

    def impossible(self, table: pd.DataFrame) -> list[str]:
        """Models that score above exact inference by more than two standard errors."""
        above = table[table["ceiling"] > 2 * table["ceiling_se"]]
        return [
            f"{row['model']} scores above exact inference ({row['regime']} of "
            "distribution): the test is wrong."
            for row in above.to_dict("records")
            if row["model"] != ORACLE
        ]

    def draw(
        self, study: Study, entries: Sequence[Entry], seed: int, table: pd.DataFrame
    ) -> None:
        """No figure: the tables say all."""


def _exact(made: Any) -> tuple[int, float, float]:
    return len(made.yc), made.log_density(), float("nan")
