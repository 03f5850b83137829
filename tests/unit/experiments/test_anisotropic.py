import numpy as np
import pytest
import torch

from apnp.build import build_model
from apnp.errors import ConfigError
from apnp.experiments.anisotropic import anisotropic_study as study
from apnp.experiments.anisotropic.stretched import (
    LENGTH,
    NOISE,
    SIDE,
    Stretched,
    StretchedTasks,
)


@pytest.mark.parametrize("layout", ["stretched", "square"])
def test_layouts_are_stretched_with_the_function_or_not(layout):
    for index in range(5):
        made = StretchedTasks(layout, "out", 3).draw(index)
        x = torch.cat((made.xc, made.xt))
        inside = x @ made.matrix.mT if layout == "stretched" else x
        assert inside.abs().max() <= SIDE / 2 + 1e-9
        assert torch.linalg.det(made.matrix).item() == pytest.approx(1.0)
        assert 6.0 <= torch.linalg.cond(made.matrix).item() <= 10.0
        if layout == "stretched":
            assert x.abs().max() > SIDE / 2


def test_values_have_the_covariance_of_the_stretched_coordinates():
    """The values of each task, whitened by their law, are standard normal."""
    tasks, white = StretchedTasks("square", "in", 0), []
    for index in range(30):
        made = tasks.draw(index)
        u = torch.cat((made.xc, made.xt)) @ made.matrix.mT
        distance = (u[:, None] - u[None]).square().sum(-1)
        law = torch.exp(-distance / (2 * LENGTH**2)) + NOISE**2 * torch.eye(len(u))
        y = torch.cat((made.yc, made.yt))
        white.append(torch.linalg.solve_triangular(
            torch.linalg.cholesky(law), y[:, None], upper=False
        ))  # fmt: skip
    found = torch.cat(white).numpy()
    assert found.mean() == pytest.approx(0.0, abs=0.06)
    assert found.std() == pytest.approx(1.0, abs=0.04)


def test_exact_inference_of_one_observation():
    """Of a single observation the posterior is known by hand."""
    place, value, target = torch.zeros(1, 2).double(), torch.ones(1).double(), 0.7
    made = Stretched(
        torch.diag(torch.tensor([2.0, 0.5])).double(), place, value,
        torch.tensor([[target / 2, 0.0]], dtype=torch.float64), torch.zeros(1).double(),
    )  # fmt: skip
    k = np.exp(-0.5 * (target / LENGTH) ** 2)
    mean, variance = k / (1 + NOISE**2), 1 + NOISE**2 - k**2 / (1 + NOISE**2)
    want = -0.5 * (np.log(2 * np.pi * variance) + mean**2 / variance)
    assert made.log_density() == pytest.approx(want, abs=1e-12)


def test_tasks_repeat_with_the_seed_and_hide_their_place_at_random():
    one, other = (StretchedTasks("stretched", "in", 5, 0.5) for _ in range(2))
    assert torch.equal(one.task(2).context.y, other.task(2).context.y)
    hidden = [not bool(one.task(i).domain.absolute) for i in range(40)]
    assert 8 < sum(hidden) < 32
    with pytest.raises(ConfigError, match=r"`layout` is stretched or square. Got 'x'"):
        StretchedTasks("x", "in", 0)


@pytest.mark.parametrize("name", study.NAMES)
def test_every_model_predicts_and_whitened_ones_ignore_stretches(name):
    (entry,) = study.entries([name], "small")
    torch.manual_seed(0)
    experiment = study.Anisotropic("stretched")
    model = build_model(entry.model, experiment.inputs).double().eval()
    task = experiment.tasks("in", 1).task(0)
    task = task.each(lambda v: v.double() if v.is_floating_point() else v)
    matrix = torch.tensor([[1.5, 0.4], [0.0, 1 / 1.5]], dtype=torch.float64)
    moved = task.each(lambda v: v @ matrix.mT if v.shape[-1:] == (2,) else v)
    with torch.inference_mode():
        before, after = model.strict()(task).mean, model.strict()(moved).mean
    same = torch.allclose(before, after, rtol=0.0, atol=1e-9)
    assert same == (name in ("TNP(SL)", "TNP(affine)"))


def test_unknown_models_are_refused():
    with pytest.raises(ConfigError, match=r"--models takes TNP, .* Got TNP2"):
        study.entries(["TNP2"], "small")
