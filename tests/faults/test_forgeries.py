"""Checkpoints changed and hashed again: each is an error of the package."""

import json
import random
import shutil
from copy import deepcopy

import numpy as np
import pytest
import safetensors.torch
import torch

import apnp
from apnp.checkpoint import write_checkpoint
from apnp.errors import ApnpError, CheckpointError

pytestmark = pytest.mark.slow

VALUES = (None, -1, 0, 1e400, float("nan"), "x", [], {}, [[[]]], True, 10**30, -0.5,
          {"a": {"b": [None]}})  # fmt: skip


def leaves(record, path=()):
    """Places of all values in nested data."""
    if isinstance(record, dict):
        for key, value in record.items():
            yield (*path, key)
            yield from leaves(value, (*path, key))
    elif isinstance(record, list):
        for key, value in enumerate(record[:3]):
            yield (*path, key)
            yield from leaves(value, (*path, key))


def put(record, path, value):
    for key in path[:-1]:
        record = record[key]
    record[path[-1]] = value


def forged(folder, record, weights):
    """Write a checkpoint with right hashes, NaN in its JSON too."""
    shutil.rmtree(folder, ignore_errors=True)
    write_checkpoint(folder / "best", {"config": {}, "inputs": {}}, weights)
    from apnp.checkpoint import run_folder

    path = folder / "best" / "model.json"
    made = json.loads(path.read_text())
    made |= record
    made.pop("hash")
    text = json.dumps(made, sort_keys=True)
    made["hash"] = run_folder._hash(text.encode())
    path.write_text(json.dumps(made, sort_keys=True, indent=1))


def test_forgeries_of_the_record_are_refused_or_harmless(place, times, tmp_path):
    weights = safetensors.torch.load_file(place / "run/best/weights.safetensors")
    record = json.loads((place / "run/best/model.json").read_text())
    record = {k: record[k] for k in ("config", "inputs")}
    record["progress"] = {"step": 3, "elapsed": 1.0, "scores": {"std_inflation": 1.2}}
    spots = list(leaves(record))
    rng, refused = random.Random(5), 0
    number = times(200, 40)
    for _ in range(number):
        made = deepcopy(record)
        put(made, rng.choice(spots), rng.choice(VALUES))
        forged(tmp_path / "run", made, weights)
        try:
            field(tmp_path / "run", place)
        except ApnpError:  # any other exception fails the test
            refused += 1
    assert refused > number / 4


def field(run, place):
    model = apnp.load(run)
    ds = model.predict_grid(
        str(place / "stations.nc"), time="2021-07-02", grid=30.0, recalibration=False
    )
    assert np.isfinite(ds["tas"].values).all()
    assert (ds["tas_stderr"].values >= 0).all()


@pytest.mark.parametrize(
    "change",
    [lambda w: w[..., None], lambda w: w.double() * float("nan"), lambda w: w[:0],
     lambda w: w.to(torch.int64), lambda w: w.to(torch.complex64)],
)  # fmt: skip
def test_weights_of_other_shapes_and_kinds_are_refused(place, tmp_path, change):
    record = json.loads((place / "run/best/model.json").read_text())
    weights = safetensors.torch.load_file(place / "run/best/weights.safetensors")
    name = next(k for k, w in weights.items() if w.ndim and w.is_floating_point())
    weights[name] = change(weights[name])
    forged(tmp_path / "run", {k: record[k] for k in ("config", "inputs")}, weights)
    with pytest.raises((CheckpointError, ApnpError)):
        field(tmp_path / "run", place)
