"""`apnp adapt`: what it refuses before anything is trained, and what it chooses."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from apnp.cli import adapt
from apnp.config import Config
from apnp.data import from_arrays, write_stations
from apnp.errors import ConfigError, DataError


def network(n):
    rng = np.random.default_rng(1)
    return from_arrays(
        "tas", rng.normal(10, 3, (n, 2)), station=[f"s{i}" for i in range(n)],
        lat=rng.uniform(40, 55, n), lon=rng.uniform(-5, 20, n),
        elevation=np.full(n, 100.0), time=["2021-07-01", "2021-07-02"],
    )  # fmt: skip


def test_too_few_stations_are_refused_with_what_to_do_instead():
    with pytest.raises(DataError, match=r"39 stations are too few.*recalibrates"):
        adapt._parts(network(39))
    part = adapt._parts(network(200))
    assert {"train", "validation", "test"} <= set(part)


def test_an_output_that_is_there_and_no_time_at_all_are_refused(tmp_path):
    write_stations(network(60), tmp_path / "s.nc")
    words = ["--stations", str(tmp_path / "s.nc"), "--output"]
    with pytest.raises(ConfigError, match="exists already"):
        adapt.main([*words, str(tmp_path)])
    with pytest.raises(ConfigError, match="--minutes must be > 0"):
        adapt.main([*words, str(tmp_path / "new"), "--minutes", "0"])


def test_the_configuration_takes_its_sizes_from_the_archive():
    args = SimpleNamespace(stations=["s.nc"], variable="tas", minutes=9.0)
    made = adapt._config(Config(), args, network(60), 2e-4, "runs/x")
    assert made.data.context == (15, 30)
    assert made.data.gaps == 0.5
    assert made.trainer.max_minutes == 4.5
    assert made.trainer.learning_rate == 2e-4
    assert made.model == Config().model


def test_the_least_mean_crps_over_tasks_is_chosen():
    table = pd.DataFrame(
        {"model": ["box model", "box model", "b", "b"], "crps": [1.0, 3.0, 1.8, 1.9]}
    )
    assert adapt._best(SimpleNamespace(per_task=lambda: table)) == "b"
