"""The whole command, as a user gives it."""

import csv
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from apnp.cli import main
from apnp.data import from_arrays, write_stations

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("processes")
SMALL = (
    "--model.backbone.local_tnp.width=8", "--model.backbone.local_tnp.heads=2",
    "--model.backbone.local_tnp.neighbours=5",
    "--data.context=[5,20]", "--data.targets=10",
    "--trainer.validation_every=4", "--trainer.validation_tasks=2",
    "--trainer.batch_size=2", "--trainer.log_every=1",
)  # fmt: skip


@pytest.fixture
def file(tmp_path):
    g = np.random.default_rng(3)
    n, days = 80, np.arange("2020-01-01", "2020-01-11", dtype="M8[D]")
    lat = g.uniform(-60, 70, n)
    values = 25 - 0.3 * np.abs(lat)[:, None] + g.normal(0, 2, (n, len(days)))
    ds = from_arrays(
        "tas", values, station=[f"S{i:03}" for i in range(n)], lat=lat,
        lon=g.uniform(-180, 180, n), elevation=g.uniform(0, 900, n),
        time=days.astype("M8[ns]"),
    )  # fmt: skip
    path = tmp_path / "stations.nc"
    write_stations(ds, path)
    return path


def losses(run):
    with (Path(run) / "metrics.csv").open(newline="") as stream:
        return [(r["step"], r["loss"]) for r in csv.DictReader(stream) if r["loss"]]


def test_train_resume_and_fine_tune(file, tmp_path, capsys):
    config = tmp_path / "a.yaml"
    config.write_text(f"data:\n  path: {file}\nrun: {tmp_path / 'run'}\n")
    command = ["train", "--config", str(config), *SMALL, "--trainer.max_steps", "4"]
    assert main(command) == 0
    run = tmp_path / "run"
    assert len(losses(run)) == 4
    assert main(["train", "--resume", str(run), "--trainer.max_steps", "6"]) == 0
    assert len(losses(run)) == 6
    tuned = [*command, "--run", str(tmp_path / "b"), "--init-from", str(run)]
    assert main(tuned) == 0
    capsys.readouterr()
    assert main(command) == 2
    assert "--resume" in capsys.readouterr().err
    path = run / "last" / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    assert main(["train", "--resume", str(run), "--trainer.max_steps", "8"]) == 2
    assert f"{path} is damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--trainer.max_stepz", "3"], "max_stepz"),
        (["--data.path", "nowhere.nc"], "nowhere.nc"),
        ([], "--data.path"),
        (["--config", "nowhere.yaml"], "nowhere.yaml"),
        (["--resume", "nowhere"], "nowhere is no run folder"),
        (["--init-from", "nowhere", "--data.path=a"], "no run folder nowhere"),
    ],
)
def test_bad_input_gives_one_line_and_exit_code_2(argv, message, capsys):
    assert main(["train", *argv]) == 2
    error = capsys.readouterr().err
    assert error.startswith("apnp train: ")
    assert message in error
    assert error.count("\n") == 1


def test_print_config_shows_every_key_and_trains_nothing(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["train", "--trainer.max_steps=7", "--print_config"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "max_steps: 7" in out
    assert "fixed_inputs:" in out


@pytest.mark.parametrize(
    "path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_shipped_configuration_is_understood(path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["train", "--config", str(path), "--print_config"])
    assert caught.value.code == 0
    assert "path: /" not in path.read_text()  # no path outside the project


@pytest.mark.slow
def test_a_run_killed_at_any_moment_goes_on_as_if_it_had_not(file, tmp_path):
    command = [
        sys.executable, ROOT / "train.py", *SMALL, f"--data.path={file}",
        "--trainer.max_steps=200", "--trainer.validation_every=25",
        "--trainer.save_minutes=0.0005",
    ]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    quiet = {"env": environment, "stderr": subprocess.DEVNULL}
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    subprocess.run([*command, f"--run={whole}"], check=True, **quiet)
    arguments = [*command, f"--run={cut}"]
    for step in (30, 31, 110):
        process = subprocess.Popen(arguments, **quiet)
        while not ((cut / "metrics.csv").exists() and len(losses(cut)) > step):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        arguments = [sys.executable, ROOT / "train.py", f"--resume={cut}"]
    subprocess.run(arguments, check=True, **quiet)
    assert losses(cut) == losses(whole)
    assert len(losses(whole)) == 200


@pytest.mark.slow
def test_two_processes_train_like_one(file, tmp_path):
    words = [
        *SMALL, f"--data.path={file}", "--trainer.max_steps=20",
        "--trainer.accelerator=cpu",
    ]  # fmt: skip
    assert main(["train", *words, f"--run={tmp_path / '1'}"]) == 0
    command = [sys.executable, ROOT / "train.py", *words, "--trainer.devices=2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([*command, f"--run={tmp_path / '2'}"], check=True, env=environment)
    one, two = losses(tmp_path / "1"), losses(tmp_path / "2")
    assert [step for step, _ in one] == [step for step, _ in two]
    alone, together = ([float(loss) for _, loss in both] for both in (one, two))
    assert together == pytest.approx(alone, rel=1e-4)


def on_two_nodes(*words):
    """A training of two nodes of one process each, both on this machine: agents."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return [
        subprocess.Popen(
            [
                sys.executable, "-m", "torch.distributed.run", "--nnodes=2",
                f"--node-rank={rank}", "--nproc-per-node=1",
                "--master-addr=127.0.0.1", f"--master-port={port}",
                "--", ROOT / "train.py", *words,  # --run is an abbreviation else
            ],
            env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.DEVNULL,
        )
        for rank in range(2)
    ]  # fmt: skip


def child_of(process):
    """The process that an agent has started."""
    task = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    (child,) = task.read_text().split()
    return int(child)


@pytest.mark.slow
def test_two_nodes_train_like_one_process_and_go_on_when_one_was_killed(file, tmp_path):
    words = [
        *SMALL, f"--data.path={file}", "--trainer.max_steps=24",
        "--trainer.accelerator=cpu", "--trainer.save_minutes=0.0005",
    ]  # fmt: skip
    alone, run = tmp_path / "alone", tmp_path / "run"
    assert main(["train", *words, f"--run={alone}"]) == 0
    agents = on_two_nodes(*words, "--trainer.num_nodes=2", f"--run={run}")
    while not ((run / "metrics.csv").exists() and len(losses(run)) > 8):
        assert {agent.poll() for agent in agents} == {None}
        time.sleep(0.01)
    os.kill(child_of(agents[1]), signal.SIGKILL)
    assert all(agent.wait(timeout=200) != 0 for agent in agents)
    assert len(losses(run)) < 24
    agents = on_two_nodes(f"--resume={run}")
    assert [agent.wait(timeout=400) for agent in agents] == [0, 0]
    ours, theirs = losses(run), losses(alone)
    assert [step for step, _ in ours] == [step for step, _ in theirs]
    together, single = ([float(loss) for _, loss in both] for both in (ours, theirs))
    assert together == pytest.approx(single, rel=1e-3)
