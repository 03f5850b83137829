import json
import math
from collections import OrderedDict

import pytest
import torch

from apnp.checkpoint.pack import pack, unpack
from apnp.errors import CheckpointError


def round_trip(state):
    record, tensors = pack(state)
    return unpack(json.loads(json.dumps(record, allow_nan=False)), tensors)


def test_nested_state_comes_back_with_types_and_digits():
    state = {
        "betas": (0.9, 0.999), "lr": 0.1 + 0.2, "best": math.inf, "none": None,
        "on": True, "states": [{0: {"step": 3}, 1: {}}], "empty": (), "$odd": 1,
        "name": "a",
    }  # fmt: skip
    back = round_trip(state)
    assert back == state
    assert isinstance(back["betas"], tuple)
    assert isinstance(back["on"], bool)
    assert list(back["states"][0]) == [0, 1]


def test_tensors_keep_their_bits_and_dtypes():
    shared = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    state = {
        0: {"m": shared, "view": shared.T}, "half": shared.half(),
        "step": torch.tensor(5.0), "bytes": torch.arange(4, dtype=torch.uint8),
    }  # fmt: skip
    back = round_trip(state)
    assert back[0]["m"].equal(shared)
    assert back[0]["view"].equal(shared.T)
    assert back["half"].dtype == torch.float16
    assert back["step"].shape == ()
    assert back["bytes"].dtype == torch.uint8


def test_places_that_spell_alike_stay_apart():
    one, two = torch.zeros(1), torch.ones(1)
    back = round_trip({"a": {"b": one}, "a/b": two})
    assert back["a"]["b"].equal(one)
    assert back["a/b"].equal(two)


def test_mappings_of_other_kinds_become_dictionaries():
    assert round_trip(OrderedDict(b=1, a=2)) == {"b": 1, "a": 2}


@pytest.mark.parametrize("thing", [object(), {1.5: 2}, {"f": {len}}, b"raw"])
def test_anything_else_is_refused_with_its_place(thing):
    with pytest.raises(CheckpointError, match=r"holds a \w+ at /deep/0"):
        pack({"deep": [thing]})


def test_missing_tensor_is_named():
    record, _ = pack({"a": torch.zeros(2)})
    with pytest.raises(CheckpointError, match="'0/a' that is absent"):
        unpack(record, {})
