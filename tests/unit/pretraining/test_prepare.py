import json
from dataclasses import replace

import numpy as np
import pytest

from apnp.checkpoint import RunRecord, load_run, read_checkpoint
from apnp.cli.pretrain import main as pretrain_main
from apnp.config import (
    BackboneConfig,
    Config,
    DataConfig,
    GriddedCovariateConfig,
    LocalTNPConfig,
    ModelConfig,
    TrainerConfig,
)
from apnp.errors import CheckpointError, ConfigError
from apnp.geometry.station_blocks import StationSplit
from apnp.pretrained import run_path
from apnp.pretraining import MixtureLaw, prepare_pretraining, pretrain
from apnp.pretraining.ship import ship

LAW = MixtureLaw(simulated=0.5, places=2000, altered=0.0, edges=0.0)


@pytest.fixture(scope="module")
def config(open_file, terrain_file, tmp_path_factory):
    fields = [
        GriddedCovariateConfig(str(terrain_file), "elevation", smooth_km=(300.0,)),
        GriddedCovariateConfig(str(terrain_file), "land_fraction"),
    ]
    data = DataConfig(
        path=str(open_file), split=StationSplit(validation=0.2), context=(8, 40),
        targets=20, covariates=fields,
    )  # fmt: skip
    backbone = BackboneConfig(
        "local_tnp", local_tnp=LocalTNPConfig(neighbours=8, width=16, layers=1, heads=2)
    )
    model = ModelConfig(
        group="rotations", coast=False, insolation=True, backbone=backbone
    )
    trainer = TrainerConfig(
        max_steps=2, batch_size=2, validation_every=2, validation_tasks=6,
        accelerator="cpu",
    )  # fmt: skip
    run = tmp_path_factory.mktemp("runs") / "pretrain"
    return Config(str(run), data, model, trainer)


@pytest.fixture(scope="module")
def run(config):
    return pretrain(config, LAW)


def test_tasks_come_from_both_sources_and_carry_the_covariates(config):
    prepared = prepare_pretraining(config, LAW)
    assert set(prepared.tasks.sources) == {"open", "simulated"}
    assert prepared.inputs.insolation
    # Elevation, season (2); of the relief 3 covariates, of the land fraction 1.
    assert prepared.tasks.task(3).context.w.shape[-1] == 3 + 3 + 1
    assert prepared.validation
    assert "0.5 of the tasks simulated at 2000 places" in prepared.summary


def test_one_source_alone_is_possible(config):
    for share, name in ((0.0, "open"), (1.0, "simulated")):
        prepared = prepare_pretraining(config, replace(LAW, simulated=share))
        assert set(prepared.tasks.sources) == {name}


def test_a_run_is_trained_and_resumed_to_its_end(config, run):
    _, inputs, record = load_run(run)
    assert inputs.insolation
    assert record.progress.step == 2
    longer = replace(config, trainer=replace(config.trainer, max_steps=3))
    pretrain(longer, LAW, resume=True)
    assert load_run(run, "last")[2].progress.step == 3


def test_training_starts_from_the_weights_of_another_run(config, run, tmp_path):
    argv = [
        "--config", f"{run}/config.yaml", "--run", str(tmp_path / "further"),
        "--trainer.max_steps", "1", "--trainer.validation_every", "1",
        "--trainer.learning_rate", "1e-9", "--trainer.average", "0",
        "--init-from", str(run), "--altered", "1",
    ]  # fmt: skip
    pretrain_main(argv)
    before, after = (
        read_checkpoint(folder / "best", with_state=False)
        for folder in (run, tmp_path / "further")
    )
    for name, value in before[1].items():
        np.testing.assert_allclose(after[1][name], value, atol=1e-7)
    assert after[0]["inputs"] == before[0]["inputs"]
    assert MixtureLaw.of_run(tmp_path / "further").altered == 1
    with pytest.raises(ConfigError, match="--resume or --init-from, not both"):
        pretrain(config, LAW, resume=True, init_from=run)


def test_a_run_keeps_its_mixture(config, run):
    assert MixtureLaw.of_run(run) == LAW
    argv = [
        "--resume", str(run), "--trainer.max_steps", "4", "--data.path",
        config.data.path,
    ]  # fmt: skip
    with pytest.raises(ConfigError, match=r"keeps its mixture.*--simulated 0.5"):
        pretrain_main([*argv, "--simulated", "0.4"])
    for other in (["--without", "KNMI"], ["--altered", "0.3"], ["--edges", "0.3"]):
        with pytest.raises(ConfigError, match="keeps its mixture"):
            pretrain_main([*argv, *other])
    pretrain_main(argv)
    record = load_run(run, "last")[2]
    assert record.progress.step == 4
    assert "0.5 of the tasks simulated at 2000 places" in record.summary


