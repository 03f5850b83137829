import json
import pickle
import shutil

import pytest
import torch

from apnp.build import build_model
from apnp.checkpoint import (
    Progress,
    find_checkpoint,
    load_run,
    read_checkpoint,
    read_record,
    run_folder,
    write_checkpoint,
)
from apnp.config import Config, to_dict
from apnp.errors import CheckpointError
from apnp.inputs.gridded_covariates import FieldUse
from apnp.inputs.stations import StationInputs

INPUTS = StationInputs.fit("plane", [45.0, 55.0], [0.0, 20.0], [1.0, 5.0])


@pytest.fixture
def saved(small_model, tmp_path):
    config = Config(model=small_model("plane"))
    torch.manual_seed(3)
    model = build_model(config.model, INPUTS)
    record = {"config": to_dict(config), "inputs": INPUTS.to_dict()}
    run = tmp_path / "run"
    state = {"optimizer_states": [{0: torch.arange(3.0)}], "progress": {"step": 5}}
    write_checkpoint(run / "last", record, model.state_dict(), state)
    write_checkpoint(run / "best", record, model.state_dict())
    return run, model, record


@pytest.mark.parametrize("part", ["", "best", "last"])
def test_a_run_and_its_checkpoints_load_alike(saved, part):
    run, model, _ = saved
    loaded, inputs, record = load_run(run / part)
    assert inputs == INPUTS
    assert record.versions["torch"] == torch.__version__
    assert set(record.provenance) == {"commit", "machine", "finished"}
    assert not loaded.training
    for name, value in model.state_dict().items():
        assert loaded.state_dict()[name].equal(value)


def test_a_run_widens_its_predictions_as_its_validation_asked(saved):
    run, model, record = saved
    assert load_run(run)[0].std_inflation == 1.0
    scores = {"progress": {"scores": {"crps": 1.0, "std_inflation": 1.3}}}
    write_checkpoint(run / "best", record | scores, model.state_dict())
    assert load_run(run)[0].std_inflation == 1.3


def test_scores_of_earlier_versions_are_understood(saved):
    run, model, record = saved
    scores = {"crps": 1.0, "widening": 1.3}
    old = record | {"progress": {"step": 5, "elapsed": 2.0, "scores": scores}}
    state = {"progress": {"step": 5, "scores": scores}}
    write_checkpoint(run / "last", old, model.state_dict(), state)
    loaded, _, found = load_run(run / "last")
    assert loaded.std_inflation == found.progress.std_inflation == 1.3
    resumed = read_checkpoint(run / "last")[2]["progress"]["scores"]
    assert resumed == {"crps": 1.0, "std_inflation": 1.3}


def test_inputs_of_earlier_versions_are_understood(saved):
    run, model, record = saved
    use = {"covariate": True, "stream_km": 50.0, "smooth_km": [40.0]}
    field = {"name": "elevation", "units": "m", "mean": 4.0, "std": 5.0, "daily": False}
    field |= {"height": True, "use": use}
    old = {"config": record["config"], "versions": {}}
    old["representation"] = record["inputs"] | {"fields": [field]}
    write_checkpoint(run / "best", old, model.state_dict())
    (scaling,) = read_record(run).inputs.gridded.fields
    assert scaling.use == FieldUse(True, 50.0, (40.0,))


def test_weights_of_earlier_versions_are_understood(saved, caplog):
    run, _, record = saved
    weights = {
        "backbone.backbone.streams.1.log_fades": torch.tensor(1.0),
        "backbone.log_fades": torch.tensor(2.0),
        "backbone.upstreams.0.weight": torch.tensor(3.0),
    }
    state = {"raw": {f"model.{name}": value for name, value in weights.items()}}
    write_checkpoint(run / "last", record, weights, state)
    _, found, resumed = read_checkpoint(run / "last")
    today = {
        "backbone.backbone.auxiliary.1.log_density_prior": 1.0,
        "backbone.log_density_prior": 2.0,
        "backbone.upstreams.0.weight": 3.0,
    }
    assert {name: float(value) for name, value in found.items()} == today
    (said,) = caplog.messages
    for old, new in (("streams", "auxiliary"), ("log_fades", "log_density_prior")):
        assert said.count(f"`{old}` is now called `{new}`") == 1
    raw = {name.removeprefix("model."): v for name, v in resumed["raw"].items()}
    assert {name: float(value) for name, value in raw.items()} == today


