"""Names in checkpoints of earlier versions, and what they are called now."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar

from apnp.config.old_names import renamed
from apnp.errors import ConfigError

SCORES = {"widening": "std_inflation"}
"""Old names of validation scores."""
KEYS = {"representation": "inputs"}
"""Old keys of a record."""
USES = {"stream_km": "auxiliary_km"}
"""Old keys of the use of a gridded covariate in a record of inputs."""
WEIGHTS = {"streams": "auxiliary", "log_fades": "log_density_prior"}
"""Old parts of names of weights."""

Value = TypeVar("Value")


def renamed_record(record: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """A record of `model.json`, or a state, under today's names.

    The configuration in it is left to `apnp.config.from_dict`.

    Args:
        record: The record or the state.
        notes: What was renamed is added here, a few words each.

    Raises:
        TypeError, AttributeError: If a part is of another kind than it should be.
    """
    today = _renamed(record, KEYS, notes)
    if isinstance(today.get("config"), dict):
        with suppress(ConfigError):  # which `from_dict` raises again
            notes += renamed(today["config"])[1]
    inputs = today.get("inputs")
    if isinstance(inputs, Mapping) and "fields" in inputs:
        fields = [
            field | {"use": _renamed(field["use"], USES, notes)}
            for field in inputs["fields"]
        ]
        today["inputs"] = {**inputs, "fields": fields}
    if "scores" in today.get("progress", {}):
        progress = dict(today["progress"])
        progress["scores"] = _renamed(progress["scores"], SCORES, notes)
        today["progress"] = progress
    if "raw" in today:  # the weights beside their average
        today["raw"] = renamed_weights(today["raw"], notes)
    return today


def renamed_weights(weights: Mapping[str, Value], notes: list[str]) -> dict[str, Value]:
    """Weights of a model under today's names, in the same order.

    Args:
        weights: The weights by name.
        notes: What was renamed is added here, a few words each.
    """
    return {
        ".".join(_today(part, WEIGHTS, notes) for part in name.split(".")): value
        for name, value in weights.items()
    }


def _renamed(
    values: Mapping[str, Value], names: Mapping[str, str], notes: list[str]
) -> dict[str, Value]:
    return {_today(name, names, notes): value for name, value in values.items()}


def _today(name: str, names: Mapping[str, str], notes: list[str]) -> str:
    if name in names:
        notes.append(f"`{name}` is now called `{names[name]}`")
    return names.get(name, name)
