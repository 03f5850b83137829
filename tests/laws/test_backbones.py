"""Every backbone, strict and approximate, and the neural process that holds it."""

from dataclasses import replace

import pytest
import torch

from apnp.backbones import Backbone
from apnp.groups import Trivial
from apnp.nn.lattice import Lattice
from apnp.nn.unet import divisor
from apnp.types import PointSet

ALIVE = 1e-3
SEEDS = (0, 1, 5)
"""Of elements, mirror images among them."""


def assert_same(a, b, tolerance):
    torch.testing.assert_close(a, b, rtol=0.0, atol=tolerance)


def differs(a, b):
    return (a - b).abs().max().item()


def change(points, name, index, by):
    value = getattr(points, name).clone()
    value[index] += by
    return replace(points, **{name: value})


def pick(points, index):
    return PointSet(
        *(getattr(points, f)[:, index] for f in ("x", "y", "w", "y_mask", "w_mask"))
    )


def parts(model):
    yield from model.modules()
    for module in model.modules():
        lattice = getattr(module, "lattice", None)
        if lattice is not None:
            yield lattice


def test_every_backbone_and_every_lattice_is_in_the_table(members, classes):
    tested = {type(part) for m in members for part in parts(m.make())}
    for base in (Backbone, Lattice):
        exist = classes(
            base, "apnp.backbones", "apnp.approx", "apnp.framing", "apnp.nn"
        )
        assert exist
        assert exist <= tested, f"not in the table: {exist - tested}"


def test_exact_subgroup_is_more_than_the_identity(member):
    g = member.element()
    far = (g - member.group.identity(g)).abs()
    assert isinstance(member.group, Trivial) or far.max() > 0.1
    assert member.tolerance <= 1e-10


def test_elements_hold_a_mirror_image_where_there_are_any(members):
    tested = [m for m in members if getattr(m.group, "mirrors", False)]
    assert {m.group.dx for m in tested} == {1, 2}
    for m in tested:
        dx = m.group.dx
        turns = [m.element(seed)[: dx**2].reshape(dx, dx) for seed in SEEDS]
        assert min(torch.linalg.det(turn) for turn in turns) < 0, m.name


def test_0_weights_are_alive(member):
    model, task = member.model(), member.task()
    before = member.predict(model, task)
    step = torch.full((member.group.dx,), 0.1, dtype=torch.float64)
    step[0] = -0.17
    for name, by in (("y", 0.5), ("w", 0.5), ("x", step)):
        context = change(task.context, name, (0, 0), by)
        assert (
            differs(before, member.predict(model, replace(task, context=context)))
            > ALIVE
        ), name
    for name, by in (("x", step), ("w", 0.5)):
        target = change(task.target, name, (0, 0), by)
        assert (
            differs(before, member.predict(model, replace(task, target=target))) > ALIVE
        ), name


def test_0_fixed_inputs_are_alive(loosened):
    model, task = loosened.model(), loosened.task()
    on, off = loosened.predict(model, task), loosened.predict(model.strict(), task)
    for row in range(2):
        assert differs(on[row], off[row]) > ALIVE


def test_1_data_and_fixed_inputs_move_together(member):
    model, task = member.model(), member.task()
    before = member.predict(model, task)
    for seed in SEEDS:
        g = member.element(seed)
        moved = member.predict(
            member.with_moved_inputs(model, g), member.moved(task, g)
        )
        assert_same(moved, before, member.tolerance)


def test_2_without_fixed_inputs_strictly_equivariant(member):
    model, task = member.model(), member.task()
    unknown = replace(task.domain, absolute=torch.zeros(2, dtype=torch.bool))
    task = replace(task, domain=unknown)
    before = member.predict(model, task)
    assert_same(member.predict(model.strict(), task), before, 0.0)
    for seed in SEEDS:
        moved = member.moved(task, member.element(seed))
        assert_same(member.predict(model, moved), before, member.tolerance)


def test_2_with_fixed_inputs_not_equivariant(loosened):
    model, task = loosened.model(), loosened.task()
    moved = loosened.predict(model, loosened.moved(task, loosened.element()))
    assert differs(moved, loosened.predict(model, task)) > ALIVE


def test_2_fixed_inputs_act_on_the_tasks_that_know_where_they_are(loosened):
    model, task = loosened.model(), loosened.task()
    on, off = loosened.predict(model, task), loosened.predict(model.strict(), task)
    domain = replace(task.domain, absolute=torch.tensor([False, True]))
    mixed = loosened.predict(model, replace(task, domain=domain))
    assert_same(mixed, torch.stack((off[0], on[1])), loosened.tolerance)


