"""The comparison of all roads, and of their losses against compute."""

from dataclasses import replace

import pandas as pd
import pytest
import torch

from apnp.backbones import CNP
from apnp.build import build_model
from apnp.checkpoint import load_model
from apnp.config import to_dict
from apnp.errors import ConfigError
from apnp.experiments import report
from apnp.experiments.gibbs import roads as roads_study
from apnp.experiments.gibbs.gp import gibbs_tasks
from apnp.experiments.gibbs.roads import (
    NAMES,
    DistinctTasks,
    Roads,
    law_error,
    prediction_ms,
    roads,
)
from apnp.experiments.gibbs.scale import FLOORS, Scale, entries
from apnp.experiments.study import Study
from apnp.framing import Framed, LearnedFrames
from apnp.likelihoods import HeteroscedasticGaussian
from apnp.model import NeuralProcess


def test_every_road_is_what_its_name_says(tiny_size, tmp_path):
    made = {e.name: e for e in roads(NAMES, tiny_size)}
    assert list(made) == list(NAMES)
    inputs = Roads(tmp_path, 0).inputs
    for name, entry in made.items():
        backbone = build_model(entry.model, inputs).backbone
        assert (backbone.strict() is not backbone) == ("~" in name)
        inside = backbone.strict()
        assert isinstance(inside, Framed) == ("frames" in name)
        if isinstance(inside, Framed):
            assert isinstance(inside.frames, LearnedFrames) == ("learned" in name)
            two = name == "TNP + frames E"
            assert inside.group.random(torch.Generator(), torch.zeros(1)).numel() == (
                2 if two or name == "ConvCNP + frames E" else 1
            )
        twin = entry.twin
        assert (twin is None) == ("~" not in name)
        assert twin is None or twin in (*NAMES, "ConvCNP(T)")
    assert made["TNP + augmentation"].augment.group == "translations"
    assert made["TNP + soft symmetry"].changes["regularise"]
    assert made["TNP cloned from TNP(T)"].teacher == "TNP(T)"
    plain = to_dict(made["TNP"].model)
    for name in ("TNP + augmentation", "TNP + soft symmetry", "TNP cloned from TNP(T)"):
        assert to_dict(made[name].model) == plain
    with pytest.raises(ConfigError, match=r"learns from TNP\(T\): name both"):
        roads(["TNP cloned from TNP(T)"], tiny_size)
    with pytest.raises(ConfigError, match=r"--models takes .* Got TPN"):
        roads(["TPN"], tiny_size)


def test_distinct_tasks_come_again_in_batches_too():
    made = DistinctTasks(gibbs_tasks("in", 3), 4)
    assert torch.equal(made.task(6).context.y, made.source.task(2).context.y)
    batch = made.batch([1, 5, 2])
    assert torch.equal(batch.target.y[0], batch.target.y[1])
    assert not torch.equal(batch.target.y[0], batch.target.y[2])


@pytest.mark.slow
def test_roads_are_trained_scored_and_costed(tiny_size, tmp_path, monkeypatch):
    """A student finds the run of its teacher, and a second call trains nothing."""
    monkeypatch.setattr(roads_study, "_TARGETS", 200)
    monkeypatch.setattr(roads_study, "_LAW_TASKS", 3)
    names = "TNP(T)", "TNP cloned from TNP(T)", "TNP + frames T~"
    experiment = Roads(tmp_path, 6, distinct=4)
    assert experiment.bank == 4
    assert experiment.what.startswith("4 tasks")
    study = Study(tmp_path, tiny_size.trainer, 3, experiment)
    taken = roads(names, tiny_size)
    judged = experiment.known(3)
    for entry in taken:
        run = study.train(entry, 0)
        judged.append(study.score(entry, 0))
        assert study.train(entry, 0) == run
    clone = load_model(study.run(taken[1], 0))[2].config.trainer
    assert clone.clone == str(study.run(taken[0], 0))
    table = pd.concat(judged, ignore_index=True)
    pairs = [(entry, 0) for entry in taken]
    made, _ = report.write(table, taken, study, study.runs(pairs), "")
    experiment.draw(study, taken, 0, made)
    costs = pd.read_csv(tmp_path / "costs.csv").set_index("model")
    assert list(costs.index) == [e.name for e in taken]
    assert costs["law_error"]["TNP(T)"] < 1e-10
    assert costs["law_error"]["TNP + frames T~"] < 1e-10
    assert pd.isna(costs["law_error"]["TNP cloned from TNP(T)"])
    assert (costs[["weights", "ms_step", "ms_prediction"]] > 0).all(axis=None)


def test_a_model_without_a_group_has_no_law_error_and_any_has_a_time():
    torch.manual_seed(0)
    backbone = CNP(1, 1, 0, width=4, layers=1)
    model = NeuralProcess(backbone, HeteroscedasticGaussian(4, 1))
    assert law_error(model) != law_error(model)
    assert prediction_ms(model) > 0


@pytest.mark.slow
def test_losses_are_fitted_against_compute(tiny_size, tmp_path):
    arms = ("TNP", "TNP(T)")
    taken = entries(arms, tiny_size, (4, 8), (2, 4))
    assert [e.name for e in taken][:2] == [
        "TNP, width 4, 2 steps", "TNP, width 4, 4 steps",
    ]  # fmt: skip
    assert len(taken) == 8
    assert set(arms) <= set(FLOORS)
    experiment = Scale(tmp_path, 6)
    study = Study(tmp_path, tiny_size.trainer, 3, experiment)
    judged = experiment.known(3)
    for entry in taken:
        study.train(entry, 0)
        judged.append(study.score(entry, 0))
    table = pd.concat(judged, ignore_index=True)
    pairs = [(entry, 0) for entry in taken]
    made, _ = report.write(table, taken, study, study.runs(pairs), "")
    experiment.draw(study, taken, 0, made)
    points = pd.read_csv(tmp_path / "scale.csv")
    assert points["steps"].tolist() == [2, 4] * 4
    by_model = points.set_index("model")["operations"]
    one, two = (by_model[f"TNP, width 4, {n} steps"] for n in (2, 4))
    assert two == 2 * one > 0
    assert by_model["TNP, width 8, 2 steps"] > one
    runs = study.runs(pairs).set_index("model")
    assert points.set_index("model")["config"].to_dict() == runs["config"].to_dict()
    loss = -table[table["regime"] == "in"].groupby("model")["log_likelihood"].mean()
    found = points.set_index("model")["loss_in"]
    pd.testing.assert_series_equal(
        found, loss[found.index], check_names=False, rtol=1e-4
    )
    fits = pd.read_csv(tmp_path / "fits.csv").set_index("arm")
    assert list(fits.index) == list(arms)
    assert fits["floor"]["TNP"] <= fits["floor"]["TNP(T)"]


def test_other_widths_are_other_models(tiny_size):
    (small, large) = entries(["TNP"], tiny_size, (4, 8), (2,))
    assert small.model.backbone.tnp.width == 4
    assert large.model.backbone.tnp.width == 8
    assert replace(small, name=large.name, model=large.model) == large