def test_nothing_is_pickled(saved, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("pickle was used")

    for name in ("load", "save"):
        monkeypatch.setattr(torch, name, refuse)
    for name in ("load", "loads", "dump", "dumps"):
        monkeypatch.setattr(pickle, name, refuse)
    run, model, record = saved
    write_checkpoint(run / "last", record, model.state_dict(), {"a": torch.ones(1)})
    load_run(run)
    assert read_checkpoint(run / "last")[2] == {"a": torch.ones(1)}


def test_state_comes_back_and_best_holds_none(saved):
    run, _, _ = saved
    _, _, state = read_checkpoint(run / "last")
    assert state["optimizer_states"][0][0].tolist() == [0, 1, 2]
    assert read_checkpoint(run / "best")[2] is None


@pytest.mark.parametrize(
    "name", ["weights.safetensors", "state.safetensors", "state.json", "model.json"]
)
@pytest.mark.parametrize("damage", ["truncated", "one byte", "missing"])
def test_damage_is_found_and_the_file_named(saved, name, damage):
    run, _, _ = saved
    path = run / "last" / name
    content = bytearray(path.read_bytes())
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "one byte":
        content[-20] ^= 1
        path.write_bytes(content)
    else:
        path.unlink()
    with pytest.raises(CheckpointError, match=rf"{path}|holds no last"):
        read_checkpoint(find_checkpoint(run, "last"))


def test_an_edited_record_is_found(saved):
    run, _, _ = saved
    path = run / "best" / "model.json"
    record = json.loads(path.read_text())
    record["inputs"]["std"] = 7.0
    path.write_text(json.dumps(record))
    with pytest.raises(CheckpointError, match=r"model\.json is damaged.*other check"):
        load_run(run)


def forged(path, change):
    """Change a checkpoint's record or state, and give everything its hash again."""
    record = json.loads((path / "model.json").read_text())
    change(path, record)
    for name in record["files"] if isinstance(record.get("files"), dict) else ():
        if (path / name).is_file():
            record["files"][name] = run_folder._hash((path / name).read_bytes())
    record.pop("hash", None)
    content = json.dumps(record, sort_keys=True).encode()
    record["hash"] = run_folder._hash(content)
    (path / "model.json").write_text(json.dumps(record))


def setting(*keys, value):
    def change(path, record):
        for key in keys[:-1]:
            record = record[key]
        record[keys[-1]] = value

    return change


def replaced(name, content):
    return lambda path, record: (path / name).write_bytes(content)


DEEP = json.loads("[" * 900 + "]" * 900)
FORGERIES = {
    "files of another kind": setting("files", value=3),
    "no files": setting("files", value={}),
    "configuration of another kind": setting("config", value=[1]),
    "nested configuration": setting("config", value=DEEP),
    "inputs of another kind": setting("inputs", value="plane"),
    "spread that is no number": setting("inputs", "std", value=float("nan")),
    "spread of another kind": setting("inputs", "std", value={}),
    "negative std_inflation": setting(
        "progress", value={"step": 1, "elapsed": 1.0, "scores": {"std_inflation": -1.0}}
    ),
    "std_inflation of another kind": setting(
        "progress", value={"scores": {"std_inflation": "wide"}}
    ),
    "progress of another kind": setting("progress", value=5),
    "unknown progress": setting("progress", value={"walked": 5}),
    "versions of another kind": lambda path, record: record.update(
        versions=7, config={}
    ),
    "weights that are none": replaced("weights.safetensors", b"x" * 99),
    "weights of another model": replaced(
        "weights.safetensors", run_folder.save({"a": torch.ones(2)})
    ),
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_with_the_right_hashes_is_refused(saved, change):
    run, _, _ = saved
    forged(run / "best", change)
    with pytest.raises(CheckpointError):
        load_run(run)


STATES = {
    "no JSON": b"{",
    "nested JSON": b"[" * 100_000 + b"]" * 100_000,
    "items of another kind": b'{"$items": 3}',
    "a number that is none": b'{"$float": "far"}',
    "a tuple of another kind": b'{"$tuple": 1}',
    "an unknown tensor": b'{"$tensor": "lost"}',
    "a tensor's name of another kind": b'{"$tensor": [1]}',
}


@pytest.mark.parametrize("content", STATES.values(), ids=STATES)
def test_a_forged_state_is_refused(saved, content):
    run, _, _ = saved
    forged(run / "last", replaced("state.json", content))
    with pytest.raises(CheckpointError):
        read_checkpoint(run / "last")


class Killed(BaseException):
    pass


@pytest.fixture
def killed_after(monkeypatch):
    """Write a checkpoint, but be killed after some steps of the file system."""

    def write(moment, folder, *content):
        count = [0]

        def dying(function):
            def wrapped(*args, **kwargs):
                if count[0] == moment:
                    if function is remove and args[0].is_dir():
                        (args[0] / "weights.safetensors").unlink(missing_ok=True)
                    raise Killed
                count[0] += 1
                return function(*args, **kwargs)

            return wrapped

        remove, kind = shutil.rmtree, type(folder)
        with monkeypatch.context() as patch:
            for name in ("rename", "mkdir", "open"):
                patch.setattr(kind, name, dying(getattr(kind, name)))
            patch.setattr(run_folder.os, "fsync", dying(run_folder.os.fsync))
            patch.setattr(shutil, "rmtree", dying(remove))
            try:
                write_checkpoint(folder, *content)
            except Killed:
                return True
        return False

    return write


@pytest.mark.parametrize("moment", range(16))
def test_a_kill_at_any_moment_leaves_one_whole_checkpoint(saved, killed_after, moment):
    run, model, record = saved
    content = record, model.state_dict()
    last = run / "last"
    assert killed_after(moment, last, *content, {"new": True}) == (moment < 14)
    state = read_checkpoint(find_checkpoint(run, "last"))[2]
    assert state == {"new": True} or "progress" in state
    # Killed again and again, whatever was left behind.
    for second in range(14):
        killed_after(second, last, *content, {"newer": second})
        assert read_checkpoint(find_checkpoint(run, "last"))[2] is not None
    write_checkpoint(last, *content, {"newest": True})
    assert read_checkpoint(find_checkpoint(run, "last"))[2] == {"newest": True}
    assert sorted(p.name for p in run.iterdir()) == ["best", "last"]


def test_missing_runs_and_checkpoints_say_what_there_is(saved, tmp_path):
    run, _, _ = saved
    with pytest.raises(CheckpointError, match=r"no run folder .*nowhere"):
        load_run(tmp_path / "nowhere")
    shutil.rmtree(run / "best")
    with pytest.raises(CheckpointError, match=r"no best checkpoint.*last can be load"):
        load_run(run)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match=r"empty holds no best checkpoint"):
        load_run(tmp_path / "empty")


def test_another_format_and_another_model_are_refused(saved):
    run, model, record = saved
    other = record | {"config": json.loads(json.dumps(record["config"]))}
    other["config"]["model"]["backbone"]["convcnp"]["channels"] = [4, 8]
    write_checkpoint(run / "best", other, model.state_dict())
    with pytest.raises(CheckpointError, match=r"cannot read it: .*size mismatch for"):
        load_run(run)
    other["config"]["model"]["colour"] = "blue"
    write_checkpoint(run / "best", other, model.state_dict())
    with pytest.raises(CheckpointError, match=r"cannot read it: .*colour"):
        load_run(run)
    (run / "best" / "model.json").write_text('{"format": 99}')
    with pytest.raises(CheckpointError, match="format 1"):
        load_run(run)


def test_a_record_of_an_earlier_version_is_understood(saved, caplog):
    """As the first runs wrote it: fewer keys, and other names; it says so once."""
    run, model, record = saved
    old = json.loads(json.dumps(record))
    old["config"]["data"]["fields"] = old["config"]["data"].pop("covariates")
    del old["config"]["model"]["coast"], old["config"]["trainer"]["average"]
    old["representation"] = old.pop("inputs")
    for key in ("coast", "coast_scale", "fields"):
        del old["representation"][key]
    write_checkpoint(run / "best", old, model.state_dict())
    load_run(run / "last")
    assert not caplog.messages
    loaded, inputs, found = load_run(run)
    read_record(run)
    assert caplog.messages == [
        f"{run / 'best'} is of an earlier version: `representation` is now called "
        "`inputs`, `data.fields` is now called `data.covariates`; it loads as before."
    ]
    assert (found.config.model.coast, found.config.trainer.average) == (False, 0.0)
    assert found.config.data.covariates == []
    assert (inputs.coast, inputs.site.coast_scale) == (False, "110m")
    assert found.progress == Progress()
    for name, value in model.state_dict().items():
        assert loaded.state_dict()[name].equal(value)


def test_a_likelihood_that_is_gone_is_refused_with_the_version_that_has_it(saved):
    run, model, record = saved
    old = json.loads(json.dumps(record))
    old["config"]["model"]["likelihood"] = "bernoulli_gamma"
    write_checkpoint(run / "best", old, model.state_dict())
    with pytest.raises(
        CheckpointError,
        match=r"best was written by apnp 0\S+ .*`model.likelihood` must be one of "
        r".*Got bernoulli_gamma\. Load it with apnp 0\S+, or train again",
    ):
        load_run(run)


def test_a_record_that_is_not_understood_names_its_version_and_the_way_out(saved):
    run, model, record = saved
    other = record | {"inputs": {"kind": "of the future"}}
    write_checkpoint(run / "best", other, model.state_dict())
    with pytest.raises(
        CheckpointError,
        match=r"best was written by apnp 0\S+ and this is .*cannot read it: .*kind.*"
        r"Load it with apnp 0\S+, or train again",
    ):
        load_run(run)
