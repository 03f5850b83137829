"""Laws of vectors at sites, and each of them broken once."""

from dataclasses import replace

import pytest
import torch
from builders import GROUPS, local_tnp, pt_tnp, rcnp, tnp, whole_group
from member import Member, alive

from apnp.approx import ApproximatelyEquivariant, SiteVectors, with_more_sites

BACKBONES = {"LocalTNP": local_tnp, "TNP": tnp, "PTTNP": pt_tnp, "RCNP": rcnp}
WHERE = ("plane", "E(2)", "SO(3)")
RADIUS = 1.2
TOLERANCE = 1e-10


class AlongOneAxis(SiteVectors):
    """Breaks joint equivariance: distance along the first axis alone."""

    def forward(self, x, used=None):
        far = torch.zeros_like(x)
        far[..., 0] = x[..., 0]
        return super().forward(far, used)


class WithAHardEdge(SiteVectors):
    """Breaks continuity: all or nothing at the radius."""

    def _at(self, x, used):
        near = torch.cdist(x, self.places) < self.radius
        return near.to(x) @ self.vectors


class WithoutDropout(SiteVectors):
    """Breaks the law of hidden sites."""

    def forward(self, x, used=None):
        return super().forward(x)


class Everywhere(SiteVectors):
    """Breaks the support: the mean of all vectors far away."""

    def forward(self, x, used=None):
        return super().forward(x, used) + self.vectors.mean(0)


class MixingTasks(SiteVectors):
    """Breaks the independence of tasks: what one uses, all use."""

    def forward(self, x, used=None):
        if used is not None:
            used = used.any(0, keepdim=True).expand_as(used)
        return super().forward(x, used)


def member(name, where):
    def make():
        return BACKBONES[name](where)

    return Member(f"{name}, {where}", make, GROUPS[where], whole_group, TOLERANCE)


def made(name, where, kind=SiteVectors):
    """The member, its task, and a model with a site at every other point."""
    row = member(name, where)
    task, backbone = row.task(), row.model()
    places = torch.cat((task.context.x[0, ::2], task.target.x[0, ::2])).clone()
    sites = alive(kind(places, backbone.dz, RADIUS), seed=5)
    return row, task, ApproximatelyEquivariant(backbone, sites)


def with_sites(model, sites):
    return ApproximatelyEquivariant(model.backbone, sites)


def check_joint_equivariance(name, where, kind=SiteVectors):
    row, task, model = made(name, where, kind)
    g = row.element()
    here = row.predict(model, task)
    sites = model.fixed_inputs
    there = kind(row.group.act(g, sites.places), row.model().dz, RADIUS).double()
    there.load_state_dict(sites.state_dict())
    moved = row.moved(task, g)
    torch.testing.assert_close(
        row.predict(with_sites(model, there), moved), here, rtol=0, atol=TOLERANCE
    )
    assert (row.predict(model, moved) - here).abs().max() > 1e-3
    strict = row.predict(model.strict(), task)
    assert (here - strict).abs().max() > 1e-3


def check_support(name, where, kind=SiteVectors):
    row, task, model = made(name, where, kind)
    sites = model.fixed_inputs
    points = torch.cat((task.context.x, task.target.x), dim=1)
    far = torch.cdist(points[0], points[0]).max() + 9.0
    away = kind(far + sites.places, row.model().dz, RADIUS).double()
    away.load_state_dict(sites.state_dict())
    found = row.predict(with_sites(model, away), task)
    torch.testing.assert_close(found, row.predict(model.strict(), task), rtol=0, atol=0)


def check_hidden_sites(name, where, kind=SiteVectors):
    row, task, model = made(name, where, kind)
    every = torch.ones(2, len(model.fixed_inputs.places), dtype=torch.bool)

    def predicted(context, target):
        domain = replace(task.domain, context_sites=context, target_sites=target)
        return row.predict(model, replace(task, domain=domain))

    strict = row.predict(model.strict(), task)
    torch.testing.assert_close(predicted(~every, ~every), strict, rtol=0, atol=0)
    torch.testing.assert_close(predicted(every, every), row.predict(model, task))
    only_context = predicted(every, ~every)
    assert (only_context - strict).abs().max() > 1e-3
    if model.embeds_targets:
        assert (predicted(~every, every) - strict).abs().max() > 1e-3
        assert (predicted(every, every) - only_context).abs().max() > 1e-3


