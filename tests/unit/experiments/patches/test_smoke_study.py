from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr

from apnp.experiments.patches.figures import PatchTask, predict_patch
from apnp.experiments.patches.models import entries
from apnp.experiments.patches.patch_tasks import PatchSampling
from apnp.experiments.patches.smoke_study import Smoke
from apnp.experiments.study import Study

LAW = PatchSampling((6, 6), 3, 9)


@pytest.fixture
def smoke(plumes):
    return Smoke(plumes, LAW)


def runs_of(smoke, tasks):
    """The runs that the targets of a few tasks come from."""
    training = smoke.states[smoke.run % 10 < 8].astype(np.float64)
    targets = torch.cat([tasks.task(i).target.y for i in range(90)], 1)
    values = targets.double().numpy() * training.std() + training.mean()
    return set((np.round(values) // 1000).astype(int).ravel() % 10)


def test_training_validation_and_test_are_of_other_runs(smoke):
    parts = {p: runs_of(smoke, smoke.tasks(p, 1)) for p in ("train", "validation")}
    assert parts["train"] == set(range(8))
    assert parts["validation"] == {8}
    assert {r for regime in smoke.regimes for r in
            runs_of(smoke, smoke.tasks(regime, 1))} == {9}  # fmt: skip


def test_tasks_follow_seed_and_dropout(smoke):
    first, again, other = (smoke.tasks("train", seed).task(4) for seed in (1, 1, 2))
    assert first.target.y.equal(again.target.y)
    assert not first.target.y.equal(other.target.y)
    hidden = smoke.tasks("train", 1, dropout=1.0)
    assert not any(hidden.task(i).domain.absolute.any() for i in range(5))
    # The support holds all cells.
    low, high = (torch.tensor(end) for end in (smoke.inputs.low, smoke.inputs.high))
    assert ((first.target.x >= low) & (first.target.x <= high)).all()


def test_a_model_is_trained_scored_and_shown(smoke, tiny_grid_size, tmp_path):
    size = tiny_grid_size
    study = Study(tmp_path, size.trainer, 3, smoke)
    (entry,) = entries(["PT-TNP(T~)"], size, smoke.patch)
    study.train(entry, 0)
    table = study.score(entry, 0)
    # Tasks have as many targets as are not known: padding must have no say.
    by_one = Smoke(tmp_path / "plumes.nc", LAW)
    by_one.batch = 1
    alone = Study(tmp_path, size.trainer, 3, by_one)
    (alone.run(entry, 0) / "scores.csv").unlink()
    again = alone.score(entry, 0)
    assert len(set(table["n_context"])) > 1
    for name in ("log_likelihood", "deviation"):
        assert again[name].to_numpy() == pytest.approx(table[name].to_numpy(), rel=1e-4)
    assert table["deviation"].min() > 0
    task = PatchTask(smoke.tasks("test", 7), 2)
    made = predict_patch(study, entry, 0, task)
    record, corner = task.drawn.record, task.drawn.corner
    window = smoke.states[[9, 19][record]][
        corner[0] : corner[0] + 6, corner[1] : corner[1] + 6
    ]
    ratio = np.polyfit(window.ravel(), made.truth.ravel(), 1)
    assert np.polyval(ratio, window) == pytest.approx(made.truth, abs=1e-3)
    known = np.isfinite(made.context)
    assert known.sum() == task.task.context.n_points
    assert (made.context[known] == made.truth[known]).all()
    assert np.isfinite(made.mean).all()
    assert (made.std > 0).all()
    assert not np.array_equal(made.mean, made.without)


def test_other_plumes_are_another_study(smoke, plumes):
    changed = Smoke(plumes, replace(LAW, most=8))
    assert changed.what != smoke.what
    assert Smoke(plumes, LAW).what == smoke.what
    with xr.open_dataset(plumes) as ds:
        (ds.load() + 1).to_netcdf(plumes.with_name("other.nc"), engine="netcdf4")
    plumes.with_name("other.nc").replace(plumes)
    other = Smoke(plumes, LAW)
    assert other.what != smoke.what
    assert other.judged_on != smoke.judged_on
