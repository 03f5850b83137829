"""Auxiliary sets beside the context, scattered and gridded, of every backbone."""

from dataclasses import replace

import pytest
import torch

from apnp.types import GriddedField, PointSet

ALIVE = 1e-3


def assert_same(a, b, tolerance):
    torch.testing.assert_close(a, b, rtol=0.0, atol=tolerance)


def reader(member, task):
    """What the member predicts of the task, its auxiliary sets replaced."""
    model, (first, second) = member.model(), task.auxiliary

    def predict(scattered=first, grid=second):
        return member.predict(model, replace(task, auxiliary=(scattered, grid)))

    return predict


def stepped(value, index, by):
    value = value.clone()
    value[index] += by
    return value


def taken(grid, axis, index):
    """Some rows of the grid along an axis, in any order."""
    axes = list(grid.axes)
    axes[axis] = axes[axis][:, index]
    y, y_mask = (
        value.index_select(axis + 1, torch.tensor(index, dtype=torch.long))
        for value in (grid.y, grid.y_mask)
    )
    return GriddedField(tuple(axes), y, y_mask)


def picked(points, index):
    return points.each(lambda value: value[:, index])


def as_points(grid, on_the_sphere):
    """The same values at the locations of the nodes."""
    mesh = [
        torch.meshgrid(*axes, indexing="ij") for axes in zip(*grid.axes, strict=True)
    ]
    x = torch.stack([torch.stack(nodes, -1) for nodes in mesh]).flatten(1, -2)
    if on_the_sphere:
        lat, lon = x.unbind(-1)
        x = torch.stack((lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()), -1)
    y, y_mask = grid.y.flatten(1, -2), grid.y_mask.flatten(1, -2)
    return PointSet(x, y, y[..., :0], y_mask, y_mask[..., :0])


def test_0_values_and_locations_of_auxiliary_sets_reach_the_target(with_auxiliary):
    task = with_auxiliary.task()
    scattered, grid = task.auxiliary
    predict = reader(with_auxiliary, task)
    before = predict()
    step = torch.full((with_auxiliary.group.dx,), 0.1, dtype=torch.float64)
    step[0] = -0.17
    for name, by in (("y", 0.5), ("x", step)):
        moved = stepped(getattr(scattered, name), (0, 0), by)
        after = predict(replace(scattered, **{name: moved}))
        assert (after - before).abs().max() > ALIVE, name
    for v in range(grid.y.shape[-1]):
        moved = replace(grid, y=stepped(grid.y, (0, 0, ..., v), 0.5))
        after = predict(grid=moved)
        assert (after - before).abs().max() > ALIVE, v
    for i, axis in enumerate(grid.axes):
        axes = list(grid.axes)
        axes[i] = stepped(axis, (0, 0), 0.13)
        after = predict(grid=replace(grid, axes=tuple(axes)))
        assert (after - before).abs().max() > ALIVE, i


def test_3_order_within_an_auxiliary_set_is_irrelevant(with_auxiliary):
    task = with_auxiliary.task()
    scattered, grid = task.auxiliary
    predict = reader(with_auxiliary, task)
    before = predict()
    shuffled = picked(scattered, [4, 2, 0, 6, 3, 1, 5])
    assert_same(predict(shuffled), before, with_auxiliary.tolerance)
    for i, axis in enumerate(grid.axes):
        backwards = taken(grid, i, list(range(axis.shape[-1]))[::-1])
        after = predict(grid=backwards)
        assert_same(after, before, with_auxiliary.tolerance)


@pytest.mark.parametrize("junk", [1e6, float("inf"), float("nan")])
def test_4_unobserved_values_of_auxiliary_sets_have_no_influence(with_auxiliary, junk):
    task = with_auxiliary.task()
    predict = reader(with_auxiliary, task)
    spoilt = (replace(s, y=torch.where(s.y_mask, s.y, junk)) for s in task.auxiliary)
    assert_same(predict(*spoilt), predict(), 0.0)


