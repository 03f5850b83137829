"""Nested state as tensors by name and plain JSON, and back: nothing is pickled."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from apnp.errors import CheckpointError

_TENSOR, _TUPLE, _ITEMS, _FLOAT = "$tensor", "$tuple", "$items", "$float"


def pack(state: Any) -> tuple[Any, dict[str, Tensor]]:
    """What JSON can hold of `state`, and its tensors by their place in it.

    Raises:
        CheckpointError: If something is neither a tensor nor plain data.
    """
    tensors: dict[str, Tensor] = {}
    return _pack(state, "", tensors), tensors


def unpack(record: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The state of which `pack` made `record` and `tensors`.

    Raises:
        CheckpointError: If a tensor is missing.
    """
    if isinstance(record, list):
        return [unpack(item, tensors) for item in record]
    if not isinstance(record, dict):
        return record
    if _TENSOR in record:
        name = record[_TENSOR]
        if name not in tensors:
            raise CheckpointError(f"The state names a tensor {name!r} that is absent.")
        return tensors[name]
    if _TUPLE in record:
        return tuple(unpack(record[_TUPLE], tensors))
    if _FLOAT in record:
        return float(record[_FLOAT])
    if _ITEMS in record:
        return {key: unpack(value, tensors) for key, value in record[_ITEMS]}
    return {key: unpack(value, tensors) for key, value in record.items()}


def _pack(value: Any, place: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        # A copy: safetensors refuses tensors that share memory.
        name = f"{len(tensors)}{place}"
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {_TENSOR: name}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else {_FLOAT: str(float(value))}
    if isinstance(value, list):
        return [_pack(v, f"{place}/{i}", tensors) for i, v in enumerate(value)]
    if isinstance(value, tuple):
        return {_TUPLE: _pack(list(value), place, tensors)}
    if isinstance(value, Mapping):
        items = {k: _pack(v, f"{place}/{k}", tensors) for k, v in value.items()}
        plain = all(isinstance(k, str) and not k.startswith("$") for k in items)
        if plain:
            return items
        if all(isinstance(k, int | str) for k in items):
            return {_ITEMS: [[k, v] for k, v in items.items()]}
    raise CheckpointError(
        f"The training state holds a {type(value).__name__} at {place or '/'}; a "
        "checkpoint keeps tensors, numbers, strings, lists, tuples and dictionaries "
        "alone. Leave it out or convert it."
    )
