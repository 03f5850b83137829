from types import SimpleNamespace

import numpy as np
import pytest
import torch

from apnp.errors import ConfigError
from apnp.experiments.gibbs.gp import (
    FunctionTasks,
    GaussianProcess,
    Places,
    gibbs_tasks,
)
from apnp.experiments.gibbs.kernels import eq, matern


def same(a, b):
    return all(
        getattr(getattr(a, part), name).equal(getattr(getattr(b, part), name))
        for part in ("context", "target")
        for name in ("x", "y", "y_mask")
    ) and a.domain.centre.equal(b.domain.centre)


def test_a_task_is_a_function_of_seed_and_index():
    tasks, again = gibbs_tasks("in", 4), gibbs_tasks("in", 4)
    later = [again.task(i) for i in (7, 3)]
    torch.manual_seed(99)
    assert same(tasks.task(3), later[1])
    assert same(tasks.task(7), later[0])
    assert not same(tasks.task(3), gibbs_tasks("in", 5).task(3))


def test_no_task_repeats():
    tasks = FunctionTasks(GaussianProcess([eq(1.0)], 0.1), Places(targets=1), seed=2)
    assert len({tasks.draw(i).centre.item() for i in range(1000)}) == 1000


@pytest.mark.parametrize(("regime", "ends"), [("in", (-7, 7)), ("out", (13, 27))])
def test_locations_follow_the_law(regime, ends):
    tasks = gibbs_tasks(regime, 1)
    tasks.process = SimpleNamespace(kinds=2, sample=lambda kind, x, rng: 0 * x[:, 0])
    draws = [tasks.draw(i) for i in range(400)]
    centres = np.array([d.centre.item() for d in draws])
    quantiles = np.quantile(centres, [0, 0.25, 0.5, 0.75, 1])
    assert quantiles == pytest.approx(np.linspace(*ends, 5), abs=1.2)
    assert ends[0] <= centres.min() < centres.max() <= ends[1]
    counts = np.array([len(d.xc) for d in draws])
    assert (counts.min(), counts.max()) == (1, 64)
    assert counts.mean() == pytest.approx(32.5, abs=3)
    assert {len(d.xt) for d in draws} == {128}
    for x, half in (("xc", 2.0), ("xt", 3.0)):
        steps = torch.cat([getattr(d, x)[:, 0] - d.centre for d in draws])
        found = np.quantile(steps, [0, 0.25, 0.5, 0.75, 1])
        assert found == pytest.approx(np.linspace(-half, half, 5), abs=0.1)
        assert steps.abs().max() <= half
    kinds = np.mean([d.kind for d in draws])
    assert kinds == pytest.approx(0.5, abs=0.1)


def test_values_have_the_covariance_of_their_kernel_and_the_noise():
    process = GaussianProcess([matern(1.5, 0.8), eq(0.4)], 0.3)
    x = torch.tensor([[0.0, 0.1], [0.5, 0.0], [0.6, 0.9]], dtype=torch.float64)
    for kind, kernel in enumerate(process.kernels):
        # Values are a linear map of the normal numbers: here it is read off.
        y = torch.stack(
            [
                process.sample(kind, x, SimpleNamespace(standard_normal=of))
                for of in (
                    lambda n: np.eye(n)[0],
                    lambda n: np.eye(n)[1],
                    lambda n: np.eye(n)[2],
                )
            ]
        )
        expected = kernel(x).to_dense() + 0.09 * torch.eye(3).double()
        assert (y.mT @ y - expected).abs().max() < 1e-10
    assert process.variance(0, x).tolist() == [1.0] * 3


def test_any_number_of_dimensions():
    process = GaussianProcess([eq(0.5) + matern(0.5, 1.0)], 0.1)
    task = FunctionTasks(process, Places(dx=3, context=(5, 5), targets=9)).task(2)
    assert task.context.x.shape == (1, 5, 3)
    assert task.target.y.shape == (1, 9, 1)
    assert task.domain.extent.tolist() == [[6.0] * 3]
    assert ((task.target.x[0] - task.domain.centre).abs() <= 3).all()


def test_dropout_hides_places_and_changes_nothing_else():
    never, often = gibbs_tasks("in", 4), gibbs_tasks("in", 4, dropout=0.3)
    hidden = [not often.knows_place(i) for i in range(2000)]
    assert np.mean(hidden) == pytest.approx(0.3, abs=0.04)
    for i in range(10):
        assert same(never.task(i), often.task(i))
        assert often.task(i).domain.absolute.item() is not hidden[i]
        assert never.task(i).domain.absolute.all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Places(context=(5, 4)), r"least <= largest\. Got \(5, 4\)"),
        (lambda: Places(targets=0), r"above 0\. Got 1 and 0"),
        (lambda: Places(side=0.0), r"`side` is a length above 0 .* Got 0\.0"),
        (lambda: GaussianProcess([], 0.1), r"`kernels` are one or more"),
        (lambda: GaussianProcess([eq(1.0)], 0.0), r"`noise` .* Got 0\.0"),
        (lambda: gibbs_tasks("near", 0), r"one of in, out\. Got 'near'"),
        (lambda: gibbs_tasks("in", 0, 1.3), r"lies in \[0, 1\]\. Got 1\.3"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
