"""The parser's complaints, in the words of this package and in one line."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, get_args

from apnp.config.experiment import Config

_KINDS = {
    "<class 'int'>": "an integer",
    "<class 'float'>": "a number",
    "<class 'str'>": "a text",
    "<class 'bool'>": "true or false",
    "<class 'NoneType'>": "null",
}
_KEY = re.compile(
    r"""(?:Problem\ with\ given\ class_path\ '[^']*':\s*)?Parser\ key\ "([^"]+)":\s*""",
    re.VERBOSE,
)
_UNKNOWN = (
    re.compile(r"unrecognized arguments: --([\w.+-]+)"),
    re.compile(r"Key '([\w.]+)' is not expected"),
    re.compile(r"[Oo]ption '([\w.]+)' is not accepted"),
    re.compile(r"Group '([\w.]+)' does not accept option '([\w.]+)'"),
)


def one_line(error: object) -> str:
    """What is wrong, where, what the rule is and what was given."""
    text = " ".join(str(error).split())
    keys = [part for part in _KEY.findall(text) if part]
    rest = _KEY.sub("", text).removeprefix("Problems parsing config: ")
    for unknown_key in _UNKNOWN:
        unknown = unknown_key.search(rest)
        if unknown:
            return _unknown(".".join([*keys, *unknown.groups()]))
    for pattern, rule in (
        (r"Expected a (.+?)\. Got value: (.*)", _rule),
        (r"Does not validate .*Subtypes: \[(.+?)\] Errors.*Given value: (.*)", _either),
    ):
        found = re.fullmatch(pattern, rest)
        if found and keys:
            return f"`{'.'.join(keys)}` must be {rule(found[1])}. Got {found[2]}."
    rest = re.sub(r"Problem with given class_path '[^']*': ", "", rest)
    where = f"`{'.'.join(keys)}`: " if keys else ""
    return f"{where}{rest} (apnp train --help SECTION lists the keys)"


def _rule(kind: str) -> str:
    literal = re.fullmatch(r"typing\.Literal\[(.*)\]", kind)
    if literal:
        return f"one of {literal[1]}"
    return _KINDS.get(kind, f"a {kind}")


def _either(kinds: str) -> str:
    parts = re.findall(r"<class '\w+'>|typing\.\w+\[.*?\]|[\w.]+\[.*?\]", kinds)
    return " or ".join(_rule(part) for part in parts)


def _unknown(key: str) -> str:
    near = get_close_matches(key, list(keys_of(Config)), 1, 0.75)
    leaf = [k for k in keys_of(Config) if k.rpartition(".")[2] == key.split(".")[-1]]
    hint = f"did you mean `{(near or leaf)[0]}`? " if near or leaf else ""
    return f"`{key}` is no known key: {hint}apnp train --help SECTION lists the keys."


def keys_of(kind: Any, path: str = "") -> Iterator[str]:
    """Dotted keys of all leaves of a configuration class."""
    for each in fields(kind):
        if is_dataclass(each.type):
            yield from keys_of(each.type, f"{path}{each.name}.")
            continue
        yield f"{path}{each.name}"
        for part in get_args(each.type):
            if is_dataclass(part):
                yield from keys_of(part, f"{path}{each.name}.")