def test_3_context_order_is_irrelevant(member):
    model, task = member.model(), member.task()
    shuffled = replace(task, context=pick(task.context, [4, 2, 0, 3, 1]))
    assert_same(
        member.predict(model, shuffled), member.predict(model, task), member.tolerance
    )


@pytest.mark.parametrize("junk", [1e6, float("inf"), float("nan")])
def test_4_unobserved_values_have_no_influence(member, junk):
    model, task = member.model(), member.task()

    def spoil(points):
        return replace(
            points,
            y=torch.where(points.y_mask, points.y, junk),
            w=torch.where(points.w_mask, points.w, junk),
        )

    spoilt = replace(task, context=spoil(task.context), target=spoil(task.target))
    assert_same(member.predict(model, spoilt), member.predict(model, task), 0.0)


@pytest.mark.parametrize("junk", [0.0, 1e9, float("nan")])
def test_5_unobserved_points_may_be_deleted(member, junk):
    model, task = member.model(), member.task()
    assert not task.context.y_mask[:, 3].any()
    assert not task.context.w_mask[:, 3].any()
    x = task.context.x.clone()
    x[:, 3] = junk
    padded = replace(task, context=replace(task.context, x=x))
    deleted = replace(task, context=pick(task.context, [0, 1, 2, 4]))
    gradients = []
    for context in (padded, deleted):
        prediction = member.predict(model, context)
        loss = prediction.square().sum()
        gradients.append((prediction, *torch.autograd.grad(loss, model.parameters())))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=member.tolerance)


def test_5_padding_of_one_row_does_not_matter_to_it(member):
    """A row of fewer points, padded to the others, is the row alone."""
    model, task = member.model(), member.task()
    c = task.context
    y_mask, w_mask = c.y_mask.clone(), c.w_mask.clone()
    y_mask[1, 2:], w_mask[1, 2:] = False, False
    padded = replace(task, context=replace(c, y_mask=y_mask, w_mask=w_mask))
    short = replace(task, context=pick(c, [0, 1]))
    assert_same(
        member.predict(model, padded)[1],
        member.predict(model, short)[1],
        member.tolerance,
    )


def test_6_rows_of_a_batch_are_independent(member):
    model, task = member.model(), member.task()
    both = member.predict(model, task)

    for i in range(2):
        alone = task.each(lambda value, i=i: value[i : i + 1])
        assert_same(member.predict(model, alone)[0], both[i], member.tolerance)


def test_7_targets_are_independent_and_chunked_is_unchunked(member):
    model, task = member.model(), member.task()
    whole = member.predict(model, task)
    encoding = member.encode(model, task.context, task.domain, task.auxiliary)
    for index in ([5], [4, 1], [0, 1, 2], []):
        part = member.decode(model, encoding, pick(task.target, index))
        assert part.shape == (2, len(index), whole.shape[-1])
        assert_same(part, whole[:, index], member.tolerance)


def test_7_decoding_does_not_change_the_encoding(member):
    model, task = member.model(), member.task()
    encoding = member.encode(model, task.context, task.domain, task.auxiliary)
    first = member.decode(model, encoding, task.target)
    assert_same(member.decode(model, encoding, task.target), first, 0.0)


def test_8_every_parameter_gets_a_gradient(member):
    model, task = member.model(), member.task(nc=9, nt=12)
    prediction = member.predict(model, task)
    generator = torch.Generator().manual_seed(5)
    weight = torch.randn(prediction.shape, generator=generator, dtype=torch.float64)
    (weight * prediction).sum().backward()
    for name, p in model.named_parameters():
        assert p.grad is not None, name
        assert p.grad.isfinite().all(), name
        # A rectified unit may be off everywhere in one batch; not most of them.
        assert (p.grad != 0).double().mean() > 0.5, (name, p.grad)


@pytest.mark.parametrize("keep", [[], [0], [0, 0, 1, 1], [3]])
def test_9_empty_one_point_duplicate_and_all_missing_contexts_work(member, keep):
    model, task = member.model(), member.task()
    task = replace(task, context=pick(task.context, keep))
    prediction = member.predict(model, task)
    assert prediction.isfinite().all()
    prediction.sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())
    g = member.element()
    moved = member.predict(member.with_moved_inputs(model, g), member.moved(task, g))
    assert_same(moved, prediction, member.tolerance)