def check_tasks_are_independent(name, where, kind=SiteVectors):
    row, task, model = made(name, where, kind)
    generator = torch.Generator().manual_seed(2)
    shape = 2, len(model.fixed_inputs.places)
    used = [torch.rand(shape, generator=generator) > 0.5 for _ in range(2)]
    domain = replace(task.domain, context_sites=used[0], target_sites=used[1])
    task = replace(task, domain=domain)
    both = row.predict(model, task)
    for i in range(2):
        one = task.each(lambda value, i=i: value[i : i + 1])
        torch.testing.assert_close(
            row.predict(model, one)[0], both[i], rtol=0, atol=TOLERANCE
        )


def check_no_seam(name, where, kind=SiteVectors):
    _, task, model = made(name, where, kind)
    a, b = task.context.x[0, 0], task.target.x[0, 1]
    steps = torch.linspace(-1.5, 1.5, 4001, dtype=torch.float64)[:, None]
    field = model.fixed_inputs((a + steps * (b - a))[None])[0]
    bound = (
        12 * (b - a).norm() / RADIUS * 3.0 / 4000 * model.fixed_inputs.vectors.norm()
    )
    assert field.abs().max() > 0.1
    assert (field[1:] - field[:-1]).norm(dim=-1).max() < bound


LAWS = {
    check_joint_equivariance: AlongOneAxis,
    check_support: Everywhere,
    check_hidden_sites: WithoutDropout,
    check_tasks_are_independent: MixingTasks,
    check_no_seam: WithAHardEdge,
}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("name", BACKBONES)
def test_sites_keep_the_law(law, name, where):
    law(name, where)


@pytest.mark.parametrize(
    ("law", "kind"), LAWS.items(), ids=[law.__name__ for law in LAWS]
)
def test_the_law_fails_when_it_is_broken(law, kind):
    with pytest.raises(AssertionError):
        law("LocalTNP", "E(2)", kind)


def test_targets_may_be_read_in_chunks():
    row, task, model = made("LocalTNP", "E(2)")
    whole = row.predict(model, task)
    encoding = row.encode(model, task.context, task.domain)
    for i in range(3):
        part = task.target.each(lambda value, i=i: value[:, 2 * i : 2 * i + 2])
        found = row.decode(model, encoding, part)
        torch.testing.assert_close(
            found, whole[:, 2 * i : 2 * i + 2], rtol=0, atol=TOLERANCE
        )


def test_further_sites_change_nothing_until_they_are_learned():
    row, task, model = made("LocalTNP", "E(2)")
    before = row.predict(model, task)
    sites = with_more_sites(model.fixed_inputs, 0.1 + model.fixed_inputs.places[:1])
    apart = with_more_sites(model.fixed_inputs, 50 + model.fixed_inputs.places[:2])
    assert sites.vectors.shape[0] == model.fixed_inputs.vectors.shape[0] + 1
    assert not sites.vectors[-1].any()
    after = row.predict(with_sites(model, apart), task)
    torch.testing.assert_close(after, before, rtol=0, atol=TOLERANCE)


def test_every_vector_in_use_gets_a_gradient():
    row, task, model = made("LocalTNP", "E(2)")
    row.predict(model, task).square().sum().backward()
    assert (model.fixed_inputs.vectors.grad.abs().sum(-1) > 0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.zeros(0, 2), 4, 1.0), "at least one site"),
        ((torch.zeros(3, 2), 4, 0.0), "`radius` is a length > 0"),
    ],
)
def test_impossible_sites_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        SiteVectors(*arguments)


def test_wrong_shapes_are_refused_with_their_numbers():
    sites = SiteVectors(torch.zeros(3, 2), 4, 1.0)
    with pytest.raises(ValueError, match=r"dx = 2. Got 3"):
        sites(torch.zeros(1, 5, 3))
    with pytest.raises(ValueError, match=r"shape \(1, 3\)"):
        sites(torch.zeros(1, 5, 2), torch.ones(1, 4).bool())
