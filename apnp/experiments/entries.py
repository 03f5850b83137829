"""The models of a study: named configurations, and variants of one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from apnp.config import AugmentConfig, ModelConfig, TrainerConfig
from apnp.errors import ConfigError

PAPER_TRAINER = TrainerConfig(
    max_steps=500_000, batch_size=16, learning_rate=5e-4, warmup=1000,
    gradient_clip=0.5, average=0.999, validation_every=5000, validation_tasks=1024,
    monitor="nll", log_every=100, precision="bf16-mixed", accelerator="gpu",
    workers=8,
)  # fmt: skip
"""How the models of every study are trained at the published sizes."""
ABLATIONS = {
    "count": [f"B={n}" for n in (0, 1, 2, 4, 8, 16)],
    "dropout": [f"p={p}" for p in (0.0, 0.1, 0.5)],
    "support": ["support everywhere"],
}
"""Variants of a model by what is ablated. That of p=0.1 is the small 1-D model itself,
whose fixed inputs act in the region of training alone."""


@dataclass(frozen=True)
class Entry:
    """A model of a study.

    Attributes:
        name: Its name in tables.
        model: What it is.
        twin: Name of the strict model that it is compared with, if it has one.
        changes: Settings of its training that differ from the study's.
        augment: Random motions of its training tasks.
        teacher: Name of the model whose predictions it learns first, if it has one.
    """

    name: str
    model: ModelConfig
    twin: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    teacher: str | None = None


def check_names(flag: str, given: Sequence[str], known: Sequence[str]) -> None:
    """Refuse names that are not known.

    Raises:
        ConfigError: Naming those that are.
    """
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ConfigError(f"{flag} takes {', '.join(known)}. Got {', '.join(unknown)}.")


def variants(base: Entry, kinds: Sequence[str]) -> list[Entry]:
    """A model changed in one thing at a time: `count`, `dropout` or `support`.

    Raises:
        ConfigError: If a kind is unknown.
    """
    check_names("--ablation", kinds, tuple(ABLATIONS))
    return [_variant(base, kind, value) for kind in kinds for value in ABLATIONS[kind]]


def _variant(base: Entry, kind: str, label: str) -> Entry:
    inputs, model = base.model.fixed_inputs, base.model
    value: Any = label.replace("=", " ").split()[1]
    if kind == "count":
        # Without any fixed input the strict model is left.
        model = replace(model, form="strict" if value == "0" else "approximate")
        inputs = replace(inputs, count=max(1, int(value)))
    elif kind == "dropout":
        inputs = replace(inputs, dropout=float(value))
    else:
        inputs = replace(inputs, support=value)
    model = replace(model, fixed_inputs=inputs)
    return Entry(f"{base.name} {label}", model, base.twin)


def with_likelihood(
    made: list[Entry], likelihood: Literal["gaussian", "mixture"]
) -> list[Entry]:
    """The models with a likelihood, which their names tell unless it is Gaussian."""
    if likelihood == "gaussian":
        return made
    suffix = f", {likelihood}"
    return [
        Entry(
            e.name + suffix,
            replace(e.model, likelihood=likelihood),
            e.twin and e.twin + suffix,
        )
        for e in made
    ]
