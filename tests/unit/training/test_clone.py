"""A clone learns a teacher's predictions, whose weights stay as they are."""

import math
from dataclasses import replace

import pytest
import torch

from apnp.backbones import TNP, TokenLayers
from apnp.checkpoint import find_checkpoint, load_model, read_checkpoint
from apnp.config import BackboneConfig, Config, ModelConfig, TNPConfig, TrainerConfig
from apnp.errors import ConfigError
from apnp.experiments.gibbs.gp import as_task, gibbs_tasks
from apnp.groups import Translations, Trivial
from apnp.inputs.batching import collate
from apnp.inputs.coordinates import CoordinateInputs
from apnp.likelihoods import (
    GaussianMixture,
    GaussianPredictive,
    HeteroscedasticGaussian,
)
from apnp.model import NeuralProcess
from apnp.training.clone import Cloning, cloning, divergence
from apnp.training.data import TrainingData
from apnp.training.fit import fit, train
from apnp.training.module import TrainingModule
from apnp.training.regularise import levels
from apnp.training.start import begin

LINE = CoordinateInputs((-7.0,), (7.0,))


@pytest.fixture(scope="module")
def tasks():
    source = gibbs_tasks("in", 5)
    return [as_task(source.draw(i), source.places.extent) for i in range(6)]


def tnp(group, seed=0):
    torch.manual_seed(seed)
    backbone = TNP(group, 1, 0, (2.0, 0.5), TokenLayers(8, 2, 2))
    return NeuralProcess(backbone, HeteroscedasticGaussian(8, 1))


def gaussian(mean, variance):
    shape = torch.ones(1, 3, 1, dtype=torch.float64)
    return GaussianPredictive(mean * shape, variance * shape)


def mixtures():
    h = torch.randn(1, 4, 8, generator=torch.Generator().manual_seed(2)).double()
    torch.manual_seed(3)
    return GaussianMixture(8, 1, components=3).double()(h)


def test_the_divergence_of_gaussians_is_that_of_torch():
    one, other = gaussian(0.3, 1.7), gaussian(-0.4, 0.6)
    normal = torch.distributions.Normal
    exact = torch.distributions.kl_divergence(
        normal(0.3, math.sqrt(1.7)), normal(-0.4, math.sqrt(0.6))
    )
    found = divergence(one, other)
    torch.testing.assert_close(found, torch.full_like(found, exact.item()))


@pytest.mark.parametrize("made", [lambda: gaussian(0.3, 1.7), mixtures])
def test_the_divergence_to_itself_is_zero(made):
    found = divergence(made(), made())
    torch.testing.assert_close(found, torch.zeros_like(found), rtol=0, atol=1e-12)


def test_the_divergence_of_a_mixture_is_that_of_its_densities():
    """Against a Gaussian, by a fine sum over values."""
    teacher = mixtures()
    student = GaussianPredictive(
        torch.full_like(teacher.mean, 0.2), torch.full_like(teacher.mean, 1.3)
    )
    y = torch.linspace(-20, 20, 801, dtype=torch.float64)
    each = []
    for value in y:
        at = torch.full_like(teacher.mean, value.item())
        log = teacher.log_density(at)
        each.append(log.exp() * (log - student.log_density(at)))
    exact = torch.stack(each).sum(0) * (y[1] - y[0])
    found = divergence(teacher, student)
    torch.testing.assert_close(found, exact, rtol=0.1, atol=0.02)


def test_values_of_targets_are_not_read(tasks):
    task = collate(tasks[:2])
    made = Cloning(tnp(Translations(1)), "", 1.0, Translations(1), 0)
    student = tnp(Trivial(1))
    y = torch.full_like(task.target.y, math.nan)
    blind = replace(task, target=replace(task.target, y=y))
    losses = [made.loss(student, t, 3) for t in (task, blind)]
    assert torch.equal(*losses)
    assert losses[0].item() > 0
    assert made.loss(student, task, 4) != losses[0]
    assert made.loss(made.teacher, task, 3).item() < 1e-9


