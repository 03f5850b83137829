"""Names in checkpoints of earlier versions, and what they are called now."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

SCORES = {"widening": "std_inflation"}
"""Old names of validation scores."""
KEYS = {"representation": "inputs"}
"""Old keys of a record."""
USES = {"stream_km": "auxiliary_km"}
"""Old keys of the use of a gridded covariate in a record of inputs."""

WEIGHTS = {
    r"(^|\.)streams\.(\d+)\.": r"\1auxiliary.\2.",
    r"(^|\.)log_fades$": r"\1log_density_prior",
}
"""Patterns of old names of weights."""

Value = TypeVar("Value")


def renamed_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of `model.json`, or a state, under today's names.

    The configuration in it is left to `apnp.config.from_dict`.

    Raises:
        TypeError, AttributeError: If a part is of another kind than it should be.
    """
    today = _renamed(record, KEYS)
    inputs = today.get("inputs")
    if isinstance(inputs, Mapping) and "fields" in inputs:
        fields = [
            field | {"use": _renamed(field["use"], USES)} for field in inputs["fields"]
        ]
        today["inputs"] = {**inputs, "fields": fields}
    if "scores" in today.get("progress", {}):
        progress = dict(today["progress"])
        progress["scores"] = _renamed(progress["scores"], SCORES)
        today["progress"] = progress
    if "raw" in today:  # the weights beside their average
        today["raw"] = renamed_weights(today["raw"])
    return today


def renamed_weights(weights: Mapping[str, Value]) -> dict[str, Value]:
    """Weights of a model under today's names, in the same order."""
    return {_weight(name): value for name, value in weights.items()}


def _weight(name: str) -> str:
    for pattern, new in WEIGHTS.items():
        name = re.sub(pattern, new, name)
    return name


def _renamed(values: Mapping[str, Value], names: Mapping[str, str]) -> dict[str, Value]:
    return {names.get(name, name): value for name, value in values.items()}
