"""The name of the shipped weights, and what predicts with it by default."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import apnp
import apnp.checkpoint.run_folder
import apnp.pretrained
from apnp.cli import main
from apnp.errors import CheckpointError, ConfigError

DAY = "2021-07-01"
SAMPLE = Path(__file__).parents[3] / "data" / "us_two_days.nc"


def stations():
    rng = np.random.default_rng(3)
    lat, lon = rng.uniform(40, 55, 20), rng.uniform(-5, 20, 20)
    return apnp.from_arrays(
        "tas", 30 - 0.3 * lat[:, None] + rng.normal(0, 1, (20, 1)),
        station=[f"s{i}" for i in range(20)], lat=lat, lon=lon,
        elevation=rng.uniform(0, 900, 20), time=[DAY],
    )  # fmt: skip


@pytest.fixture
def shipped(monkeypatch, tmp_path, random_run):
    """A model with random weights in place of the shipped one."""
    run = random_run(tmp_path / "weights", stations())
    monkeypatch.setattr(apnp.pretrained, "_FOLDER", run / "best")
    monkeypatch.chdir(tmp_path)
    return run


def test_the_name_loads_the_shipped_weights(shipped):
    model, same = apnp.load("pretrained"), apnp.load()
    assert model.record.hash == apnp.load(shipped).record.hash
    assert same.record.hash == model.record.hash
    assert model.name == "pretrained convcnp, approximate"


def test_weights_that_were_changed_are_refused(shipped):
    path = shipped / "best" / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match="damaged"):
        apnp.load("pretrained")


def test_an_installation_without_weights_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(apnp.pretrained, "_FOLDER", tmp_path / "none")
    with pytest.raises(CheckpointError, match=r"no pretrained weights.*--checkpoint"):
        apnp.load("pretrained")


def test_one_call_predicts_a_field_or_points(shipped):
    ds = stations()
    field = apnp.predict(ds, time=DAY, grid=5.0, output="f.nc")
    again = apnp.load(shipped).predict_grid(ds, time=DAY, grid=5.0)
    np.testing.assert_array_equal(field.tas, again.tas)
    points = pd.DataFrame({"lat": [46.0], "lon": [8.0], "elevation": [500.0]})
    table = apnp.predict(ds, time=DAY, points=points)
    assert np.isfinite(table[["mean", "std", "q05", "q95"]].values).all()
    for wrong in ({}, {"grid": 5.0, "points": points}):
        with pytest.raises(ConfigError, match="either `grid`"):
            apnp.predict(ds, time=DAY, **wrong)
    with pytest.raises(ConfigError, match="`region` goes with `grid`"):
        apnp.predict(ds, time=DAY, points=points, region=(0, 40, 5, 50))


def test_the_command_predicts_without_a_checkpoint(shipped, tmp_path):
    apnp.write_stations(stations(), tmp_path / "s.nc")
    status = main(
        ["predict", "--stations", "s.nc", "--time", DAY, "--grid", "5",
         "--output", "field.nc"]
    )  # fmt: skip
    assert status == 0
    with xr.open_dataset("field.nc") as ds:
        assert "pretrained convcnp" in ds.attrs["source"]


def test_the_shipped_weights_know_which_networks_they_learned_from():
    ranges = apnp.load().record.networks
    sample = apnp.data.read_stations(SAMPLE)
    for day in ("2019-01-22", "2011-07-07"):
        sites = apnp.data.observations_at(sample, day).sites
        assert ranges.departures(sites) == []
    polar = replace(sites, lat=78 + sites.lat / 100)
    assert any("median latitude" in each for each in ranges.departures(polar))
    high = replace(sites, elevation=sites.elevation + 6000)
    assert any("highest station" in each for each in ranges.departures(high))
    few = sites.take(np.arange(5))
    assert any("number of stations 5" in each for each in ranges.departures(few))
