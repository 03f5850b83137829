import numpy as np
import pytest
import torch

from apnp.errors import ConfigError, DataError
from apnp.experiments.patches.patch_tasks import PatchSampling, PatchTasks, PlanePlaces
from apnp.experiments.patches.smoke_tasks import part_of_runs, smoke_tasks

LAW = PatchSampling((4, 6), 3, 9, dropout=0.3, seed=2)


def grid(runs=30, rows=11, columns=13):
    """Values that say where they come from: run, row, column."""
    r, y, x = np.indices((runs, rows, columns))
    return (r * 10_000 + y * 100 + x).astype(np.float32)


def tasks(law=LAW, values=None, absolute=True):
    values = grid() if values is None else values
    return PatchTasks(values, PlanePlaces(2.0), law, absolute)


def test_a_task_is_a_function_of_seed_and_index():
    first, again = tasks(), tasks()
    torch.manual_seed(9)
    np.random.default_rng(9)
    later = [again.task(i) for i in (7, 3)]
    assert first.task(3).context.y.equal(later[1].context.y)
    assert first.task(7).target.y.equal(later[0].target.y)
    other = tasks(PatchSampling((4, 6), 3, 9, seed=3))
    assert not first.task(3).target.y.equal(other.task(3).target.y)


def test_a_patch_is_all_its_cells_each_once_and_its_values_are_those_of_its_cells():
    made = tasks()
    for i in range(60):
        task, draw = made.task(i), made.draw(i)
        y = torch.cat([task.context.y, task.target.y], dim=1)[0, :, 0].numpy()
        x = torch.cat([task.context.x, task.target.x], dim=1)[0].numpy()
        cell = y.astype(int) - 10_000 * draw.record
        rows, columns = cell // 100, cell % 100
        assert len(set(cell)) == 24
        assert rows.max() - rows.min() == 3
        assert columns.max() - columns.min() == 5
        assert x == pytest.approx(np.stack([columns + 0.5, rows + 0.5], 1) / 2)
        assert 3 <= task.context.n_points <= 9


def test_the_domain_is_the_box_of_the_whole_patch_and_moves_with_it():
    made = tasks()
    for i in range(20):
        corner, domain = made.draw(i).corner, made.task(i).domain
        assert domain.extent[0].tolist() == [2.5, 1.5]
        centre = [(corner[1] + 3) / 2, (corner[0] + 2) / 2]
        assert domain.centre[0].tolist() == pytest.approx(centre)


def test_every_corner_record_and_number_of_context_cells_is_drawn():
    made = tasks()
    drawn = [made.draw(i) for i in range(1500)]
    assert {d.record for d in drawn} == set(range(30))
    assert {d.corner for d in drawn} == {(r, c) for r in range(8) for c in range(8)}
    counts = np.bincount([len(d.context) for d in drawn])[3:]
    assert counts / 1500 == pytest.approx([1 / 7] * 7, abs=0.04)
    place = np.concatenate([d.context - d.corner for d in drawn])
    share = np.bincount(place[:, 0] * 6 + place[:, 1]) / len(place)
    assert share == pytest.approx([1 / 24] * 24, abs=0.01)


def test_absolute_location_is_hidden_with_its_probability_or_always():
    made, never = tasks(), tasks(absolute=False)
    hidden = [not made.draw(i).absolute for i in range(1500)]
    assert np.mean(hidden) == pytest.approx(0.3, abs=0.04)
    assert not any(never.draw(i).absolute for i in range(50))


def test_cells_not_observed_are_in_no_task_and_shares_are_of_those_observed():
    values = grid()
    values[:, :, 3::4] = np.nan
    made = tasks(PatchSampling((4, 6), 1 / 10, 1 / 3), values)
    for i in range(60):
        task = made.task(i)
        n = task.context.n_points + task.target.n_points
        assert n in (16, 20)
        assert task.context.y.isfinite().all()
        assert task.target.y.isfinite().all()
        assert np.ceil(n / 10) <= task.context.n_points <= n // 3


def test_patches_with_too_few_observed_cells_are_never_drawn():
    values = grid()
    values[:, 5:] = np.nan
    made = tasks(values=values)
    drawn = [made.draw(i) for i in range(300)]
    assert {d.corner[0] for d in drawn} == {0, 1, 2, 3}
    with pytest.raises(DataError, match=r"none has 90% of its cells.*Lower `observed`"):
        tasks(PatchSampling((8, 6), 3, 9, observed=0.9), values)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((), 1, 2), r"two or more in all. Got \(\)"),
        (((4, 0), 1, 2), r"Got \(4, 0\)"),
        (((4, 4), 5, 3), r"Got 5 and 3"),
        (((4, 4), 0.1, 3), r"both shares.* Got 0.1 and 3"),
        (((4, 4), 1, 3, 1.5), r"lies in \[0, 1\]. Got 1.5"),
        (((4, 4), 1, 3, 0.5, 0.0), r"lies in \(0, 1\]. Got 0.0"),
    ],
)
def test_laws_that_cannot_be(arguments, message):
    with pytest.raises(ConfigError, match=message):
        PatchSampling(*arguments)


@pytest.mark.parametrize("shape", [(12, 6), (4, 14), (2, 4, 6)])
def test_a_patch_larger_than_the_grid_is_refused(shape):
    with pytest.raises(ConfigError, match=r"axes have \(11, 13\) cells"):
        tasks(PatchSampling(shape, 3, 9))


def test_smoke_runs_are_split_by_their_numbers_and_scaled_by_the_training_runs():
    run = np.delete(np.arange(40), 7)
    parts = [run[part_of_runs(run, p)] for p in ("train", "validation", "test")]
    assert [len(p) for p in parts] == [31, 4, 4]
    assert sorted(np.concatenate(parts)) == run.tolist()
    states = np.random.default_rng(0).gamma(0.3, 5, (39, 9, 8))
    train = states[part_of_runs(run, "train")]
    test = smoke_tasks(states, run, "test", PatchSampling((3, 3), 2, 4))
    draw, task = test.draw(5), test.task(5)
    rows, columns = draw.target.T
    expected = states[part_of_runs(run, "test")[draw.record], rows, columns]
    expected = (expected - train.mean()) / train.std()
    assert task.target.y[0, :, 0].numpy() == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ConfigError, match=r"train, validation, test. Got 'all'"):
        part_of_runs(run, "all")
    with pytest.raises(ConfigError, match=r"None of 8 runs .* test part"):
        part_of_runs(run[:8], "test")
