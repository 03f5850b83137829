import csv

import pandas as pd
import pytest
import torch

from apnp.checkpoint import load_model, load_run, read_checkpoint
from apnp.errors import CheckpointError, ConfigError
from apnp.experiments.gibbs import gibbs_study as gibbs_module
from apnp.experiments.gibbs.gibbs_study import CEILING, ORACLES, Gibbs
from apnp.experiments.gibbs.gp import gibbs_tasks
from apnp.experiments.gibbs.models import entries
from apnp.experiments.study import (
    COLUMNS,
    TEST_SEED,
    Study,
    relative_deviation,
)
from apnp.training.callbacks import CheckpointAndStop


@pytest.fixture
def entry(tiny_size):
    return entries(["ConvCNP(T~)"], tiny_size)[0]


def losses(run):
    with (run / "metrics.csv").open(newline="") as file:
        return [row["loss"] for row in csv.DictReader(file)]


def test_a_model_is_trained_once_and_scored_once(study, entry, capsys):
    run = study.train(entry, 0)
    table = study.score(entry, 0)
    before = {p: p.stat().st_mtime_ns for p in run.rglob("*") if p.is_file()}
    assert study.train(entry, 0) == run
    assert "training is complete" in capsys.readouterr().err
    again = study.score(entry, 0)
    assert before == {p: p.stat().st_mtime_ns for p in run.rglob("*") if p.is_file()}
    pd.testing.assert_frame_equal(table, again, check_dtype=False)
    assert tuple(table.columns) == COLUMNS
    assert table.groupby("regime")["task"].apply(list).to_dict() == {
        "in": [0, 1, 2], "out": [0, 1, 2],
    }  # fmt: skip


class Stopped(Exception):
    pass


def test_a_model_that_was_stopped_goes_on_to_the_last_digit(
    study, entry, monkeypatch, tmp_path
):
    whole = study.train(entry, 0)
    folder = tmp_path / "other"
    folder.mkdir()
    gibbs = Gibbs(folder, study.experiment.bank)
    other = Study(folder, study.trainer, study.tasks, gibbs)
    # Half of the tasks come from a bank: it changes nothing.
    gibbs.ahead(0)
    saved = CheckpointAndStop._save

    def save_and_stop(self, trainer, name):
        saved(self, trainer, name)
        if name == "last" and self.module.step == 2:
            raise Stopped

    monkeypatch.setattr(CheckpointAndStop, "_save", save_and_stop)
    with pytest.raises(Stopped):
        other.train(entry, 0)
    monkeypatch.setattr(CheckpointAndStop, "_save", saved)
    resumed = other.train(entry, 0)
    assert losses(resumed) == losses(whole)
    weights = [read_checkpoint(r / "last")[1] for r in (whole, resumed)]
    assert all(weights[0][k].equal(weights[1][k]) for k in weights[0])


def test_scores_are_of_the_fixed_tasks_and_the_best_weights(study, entry):
    run = study.train(entry, 0)
    table = study.score(entry, 0).set_index(["regime", "task"])
    model = load_model(run)[0]
    task = gibbs_tasks("out", TEST_SEED).task(1)
    predicted = model(task)
    expected = predicted.log_prob(task.target.y, task.target.y_mask) / 128
    row = table.loc[("out", 1)]
    assert row["log_likelihood"] == pytest.approx(expected.item(), rel=1e-4)
    assert row["n_context"] == task.context.n_points
    # Beyond the support nothing is left of the fixed inputs.
    assert table.loc["out"]["deviation"].max() < 1e-6
    assert table.loc["in"]["deviation"].min() > 1e-6


def test_oracles_are_scored_on_the_same_tasks_and_kept(study, monkeypatch):
    table = pd.concat(study.experiment.known(3))
    assert table.groupby(["model", "regime"]).size().tolist() == [3] * 8
    assert set(table["model"]) == set(ORACLES)
    with_deviation = table.dropna(subset="deviation")["model"]
    assert set(with_deviation) == {CEILING}
    monkeypatch.setattr(gibbs_module, "_judged", None)
    again = pd.concat(study.experiment.known(3))
    pd.testing.assert_frame_equal(again, table, check_dtype=False)


def test_more_tasks_go_on_where_the_oracles_were(study):
    first = pd.concat(study.experiment.known(3))
    more = pd.concat(study.experiment.known(5))
    both = more[more["task"] < 3].reset_index(drop=True)
    pd.testing.assert_frame_equal(both, first.reset_index(drop=True), check_dtype=False)
    assert len(more) == 5 * 8


def test_the_deviation_is_a_ratio_of_norms():
    mean = torch.tensor([[1.0, -3.0], [2.0, 2.0]])
    reference = torch.tensor([[2.0, -1.0], [2.0, 2.0]])
    assert relative_deviation(mean, reference).tolist() == [1.0, 0.0]
    mean = torch.tensor([[1.0, -4.0]])
    expected = 10**0.5 / 5**0.5
    found = relative_deviation(mean, reference[:1], 2)
    assert found.tolist() == pytest.approx([expected])


def test_a_run_of_bare_coordinates_predicts_no_stations(study, entry):
    run = study.train(entry, 0)
    with pytest.raises(CheckpointError, match="bare coordinates, not of stations"):
        load_run(run)


def test_a_folder_keeps_to_its_study(study):
    Study(study.folder, study.trainer, 5, study.experiment)  # more tasks of the same
    other = Gibbs(study.folder, 0)
    other.judged_on = "other tasks"
    with pytest.raises(ConfigError, match=r"other tasks.* is requested: give another"):
        Study(study.folder, study.trainer, 5, other)


def test_numbers_that_cannot_be(study):
    with pytest.raises(ConfigError, match=r"--tasks is at least 2. Got 1"):
        Study(study.folder, study.trainer, 1, study.experiment)
    with pytest.raises(ConfigError, match=r"--bank is at least 0. Got -1"):
        Gibbs(study.folder, -1)
