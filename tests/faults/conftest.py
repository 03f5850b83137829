"""A small network, a run folder, and how many faults of each kind are tried.

The quick form takes under a minute; `make faults` sets APNP_FAULTS=full.
"""

import os
import signal
import sys
import time

import numpy as np
import pytest

from apnp.data import from_arrays, write_stations

FULL = os.environ.get("APNP_FAULTS") == "full"
DAYS = 6


@pytest.fixture(scope="session")
def times():
    """How many faults are tried: the first number in full, the second otherwise."""
    return lambda full, quick: full if FULL else quick


@pytest.fixture(scope="session")
def network():
    """Stations of six days."""
    g = np.random.default_rng(7)
    n, days = 60, np.arange("2021-07-01", f"2021-07-0{DAYS + 1}", dtype="M8[D]")
    lat = g.uniform(-60, 70, n)
    return from_arrays(
        "tas", 25 - 0.3 * np.abs(lat)[:, None] + g.normal(0, 2, (n, len(days))),
        station=[f"S{i:03}" for i in range(n)], lat=lat, lon=g.uniform(-180, 180, n),
        elevation=g.uniform(0, 900, n), time=days.astype("M8[ns]"),
        attrs={"quality_control": "nothing dropped"},
    )  # fmt: skip


@pytest.fixture(scope="session")
def place(network, random_run, tmp_path_factory):
    """A folder with `stations.nc` and a run folder `run`."""
    folder = tmp_path_factory.mktemp("faults")
    write_stations(network, folder / "stations.nc")
    random_run(folder / "run", network)
    return folder


@pytest.fixture(scope="session")
def predict(place):
    """The words of a prediction of all days, but for the output."""
    return [
        "predict", "--checkpoint", str(place / "run"), "--stations",
        str(place / "stations.nc"), "--time", f"2021-07-01/2021-07-0{DAYS}",
        "--grid", "3", "--no-recalibration",
    ]  # fmt: skip


@pytest.fixture(scope="session")
def train(place):
    """The words of a short training, but for the run folder."""
    return [
        "train", f"--data.path={place / 'stations.nc'}", "--trainer.max_steps=40",
        "--trainer.max_minutes=0",
        "--model.backbone.local_tnp.width=8", "--model.backbone.local_tnp.heads=2",
        "--model.backbone.local_tnp.neighbours=5", "--data.context=[5,20]",
        "--data.targets=10", "--trainer.validation_every=2", "--trainer.batch_size=1",
        "--trainer.validation_tasks=1", "--trainer.log_every=1",
    ]  # fmt: skip


@pytest.fixture(scope="session")
def killed():
    """Runs `main(words)` in a copy of this process, and kills it after some seconds."""

    def run(words, seconds):
        child = os.fork()
        if child == 0:
            try:
                quiet = os.open(os.devnull, os.O_WRONLY)
                os.dup2(quiet, 1)
                os.dup2(quiet, 2)
                from apnp.cli import main

                os._exit(main(words))
            finally:
                os._exit(99)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.002)
        os.kill(child, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    if not hasattr(os, "fork") or sys.platform == "darwin":
        pytest.skip("the system has no safe fork")
    return run
