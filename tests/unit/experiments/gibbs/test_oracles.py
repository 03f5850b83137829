"""The oracles beside dense linear algebra in numpy, written anew."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from apnp.experiments.gibbs.gp import (
    FunctionTasks,
    GaussianProcess,
    Places,
    gibbs_process,
)
from apnp.experiments.gibbs.kernels import eq, matern
from apnp.experiments.gibbs.oracles import (
    given_kind,
    mixture,
    unknown_break,
)

NOISE = 0.2


def gibbs_matrix(x, z, left, right, at=0.0):
    one, two = (np.where(v < at, left, right) for v in (x, z))
    both = one[:, None] ** 2 + two**2
    scale = np.sqrt(2 * np.outer(one, two) / both)
    return scale * np.exp(-((x[:, None] - z) ** 2) / both)


def dense(xc, yc, xt, left, right, at=0.0):
    """Mean, variance of each target, and the context's log density."""
    kc = gibbs_matrix(xc, xc, left, right, at) + NOISE**2 * np.eye(len(xc))
    cross = gibbs_matrix(xc, xt, left, right, at)
    inverse = np.linalg.inv(kc)
    mean = cross.T @ inverse @ yc
    variance = 1 + NOISE**2 - np.einsum("ct,cd,dt->t", cross, inverse, cross)
    return mean, variance, multivariate_normal(np.zeros(len(xc)), kc).logpdf(yc)


def drawn(index, centres=(-0.5, 0.5), context=(1, 20)):
    places = Places(centres, context=context, targets=15)
    draw = FunctionTasks(gibbs_process(), places, seed=8).draw(index)
    arrays = (getattr(draw, name).numpy() for name in ("xc", "yc", "xt", "yt"))
    xc, yc, xt, yt = arrays
    return draw, xc[:, 0], yc, xt[:, 0], yt


@pytest.mark.parametrize("index", range(4))
def test_given_the_kernel_it_is_gaussian_conditioning(index):
    draw, xc, yc, xt, yt = drawn(index)
    left, right = [(0.1, 4.0), (4.0, 0.1)][draw.kind]
    mean, variance, _ = dense(xc, yc, xt, left, right)
    found = given_kind(gibbs_process(), draw)
    assert found.mean.numpy() == pytest.approx(mean, abs=1e-6)
    expected = norm(mean, np.sqrt(variance)).logpdf(yt)
    assert found.log_density(draw.yt).numpy() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("index", range(6))
def test_the_mixture_weighs_kernels_by_the_density_of_the_context(index):
    draw, xc, yc, xt, yt = drawn(index)
    mean, variance, evidence = map(
        np.array,
        zip(*(dense(xc, yc, xt, *s) for s in ((0.1, 4.0), (4.0, 0.1))), strict=True),
    )
    weight = np.exp(evidence - logsumexp(evidence))[:, None]
    found = mixture(gibbs_process(), draw)
    density = (weight * norm(mean, np.sqrt(variance)).pdf(yt)).sum(0)
    assert found.log_density(draw.yt).exp().numpy() == pytest.approx(density, abs=1e-6)
    centre = (weight * mean).sum(0)
    spread = (weight * (variance + mean**2)).sum(0) - centre**2
    gaussian = norm(centre, np.sqrt(spread)).logpdf(yt)
    best = found.gaussian().log_density(draw.yt).numpy()
    assert best == pytest.approx(gaussian, abs=1e-6)


@pytest.mark.parametrize(("index", "context"), [(0, (6, 6)), (1, (1, 1)), (2, (9, 9))])
def test_an_unknown_break_is_integrated_over_exactly(index, context):
    draw, xc, yc, xt, yt = drawn(index, (-7, 7), context)
    xc, xt = xc - draw.centre.item(), xt - draw.centre.item()
    # Between two neighbouring points of all of them nothing depends on the break.
    edges = np.unique(np.r_[-7.0, 7.0, xc, xt])
    parts = [
        (dense(xc, yc, xt, *sides, at=(a + b) / 2), np.log(b - a))
        for a, b in pairwise(edges)
        for sides in ((0.1, 4.0), (4.0, 0.1))
    ]
    logits = np.array([evidence + length for (_, _, evidence), length in parts])
    weight = np.exp(logits - logsumexp(logits))[:, None]
    mean, variance = (np.array([part[0][k] for part in parts]) for k in (0, 1))
    found = unknown_break(draw)
    assert found.log_weight.exp().sum(0).numpy() == pytest.approx(1.0, abs=1e-9)
    density = (weight * norm(mean, np.sqrt(variance)).pdf(yt)).sum(0)
    assert found.log_density(draw.yt).exp().numpy() == pytest.approx(density, abs=1e-6)
    assert found.mean.numpy() == pytest.approx((weight * mean).sum(0), abs=1e-6)


def test_an_unknown_break_reads_no_absolute_location():
    near, *_ = drawn(3, (-0.5, 0.5))
    far = replace(
        near, centre=near.centre + 20, xc=near.xc + 20, xt=near.xt + 20
    )  # fmt: skip
    a, b = unknown_break(near), unknown_break(far)
    assert a.mean.numpy() == pytest.approx(b.mean.numpy(), abs=1e-6)


def test_any_mixture_of_kernels_has_its_oracles():
    process = GaussianProcess([eq(0.3), matern(0.5, 1.0)], 0.1)
    tasks = FunctionTasks(process, Places((0, 0), 2, context=(30, 40)), seed=1)
    gaps = []
    for i in range(12):
        draw = tasks.draw(i)
        known, exact = given_kind(process, draw), mixture(process, draw)
        gaps.append((known.log_density(draw.yt) - exact.log_density(draw.yt)).mean())
        assert exact.log_weight.exp().sum(0).numpy() == pytest.approx(1.0)
    assert -0.02 < np.mean(gaps) < 0.3
