"""`apnp predict` of a period on a local dask cluster; the weights are random."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from apnp.cli import main
from apnp.data import from_arrays, write_stations

ROOT = Path(__file__).parents[2]
DAYS = 12
KILLS = 20 if os.environ.get("APNP_FAULTS") == "full" else 1
pytestmark = pytest.mark.xdist_group("processes")


@pytest.fixture(scope="module")
def command(tmp_path_factory, random_run):
    """The words of a prediction of some days, but for the output."""
    folder = tmp_path_factory.mktemp("scale")
    rng = np.random.default_rng(6)
    n, days = 60, np.arange("2021-07-01", f"2021-07-{DAYS + 1:02}", dtype="M8[D]")
    ds = from_arrays(
        "tas", rng.normal(15, 5, (n, len(days))), station=[f"s{i}" for i in range(n)],
        lat=rng.uniform(-70, 75, n), lon=rng.uniform(-180, 180, n),
        elevation=rng.uniform(0, 1500, n), time=days.astype("M8[ns]"),
        attrs={"quality_control": "nothing dropped"},
    )  # fmt: skip
    write_stations(ds, folder / "stations.nc")
    random_run(folder / "run", ds)
    return [
        "predict", "--checkpoint", str(folder / "run"), "--stations",
        str(folder / "stations.nc"), "--time", f"2021-07-01/2021-07-{DAYS:02}",
        "--grid", "2", "--quantiles", "0.05,0.95",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def alone(command, tmp_path_factory):
    """The fields that one process predicts."""
    path = tmp_path_factory.mktemp("alone") / "fields.zarr"
    assert main([*command, "--output", str(path)]) == 0
    return path


def assert_same(path, alone):
    with (
        xr.open_dataset(path, engine="zarr") as ours,
        xr.open_dataset(alone, engine="zarr") as theirs,
    ):
        assert ours.tas.notnull().all()
        for name in theirs.variables:
            np.testing.assert_allclose(
                ours[name].values.astype(np.float64),
                theirs[name].values.astype(np.float64), rtol=1e-5, atol=1e-5,
            )  # fmt: skip


def begun(words):
    """The command in a process of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, ROOT / "predict.py", *words[1:]], env=environment,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def when_done(store, number, process):
    """Wait until some parts are recorded; the lines."""
    record = store.with_name(f"{store.name}.done")
    while not (record.is_file() and record.read_text().count("\n") >= number):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.005)
    return record.read_text().splitlines()


def workers_of(process):
    """The processes of workers that a command has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            line = (stat.parent / "cmdline").read_text()
        except OSError:  # it ended meanwhile
            continue
        if parent == process.pid and "spawn_main" in line:
            found.append(int(stat.parent.name))
    return sorted(found)


@pytest.mark.slow
def test_two_workers_predict_what_one_process_does(command, alone, tmp_path):
    path = tmp_path / "fields.zarr"
    process = begun([*command, "--output", str(path), "--workers", "2"])
    _, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    assert_same(path, alone)
    assert [p.name for p in tmp_path.iterdir()] == ["fields.zarr"]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_worker_loses_nothing(number, command, alone, tmp_path):
    path = tmp_path / "fields.zarr"
    process = begun([*command, "--output", str(path), "--workers", "2"])
    when_done(path, 1 + (number + 1) % (DAYS - 3), process)
    workers = workers_of(process)
    assert len(workers) == 2
    os.kill(workers[number % 2], signal.SIGKILL)
    _, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    assert_same(path, alone)


@pytest.mark.slow
def test_a_killed_command_goes_on_and_repeats_nothing(command, alone, tmp_path):
    path = tmp_path / "fields.zarr"
    words = [*command, "--output", str(path)]
    process = begun([*words, "--workers", "2"])
    when_done(path, 3, process)
    orphans = workers_of(process)
    process.kill()
    process.communicate()
    for orphan in orphans:
        with suppress(ProcessLookupError):
            os.kill(orphan, signal.SIGKILL)
    assert not path.exists()
    part, record = (tmp_path / f"fields.zarr.{end}" for end in ("part", "done"))
    done = [int(line.split()[0]) for line in record.read_text().splitlines()]
    assert 3 <= len(done) < DAYS
    before = {k: (part / "tas/c" / str(k) / "0/0").stat().st_mtime_ns for k in done}
    assert main(words) == 0
    after = {k: (path / "tas/c" / str(k) / "0/0").stat().st_mtime_ns for k in done}
    assert after == before
    assert_same(path, alone)


@pytest.mark.slow
def test_a_scheduler_that_runs_elsewhere_is_used(command, alone, tmp_path):
    from distributed import LocalCluster

    path = tmp_path / "fields.zarr"
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        address = ["--scheduler", cluster.scheduler_address]
        assert cluster.scheduler_address.startswith("tcp://")
        assert main([*command, "--output", str(path), *address]) == 0
    assert_same(path, alone)


def test_no_scheduler_there_ends_with_one_line_and_status_2(
    command, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("apnp.output.cluster._PATIENCE", "1s")
    path = tmp_path / "fields.zarr"
    address = ["--scheduler", "tcp://127.0.0.1:9"]
    assert main([*command, "--output", str(path), *address]) == 2
    error = capsys.readouterr().err
    assert "tcp://127.0.0.1:9: no dask scheduler answers there" in error
