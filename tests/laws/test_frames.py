"""What frames owe beyond equivariance: continuity, and sense in degenerate layouts."""

from dataclasses import replace

import pytest
import torch
from builders import GROUPS, framed
from member import Member, alive
from table import MEMBERS

from apnp.framing import Layout, frames_of
from apnp.groups import RigidMotions
from apnp.types import PointSet

FRAMED = [m for m in MEMBERS if m.name.startswith("Framed TNP") and not m.approximate]
STEP = 1e-6


@pytest.fixture(params=FRAMED, ids=lambda m: m.name)
def framed_member(request) -> Member:
    return request.param


def isotropic(n: int = 12) -> torch.Tensor:
    """Points of a plane whose second moments single out no direction, (n, 2)."""
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(n, 2, generator=generator, dtype=torch.float64)
    x = x - x.mean(0)
    values, vectors = torch.linalg.eigh(x.mT @ x / n)
    return x @ vectors / values.sqrt() @ vectors.mT


def predicted(member: Member, x: torch.Tensor) -> torch.Tensor:
    """What the member says of its usual targets, given values at `x` (n, dx)."""
    task = member.task(nc=len(x), b=1)
    ones = torch.ones_like(task.context.y_mask)
    context = replace(task.context, x=x[None], y_mask=ones)
    return member.predict(member.model(), replace(task, context=context))


@pytest.mark.parametrize("group", ["SE(2)", "E(2)", "SO(3)"])
def test_predictions_are_continuous_through_an_isotropic_layout(group):
    """Principal axes would swap there, and the prediction would jump."""
    member = next(m for m in FRAMED if m.name == f"Framed TNP, {group}")
    plane = isotropic()
    way = torch.stack((plane[:, 0], -plane[:, 1]), dim=-1)
    places = [plane + t * STEP * way for t in (-1.0, 0.0, 1.0)]
    if member.on_the_sphere:
        up = torch.ones(len(plane), 1, dtype=torch.float64)
        places = [torch.cat((0.3 * p, up), -1) for p in places]
        places = [p / p.norm(dim=-1, keepdim=True) for p in places]
    before, at, after = (predicted(member, p) for p in places)
    assert (before - at).abs().max() < 1e3 * STEP
    assert (after - at).abs().max() < 1e3 * STEP
    assert (after - before).abs().max() > 0


def test_weights_sum_to_one_and_maps_keep_distances(framed_member):
    task = framed_member.task()
    mask = task.context.y_mask.any(-1)
    poses = frames_of(framed_member.group)(
        Layout(task.context.x, mask, task.domain.centre)
    )
    one = torch.ones(2, dtype=torch.float64)
    torch.testing.assert_close(poses.weight.sum(1), one)
    assert (poses.weight >= 0).all()
    eye = torch.eye(framed_member.group.dx, dtype=torch.float64)
    found = poses.matrix @ poses.matrix.mT
    torch.testing.assert_close(found, eye.expand_as(found))
    x = task.context.x
    back = poses.backward(poses.forward(x))
    torch.testing.assert_close(back, x[:, None].expand_as(back))


@pytest.mark.parametrize("n", [2, 3])
def test_points_on_a_line_are_as_good_as_others(framed_member, n):
    task = framed_member.task(nc=n)
    along = torch.linspace(-0.4, 0.7, n, dtype=torch.float64)[:, None]
    start, end = task.context.x[:1, :1], task.context.x[1:, 1:2]
    x = (start + along * (end - start)).expand(2, -1, -1)
    if framed_member.on_the_sphere:
        space = x[..., :3] / x[..., :3].norm(dim=-1, keepdim=True)
        x = torch.cat((space, x[..., 3:]), -1)
    mask = torch.ones_like(task.context.y_mask)
    task = replace(task, context=replace(task.context, x=x, y_mask=mask))
    model = framed_member.model()
    before = framed_member.predict(model, task)
    for seed in (0, 1):
        moved = framed_member.moved(task, framed_member.element(seed))
        torch.testing.assert_close(
            framed_member.predict(model, moved), before, rtol=0.0, atol=1e-10
        )


def test_a_network_without_symmetry_is_not_equivariant_by_itself():
    member = next(m for m in FRAMED if m.name == "Framed TNP, E(2)")
    task = member.task()
    inner = alive(framed("E(2)").backbone)
    moved = member.moved(task, member.element())
    difference = member.predict(inner, moved) - member.predict(inner, task)
    assert difference.abs().max() > 0.1


def test_groups_without_frames_and_other_dimensions_are_refused():
    with pytest.raises(ValueError, match=r"Frames exist for .* 3 dimensions"):
        frames_of(RigidMotions(3))
    with pytest.raises(ValueError, match=r"agree in dx. Got 2 and 3"):
        framed("SO(3)", lambda _: framed("E(2)").backbone)


def test_an_observation_without_neighbours_is_read_by_distance_alone():
    """A single station singles out no direction: all targets around it are alike."""
    member = next(m for m in FRAMED if m.name == "Framed TNP, SE(2)")
    task = member.task(nc=1, nt=8, b=1)
    station = task.context.x
    angle = torch.arange(8).double() * (2 * torch.pi / 8)
    ring = station + torch.stack((angle.cos(), angle.sin()), -1)
    ones = torch.ones(1, 8, 2, dtype=torch.float64)
    target = PointSet.observed(ring, ones, ones)
    domain = replace(task.domain, centre=station[:, 0])
    told = member.predict(member.model(), replace(task, target=target, domain=domain))
    torch.testing.assert_close(told, told[:, :1].expand_as(told))
    assert GROUPS["SE(2)"].dx == 2
