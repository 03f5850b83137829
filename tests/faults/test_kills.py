"""Commands killed at any moment: what stood before is whole, the next one finishes."""

import csv
import random
import time
from contextlib import closing

import pytest
import xarray as xr

from apnp.cli import main

pytestmark = pytest.mark.slow


def partial_files(folder):
    return [p.name for p in folder.rglob("*") if p.name.endswith((".part", ".lock"))]


def seconds_of(words, killed, tries=1):
    """How long a command takes in a copy of this process."""
    begin = time.monotonic()
    for _ in range(tries):
        assert killed(words, 300) == 0
    return (time.monotonic() - begin) / tries


def test_predictions_killed_at_any_moment(predict, killed, times, tmp_path):
    path, rng = tmp_path / "field.nc", random.Random(1)
    words = [*predict, "--output", str(path)]
    took = seconds_of(words, killed)
    with closing(xr.open_dataset(path)) as ds:
        want = ds["tas"].load()
    cut = 0
    for k in range(times(20, 2)):
        cut += killed(words, share(rng, k, 0.1) * took) == -9
        with closing(xr.open_dataset(path)) as ds:
            xr.testing.assert_identical(ds["tas"].load(), want)
    assert cut
    assert main(words) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["field.nc"]


def test_stores_killed_at_any_moment_are_resumed(predict, killed, times, tmp_path):
    words = [*predict, "--output", str(tmp_path / "alone.zarr")]
    took = seconds_of(words, killed)
    with closing(xr.open_zarr(tmp_path / "alone.zarr")) as ds:
        want = ds["tas"].load()
    rng, cut = random.Random(2), 0
    for k in range(times(20, 2)):
        path = tmp_path / f"{k}.zarr"
        words = [*predict, "--output", str(path)]
        cut += killed(words, share(rng, k, 0.1) * took) == -9
        assert main(words) == 0
        with closing(xr.open_zarr(path)) as ds:
            xr.testing.assert_identical(ds["tas"].load(), want)
    assert cut
    assert partial_files(tmp_path) == []


def test_trainings_killed_at_any_moment_are_resumed(train, killed, times, tmp_path):
    rng, cut = random.Random(3), 0
    took = seconds_of([*train, "--run", str(tmp_path / "whole")], killed)
    want = losses(tmp_path / "whole")
    assert len(want) == 40
    for k in range(times(20, 2)):
        run = tmp_path / f"run{k}"
        words = [*train, "--run", str(run)]
        cut += killed(words, share(rng, k, 0.2) * took) == -9
        if (run / "config.yaml").is_file():
            words = ["train", "--resume", str(run)]
        assert killed(words, 300) == 0
        assert losses(run) == want
    assert cut


def share(rng, k, least):
    """When to kill, as a share of the time a run takes: the first surely within it."""
    return 0.35 if k == 0 else rng.uniform(least, 0.95)


def losses(run):
    with (run / "metrics.csv").open(newline="") as stream:
        return [(r["step"], r["loss"]) for r in csv.DictReader(stream) if r["loss"]]
