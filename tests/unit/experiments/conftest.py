from dataclasses import replace

import pytest

from apnp.experiments.gibbs import Gibbs
from apnp.experiments.gibbs_models import SIZES, Size
from apnp.experiments.study import Study


@pytest.fixture
def tiny_size():
    """Models that are trained in no time."""
    trainer = replace(
        SIZES["small"].trainer, max_steps=4, max_minutes=0.0, batch_size=2,
        validation_every=2, validation_tasks=2, log_every=1, warmup=2, threads=0,
    )  # fmt: skip
    return Size(4, 1, 4, 8, 2, 2, "windows", 3, 6, trainer)


@pytest.fixture
def study(tmp_path, tiny_size):
    """A study of tiny models, nothing of it done."""
    gibbs = Gibbs(tmp_path, tiny_size.bank)
    return Study(tmp_path, tiny_size.trainer, tiny_size.tasks, gibbs)