def test_9_an_all_missing_context_is_the_empty_one(member):
    model, task = member.model(), member.task()
    missing = replace(task, context=pick(task.context, [3]))
    empty = replace(task, context=pick(task.context, []))
    assert_same(
        member.predict(model, missing), member.predict(model, empty), member.tolerance
    )


def wider(points, name):
    value = getattr(points, name)
    fields = {name: torch.cat((value, value[..., :1]), dim=-1)}
    if name != "x":
        mask = getattr(points, f"{name}_mask")
        fields[f"{name}_mask"] = torch.cat((mask, mask[..., :1]), dim=-1)
    return replace(points, **fields)


@pytest.mark.parametrize("name", ["x", "y", "w"])
def test_10_contexts_of_wrong_shape_are_refused_by_name(member, name):
    model, task = member.model(), member.task()
    size = getattr(task.context, name).shape[-1]
    with pytest.raises(ValueError, match=rf"d{name}.* {size}\b.* {size + 1}\b"):
        member.encode(model, wider(task.context, name), task.domain, task.auxiliary)


@pytest.mark.parametrize("name", ["x", "w"])
def test_10_targets_of_wrong_shape_are_refused_by_name(member, name):
    model, task = member.model(), member.task()
    encoding = member.encode(model, task.context, task.domain, task.auxiliary)
    size = getattr(task.context, name).shape[-1]
    with pytest.raises(ValueError, match=rf"d{name}.* \d.*Got \d"):
        member.decode(model, encoding, wider(task.target, name))
    assert size


def test_10_batches_that_do_not_agree_are_refused_by_name(member):
    model, task = member.model(), member.task()
    other = member.task(b=3)
    with pytest.raises(ValueError, match=r"tasks.* 2 .*3"):
        member.encode(model, task.context, other.domain, task.auxiliary)
    encoding = member.encode(model, task.context, task.domain, task.auxiliary)
    with pytest.raises(ValueError, match=r"tasks.* 2 .*3"):
        member.decode(model, encoding, other.target)


def test_10_domains_of_wrong_shape_are_refused_by_name(member):
    model, task = member.model(), member.task()
    d = task.domain
    wide = replace(
        d,
        centre=torch.cat((d.centre, d.centre[:, :1]), -1),
        extent=torch.cat((d.extent, d.extent[:, :1]), -1),
    )
    with pytest.raises(ValueError, match=r"domain.*dx.*Got \d"):
        member.encode(model, task.context, wide, task.auxiliary)


def test_fixed_domain_shifts_by_whole_coarsest_cells_are_exact(spherical):
    """Others deviate, and by how much is printed: `pytest -rP -k fixed_domain`."""
    model, task = spherical.model().strict(), spherical.task()
    # A drift has a prior on the trend about the domain's centre, which stays.
    convcnp = model = getattr(model, "backbone", model)
    before = spherical.predict(model, task)
    columns = convcnp.lattice.shape[1]
    coarsest = divisor(convcnp.net.levels)

    def deviation(cells):
        g = torch.tensor([cells * 2 * torch.pi / columns], dtype=torch.float64)
        moved = replace(spherical.moved(task, g), domain=task.domain)
        return differs(spherical.predict(model, moved), before)

    scale = before.std().item()
    for cells in (coarsest, -3 * coarsest, 5 * coarsest):
        assert deviation(cells) < spherical.tolerance
    for cells in (0.3, 0.5 * coarsest, 1.7):
        print(f"{cells} columns: {deviation(cells) / scale:.1e} of the spread")
        assert deviation(cells) > ALIVE


def test_float32_agrees_with_float64(member):
    model, task = member.model(), member.task()
    exact = member.predict(model, task).detach()
    single = member.make().float()
    single.load_state_dict(model.state_dict())
    task = task.to(torch.float32)
    encoding = single.encode(task.context, task.domain, task.auxiliary)
    if not hasattr(single, "likelihood"):
        encoding = single.process(encoding)
        w = torch.where(task.target.w_mask, task.target.w, 0.0)
        rough = single.decode(
            encoding, task.target.x, torch.cat((w, task.target.w_mask.float()), -1)
        )
    else:
        p = single.decode(encoding, task.target.x, task.target.w, task.target.w_mask)
        rough = torch.cat((p.mean, p.variance), -1)
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough.double(), exact, rtol=1e-3, atol=1e-3)