def test_a_damaged_mixture_is_refused(tmp_path):
    (tmp_path / "mixture.json").write_text('{"simulated": 2, "without": []}')
    with pytest.raises(CheckpointError, match=r"mixture\.json is damaged"):
        MixtureLaw.of_run(tmp_path)


def test_a_run_of_before_days_were_altered_keeps_its_tasks(tmp_path):
    first = MixtureLaw(0.1, (), 200_000, 0.0, 0.0)
    assert MixtureLaw.of_run(tmp_path) == first
    (tmp_path / "mixture.json").write_text(
        '{"simulated": 0.25, "without": [], "places": 500}'
    )
    assert MixtureLaw.of_run(tmp_path) == MixtureLaw(0.25, (), 500, 0.0, 0.0)


def test_another_mixture_is_not_resumed(config, run):
    with pytest.raises(ConfigError, match="other stations"):
        pretrain(config, replace(LAW, simulated=0.4), resume=True)


def test_shipped_weights_are_those_of_the_run_and_name_no_folder(
    config, run, tmp_path, monkeypatch
):
    monkeypatch.setattr("apnp.pretraining.ship.NETWORKS", 30)
    folder = ship(run, tmp_path / "weights")
    record, weights, state = read_checkpoint(folder)
    assert state is None
    assert record["config"]["data"]["path"] == "open.parquet"
    assert record["config"]["run"] == "pretrained"
    _, original, _ = read_checkpoint(run / "best", with_state=False)
    for name, value in original.items():
        np.testing.assert_array_equal(weights[name], value)
    assert str(run.parent) not in json.dumps(record["config"])
    ranges = RunRecord.parse(record, folder).networks
    days = prepare_pretraining(config, replace(LAW, simulated=0.0)).tasks.sources
    for index in range(30):
        sites = days["open"].network(index)
        assert ranges.departures(sites) == []
        # The context of the task itself.
        assert len(sites) == days["open"].task(index).context.x.shape[1]
    polar = replace(sites, lat=80 + sites.lat / 100)
    assert any("median latitude" in each for each in ranges.departures(polar))


def test_the_mean_of_the_last_weights_and_those_they_started_from_ships(
    config, run, tmp_path, monkeypatch
):
    monkeypatch.setattr("apnp.pretraining.ship.NETWORKS", 5)
    trainer = replace(config.trainer, max_steps=1, validation_every=1, average=0.0)
    further = replace(config, run=str(tmp_path / "further"), trainer=trainer)
    pretrain(further, LAW, init_from=run)
    folder = ship(further.run, tmp_path / "weights", run)
    mean, last, first = (
        read_checkpoint(each, with_state=False)[1]
        for each in (folder, tmp_path / "further" / "last", run / "best")
    )
    changed = 0
    for name, value in mean.items():
        np.testing.assert_allclose(value, (last[name] + first[name]) / 2, atol=1e-7)
        changed += not np.array_equal(value, last[name])
    assert changed > 5
    with pytest.raises(CheckpointError, match="holds another model"):
        ship(run, tmp_path / "other", run_path("pretrained"))
    assert not (tmp_path / "other").exists()


def test_large_weights_are_not_shipped(run, tmp_path, monkeypatch):
    monkeypatch.setattr("apnp.pretraining.ship.LARGEST_BYTES", 100)
    with pytest.raises(CheckpointError, match="at most 100"):
        ship(run, tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_a_configuration_without_data_or_terrain_is_refused(config):
    with pytest.raises(ConfigError, match=r"--data\.path"):
        prepare_pretraining(replace(config, data=replace(config.data, path="")), LAW)
    bare = replace(config, data=replace(config.data, covariates=[]))
    with pytest.raises(ConfigError, match="a relief and a land fraction"):
        prepare_pretraining(bare, LAW)
    with pytest.raises(ConfigError, match=r"share of simulated tasks .* Got 1.5"):
        MixtureLaw(simulated=1.5)
    with pytest.raises(ConfigError, match=r"share of altered days .* Got -0.1"):
        MixtureLaw(altered=-0.1)
