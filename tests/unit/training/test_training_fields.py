"""Gridded fields from the configuration to a prediction, through a run folder."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

from apnp.data import observations_at
from apnp.errors import ConfigError, DataError
from apnp.output.field_output import FieldOutput
from apnp.prediction import Samples, SymmetryProbe, load
from apnp.training.fit import train

DAY, LATER = "2020-01-05", "2020-02-01"
REGION = (2.0, 46.0, 14.0, 54.0)


def waves(shift=0.0, days=None):
    """A relief with a hole, or weather on some days."""
    lat, lon = np.arange(60.0, 39.0, -1.0), np.arange(350.0, 385.0, 1.5) % 360
    dims, coords = ("lat", "lon"), {"lat": lat, "lon": lon}
    values = 300 + 200 * np.sin(lat + shift)[:, None] * np.cos(lon / 9)
    if days is None:
        values[8:10, 9:12] = np.nan
        return xr.Dataset({"orog": (dims, values, {"units": "m"})}, coords)
    values = values + 10 * np.arange(len(days))[:, None, None]
    coords = {"time": days.astype("M8[ns]"), **coords}
    return xr.Dataset({"t2m": (("time", *dims), values, {"units": "K"})}, coords)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fields")
    days = np.arange("2020-01-01", "2020-01-31", dtype="M8[D]")
    for name, ds in (
        ("relief", waves()), ("other", waves(0.4)), ("weather", waves(1.0, days)),
        ("short", waves(1.0, days[:20])),
    ):  # fmt: skip
        ds.to_netcdf(folder / f"{name}.nc")
    return folder


@pytest.fixture(scope="module")
def run_in(files, tiny_in, stations):
    """A run of two steps, with an auxiliary set and covariates; its folder."""

    def make(folder, *more, use="both", name="run", weather="weather"):
        fields = (
            f"[{{path: {files}/relief.nc, variable: orog, use: {use}}}, "
            f"{{path: {files}/{weather}.nc, variable: t2m, smooth_km: [200]}}]"
        )
        steps = "--trainer.max_steps=2", "--trainer.validation_tasks=1"
        words = "--data.covariates", fields, *steps, *more
        config = tiny_in(folder, *words, run=name)
        return train(config, stations), config

    return make


@pytest.fixture
def run(run_in, tmp_path):
    return partial(run_in, tmp_path)


@pytest.fixture(scope="module")
def trained(run_in, tmp_path_factory):
    """The folder and the configuration of a run that no test changes."""
    return run_in(tmp_path_factory.mktemp("trained"))


def test_a_run_with_fields_predicts_grids_and_points_whatever_the_chunks(
    trained, stations, files
):
    model = load(trained[0])
    assert model.inputs.auxiliary_dy == model.process.backbone.auxiliary_dy == (1,)
    assert model.inputs.dw == 3 + 1 + 2
    asked = {
        "time": DAY,
        "grid": 2.0,
        "region": REGION,
        "samples": Samples(2, anchors=5),
    }
    whole = model.predict_grid(stations, **asked)
    parts = model.predict_grid(stations, **asked, output=FieldOutput(chunk_cells=1))
    for name in ("tas", "tas_stderr", "tas_sample"):
        np.testing.assert_allclose(parts[name], whole[name], rtol=1e-4, atol=1e-4)
    assert "orog of relief.nc, t2m of weather.nc" in whole.attrs["comment"]
    points = pd.DataFrame({"lat": [47.0], "lon": [9.0], "elevation": [300.0]})
    found = model.predict_points(stations, points, time=DAY)
    (cell,) = whole.tas.sel(lat=47, lon=9).values
    assert found["elevation"][0] == 300.0
    assert np.isfinite([found["mean"][0], cell]).all()
    other = load(trained[0], fields=[files / "other.nc"])
    changed = other.predict_grid(stations, **asked)
    assert (changed.tas - whole.tas).max() > 1e-4


def test_the_day_of_a_prediction_must_be_in_the_file_before_any_work(
    trained, stations, files, capsys
):
    model = load(trained[0], fields=[files / "short.nc"])
    capsys.readouterr()
    with pytest.raises(DataError, match=r"t2m has no 2020-01-21; it holds 20 days"):
        model.predict_grid(
            stations, time=f"{DAY}/2020-01-25", grid=2.0, region=REGION,
            output=FieldOutput(progress=True),
        )  # fmt: skip
    assert not capsys.readouterr().err


def test_absent_fields_are_refused_with_the_way_out(trained, files, tmp_path, stations):
    folder, config = trained
    there, away = files / "relief.nc", files / "relief.away"
    there.rename(away)
    try:
        with pytest.raises(
            DataError, match=r"'orog', from .*relief\.nc.*--covariates FI"
        ):
            load(folder)
        assert load(folder, fields=[files / "other.nc"])
        with pytest.raises(DataError, match="there is no such file"):
            train(replace(config, run=str(tmp_path / "new")), stations)
    finally:
        away.rename(there)
    assert not (tmp_path / "new").exists()


def test_training_days_must_be_in_the_file(run):
    with pytest.raises(DataError, match=r"short\.nc: t2m has no 2020-01-21"):
        run(weather="short")


def test_a_run_with_fields_is_gone_on_with_and_begun_from(run, tiny, stations):
    first, config = run()
    longer = replace(config, trainer=replace(config.trainer, max_steps=3))
    assert train(longer, stations, resume=True) == first
    again = replace(config, run=f"{config.run}2")
    started = train(again, stations, init_from=first)
    assert load(started).inputs == load(first).inputs
    with pytest.raises(ConfigError, match=r"reads the fields orog, t2m.*given none"):
        train(tiny(run="bare"), stations, init_from=first)


def test_auxiliary_sets_are_for_lattices_and_covariates_for_all(run):
    local = "--model.backbone.name=local_tnp"
    with pytest.raises(
        ConfigError, match=r"local_tnp reads no auxiliary .*: set `use`"
    ):
        run(local)
    small = [f"--model.backbone.local_tnp.{k}" for k in ("neighbours=4", "width=8")]
    more = "--model.backbone.local_tnp.layers=1", "--model.backbone.local_tnp.heads=2"
    folder, _ = run(local, *small, *more, use="covariate")
    assert load(folder).process.backbone.dw == 6


@pytest.mark.parametrize("geometry", ["plane", "sphere"])
def test_data_and_auxiliary_sets_moved_together_leave_a_strict_model_as_it_is(
    run, stations, geometry
):
    lattice = "[8,8]" if geometry == "plane" else "[8,16]"
    model = load(
        run(
            "--model.form=strict", f"--model.geometry={geometry}",
            f"--model.backbone.convcnp.lattice.shape={lattice}",
        )[0]
    )  # fmt: skip
    found = observations_at(stations, DAY)
    probe = SymmetryProbe.of(model)
    task = probe.task(found.take(np.arange(20)), found.take(np.arange(20, 30)))
    assert len(task.auxiliary) == 1
    one, other = probe.moved(task, torch.Generator().manual_seed(1))
    np.testing.assert_allclose(one, other, atol=1e-9)
    (auxiliary_set,) = task.auxiliary
    auxiliary_set = replace(auxiliary_set, y=auxiliary_set.y + 1.0)
    (changed, _) = probe.moved(
        replace(task, auxiliary=(auxiliary_set,)), torch.Generator().manual_seed(1)
    )
    assert np.abs(changed - one).max() > 1e-6
