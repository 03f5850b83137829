import csv
import json
import pickle
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from apnp.checkpoint import (
    find_checkpoint,
    load_run,
    read_checkpoint,
    write_checkpoint,
)
from apnp.config import read_yaml
from apnp.errors import CheckpointError, ConfigError, DataError
from apnp.files import locked
from apnp.training import start
from apnp.training.callbacks import CheckpointAndStop
from apnp.training.fit import train


def rows(run, *columns):
    with (run / "metrics.csv").open(newline="") as file:
        return [tuple(r[c] for c in columns) for r in csv.DictReader(file)]


CURVE = ("step", "learning_rate", "loss", "validation_crps", "validation_nll")


def test_a_run_folder_holds_config_metrics_best_and_last(tiny, stations, capsys):
    config = tiny("--trainer.average=0.5")
    run = train(config, stations)
    assert read_yaml(run / "config.yaml") == config
    assert sorted(p.name for p in run.iterdir()) == [
        "best", "config.yaml", "last", "metrics.csv",
    ]  # fmt: skip
    steps = [int(s) for (s,) in rows(run, "step")]
    assert steps == [1, 2, 3, 4, 4, 5, 6, 7, 8, 8]
    _, _, record = load_run(run)
    assert record.progress.step in (4, 8)
    assert (record.variable, record.units) == ("tas", "degC")
    text = capsys.readouterr().err
    assert "test stations kept out" in text
    assert "steps/s" in text
    assert "min left" in text
    assert "validation CRPS" in text


def test_best_is_the_checkpoint_of_the_best_score(tiny, stations):
    run = train(tiny("--trainer.max_steps=12"), stations)
    scores = {s: float(v) for s, v in rows(run, "step", "validation_crps") if v}
    record, _, _ = read_checkpoint(run / "best")
    best = min(scores, key=scores.get)
    assert record["progress"]["step"] == int(best)
    assert record["progress"]["scores"]["crps"] == pytest.approx(scores[best], abs=1e-6)


class Stopped(Exception):
    pass


@pytest.mark.parametrize("average", [0.0, 0.7])
@pytest.mark.parametrize("stop_after", [2, 6])
def test_resumed_equals_uninterrupted_to_the_last_digit(
    tiny, stations, monkeypatch, average, stop_after
):
    extra = (f"--trainer.average={average}", "--trainer.save_minutes=0")
    whole = train(tiny(*extra, run="whole"), stations)
    config = tiny(*extra, run="cut")
    save = CheckpointAndStop._save

    def dying(self, trainer, name):
        if self.module.step == stop_after:
            raise Stopped
        save(self, trainer, name)

    with monkeypatch.context() as patch:
        patch.setattr(CheckpointAndStop, "_save", dying)
        with pytest.raises(Stopped):
            train(config, stations)
    torch.manual_seed(12345)
    cut = train(config, stations, resume=True)
    assert rows(cut, *CURVE) == rows(whole, *CURVE)
    for which in ("best", "last"):
        a, b = (read_checkpoint(find_checkpoint(r, which)) for r in (whole, cut))
        assert all(a[1][k].equal(b[1][k]) for k in a[1])


def test_a_run_killed_before_its_first_save_begins_again(tiny, stations, monkeypatch):
    whole = train(tiny(run="whole"), stations)
    config = tiny(run="cut")

    def dying(self, trainer, name):
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(CheckpointAndStop, "_save", dying)
        with pytest.raises(Stopped):
            train(config, stations)
    cut = train(config, stations, resume=True)
    assert rows(cut, *CURVE) == rows(whole, *CURVE)


def test_a_longer_training_goes_on_with_a_finished_one(tiny, stations):
    config = tiny()
    train(config, stations)
    longer = replace(config, trainer=replace(config.trainer, max_steps=10))
    run = train(longer, stations, resume=True)
    assert [int(s) for (s,) in rows(run, "step")][-3:] == [9, 10, 10]
    again = train(longer, stations, resume=True)
    assert rows(again, "step") == rows(run, "step")


