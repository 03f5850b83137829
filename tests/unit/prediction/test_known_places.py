"""Predictions with vectors at sites and with the stations' past."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from apnp.build import build_model
from apnp.checkpoint import write_checkpoint
from apnp.config import Config, DataConfig, HistoryConfig, from_words, to_dict
from apnp.data import from_arrays, observations_at
from apnp.data.archive import archive_of
from apnp.inputs.history import HistorySettings
from apnp.inputs.stations import StationInputs
from apnp.prediction import load

N, DAYS = 24, 6
TIMES = np.datetime64("2021-07-01") + np.arange(DAYS)
LAST = str(TIMES[-1])
WORDS = (
    "--model.form=approximate", "--model.backbone.name=local_tnp",
    "--model.backbone.local_tnp.width=8", "--model.backbone.local_tnp.heads=2",
    "--model.fixed_inputs.kind=sites", "--model.coast=false",
    "--model.likelihood=gaussian",
)  # fmt: skip


def stations(change=None):
    rng = np.random.default_rng(4)
    lat, lon = rng.uniform(40, 50, N), rng.uniform(0, 15, N)
    value = 12 + rng.normal(size=(N, 1)) + rng.normal(size=(N, DAYS))
    if change is not None:
        value[3, change] += 9.0
    return from_arrays(
        "tas", value, station=[f"s{i}" for i in range(N)], lat=lat, lon=lon,
        elevation=np.full(N, 100.0), time=TIMES.astype("M8[ns]"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    ds = stations()
    lat, lon = (ds[k].values.astype(float).tolist() for k in ("lat", "lon"))
    inputs = replace(
        StationInputs.fit("sphere", lat, lon, ds["tas"].values),
        known_sites=tuple(zip(lat[:12], lon[:12], strict=True)),
        history=HistorySettings(days=4, last=1, neighbours=5),
    )
    config = from_words([*WORDS])
    torch.manual_seed(3)
    made = build_model(config.model, inputs)
    weights = {
        k: v + 0.3 * torch.randn_like(v) if v.is_floating_point() else v
        for k, v in made.state_dict().items()
    }
    data = DataConfig(history=HistoryConfig(days=4, last=1, neighbours=5))
    record = {
        "config": to_dict(Config(model=config.model, data=data)),
        "inputs": inputs.to_dict(),
    }
    folder = tmp_path_factory.mktemp("known") / "run"
    write_checkpoint(folder / "best", record, weights)
    return load(folder)


def field(model, ds, time=LAST):
    asked = {"grid": 4.0, "region": (0, 40, 16, 48), "recalibration": False}
    return model.predict_grid(ds, time=time, **asked)["tas"].values


def test_a_checkpoint_holds_its_sites_and_what_it_reads_of_the_past(model):
    assert len(model.inputs.known_sites) == 12
    assert model.inputs.history == HistorySettings(days=4, last=1, neighbours=5)
    assert model.process.backbone.fixed_inputs.vectors.shape[0] == 12


def test_a_map_reads_the_past_in_the_file_and_nothing_later(model):
    usual, earlier = field(model, stations()), field(model, stations(change=3))
    assert np.abs(earlier - usual).max() > 1e-3
    time = str(TIMES[3])
    np.testing.assert_array_equal(
        field(model, stations(change=4), time), field(model, stations(), time)
    )


def test_a_file_of_one_day_is_as_no_history(model):
    ds = stations()
    alone = field(model, ds.isel(time=[DAYS - 1]))
    assert np.abs(alone - field(model, ds)).max() > 1e-3
    context = observations_at(ds, LAST)
    one = model.remembering(ds.isel(time=[DAYS - 1]))
    forgotten = replace(model, inputs=model.inputs.forgetting())
    np.testing.assert_array_equal(
        *(each.condition(context).predict(context.sites) for each in (one, forgotten))
    )


def test_targets_can_be_taken_as_strange_places(model):
    ds = stations()
    model = model.remembering(ds)
    context = observations_at(ds, LAST)
    kept, out = context.take(np.arange(2, N)), context.take(np.arange(2)).sites
    own = model.condition(kept).marginals(out).mean
    strange = replace(model, knows_targets=False).condition(kept).marginals(out).mean
    assert np.abs(own - strange).min() > 1e-4
    # What is left is what a model without sites and past says there of this context.
    moved = replace(out, lat=out.lat + 0.03)
    near = model.condition(kept).marginals(moved).mean
    assert np.abs(near - strange).max() < 0.3 * np.abs(own - strange).max() + 0.05


def test_recalibration_takes_left_out_stations_as_strange_unless_known(model):
    ds = stations()
    model = model.remembering(ds)
    context = observations_at(ds, LAST)
    strange, known = (
        model.recalibrated([context], known).recalibration for known in (False, True)
    )
    assert strange.stations == known.stations > 0
    assert strange.factor != known.factor


def test_the_past_that_is_needed_is_no_more_than_that(model):
    ds = stations()
    whole = model.remembering(ds).inputs.memory.archive
    part = model.remembering(ds, TIMES[-1:].astype("M8[ns]")).inputs.memory.archive
    assert len(whole.times) == DAYS
    assert part.times[-1] == TIMES[-1]
    late = model.remembering(ds, TIMES[2:3].astype("M8[ns]")).inputs.memory.archive
    assert late.times.max() == TIMES[2]
    assert archive_of(ds).value.shape == (DAYS, N)
