from dataclasses import replace

import pytest
import torch
from jaxtyping import TypeCheckError

from apnp.likelihoods import GaussianPredictive
from apnp.types import Domain, GriddedField, LatticeLatent, PointSet, Task, Tokens


def points(b=2, n=3, dx=2, dy=1, dw=2):
    w = torch.zeros(b, n, dw)
    return PointSet.observed(torch.zeros(b, n, dx), torch.zeros(b, n, dy), w)


def domain(b=2, dx=2):
    return Domain(
        torch.zeros(b, dx), torch.ones(b, dx), torch.ones(b, dtype=torch.bool)
    )


def grid(b=2, sizes=(4, 3), dy=2):
    axes = tuple(torch.zeros(b, n) for n in sizes)
    return GriddedField.observed(axes, torch.zeros(b, *sizes, dy))


def test_shapes_are_checked_in_every_test():
    """The import hook is on: a signature that lies about its shapes fails."""
    with pytest.raises(TypeCheckError, match="y_mask"):
        replace(points(), y_mask=torch.ones(2, 4, 1, dtype=torch.bool))
    predictive = GaussianPredictive(torch.zeros(2, 3, 1), torch.ones(2, 3, 1))
    with pytest.raises(TypeCheckError, match="mask"):
        predictive.log_prob(torch.zeros(2, 3, 1), torch.ones(2, 3, 1))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"x": torch.zeros(3, 2)}, r"`x` must have shape \(b, n, dx\). Got \(3, 2\)"),
        ({"y": torch.zeros(2, 3)}, r"`y` must have shape \(b, n, dy\). Got \(2, 3\)"),
        ({"w": torch.zeros(2, 4, 2)}, r"`w` must .*\(2, 3, 2\). Got \(2, 4, 2\)"),
        (
            {"y_mask": torch.ones(2, 3, 2, dtype=torch.bool)},
            r"`y_mask` must have shape \(2, 3, 1\). Got \(2, 3, 2\)",
        ),
        ({"w_mask": torch.ones(2, 3, 2)}, r"`w_mask` must be boolean. Got torch.float"),
    ],
)
def test_points_of_wrong_shape_are_refused(unchecked, change, match):
    with pytest.raises(ValueError, match=match):
        replace(points(), **change)


def test_points_know_their_size_and_are_observed_by_default():
    p = PointSet.observed(torch.zeros(2, 3, 2), torch.zeros(2, 3, 1))
    assert (p.batch_size, p.n_points) == (2, 3)
    assert p.w.shape == p.w_mask.shape == (2, 3, 0)
    assert p.y_mask.all()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"axes": (torch.zeros(2, 4),)}, r"here \(2, 4\) and dy. Got \(2, 4, 3, 2\)"),
        (
            {"axes": (torch.zeros(2, 3), torch.zeros(2, 4))},
            r"here \(2, 3, 4\) and dy. Got \(2, 4, 3, 2\)",
        ),
        ({"y": torch.zeros(2, 4, 3)}, r"`y`.*here \(2, 4, 3\) and dy. Got \(2, 4, 3\)"),
        ({"y": torch.zeros(2)}, r"`y`.*Got \(2,\)"),
        (
            {"axes": (torch.zeros(2, 4), torch.zeros(1, 3))},
            r"`axes\[1\]` must have shape \(2, 3\). Got \(1, 3\)",
        ),
        ({"y_mask": torch.ones(2, 4, 3, 1) > 0}, r"`y_mask`.*\(2, 4, 3, 2\). Got"),
        ({"y_mask": torch.ones(2, 4, 3, 2)}, r"`y_mask` must be boolean. Got torch.fl"),
    ],
)
def test_grids_of_wrong_shape_are_refused(unchecked, change, match):
    with pytest.raises(ValueError, match=match):
        replace(grid(), **change)