@pytest.mark.parametrize("junk", [0.0, 1e9, float("nan")])
def test_5_unobserved_points_and_rows_of_auxiliary_sets_may_be_deleted(
    with_auxiliary, junk
):
    model, task = with_auxiliary.model(), with_auxiliary.task()
    scattered, grid = task.auxiliary
    assert not scattered.y_mask[:, 3].any()
    assert not grid.y_mask[:, 3].any()
    x, axis = scattered.x.clone(), grid.axes[0].clone()
    x[:, 3], axis[:, 3] = junk, junk
    padded = replace(scattered, x=x), replace(grid, axes=(axis, *grid.axes[1:]))
    deleted = picked(scattered, [0, 1, 2, 4, 5, 6]), taken(grid, 0, [0, 1, 2, 4])
    found = []
    for auxiliary in (padded, deleted):
        prediction = with_auxiliary.predict(model, replace(task, auxiliary=auxiliary))
        loss = prediction.square().sum()
        found.append((prediction, *torch.autograd.grad(loss, model.parameters())))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=with_auxiliary.tolerance)


def test_9_an_all_missing_auxiliary_set_is_the_empty_one(with_auxiliary):
    task = with_auxiliary.task()
    scattered, grid = task.auxiliary
    predict = reader(with_auxiliary, task)
    missing = [replace(s, y_mask=torch.zeros_like(s.y_mask)) for s in task.auxiliary]
    nothing = predict(*missing)
    assert nothing.isfinite().all()
    assert (nothing - predict()).abs().max() > ALIVE
    empty = picked(scattered, []), taken(grid, 0, [])
    assert_same(predict(*empty), nothing, with_auxiliary.tolerance)


def test_10_auxiliary_sets_that_a_member_does_not_read_are_refused_by_name(member):
    model, task = member.model(), member.task()
    expected, y = len(task.auxiliary), torch.zeros(2, 3, 1, dtype=torch.float64)
    more = PointSet.observed(task.context.x[:, :3], y)
    with pytest.raises(
        ValueError, match=rf"reads {expected} auxiliary sets.*{expected + 1}"
    ):
        member.encode(model, task.context, task.domain, (*task.auxiliary, more))


def test_10_auxiliary_sets_of_wrong_shape_are_refused_by_name(with_auxiliary):
    model, task = with_auxiliary.model(), with_auxiliary.task()
    scattered, grid = task.auxiliary
    axes = (*grid.axes, grid.axes[0][:, :1])
    deeper = GriddedField(axes, grid.y[..., None, :], grid.y_mask[..., None, :])
    x = torch.cat((scattered.x, scattered.x[..., :1]), -1)
    covered = replace(scattered, w=scattered.y, w_mask=scattered.y_mask)
    others = with_auxiliary.task(b=3).auxiliary
    n, dx = len(grid.axes), with_auxiliary.group.dx
    for auxiliary, match in (
        ((), r"reads 2 auxiliary sets.*Got 0.*\(1, 2\)"),
        ((grid, scattered), r"Auxiliary set 0 has dy = 1 .*Got 2"),
        ((others[0], grid), r"Auxiliary set 0 and domain.*tasks. Got 3 and 2"),
        ((scattered, others[1]), r"Auxiliary set 1 and domain.*tasks. Got 3 and 2"),
        ((scattered, deeper), rf"{n} axes.*Got {n + 1}"),
        ((replace(scattered, x=x), grid), rf"dx = {dx} .*Got dx = {dx + 1} "),
        ((covered, grid), r"no covariates.*dw = 1"),
    ):
        with pytest.raises(ValueError, match=match):
            with_auxiliary.encode(model, task.context, task.domain, auxiliary)


def test_a_gridded_auxiliary_set_is_the_same_values_at_points(with_auxiliary):
    """In value and in every gradient."""
    model, task = with_auxiliary.model(), with_auxiliary.task()
    scattered, grid = task.auxiliary
    grid = replace(
        grid,
        axes=tuple(axis.clone().requires_grad_() for axis in grid.axes),
        y=grid.y.clone().requires_grad_(),
    )
    found = []
    for auxiliary_set in (grid, as_points(grid, with_auxiliary.on_the_sphere)):
        auxiliary = scattered, auxiliary_set
        prediction = with_auxiliary.predict(model, replace(task, auxiliary=auxiliary))
        loss, asked = prediction.sin().sum(), (grid.y, *grid.axes)
        gradients = torch.autograd.grad(loss, (*asked, *model.parameters()))
        assert all(g.abs().max() > 1e-6 for g in gradients[: len(asked)])
        found.append((prediction, *gradients))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(
            one, other, rtol=1e-10, atol=with_auxiliary.tolerance
        )
