"""Names in checkpoints of earlier versions, and what they are called now."""

from collections.abc import Mapping
from typing import Any, TypeVar

SCORES = {"widening": "std_inflation"}
"""Old names of validation scores."""

Value = TypeVar("Value")


def renamed_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of `model.json`, or a state, under today's names.

    The configuration in it is left to `apnp.config.from_dict`.

    Raises:
        TypeError: If its progress is no mapping of names to values.
    """
    today = dict(record)
    if "scores" in today.get("progress", {}):
        progress = dict(today["progress"])
        progress["scores"] = _renamed(progress["scores"], SCORES)
        today["progress"] = progress
    return today


def _renamed(values: Mapping[str, Value], names: Mapping[str, str]) -> dict[str, Value]:
    return {names.get(name, name): value for name, value in values.items()}