def test_a_task_holds_auxiliary_sets_of_its_own_size_and_moves_them():
    task = Task(points(), points(n=5), domain(), (points(n=7), grid()))
    assert repr(task).endswith("dw=2, auxiliary=[(7, 1), (4, 3, 2)])")
    first, second = task.to(torch.float64).auxiliary
    assert first.x.dtype == second.y.dtype == second.axes[1].dtype == torch.float64
    assert second.y_mask.dtype == torch.bool
    assert second.y_mask.all()
    for k, auxiliary in enumerate(((grid(b=3),), (points(), grid(b=3)))):
        with pytest.raises(
            ValueError, match=rf"auxiliary set {k} .* tasks. Got 2 and 3"
        ):
            replace(task, auxiliary=auxiliary)


def test_each_tensor_of_a_task_is_changed_once():
    task = Task(points(), points(n=5), domain(), (points(n=7), grid()))
    one = task.each(lambda value: value[1:])
    assert one.domain.absolute.shape == (1,)
    assert one.auxiliary[1].axes[0].shape == (1, 4)
    assert one.auxiliary[1].y.shape == (1, 4, 3, 2)
    assert one.auxiliary[0].y_mask.shape == (1, 7, 1)


def test_domains_of_wrong_shape_are_refused(unchecked):
    flags = torch.ones(2, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"`extent`.*\(2, 2\) and \(2, 3\)"):
        Domain(torch.zeros(2, 2), torch.ones(2, 3), flags)
    with pytest.raises(ValueError, match=r"`absolute`.*\(2,\). Got \(1,\)"):
        Domain(torch.zeros(2, 2), torch.ones(2, 2), flags[:1])


@pytest.mark.parametrize(
    ("target", "box", "match"),
    [
        (points(b=3), domain(), "same number of tasks. Got 2, 3 and 2"),
        (points(), domain(b=1), "same number of tasks. Got 2, 2 and 1"),
        (points(dx=3), domain(), "agree in dx. Got 2 and 3"),
        (points(dy=2), domain(), "agree in dy. Got 1 and 2"),
        (points(dw=1), domain(), "agree in dw. Got 2 and 1"),
        (points(), domain(dx=3), "domain must agree in dx. Got 2 and 3"),
    ],
)
def test_tasks_whose_parts_do_not_agree_are_refused(target, box, match):
    with pytest.raises(ValueError, match=match):
        Task(points(), target, box)


def test_a_task_prints_its_shapes():
    task = Task(points(n=3), points(n=5), domain())
    assert repr(task) == "Task(b=2, nc=3, nt=5, dx=2, dy=1, dw=2)"


def test_moving_a_task_casts_numbers_and_keeps_masks():
    task = Task(points(), points(n=5), domain())
    for moved in (
        task.to(torch.float64),
        task.to("cpu", torch.float64),
        task.to(device=torch.device("cpu"), dtype=torch.float64, non_blocking=True),
    ):
        assert moved.target.x.dtype == moved.domain.centre.dtype == torch.float64
        assert moved.context.y_mask.dtype == moved.domain.absolute.dtype == torch.bool
        assert moved.target.n_points == 5
    assert task.to("meta").domain.absolute.device.type == "meta"


def test_a_field_takes_additions_at_its_sites_alone():
    field = LatticeLatent(torch.zeros(2, 3, 4, 5), torch.zeros(2, 4, 5, 2), domain())
    e = torch.arange(2.0 * 4 * 5 * 3).reshape(2, 4, 5, 3)
    assert torch.equal(field.shifted(e).z, e.permute(0, 3, 1, 2))
    with pytest.raises(ValueError, match=r"`e`.*\(2, 4, 5, 3\). Got \(2, 4, 5, 1\)"):
        field.shifted(e[..., :1])


def test_tokens_take_additions_at_their_points_and_move_whole():
    z, sites, mask = torch.zeros(2, 3, 4), torch.zeros(2, 3, 2), torch.ones(2, 3) > 0
    tokens = Tokens(z, sites, mask, points(n=3), domain())
    e = torch.arange(2.0 * 3 * 4).reshape(2, 3, 4)
    assert torch.equal(tokens.shifted(e).z, e)
    assert tokens.shifted(e).points is tokens.points
    with pytest.raises(ValueError, match=r"`e`.*\(2, 3, 4\). Got \(2, 3, 1\)"):
        tokens.shifted(e[..., :1])
    moved = tokens.to(torch.float64)
    assert moved.z.dtype == moved.points.y.dtype == torch.float64
    assert moved.points.y_mask.dtype == torch.bool