def test_a_free_student_takes_over_the_symmetry_of_its_teacher(tasks):
    teacher, student = tnp(Translations(1)), tnp(Trivial(1), 1)
    with torch.no_grad():
        for p in teacher.parameters():
            p += 0.3 * torch.randn_like(p)
    teacher.requires_grad_(False)
    made = Cloning(teacher, "", 1.0, Translations(1), 0)
    optimiser = torch.optim.Adam(student.parameters(), 6e-3)
    groups = {"translations": Translations(1)}
    found, task = [], collate(tasks[:2])
    task = replace(task, target=task.target.each(lambda v: v[:, :24]))
    before = [p.clone() for p in teacher.parameters()]
    for step in range(61):
        if step % 30 == 0:
            found.append(levels(student, groups, tasks[:2], 0)["translations"])
        optimiser.zero_grad()
        made.loss(student, task, step).backward()
        optimiser.step()
    assert found[1] < 1.1 * found[0]
    assert found[2] < min(1.1 * found[1], 0.7 * found[0])
    for p, was in zip(teacher.parameters(), before, strict=True):
        assert torch.equal(p, was)


def config_of(folder, group="none", **trainer):
    backbone = BackboneConfig("tnp", tnp=TNPConfig(width=8, layers=1, heads=2))
    model = ModelConfig(
        "box", group, backbone=backbone, coast=False, likelihood="gaussian"
    )
    settings = {
        "max_steps": 6, "batch_size": 2, "validation_every": 3, "warmup": 1,
        "validation_tasks": 2, "log_every": 1,
    }  # fmt: skip
    return Config(
        str(folder), model=model, trainer=TrainerConfig(**(settings | trainer))
    )


def run(config, tasks, **begun):
    source = gibbs_tasks("in", 1)
    data = TrainingData(LINE, source, tasks[:2], "gibbs", "y", "1")
    return fit(config, data, begin(config, **begun))


def test_a_clone_is_trained_recorded_and_resumed_with_its_teacher(tmp_path, tasks):
    teacher = run(config_of(tmp_path / "teacher", "translations"), tasks)
    weights = (teacher / "best" / "weights.safetensors").read_bytes()
    clone = config_of(tmp_path / "clone", clone=str(teacher), clone_share=0.5)
    made = run(clone, tasks)
    assert (teacher / "best" / "weights.safetensors").read_bytes() == weights
    stated, _, _ = read_checkpoint(find_checkpoint(made), with_state=False)
    assert stated["teacher"] == load_model(teacher)[2].hash
    model = load_model(made)[0]
    assert model.backbone.group.identity(torch.zeros(1)).numel() == 0

    longer = replace(clone, trainer=replace(clone.trainer, max_steps=8))
    other = run(config_of(tmp_path / "other", "translations", seed=1), tasks)
    (teacher / "best").rename(teacher / "gone")
    (other / "best").rename(teacher / "best")
    with pytest.raises(ConfigError, match=r"clone` .* has changed since this run"):
        run(longer, tasks, resume=True)


def test_after_its_share_the_loss_is_that_of_observed_targets(tasks):
    task, student = collate(tasks[:2]), tnp(Trivial(1))
    made = Cloning(tnp(Translations(1)), "", 0.5, None, 0)
    module = TrainingModule(student, TrainerConfig(), 1.0, None, made)
    plain = TrainingModule(student, TrainerConfig(), 1.0).training_step(task, 0)
    assert module.training_step(task, 0) != plain
    module._imitates = False
    assert module.training_step(task, 0) == plain


def test_a_teacher_of_other_inputs_and_unknown_moves_are_refused(tmp_path, tasks):
    teacher = run(config_of(tmp_path / "teacher", "translations"), tasks)
    plane = CoordinateInputs((-1.0, -1.0), (1.0, 1.0))
    settings = TrainerConfig(clone=str(teacher))
    with pytest.raises(ConfigError, match=r"dx is 1, and 2 for the model"):
        cloning(settings, plane)
    with pytest.raises(ConfigError, match=r"clone_moves` names .* Got turns"):
        cloning(replace(settings, clone_moves="turns"), LINE)
    assert cloning(TrainerConfig(), LINE) is None
    assert isinstance(cloning(settings, LINE).group, Translations)
    assert cloning(replace(settings, clone_moves="none"), LINE).group is None


def test_a_student_of_stations_takes_the_inputs_of_its_teacher(tiny, stations):
    """It is trained on other days, by which inputs of its own would be scaled."""
    short = "--trainer.max_steps=2", "--trainer.validation_every=2"
    teacher = train(tiny(*short, run="teacher"), stations)
    days = "--data.train_times=2020-01-01/2020-01-09"
    made = tiny(*short, days, f"--trainer.clone={teacher}", run="student")
    student = train(made, stations)
    inputs = [load_model(run)[1] for run in (teacher, student)]
    assert inputs[0].to_dict() == inputs[1].to_dict()
    alone = train(tiny(*short, days, run="alone"), stations)
    assert load_model(alone)[1].mean != inputs[0].mean