def test_training_reads_and_writes_no_pickle(tiny, stations, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("pickle was used")

    config = tiny("--trainer.max_steps=4")
    for name in ("load", "save"):
        monkeypatch.setattr(torch, name, refuse)
    for name in ("load", "loads", "dump", "dumps", "Pickler", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    train(config, stations)
    longer = replace(config, trainer=replace(config.trainer, max_steps=8))
    load_run(train(longer, stations, resume=True))


def test_fine_tuning_starts_from_weights_and_scaling(tiny, stations):
    run = train(tiny(run="first"), stations)
    colder = stations.copy(deep=True)
    colder["tas"] = colder["tas"] - 5
    still = ("--trainer.learning_rate=1e-30", "--trainer.weight_decay=0")
    tuned = train(tiny(*still, run="second"), colder, init_from=run)
    (a, before, _), (b, after, _) = load_run(run), load_run(tuned, "last")
    assert before == after
    for name, value in a.state_dict().items():
        assert torch.allclose(b.state_dict()[name], value, atol=1e-6)
    with pytest.raises(ConfigError, match=r"--init-from takes a run of the same `mod"):
        train(tiny("--model.form=strict", run="x"), stations, init_from=run)


def test_patience_ends_training(tiny, stations):
    still = ("--trainer.learning_rate=1e-30", "--trainer.patience=2")
    run = train(tiny(*still, "--trainer.max_steps=40"), stations)
    assert int(rows(run, "step")[-1][0]) == 12


def test_minutes_end_training_with_a_validation_and_a_checkpoint(tiny, stations):
    config = tiny(
        "--trainer.max_steps=0", "--trainer.max_minutes=0.003",
        "--trainer.validation_every=100000",
    )  # fmt: skip
    run = train(config, stations)
    step, score = rows(run, "step", "validation_crps")[-1]
    assert float(score) > 0
    assert load_run(run)[2].progress.step == int(step)
    assert float(rows(run, "learning_rate")[-2][0]) < 1e-3


def test_training_learns(tiny, stations):
    config = tiny(
        "--trainer.max_steps=60", "--trainer.validation_every=60",
        "--trainer.learning_rate=0.01", "--trainer.log_every=10",
    )  # fmt: skip
    losses = [float(v) for (v,) in rows(train(config, stations), "loss") if v]
    assert losses[-1] < losses[0] - 0.2


def test_an_existing_folder_is_not_overwritten(tiny, stations):
    config = tiny()
    run = train(config, stations)
    before = (run / "metrics.csv").read_bytes()
    with pytest.raises(ConfigError, match=r"exists already.*--resume .*run.*--run"):
        train(config, stations)
    assert (run / "metrics.csv").read_bytes() == before


def test_a_resumed_run_keeps_its_model_its_data_and_its_stations(tiny, stations):
    config = tiny("--trainer.max_steps=4")
    train(config, stations)
    for changed, part in (
        (tiny("--model.form=strict"), "model"),
        (tiny("--data.targets=9"), "data"),
    ):
        with pytest.raises(ConfigError, match=rf"keeps its `{part}`.*--init-from"):
            train(changed, stations, resume=True)
    fewer = stations.isel(station=np.arange(80))
    with pytest.raises(ConfigError, match=r"begun with other stations \(\d+ training"):
        train(config, fewer, resume=True)


def test_a_run_older_than_a_key_resumes_with_its_default(tiny, stations, monkeypatch):
    config = tiny("--trainer.max_steps=2")
    train(config, stations)
    read = start.read_checkpoint

    def older(*args, **keys):
        record, *rest = read(*args, **keys)
        del record["config"]["model"]["coast"]
        return record, *rest

    monkeypatch.setattr(start, "read_checkpoint", older)
    assert train(config, stations, resume=True)
    with pytest.raises(ConfigError, match="keeps its `model`"):
        train(tiny("--model.coast=true"), stations, resume=True)


def test_damage_stops_a_resumption(tiny, stations):
    config = tiny("--trainer.max_steps=4")
    run = train(config, stations)
    path = run / "last" / "state.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    longer = replace(config, trainer=replace(config.trainer, max_steps=8))
    with pytest.raises(CheckpointError, match=r"state\.safetensors is damaged"):
        train(longer, stations, resume=True)


def resumed(config, stations, run):
    longer = replace(config, trainer=replace(config.trainer, max_steps=8))
    assert find_checkpoint(run, "last")
    train(longer, stations, resume=True)


@pytest.mark.parametrize("lost", ["optimizer_states", "loops", "callbacks"])
def test_a_state_that_lacks_something_is_refused_in_one_line(tiny, stations, lost):
    config = tiny("--trainer.max_steps=4")
    run = train(config, stations)
    _, weights, state = read_checkpoint(run / "last")
    record = json.loads((run / "last" / "model.json").read_text())
    del record["hash"]
    state[lost] = 3
    write_checkpoint(run / "last", record, weights, state)
    with pytest.raises(CheckpointError, match=r"state is damaged .*--init-from"):
        resumed(config, stations, run)


def test_damaged_metrics_are_refused_with_what_to_do(tiny, stations):
    config = tiny("--trainer.max_steps=4")
    run = train(config, stations)
    (run / "metrics.csv").write_bytes(b"step,\xff\xfe\n")
    with pytest.raises(CheckpointError, match=r"metrics\.csv is damaged.*Remove it"):
        resumed(config, stations, run)
    (run / "metrics.csv").unlink()
    resumed(config, stations, run)


def test_two_trainings_do_not_share_a_folder(tiny, stations):
    config = tiny("--trainer.max_steps=4")
    with locked(Path(config.run), "--run"), pytest.raises(ConfigError, match="another"):
        train(config, stations)
    train(config, stations)


def test_refusals_write_no_folder(tiny, stations, tmp_path):
    for config, error, message in (
        (tiny("--data.train_times=1990"), DataError, "1990"),
        (tiny("--model.backbone.convcnp.lattice.shape=[9,8]"), ConfigError, "Axis 0"),
        (tiny("--trainer.accelerator=mps"), ConfigError, "trainer: "),
        (
            tiny("--trainer.accelerator=cpu", "--trainer.devices=3"),
            ConfigError,
            "multiple of their number 3",
        ),
    ):
        with pytest.raises(error, match=message):
            train(config, stations)
    with pytest.raises(ConfigError, match=r"No station file.*--data\.path"):
        train(tiny())
    with pytest.raises(ConfigError, match="not both"):
        train(tiny(), stations, resume=True, init_from="x")
    with pytest.raises(CheckpointError, match="nothing to resume"):
        train(tiny(), stations, resume=True)
    assert not (tmp_path / "run").exists()


def test_interrupt_says_how_to_go_on(tiny, stations, monkeypatch, capsys):
    def interrupt(self, trainer, name):
        raise KeyboardInterrupt

    monkeypatch.setattr(CheckpointAndStop, "_save", interrupt)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(tiny(), stations)
    signal.signal(signal.SIGINT, before)
    assert "go on with --resume" in capsys.readouterr().err
