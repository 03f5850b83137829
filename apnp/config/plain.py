"""Records that hold every key with a value of its type, without the parser.

The parser reads whatever people write; a checkpoint holds what this package wrote, and
to load the parser takes longer than all else that is done with a checkpoint.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import partial
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


class Unlike(Exception):
    """A value that is not of the type it should be, or a key that is missing."""


def built(
    kind: Any, value: Any, lacking: Mapping[str, Any] | None = None, key: str = ""
) -> Any:
    """The value as this type has it; dataclasses from dictionaries of their keys.

    Args:
        kind: A dataclass, a plain type, or what these make: lists, tuples,
            dictionaries, alternatives.
        value: What JSON holds.
        lacking: What keys stand for that dictionaries lack, by their dotted name;
            other keys have the default of their class. None = no key may be lacking.
        key: The dotted name of the value.

    Raises:
        Unlike: If it is not exactly of this type.
        ConfigError: If a dataclass refuses it.

    >>> built(tuple[float, ...], [1.0, 2.5])
    (1.0, 2.5)
    """
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind, value, lacking, key)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _either(inner, value)
    if origin is Literal:
        return _checked(value, any(value is each or value == each for each in inner))
    if origin is tuple and isinstance(value, list):
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        _checked(value, len(kinds) == len(value))
        return tuple(map(built, kinds, value))
    if origin is list and isinstance(value, list):
        return list(map(partial(built, inner[0]), value))
    if origin is dict and isinstance(value, dict):
        pairs = value.items()
        return {built(inner[0], k): built(inner[1], v) for k, v in pairs}
    return _checked(value, kind in (int, float, str, bool, NoneType)
                    and type(value) is kind)  # fmt: skip


def _dataclass(
    kind: Any, value: Any, lacking: Mapping[str, Any] | None, key: str
) -> Any:
    every = [each for each in fields(kind) if each.init]
    names = {each.name for each in every}
    known = isinstance(value, dict) and value.keys() <= names
    _checked(value, known and (lacking is not None or value.keys() == names))
    hints, made = get_type_hints(kind), {}
    for each in every:
        dotted = f"{key}.{each.name}".removeprefix(".")
        if each.name in value:
            made[each.name] = built(hints[each.name], value[each.name], lacking, dotted)
        elif lacking is not None and dotted in lacking:
            made[each.name] = lacking[dotted]
        else:
            inside = any(name.startswith(f"{dotted}.") for name in lacking or {})
            has_default = each.default is not MISSING
            has_default |= each.default_factory is not MISSING
            _checked(value, has_default and not inside)
    return kind(**made)


def _either(kinds: tuple[Any, ...], value: Any) -> Any:
    for kind in kinds:
        try:
            return built(kind, value)
        except Unlike:
            continue
    raise Unlike(value)


def _checked(value: Any, holds: bool) -> Any:
    if not holds:
        raise Unlike(value)
    return value
