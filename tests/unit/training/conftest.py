from functools import partial

import numpy as np
import pytest

from apnp.config import from_words
from apnp.data import from_arrays


@pytest.fixture(scope="package")
def stations():
    """Thirty days at 90 stations of a plain, one of unknown elevation."""
    g = np.random.default_rng(7)
    n, days = 90, np.arange("2020-01-01", "2020-01-31", dtype="M8[D]")
    lat, lon, height = g.uniform(45, 55, n), g.uniform(0, 20, n), g.uniform(0, 900, n)
    height[0] = np.nan
    weather = g.normal(0, 4, len(days))[None] * np.sin(lat / 3)[:, None]
    values = 10 + weather - 0.006 * np.nan_to_num(height)[:, None]
    values = values + g.normal(0, 0.5, values.shape)
    values[g.random(values.shape) < 0.1] = np.nan
    return from_arrays(
        "tas", values, station=[f"S{i:03}" for i in range(n)], lat=lat, lon=lon,
        elevation=height, time=days.astype("M8[ns]"),
    )  # fmt: skip


TINY = (
    "--model.geometry=plane", "--model.backbone.name=convcnp",
    "--model.backbone.convcnp.lattice.shape=[8,8]",
    "--model.backbone.convcnp.lattice.spacing_km=250",
    "--model.backbone.convcnp.channels=[4,4]", "--model.backbone.convcnp.blocks=[1,1]",
    "--model.fixed_inputs.width=8", "--model.form=approximate",
    "--model.likelihood=gaussian", "--model.coast=false",
    "--data.context=[5,20]", "--data.targets=10", "--data.split.block_km=200",
    "--trainer.max_steps=8", "--trainer.validation_every=4", "--trainer.batch_size=2",
    "--trainer.validation_tasks=3", "--trainer.log_every=1", "--trainer.warmup=2",
    "--trainer.learning_rate=1e-3", "--trainer.average=0",
)  # fmt: skip


@pytest.fixture(scope="package")
def tiny_in():
    """Configuration of a tiny experiment in a folder, with overrides."""

    def make(folder, *argv, run="run"):
        return from_words([*TINY, f"--run={folder / run}", *argv])

    return make


@pytest.fixture
def tiny(tiny_in, tmp_path):
    """Configuration of a tiny experiment, with overrides."""
    return partial(tiny_in, tmp_path)
