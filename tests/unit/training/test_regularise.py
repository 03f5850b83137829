"""Penalties for departures from symmetries: what they measure, and when they tune."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch

from apnp.backbones import CNP, TNP, TokenLayers
from apnp.build import build_model
from apnp.config import (
    BackboneConfig,
    CNPConfig,
    Config,
    ModelConfig,
    TNPConfig,
    TrainerConfig,
)
from apnp.errors import ConfigError
from apnp.experiments.gibbs.gp import FunctionDraw, as_task, gibbs_process, gibbs_tasks
from apnp.experiments.gibbs.oracles import mixture
from apnp.groups import Translations, Trivial
from apnp.groups.candidates import Mirror, candidate, candidates
from apnp.inputs.batching import collate
from apnp.inputs.coordinates import CoordinateInputs
from apnp.likelihoods import GaussianPredictive, HeteroscedasticGaussian
from apnp.model import NeuralProcess
from apnp.training import fit as fitting
from apnp.training.data import TrainingData, prepare
from apnp.training.fit import fit
from apnp.training.module import TrainingModule
from apnp.training.regularise import (
    Regulariser,
    departure,
    forbidden,
    levels,
    regulariser,
    tuned,
)
from apnp.training.start import begin
from apnp.types import Domain, PointSet, Task

LINE = CoordinateInputs((-7.0,), (7.0,))
BOTH = ("translations", "mirror")


class Exact(torch.nn.Module):
    """What perfect inference predicts for the Gibbs process, as its best Gaussian."""

    def forward(self, task):
        process = gibbs_process()
        rows = []
        for i in range(task.context.batch_size):
            c, t = task.context, task.target
            draw = FunctionDraw(
                0, task.domain.centre[i].double(), c.x[i].double(),
                c.y[i, :, 0].double(), t.x[i].double(), t.y[i, :, 0].double(), True,
            )  # fmt: skip
            rows.append(mixture(process, draw).gaussian())
        mean, variance = (
            torch.stack([getattr(r, k)[0] for r in rows])[..., None]
            for k in ("centre", "variance")
        )
        return GaussianPredictive(mean, variance)


def groups(*names):
    return {n: candidate(n, "box", LINE.low, LINE.high, "key") for n in names}


def tnp(group, width=8):
    backbone = TNP(group, 1, 0, (2.0, 0.5), TokenLayers(width, 2, 2))
    return NeuralProcess(backbone, HeteroscedasticGaussian(width, 1)).double()


@pytest.fixture(scope="module")
def tasks():
    source = gibbs_tasks("in", 5)
    return [as_task(source.draw(i), source.places.extent) for i in range(12)]


def test_the_gibbs_process_breaks_shifts_and_keeps_the_mirror_about_its_break(tasks):
    found = levels(Exact(), groups(*BOTH), tasks, seed=0)
    assert found["mirror"] < 1e-12
    assert found["translations"] > 0.1


def test_the_level_of_a_symmetry_that_is_kept_is_rounding(tasks):
    both = [tnp(Translations(1)), tnp(Trivial(1))]
    double = [t.to(torch.float64) for t in tasks]
    kept, broken = (levels(m, groups("translations"), double, 0) for m in both)
    assert kept["translations"] < 1e-20
    assert broken["translations"] > 1e-4


def test_the_departure_is_the_divergence_of_both_gaussians_to_second_order(tasks):
    task = collate(tasks[:2])

    class Sloped(torch.nn.Module):
        """A mean and a logarithm of the variance that are linear in location."""

        def forward(self, task):
            x = task.target.x
            return GaussianPredictive(0.01 * x, 0.5 * (0.02 * x).exp())

    model = Sloped()
    before = model(task)
    generator = torch.Generator().manual_seed(3)
    shift = Translations(1).random(torch.Generator().manual_seed(3), task.context.x)
    found = departure(model, task, before, Translations(1), generator)
    after = GaussianPredictive(
        before.mean + 0.01 * shift, before.variance * (0.02 * shift).exp()
    )
    ratio = after.variance / before.variance
    gap = (after.mean - before.mean).square() / before.variance
    exact = (0.5 * (gap + ratio - 1 - ratio.log())).mean((1, 2))
    torch.testing.assert_close(found, exact, rtol=0.05, atol=0)


def test_targets_that_pad_a_batch_do_not_count(tasks):
    task = collate(tasks[:1])
    n = task.target.n_points
    mask = torch.arange(n)[None, :, None] < 20
    padded = replace(task, target=replace(task.target, y_mask=mask))
    short = replace(task, target=task.target.each(lambda v: v[:, :20]))
    model = tnp(Trivial(1)).float()
    found = [
        departure(
            model, t, model(t), Mirror(1), torch.Generator().manual_seed(0)
        ).item()
        for t in (padded, short)
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-4)
    assert found[0] > 0


def test_both_forms_rank_alike_where_columns_of_one_axis_are_larger():
    """East breaks more than north, by weights and by predictions alike."""
    backbone = CNP(2, 1, 0, width=6, layers=1)
    model = NeuralProcess(backbone, HeteroscedasticGaussian(6, 1))
    with torch.no_grad():
        for weight in backbone.location_weights():
            weight[:, 0] *= 3
            weight[:, 1] *= 0.3
    flat = (-2.0, -2.0), (2.0, 2.0)
    made = {
        n: candidate(n, "box", *flat, "key") for n in ("east_shifts", "north_shifts")
    }
    named = {n: forbidden(model, g) for n, g in made.items()}
    by_weights = {n: sum(w.square().sum() for w in ws) for n, ws in named.items()}
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(2, 8, 2, generator=generator)
    sets = [PointSet.observed(x[None], x[None, :, :1].sin()) for x in points]
    centre = torch.zeros(1, 2)
    task = Task(*sets, Domain(centre, centre + 4.0, torch.tensor([True])))
    by_change = levels(model, made, [task], seed=1)
    assert by_weights["east_shifts"] > 10 * by_weights["north_shifts"]
    assert by_change["east_shifts"] > 2 * by_change["north_shifts"]


def test_weights_are_forbidden_where_location_enters_by_them_alone():
    shifts = Translations(1)
    plain = tnp(Trivial(1))
    assert [w.shape[1] for w in forbidden(plain, shifts)] == [1, 1]
    with torch.no_grad():
        for weight in plain.backbone.location_weights():
            weight.zero_()
    assert not any(weight.any() for weight in forbidden(plain, shifts))
    source = gibbs_tasks("in", 5)
    task = as_task(source.draw(3), source.places.extent).to(torch.float64)
    assert levels(plain, groups("translations"), [task], 0)["translations"] < 1e-20
    assert forbidden(plain, Mirror(1)) is None
    assert forbidden(tnp(shifts), shifts) is None
    model = ModelConfig(
        "box", "translations", form="approximate", coast=False, likelihood="gaussian",
        backbone=BackboneConfig("tnp", tnp=TNPConfig(width=8, layers=1, heads=2)),
    )  # fmt: skip
    loose = build_model(model, LINE)
    (mix,) = forbidden(loose, shifts)
    assert mix is loose.backbone.fixed_inputs.mix.weight
    assert forbidden(loose, Mirror(1)) is None


def test_strengths_fall_by_the_ratio_of_levels_to_a_power():
    found = tuned({"a": 2.0, "b": 2.0, "c": 3.0}, {"a": 0.5, "b": 1.5, "c": 1e-15}, 2.0)
    assert found == pytest.approx({"a": 2.0, "b": 2.0 / 9, "c": 3.0})
    assert tuned({"a": 1.0}, {"a": 0.0}, 2.0) == {"a": 1.0}
    assert tuned({"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 8.0}, 0.0) == {"a": 1, "b": 1}


def watched(**changes):
    made = Regulariser(groups(*BOTH), False, 0.5, 1.0, 0, dict.fromkeys(BOTH, 4.0))
    return replace(made, **changes)


def test_the_smallest_level_is_kept_for_each_group_by_itself():
    """A better mirror does not replace the level of shifts."""
    made = watched()
    for progress, recent in (
        (0.1, (0.01, 0.01)), (0.3, (8.0, 4.0)), (0.4, (9.0, 2.0)), (0.5, (16.0, 3.0)),
    ):  # fmt: skip
        made.recent = dict(zip(BOTH, recent, strict=True))
        assert not made.tuned
        made.tune(progress)
    assert made.smallest == {"translations": 8.0, "mirror": 2.0}
    assert made.strengths == {"translations": 1.0, "mirror": 4.0}
    made.recent = {"translations": 2.0, "mirror": 0.1}
    made.tune(0.9)
    assert made.strengths == {"translations": 1.0, "mirror": 4.0}


def config_of(tmp_path, **trainer):
    backbone = BackboneConfig("cnp", cnp=CNPConfig(width=8, layers=1))
    model = ModelConfig(
        "box", "none", backbone=backbone, coast=False, likelihood="gaussian"
    )
    settings = {
        "max_steps": 8, "batch_size": 2, "validation_every": 4, "warmup": 1,
        "validation_tasks": 2, "log_every": 1, "regularise": list(BOTH),
    }  # fmt: skip
    return Config(
        str(tmp_path), model=model, trainer=TrainerConfig(**(settings | trainer))
    )


def data(tasks):
    return TrainingData(LINE, gibbs_tasks("in", 1), tasks[:2], "gibbs", "y", "1")


def losses(run):
    with (run / "metrics.csv").open() as file:
        return [row["loss"] for row in csv.DictReader(file) if row["loss"]]


def test_without_strength_the_run_is_that_without_penalties_to_the_last_bit(
    tmp_path, tasks
):
    told = []
    for name, changes in (
        ("plain", {"regularise": []}), ("zero", {"regularise_strength": 0.0}),
        ("one", {}),
    ):  # fmt: skip
        config = config_of(tmp_path / name, **changes)
        told.append(losses(fit(config, data(tasks), begin(config))))
    assert told[0] == told[1]
    assert told[0][0] == told[2][0]
    assert told[0][2:] != told[2][2:]


def test_a_resumed_run_is_tuned_once_and_reports_its_levels(tmp_path, tasks, capsys):
    """Stopped after tuning and resumed it ends as if it had never stopped."""
    config = config_of(tmp_path / "whole", regularise_tuned_at=0.5)
    run = fit(config, data(tasks), begin(config))
    assert "departure from symmetries" in capsys.readouterr().err
    whole = (run / "symmetry_levels.csv").read_text()
    table = [line.split(",") for line in whole.splitlines()]
    assert table[0] == ["group", "penalty", "strength", "level"]
    assert [row[:2] for row in table[1:]] == [[n, "functional"] for n in BOTH]
    strengths = np.array([float(row[2]) for row in table[1:]])
    assert strengths.max() == 1
    assert strengths.min() < 1

    stopped = config_of(tmp_path / "parts", regularise_tuned_at=0.5)
    seen = []
    original = fitting.CheckpointAndStop.on_train_epoch_end

    def stop_at_six(self, trainer, module):
        original(self, trainer, module)
        seen.append(module.step)
        if module.step == 4 and len(seen) == 1:
            trainer.should_stop = True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting.CheckpointAndStop, "on_train_epoch_end", stop_at_six)
        fit(stopped, data(tasks), begin(stopped))
    fit(stopped, data(tasks), begin(stopped, resume=True))
    assert (tmp_path / "parts" / "symmetry_levels.csv").read_text() == whole


def test_names_that_a_geometry_lacks_and_forms_that_do_not_exist_are_refused(
    tiny, stations
):
    assert list(candidates("box", 1)) == ["translations", "rigid_motions", "mirror"]
    made = prepare(tiny(), stations)
    model = build_model(tiny().model, made.inputs)
    for given, message in (
        (["longitude_shifts"], r"regularise` names .* plane: .* Got longitude_shifts"),
        (["mirror", "mirror"], r"each group once\. Got mirror, mirror"),
    ):
        with pytest.raises(ConfigError, match=message):
            regulariser(TrainerConfig(regularise=given), model, made.inputs)
    form = {"regularise": ["mirror"], "regularise_form": "structural"}
    with pytest.raises(ConfigError, match=r"structural needs .* Got mirror"):
        regulariser(TrainerConfig(**form), model, made.inputs)
    assert regulariser(TrainerConfig(), model, made.inputs) is None


def test_a_penalty_has_a_gradient_where_a_symmetry_is_broken(tasks):
    model = tnp(Trivial(1)).float()
    settings = TrainerConfig(regularise=["translations"], seed=3)
    for form in ("functional", "structural"):
        settings = replace(settings, regularise_form=form)
        made = regulariser(settings, model, LINE)
        assert made.form == form
        module = TrainingModule(model, settings, 1.0, made)
        task = collate(tasks[:2])
        plain = TrainingModule(model, settings, 1.0).training_step(task, 0)
        with_penalty = module.training_step(task, 0)
        assert with_penalty > plain
        (gradient,) = torch.autograd.grad(
            with_penalty - plain, model.backbone.embed.point[0].weight
        )
        assert gradient[:, 0].abs().max() > 1e-6
