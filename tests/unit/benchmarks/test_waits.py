import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import waits
from waits import (
    ROWS,
    Row,
    command,
    crps,
    shown,
    smaller,
    stations,
    truth,
    watched,
)

DONE = "x = bytearray(60 * 2**20)"


def merged(old, new):
    """That of `table.py`, a name that the laws have too."""
    path = Path(waits.__file__).with_name("table.py")
    spec = spec_from_file_location("steps_table", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.merged(old, new)


def run(code, limit=60.0):
    return watched([sys.executable, "-S", "-c", code], limit)


def test_a_process_has_its_seconds_and_its_own_peak():
    found = run(DONE)
    assert found["cpu_s"] > 0
    assert found["seconds"] > 0
    assert 60 < found["peak_mb"] < 200


def test_what_fails_or_does_not_end_is_told():
    assert run("raise ValueError('no weights')")["note"].endswith("no weights")
    assert run("import time; time.sleep(60)", 0.2)["note"] == "not done in 0.2 s"


def test_the_crps_is_that_of_stations_nobody_was_given(tmp_path):
    held = stations(500, 1)[["lat", "lon", "elevation"]]
    value = truth(held["lat"], held["lon"], held["elevation"])
    for error, wanted in ((0.0, 0.2337), (1.0, 0.6025)):  # of a standard Gaussian
        table = held.assign(mean=value + error, std=1.0)
        table.to_csv(tmp_path / "predicted.csv", index=False)
        assert crps(tmp_path) == pytest.approx(wanted, abs=1e-4)


def test_commands_are_those_of_users(tmp_path):
    words = command(Row("draws", grid=0.5, days=3, samples=4), tmp_path)
    assert words[1:4] == ["-m", "apnp", "predict"]
    assert words[words.index("--time") + 1] == "2021-07-01/2021-07-03"
    assert words[-2:] == ["--samples", "4"]
    assert all(smaller(row).grid >= 5 for row in ROWS)


def test_every_subject_has_a_line():
    rows = [
        {"row": "Map", "subject": "apnp", "seconds": 8.0, "cpu_s": 9.0,
         "peak_mb": 600.0, "crps": 0.5},
        {"row": "Map", "subject": "peer", "note": "comes without weights"},
    ]  # fmt: skip
    first, second = shown(pd.DataFrame(rows)).splitlines()
    assert "8.0 s" in first
    assert "600 MB" in first
    assert "CRPS 0.50" in first
    assert second.endswith("comes without weights")


def test_rows_measured_again_replace_those_of_the_same_machine_and_commit():
    names = ["case", "subject", "machine", "commit", "ms"]
    old = pd.DataFrame([["a", "x", "A", "1", "5"], ["b", "x", "A", "1", "6"]])
    new = pd.DataFrame([["a", "x", "A", "1", "4"], ["a", "x", "B", "1", "3"]])
    old.columns = new.columns = names
    assert merged(old, new)["ms"].tolist() == ["6", "4", "3"]
    assert np.array_equal(merged(old, new.iloc[:0]), old)
