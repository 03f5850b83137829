import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from apnp.errors import ConfigError, DataError
from apnp.inputs.projection import Projection
from apnp.inputs.scaling import ValueScaling
from apnp.inputs.stations import StationInputs
from apnp.training.data import (
    TaskBatches,
    divide_times,
    prepare,
    task_indices,
)


@pytest.mark.parametrize("world", [1, 2, 4])
def test_processes_share_the_tasks_of_each_step(world):
    for step in (0, 7):
        shares = [list(task_indices(step, 8, r, world)) for r in range(world)]
        assert {len(s) for s in shares} == {8 // world}
        assert sorted(np.concatenate(shares)) == list(range(8 * step, 8 * step + 8))


def batch_keys(batches):
    return [b.target.y.sum().item() for b in batches]


def test_two_processes_see_the_tasks_of_one(tiny, stations):
    tasks = prepare(tiny(), stations).tasks
    steps = range(3, 5)
    (one,) = [list(TaskBatches(tasks, steps, 4))]
    two = [list(TaskBatches(tasks, steps, 4, rank, 2)) for rank in (0, 1)]
    for whole, even, odd in zip(one, *two, strict=True):
        for row in range(4):
            part = (even, odd)[row % 2]
            n = int(whole.target.y_mask[row].sum())
            assert whole.target.y[row, :n].equal(part.target.y[row // 2, :n])


@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")
def test_workers_and_starts_change_no_batch(tiny, stations):
    tasks = prepare(tiny(), stations).tasks
    whole = batch_keys(TaskBatches(tasks, range(0, 6), 2))
    assert batch_keys(TaskBatches(tasks, range(2, 6), 2)) == whole[2:]
    workers = DataLoader(TaskBatches(tasks, range(0, 6), 2), None, num_workers=2)
    assert batch_keys(workers) == whole
    assert len(set(whole)) == 6


def test_a_batch_must_divide_among_processes(tiny, stations):
    tasks = prepare(tiny(), stations).tasks
    with pytest.raises(ConfigError, match=r"multiple of their number 3\. Got 8"):
        TaskBatches(tasks, range(2), 8, 0, 3)


def locations(inputs, stations, mask):
    x = inputs.projection.locations(stations["lat"][mask], stations["lon"][mask])
    return {tuple(row) for row in x.astype(np.float32).tolist()}


def seen(points):
    return {tuple(x) for x in points.x[points.y_mask[..., 0]].tolist()}


def test_test_stations_enter_nothing_and_validation_stations_no_training(
    tiny, stations
):
    config = tiny("--data.validation_times=2020-01-20/2020-01-25")
    prepared = prepare(config, stations)
    part = config.data.split.assign(stations["lat"], stations["lon"])
    train, validation, test = (
        locations(prepared.inputs, stations, part == name)
        for name in ("train", "validation", "test")
    )
    assert len(train) > 30
    assert len(validation) > 4
    assert len(test) > 4
    for i in range(100):
        task = prepared.tasks.task(i)
        assert seen(task.context) | seen(task.target) <= train
    for task in prepared.validation:
        assert seen(task.target) <= validation
        assert seen(task.context) <= train | validation
        assert task.domain.absolute.all()


def test_stations_outside_the_region_enter_nothing(tiny, stations):
    west, east = float(stations.lon.median()), float(stations.lon.max())
    part = stations.isel(station=(stations.lon >= west).values)
    asked = tiny("--data.region", f"[{west}, -89, {east}, 89]")
    whole, cut, own = (
        prepare(*given)
        for given in ((tiny(), stations), (asked, stations), (tiny(), part))
    )
    assert cut.inputs == own.inputs != whole.inputs
    assert cut.tasks.task(3).target.y.equal(own.tasks.task(3).target.y)
    for one, other in zip(cut.validation, own.validation, strict=True):
        assert one.context.y.equal(other.context.y)
    with pytest.raises(
        ConfigError, match=r"south < north <= 90.*Got \[0.0, 5.0, 9.0, 5"
    ):
        tiny("--data.region", "[0, 5, 9, 5]")


def test_scaling_knows_the_training_part_alone(tiny, stations):
    config = tiny("--data.train_times=2020-01-01/2020-01-10")
    changed = stations.copy(deep=True)
    part = config.data.split.assign(stations["lat"], stations["lon"])
    changed["tas"][part != "train"] = 50.0
    changed["tas"][:, 10:] = 50.0
    assert prepare(config, changed).inputs == prepare(config, stations).inputs


def test_stations_of_unknown_elevation_are_counted_and_left_out(tiny, stations):
    prepared = prepare(tiny(), stations)
    assert "1 of unknown elevation left out" in prepared.summary
    for i in range(20):
        assert torch.isfinite(prepared.tasks.task(i).context.w).all()


def test_validation_tasks_are_fixed_varied_and_as_many_as_asked(tiny, stations):
    config = tiny(
        "--data.validation_times=2020-01-20/2020-01-21", "--trainer.validation_tasks=6"
    )
    first, again = prepare(config, stations), prepare(config, stations)
    sizes = [t.context.n_points for t in first.validation]
    assert sizes == [5, 7, 12, 20, 5, 7]
    for a, b in zip(first.validation, again.validation, strict=True):
        assert a.context.y.equal(b.context.y)
        assert a.target.y.equal(b.target.y)
    assert not first.validation[0].context.y.equal(first.validation[4].context.y)


def test_a_dropout_of_fixed_inputs_is_of_the_approximate_form(tiny, stations):
    def hidden(*argv):
        tasks = prepare(tiny(*argv), stations).tasks
        return np.mean([not tasks.draw(i).absolute for i in range(300)])

    assert hidden() == pytest.approx(0.5, abs=0.1)
    assert hidden("--model.fixed_inputs.dropout=0") == 0
    assert hidden("--model.form=strict") == 0


def test_known_inputs_are_kept_for_its_region(tiny, stations):
    old = StationInputs(
        Projection("plane", (50.0, 10.0), (-1, -1), (1, 1)), ValueScaling(3.0, 7.0)
    )
    assert prepare(tiny(), stations, old).inputs == old
    far = StationInputs(
        Projection("plane", (35.0, -100.0), (-1, -1), (1, 1)), ValueScaling(3.0, 7.0)
    )
    moved = prepare(tiny(), stations, far).inputs
    assert moved.projection.centre == pytest.approx((50, 10), abs=3)
    assert (moved.mean, moved.std) == (3.0, 7.0)


def test_days_not_named_are_divided(tiny, stations):
    train, validation = divide_times(tiny().data, stations)
    assert len(train) == len(validation) == 30
    data = tiny(
        "--data.validation_times=2020-01-11/2020-01-15",
        "--data.test_times=2020-01-16/2020-01-20",
    ).data
    train, validation = divide_times(data, stations)
    assert len(train) == 20
    assert len(validation) == 5
    assert not np.isin(validation, train).any()
    elsewhere = tiny("--data.test_times=2031-01-01/2031-02-01").data
    assert len(divide_times(elsewhere, stations)[0]) == 30


@pytest.mark.parametrize(
    ("argv", "error", "message"),
    [
        (
            ("--data.train_times=2020-01-01/2020-01-10",
             "--data.test_times=2020-01-10/2020-01-12"),
            ConfigError, r"train_times` and `data\.test_times` share 1 day",
        ),
        (
            ("--data.validation_times=2020-01-01/2020-01-30",),
            DataError, "No day is left to train on",
        ),
        (("--data.train_times=2019",), DataError, "2019.*2020-01-01"),
        (("--data.split.validation=0",), DataError, r"falls in the validation part"),
        (("--data.context=[80,90]",), DataError, r"more than 80 stations"),
    ],
)  # fmt: skip
def test_refusals(tiny, stations, argv, error, message):
    with pytest.raises(error, match=message):
        prepare(tiny(*argv), stations)


def test_validation_stations_that_were_never_observed(tiny, stations):
    config = tiny()
    part = config.data.split.assign(stations["lat"], stations["lon"])
    silent = stations.copy(deep=True)
    silent["tas"][part == "validation"] = np.nan
    with pytest.raises(DataError, match=r"None of the \d+ validation stations was obs"):
        prepare(config, silent)
