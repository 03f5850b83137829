from dataclasses import replace

import numpy as np
import pytest
import torch

from apnp.errors import ConfigError, DataError
from apnp.inputs.batching import collate
from apnp.inputs.history import HistorySettings
from apnp.inputs.stations import StationInputs
from apnp.nn.auxiliary import AuxiliaryAnalysis
from apnp.nn.lattice import PlaneLattice
from apnp.observations import Archive, Observations, Sites
from apnp.training.station_tasks import (
    StationTasks,
    TaskSampling,
    kept,
    log_uniform,
    observed_task,
)
from apnp.types import GriddedField, PointSet

DAYS = np.arange("2020-01-01", "2020-01-31", dtype="M8[D]")


def network(law, n=50, geometry="plane", seed=1):
    g = np.random.default_rng(seed)
    lat, lon = g.uniform(45, 55, n), g.uniform(0, 20, n)
    values = g.normal(10, 5, (len(DAYS), n))
    values[g.random(values.shape) < 0.2] = np.nan
    values[3] = np.nan
    values[4, 5:] = np.nan
    inputs = StationInputs.fit(geometry, lat, lon, values)
    elevation = g.uniform(0, 2000, n)
    tasks = StationTasks(inputs, lat, lon, elevation, DAYS, values, law)
    return tasks, values


LAW = TaskSampling(min_context=6, max_context=30, max_targets=12, dropout=0.3, seed=4)


def same(a, b):
    return all(
        getattr(getattr(a, part), name).equal(getattr(getattr(b, part), name))
        for part in ("context", "target")
        for name in ("x", "y", "w", "y_mask", "w_mask")
    ) and a.domain.absolute.equal(b.domain.absolute)


def test_a_task_is_a_function_of_seed_and_index():
    first, _ = network(LAW)
    again, _ = network(LAW)
    torch.manual_seed(99)
    later = [again.task(i) for i in (7, 3)]
    assert same(first.task(3), later[1])
    assert same(first.task(7), later[0])
    other, _ = network(TaskSampling(6, 30, 12, dropout=0.3, seed=5))
    assert not same(first.task(3), other.task(3))


def test_no_task_repeats():
    tasks, _ = network(LAW)
    seen = {(d.day, tuple(d.context)) for d in map(tasks.draw, range(500))}
    assert len(seen) == 500


def test_context_and_target_are_disjoint_observed_and_within_the_law():
    tasks, values = network(LAW)
    for i in range(200):
        d = tasks.draw(i)
        assert not set(d.context) & set(d.target)
        assert np.isfinite(values[d.day, np.r_[d.context, d.target]]).all()
        assert 6 <= len(d.context) <= 30
        assert 1 <= len(d.target) <= 12


def test_targets_in_gaps_have_no_context_around_them():
    wide, values = network(replace(LAW, gaps=1.0, max_context=300), n=300)
    none, _ = network(replace(LAW, max_context=300), n=300)

    def nearest(tasks):
        found = []
        for i in range(60):
            d = tasks.draw(i)
            assert not set(d.context) & set(d.target)
            assert np.isfinite(values[d.day, np.r_[d.context, d.target]]).all()
            assert len(d.context) >= 6
            assert 1 <= len(d.target) <= 12
            if len(d.context) > 40:
                apart = np.square(
                    tasks._unit[d.target][:, None] - tasks._unit[d.context]
                )
                found.append(np.sqrt(apart.sum(-1).min(1)).mean())
        return np.mean(found)

    assert nearest(wide) > 1.5 * nearest(none)


def test_days_without_enough_stations_are_never_drawn():
    tasks, _ = network(LAW)
    days = {tasks.draw(i).day for i in range(600)}
    assert days == set(range(30)) - {3, 4}


def test_task_carries_scaled_values_of_its_day():
    tasks, values = network(LAW)
    d, task = tasks.draw(11), tasks.task(11)
    expected = tasks.inputs.scaling.scale(values[d.day, d.target])
    assert task.target.y[0, :, 0].numpy() == pytest.approx(expected, rel=1e-5)
    assert task.context.n_points == len(d.context)
    box = tasks.inputs.projection.box(task.context.x[0].double().numpy())
    assert task.domain.centre[0].numpy() == pytest.approx(box[0], abs=1e-6)
    assert task.domain.extent[0].numpy() == pytest.approx(box[1], abs=1e-6)


def test_dropout_is_drawn_per_task_with_its_probability_and_moves_nothing_else():
    tasks, _ = network(LAW)
    never, _ = network(TaskSampling(6, 30, 12, dropout=0.0, seed=4))
    hidden = [not tasks.draw(i).absolute for i in range(2000)]
    assert np.mean(hidden) == pytest.approx(0.3, abs=0.04)
    assert all(never.draw(i).absolute for i in range(100))
    assert (never.draw(5).context == tasks.draw(5).context).all()


def test_gaps_are_drawn_with_their_probability_and_move_nothing_else():
    some, never = network(replace(LAW, gaps=0.4))[0], network(LAW)[0]
    unlike = 0
    for i in range(400):
        one, two = some.draw(i), never.draw(i)
        assert one.day == two.day
        assert one.absolute == two.absolute
        unlike += not np.array_equal(one.target, two.target)
    # Where the first disc holds over a third of the stations there is no gap.
    assert 0.2 < unlike / 400 < 0.45


def test_number_of_context_stations_is_log_uniform():
    rng = np.random.default_rng(0)
    draws = np.array([log_uniform(rng, 4, 255) for _ in range(6000)])
    counts = [np.mean((draws >= a) & (draws < 4 * a)) for a in (4, 16, 64)]
    assert counts == pytest.approx([1 / 3] * 3, abs=0.03)
    assert log_uniform(rng, 9, 9) == 9


