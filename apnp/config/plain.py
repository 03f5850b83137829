"""Records that hold every key with a value of its type, without the parser.

The parser reads whatever people write; a checkpoint holds what this package wrote, and
to load the parser takes longer than all else that is done with a checkpoint.
"""

from dataclasses import fields, is_dataclass
from functools import partial
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


class Unlike(Exception):
    """A value that is not of the type it should be, or a key that is missing."""


def built(kind: Any, value: Any) -> Any:
    """The value as this type has it; dataclasses from dictionaries of all their keys.

    Args:
        kind: A dataclass, a plain type, or what these make: lists, tuples,
            dictionaries, alternatives.
        value: What JSON holds.

    Raises:
        Unlike: If it is not exactly of this type.
        ConfigError: If a dataclass refuses it.

    >>> built(tuple[float, ...], [1.0, 2.5])
    (1.0, 2.5)
    """
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind, value)
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


def _dataclass(kind: Any, value: Any) -> Any:
    names = {each.name for each in fields(kind) if each.init}
    _checked(value, isinstance(value, dict) and value.keys() == names)
    hints = get_type_hints(kind)
    return kind(**{name: built(hints[name], value[name]) for name in names})


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
