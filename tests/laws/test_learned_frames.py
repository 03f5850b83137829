"""What learned frames owe beyond equivariance: exact draws, and gradients."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from builders import (
    GROUPS,
    convcnp,
    framed,
    learned,
    local_tnp,
    pt_tnp,
    rcnp,
    tnp,
)
from member import DW, DY, Member, alive
from table import FRAMED_GROUPS, MEMBERS

from apnp.backbones import CNP
from apnp.framing import Framed, LearnedFrames, PoseSampling
from apnp.framing.parts import gram_schmidt

LEARNED = {
    m.name.rsplit("TNP, ")[-1]: m
    for m in MEMBERS
    if m.name.startswith("Learned frames of a TNP") and not m.approximate
}
STEP = 1e-6


def poses_of(model: Framed, member: Member, task=None):
    task = task or member.task()
    return model.encode(task.context, task.domain).poses


@pytest.mark.parametrize("group", FRAMED_GROUPS)
def test_weights_sum_to_one_and_axes_are_orthonormal(group):
    poses = poses_of(LEARNED[group].model(), LEARNED[group])
    one = torch.ones(2, dtype=torch.float64)
    torch.testing.assert_close(poses.weight.sum(1), one)
    assert (poses.weight >= 0).all()
    eye = torch.eye(GROUPS[group].dx, dtype=torch.float64)
    found = poses.matrix @ poses.matrix.mT
    torch.testing.assert_close(found, eye.expand_as(found))


@pytest.mark.parametrize("group", FRAMED_GROUPS)
def test_poses_and_weights_of_codes_differ(group):
    """Codes that agree would cost their time and give nothing."""
    poses = poses_of(LEARNED[group].model(), LEARNED[group])
    for one, other in pairwise(range(3)):
        both = poses.matrix[:, one] - poses.matrix[:, other]
        away = poses.origin[:, one] - poses.origin[:, other]
        assert max(both.abs().max(), away.abs().max()) > 1e-3
        assert (poses.weight[:, one] - poses.weight[:, other]).abs().max() > 1e-3


def test_the_kind_of_sampling_says_how_many_poses_there_are():
    for kind, n in (("learned", 3), ("uniform", 3), ("canonical", 1)):
        member = LEARNED["SE(2)"]
        model = alive(learned("SE(2)", kind=kind))
        poses = poses_of(model, member)
        assert poses.n == n
        turned = poses.matrix[:, :, 0, 0] - poses.matrix[:, :1, 0, 0]
        assert (turned[:, 1:].abs() > 1e-3).all()
        alike = (poses.weight - 1 / n).abs().max() < 1e-12
        assert alike == (kind != "learned")
    with pytest.raises(ValueError, match="shifts have no uniform distribution"):
        learned("line", kind="uniform")
    with pytest.raises(ValueError, match=r"`count` .* >= 1 .* Got 0, 8 and 0.0"):
        PoseSampling("learned", 0, 8)


def test_every_draw_of_noise_is_equivariant_and_predictions_have_none():
    member, sampling = LEARNED["E(2)"], PoseSampling("learned", 3, 8, noise=0.5)
    model = alive(Framed(framed("E(2)").backbone, GROUPS["E(2)"], sampling))
    task = member.task()
    moved = member.moved(task, member.element())
    told = []
    for seed in (0, 0, 1):
        model.train()
        torch.manual_seed(seed)
        told.append(member.predict(model, moved if told else task))
    torch.testing.assert_close(told[1], told[0], rtol=0.0, atol=1e-10)
    assert (told[2] - told[0]).abs().max() > 1e-3
    model.eval()
    torch.testing.assert_close(
        member.predict(model, task), member.predict(model, task), rtol=0.0, atol=0.0
    )


@pytest.mark.parametrize("group", ["SE(2)", "E(2)", "SO(3)", "sphere"])
def test_a_layout_without_learned_axes_takes_its_moments(group):
    """Two equal stations opposite each other single out a line, but no direction."""
    member = LEARNED[group]
    model, task = member.model(), member.task(nc=2)
    c = task.context
    x = c.x[:, :1] if group == "sphere" else c.x
    if group == "sphere":
        x = torch.cat((x, x * torch.tensor([-1.0, -1.0, 1.0])), 1)
    alike = replace(
        c, x=x, y=c.y[:, :1].expand_as(c.y), w=c.w[:, :1].expand_as(c.w),
        y_mask=torch.ones_like(c.y_mask), w_mask=torch.ones_like(c.w_mask),
    )  # fmt: skip
    task = replace(task, context=alike)
    assert poses_of(model, member, task).n > 6
    before = member.predict(model, task)
    for seed in (0, 1):
        moved = member.moved(task, member.element(seed))
        told = member.predict(model, moved)
        torch.testing.assert_close(told, before, rtol=0.0, atol=1e-10)


def test_gradients_pass_through_gram_schmidt():
    generator = torch.Generator().manual_seed(2)
    one, two = (
        torch.randn(4, 3, generator=generator, dtype=torch.float64).requires_grad_()
        for _ in range(2)
    )
    assert torch.autograd.gradcheck(gram_schmidt, (one, two))
    turn, _ = gram_schmidt(one, two)
    torch.testing.assert_close(
        torch.linalg.det(turn), torch.ones(4, dtype=torch.float64)
    )


INSIDE = {
    "TNP": lambda: tnp("no symmetry"),
    "CNP": lambda: CNP(2, DY, DW, width=8, layers=2),
    "RCNP": lambda: rcnp("no symmetry"),
    "PTTNP": lambda: pt_tnp("no symmetry"),
    "LocalTNP": lambda: local_tnp("no symmetry"),
    "ConvCNP": lambda: convcnp("plane"),
}


@pytest.mark.parametrize("name", INSIDE)
def test_poses_learn_through_every_backbone(name):
    """The derivative by parameters of the frames is that of finite differences."""
    member = LEARNED["SE(2)"]
    model, task = alive(learned("SE(2)", lambda _: INSIDE[name]())), member.task(nc=9)
    generator = torch.Generator().manual_seed(5)
    direction = [
        torch.randn(p.shape, generator=generator, dtype=p.dtype)
        for p in model.frames.parameters()
    ]

    def told(step: float) -> torch.Tensor:
        with torch.no_grad():
            for p, d in zip(model.frames.parameters(), direction, strict=True):
                p += step * d
        return member.predict(model, task).sin().sum()

    gradients = torch.autograd.grad(told(0.0), model.frames.parameters())
    found = sum((g * d).sum() for g, d in zip(gradients, direction, strict=True))
    expected = (told(STEP) - told(-2 * STEP)) / (2 * STEP)
    assert abs(expected) > 1e-2
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("group", ["SE(2)", "SO(3)", "sphere"])
def test_uniform_turns_are_spread_evenly(group):
    (part,) = LearnedFrames(GROUPS[group], 4, PoseSampling("uniform", 8, 4)).parts
    turns = part.turns(64)
    eye = torch.eye(part.dx, dtype=torch.float64)
    torch.testing.assert_close(turns[0], eye)
    torch.testing.assert_close(turns @ turns.mT, eye.expand_as(turns))
    mean = turns.mean(0)
    assert (mean if group == "SO(3)" else mean[:2, :2]).abs().max() < 0.06
