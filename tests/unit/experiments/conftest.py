from dataclasses import replace

import pytest

from apnp.config import (
    BackboneConfig,
    ConvCNPConfig,
    EquivCNPConfig,
    PTTNPConfig,
    RelaxedConvCNPConfig,
)
from apnp.experiments.gibbs.gibbs_study import Gibbs
from apnp.experiments.gibbs.models import SIZES, Size
from apnp.experiments.patches import models as grid_models
from apnp.experiments.study import Study


@pytest.fixture
def tiny_size():
    """Models that are trained in no time."""
    trainer = replace(
        SIZES["small"].trainer, max_steps=4, max_minutes=0.0, batch_size=2,
        validation_every=2, validation_tasks=2, log_every=1, warmup=2, threads=0,
    )  # fmt: skip
    return Size(4, 1, 5, 4, 8, 2, 2, "gaussian_bias", 4, 2.0, 3, 6, trainer)


@pytest.fixture
def study(tmp_path, tiny_size):
    """A study of tiny models, nothing of it done."""
    gibbs = Gibbs(tmp_path, tiny_size.bank)
    return Study(tmp_path, tiny_size.trainer, tiny_size.tasks, gibbs)


@pytest.fixture
def tiny_grid_size():
    """Models of a grid that are trained in no time."""
    size = grid_models.SIZES["small"]
    backbone = BackboneConfig(
        convcnp=ConvCNPConfig(channels=(4,), kernel=3, net="cnn", depth=1),
        relaxed_convcnp=RelaxedConvCNPConfig(channels=4, depth=1, kernel=3),
        equivcnp=EquivCNPConfig(rotations=4, channels=1, depth=1, kernel=3),
        pt_tnp=PTTNPConfig(pseudo=4, width=8, layers=2, heads=2),
    )
    trainer = replace(
        size.trainer, max_steps=2, max_minutes=0.0, batch_size=2, validation_every=2,
        validation_tasks=2, log_every=1, warmup=2, threads=0,
    )  # fmt: skip
    return grid_models.Size(backbone, 4, 3, trainer)
