"""What the keys of a configuration are: sections, defaults, ranges, meanings."""

import inspect
import re
import textwrap
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, get_args, get_origin

from apnp.config.experiment import Config
from apnp.errors import ConfigError
from apnp.ranges import number_kind, range_of

_ENTRY = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def sections() -> dict[str, Any]:
    """The class of every section by its dotted key; that of the whole is empty."""
    found: dict[str, Any] = {"": Config}

    def add(kind: Any, path: str) -> None:
        for each in fields(kind):
            for inner in (each.type, *get_args(each.type)):
                if is_dataclass(inner):
                    found[f"{path}{each.name}"] = inner
                    add(inner, f"{path}{each.name}.")

    add(Config, "")
    return found


def overview() -> str:
    """One line for every section."""
    lines = [
        f"  {name:<40}{_summary(kind)}" for name, kind in sections().items() if name
    ]
    return "\n".join(lines)


def section(name: str) -> str:
    """Every key of a section with its kind, range, default and meaning.

    Raises:
        ConfigError: If there is no such section.
    """
    known = sections()
    if name not in known:
        raise ConfigError(
            f"There is no section {name}: it is one of "
            f"{', '.join(filter(None, known))}."
        )
    kind, about = known[name], _meanings(known[name])
    lines = [f"{name}: {_summary(kind)}", ""]
    for each in fields(kind):
        key = f"{name}.{each.name}"
        if key in known:
            lines.append(f"--{key}.*  (apnp train --help {key})")
        else:
            lines.append(f"--{key}  {_values(each)}{_default(each)}")
        meaning = textwrap.fill(" ".join(about.get(each.name, "").split()), 80)
        lines.append(textwrap.indent(meaning, "      "))
    return "\n".join(lines)


def _summary(kind: Any) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0]


def _meanings(kind: Any) -> dict[str, str]:
    """What the docstrings of a class and its bases say of each field."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        text = inspect.cleandoc(each.__doc__ or "")
        _, _, attributes = text.partition("Attributes:\n")
        found |= {m[1]: m[2] for m in _ENTRY.finditer(attributes)}
    return found


def _values(of: Field) -> str:
    """The values that a key takes."""
    literals = [v for part in _parts(of.type) for v in get_args(part)]
    number = number_kind(of.type)
    if number is not None:
        noun = "integer" if number is int else "number"
        if get_origin(of.type) is tuple or "tuple" in str(of.type):
            noun = f"list of {noun}s"
        limits = str(range_of(of) or "")
        return " or ".join([f"{noun} {limits}".strip(), *literals])
    if literals:
        return " | ".join(literals)
    if of.type is bool:
        return "true | false"
    return "mapping" if "dict" in str(of.type) else "text"


def _parts(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Literal:
        return [annotation]
    return [part for each in get_args(annotation) for part in _parts(each)]


def _default(of: Field) -> str:
    if of.default is MISSING or of.default in (None, "", ()):
        return ""
    value = list(of.default) if isinstance(of.default, tuple) else of.default
    value = str(value).lower() if isinstance(value, bool) else value
    return f"  (default {value})"