@pytest.mark.parametrize("geometry", ["plane", "sphere"])
def test_collate_pads_with_masked_points_at_a_possible_location(geometry):
    tasks, _ = network(LAW, geometry=geometry)
    single = [tasks.task(i) for i in range(5)]
    batch = collate(single)
    assert batch.context.batch_size == 5
    for row, task in enumerate(single):
        n = task.context.n_points
        assert batch.context.y_mask[row].sum() == n
        assert batch.context.y_mask[row, :n].all()
        assert batch.context.y[row, :n].equal(task.context.y[0])
        assert batch.context.w[row, :n].equal(task.context.w[0])
        assert not batch.context.w_mask[row, n:].any()
        padding = batch.context.x[row, n:]
        assert padding.equal(task.domain.centre.expand(len(padding), -1))


def test_collate_pads_auxiliary_sets_that_the_model_reads_as_in_their_own_task():
    tasks, _ = network(LAW)

    def with_auxiliary_sets(i, n, rows, columns):
        g = torch.Generator().manual_seed(i)
        y, u = torch.rand(1, n, 1, generator=g), torch.rand(1, rows, 2, generator=g)
        v, z = torch.rand(1, columns, generator=g), torch.rand(1, rows, columns, 2)
        auxiliary = (
            PointSet.observed(torch.rand(1, n, 2, generator=g), y),
            GriddedField.observed((u[..., 0], v), z),
        )
        return replace(tasks.task(i), auxiliary=auxiliary)

    single = [
        with_auxiliary_sets(*sizes)
        for sizes in ((0, 3, 4, 2), (1, 5, 1, 6), (2, 0, 3, 3))
    ]
    batch, lattice = collate(single), PlaneLattice((4, 4), 0.2)
    assert batch.auxiliary[0].x.shape == (3, 5, 2)
    assert batch.auxiliary[1].y.shape == (3, 4, 6, 2)
    for k, dy in enumerate((1, 2)):
        analyse = AuxiliaryAnalysis(dy, (0.3,))
        found = analyse(batch.auxiliary[k], lattice, torch.zeros(3, 2))
        for row, task in enumerate(single):
            alone = analyse(task.auxiliary[k], lattice, torch.zeros(1, 2))
            torch.testing.assert_close(found[row], alone[0])
    with pytest.raises(ValueError, match="argument"):
        collate([single[0], tasks.task(1)])


def test_observed_task_knows_its_absolute_location():
    tasks, _ = network(LAW)
    place = Sites(np.array([46.0, 47]), np.array([3.0, 9]), np.zeros(2), DAYS[0])
    both = Observations(place, np.array([1.0, 2.0]))
    task = observed_task(tasks.inputs, both, both.take(np.array([1])))
    assert task.domain.absolute.all()
    assert (task.context.n_points, task.target.n_points) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 5, 5), r"1 <= least <= largest. Got 0 and 5"),
        ((9, 5, 5), r"Got 9 and 5"),
        ((1, 5, 0), r"`data.targets` .* Got 0"),
        ((1, 5, 5, 1.3), r"lies in \[0, 1\]. Got 1.3"),
    ],
)
def test_laws_that_cannot_be(arguments, message):
    with pytest.raises(ConfigError, match=message):
        TaskSampling(*arguments)


def test_too_few_stations_for_the_least_context():
    with pytest.raises(DataError, match=r"more than 60 stations .* at most 4\d"):
        network(TaskSampling(60, 80, 5))


def test_a_task_keeps_a_share_of_sites_that_it_draws_itself():
    shares = [kept(np.random.default_rng([5, k]), 0.3, 40).mean() for k in range(2000)]
    assert np.mean(shares) == pytest.approx(0.7, abs=0.02)
    assert min(shares) < 0.15
    assert max(shares) > 0.97
    assert kept(np.random.default_rng(0), 0.0, 5).all()


def test_sites_and_histories_are_hidden_apart_in_context_and_at_targets():
    law = replace(LAW, site_dropout=(0.3, 0.5), history_dropout=(0.3, 0.5))
    tasks, values = network(law)
    plain, _ = network(LAW)
    sites = tasks._sites
    settings = HistorySettings(days=10, last=1, neighbours=4)
    inputs = replace(
        tasks.inputs, history=settings,
        known_sites=tuple(zip(sites.lat.tolist(), sites.lon.tolist(), strict=True)),
    ).remembering(Archive(sites, DAYS, values))  # fmt: skip
    tasks = StationTasks(inputs, sites.lat, sites.lon, sites.elevation, DAYS, values,
                         law)  # fmt: skip
    index = next(i for i in range(50) if tasks.draw(i).day > 12)
    task, same_again = tasks.task(index), tasks.task(index)
    assert same(task, same_again)
    assert plain.draw(index).target.tolist() == tasks.draw(index).target.tolist()
    domain = task.domain
    assert domain.context_sites.shape == domain.target_sites.shape == (1, 50)
    batch = collate([tasks.task(i) for i in range(40)])
    assert (batch.domain.context_sites != batch.domain.target_sites).any()
    assert batch.domain.context_sites.float().mean() == pytest.approx(0.7, abs=0.12)
    assert batch.domain.target_sites.float().mean() == pytest.approx(0.5, abs=0.12)
    known = task.target.w_mask[0, :, -4:]
    assert (known.any(1) == known[:, :3].all(1)).all()
    day = tasks.draw(index)
    expected = inputs.past(replace(sites, time=DAYS[day.day]))[day.target]
    found = task.target.w[0, :, -4:].numpy()
    mask = known.numpy()
    np.testing.assert_allclose(found[mask], expected[mask], rtol=1e-5)
