"""Keys and values of configurations that have another name now."""

import json
import re
from collections.abc import Sequence
from typing import Any

from apnp.config.yaml_text import load
from apnp.errors import ConfigError

_BACKBONE = "model.backbone"
KEYS = {
    "data.fields": "data.covariates",
    **{
        f"{_BACKBONE}.{name}.widths": f"{_BACKBONE}.{name}.lengthscales"
        for name in ("convcnp", "relaxed_convcnp", "equivcnp")
    },
    **{
        f"{_BACKBONE}.{name}.lengths_km": f"{_BACKBONE}.{name}.lengthscales_km"
        for name in ("local_tnp", "tnp", "pt_tnp", "rcnp")
    },
    f"{_BACKBONE}.equivcnp.turns": f"{_BACKBONE}.equivcnp.rotations",
    f"{_BACKBONE}.equivcnp.mirrors": f"{_BACKBONE}.equivcnp.reflections",
    f"{_BACKBONE}.equivcnp.fields": f"{_BACKBONE}.equivcnp.channels",
}
"""Old dotted keys with their new names."""
_ATTENTION = {"windows": "gaussian_bias", "published": "te_tnp"}
VALUES = {
    f"{_BACKBONE}.tnp.attention": _ATTENTION,
    f"{_BACKBONE}.pt_tnp.attention": _ATTENTION,
}
"""Old values of a key with their new names."""
COVARIATES = "data.covariates"
ENTRY_KEYS = {"stream_km": "auxiliary_km"}
"""Old keys of an entry of `data.covariates`."""
ENTRY_VALUES = {"use": {"stream": "auxiliary"}}
"""Old values of a key of such an entry."""


def renamed(record: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A nested configuration under today's names, and what was renamed, a line each.

    Raises:
        ConfigError: If a key is given under its old and its new name.
    """
    return _renamed(record, "")


def renamed_words(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Arguments of a command under today's names, and what was renamed."""
    words: list[str] = []
    notes: list[str] = []
    key = ""
    for word in argv:
        option = re.match(r"--([\w.]+)(.*)", word, re.DOTALL)
        if option is None:
            words.append(_value(key, word, notes))
            key = ""
            continue
        key, rest = option[1], option[2]
        if key in KEYS:
            notes.append(_note(key, KEYS[key]))
            key = KEYS[key]
        if rest.startswith("="):
            rest = "=" + _value(key, rest[1:], notes)
        words.append(f"--{key}{rest}")
    return words, notes


def _renamed(record: dict[str, Any], path: str) -> tuple[dict[str, Any], list[str]]:
    out: dict[str, Any] = {}
    notes: list[str] = []
    for name, value in record.items():
        old = f"{path}{name}"
        key = KEYS.get(old, old)
        if key != old:
            notes.append(_note(old, key))
            name = key.rpartition(".")[2]
            if name in record:
                raise ConfigError(
                    f"`{old}` is the old name of `{key}`, and both are given: remove "
                    f"`{old}`."
                )
        if isinstance(value, dict):
            value, more = _renamed(value, f"{key}.")
            notes += more
        elif key == COVARIATES and isinstance(value, list):
            value = [_entry(each, notes) for each in value]
        elif isinstance(value, str) and value in VALUES.get(key, {}):
            notes.append(_note(f"{key}: {value}", f"{key}: {VALUES[key][value]}"))
            value = VALUES[key][value]
        out[name] = value
    return out, notes


def _entry(entry: Any, notes: list[str]) -> Any:
    """An entry of `data.covariates` under today's names."""
    if not isinstance(entry, dict):
        return entry
    out = {}
    for name, value in entry.items():
        new: str = ENTRY_KEYS.get(name) or name
        if new != name:
            notes.append(_note(f"{COVARIATES}: {name}", f"{COVARIATES}: {new}"))
        values = ENTRY_VALUES.get(new, {})
        if isinstance(value, str) and value in values:
            old, value = value, values[value]
            notes.append(_note(f"{new}: {old}", f"{new}: {value}"))
        out[new] = value
    return out


def _value(key: str, text: str, notes: list[str]) -> str:
    """The text of an option's value under today's names."""
    if text in VALUES.get(key, {}):
        notes.append(_note(f"{key}: {text}", f"{key}: {VALUES[key][text]}"))
        return VALUES[key][text]
    if key == COVARIATES and any(old in text for old in ("stream_km", "stream")):
        entries = load(text)
        if isinstance(entries, list):
            return json.dumps([_entry(each, notes) for each in entries])
    return text


def _note(old: str, new: str) -> str:
    return f"`{old}` is now called `{new}`"
