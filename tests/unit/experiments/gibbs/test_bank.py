import numpy as np
import pytest

from apnp.errors import DataError
from apnp.experiments.gibbs import bank as bank_module
from apnp.experiments.gibbs.bank import TaskBank
from apnp.experiments.gibbs.gp import FunctionTasks, GaussianProcess, Places
from apnp.experiments.gibbs.kernels import eq
from apnp.inputs.batching import collate
from apnp.training.task_source import BatchSource

PLACES = Places(dx=2, context=(0, 5), targets=4)


def source(seed=3, dropout=0.0):
    return FunctionTasks(GaussianProcess([eq(0.5)], 0.1), PLACES, seed, dropout)


def ignore(number):
    pass


def same(a, b):
    return all(
        getattr(getattr(a, part), name).equal(getattr(getattr(b, part), name))
        for part, names in (
            ("context", ("x", "y", "w", "y_mask", "w_mask")),
            ("target", ("x", "y", "w", "y_mask", "w_mask")),
            ("domain", ("centre", "extent", "absolute")),
        )
        for name in names
    )


def test_a_bank_holds_the_tasks_of_its_source_and_goes_on_beyond_its_end(tmp_path):
    tasks = source(dropout=0.4)
    bank = TaskBank(tmp_path, source())
    bank.fill(20, ignore)
    read = TaskBank(tmp_path, source(dropout=0.4))
    assert read.count == 20
    for i in range(25):
        assert same(read.task(i), tasks.task(i))
    assert len({read.task(i).target.y.sum().item() for i in range(25)}) == 25


@pytest.mark.parametrize("indices", [[4], [0, 7, 3, 19], [18, 21, 2], [30, 31]])
def test_a_batch_is_its_tasks_padded(tmp_path, indices):
    bank = TaskBank(tmp_path, source())
    bank.fill(20, ignore)
    tasks = source(dropout=0.4)
    read = TaskBank(tmp_path, tasks)
    assert isinstance(read, BatchSource)
    assert same(read.batch(indices), collate([tasks.task(i) for i in indices]))


def test_a_bank_that_was_stopped_is_filled_further(tmp_path, monkeypatch):
    monkeypatch.setattr(bank_module, "CHUNK", 3)

    class Stopped(Exception):
        pass

    done = []

    def stop(number):
        done.append(number)
        if len(done) == 2:
            raise Stopped

    bank = TaskBank(tmp_path, source())
    with pytest.raises(Stopped):
        bank.fill(10, stop)
    # Half a chunk that was not noted is written again.
    with (tmp_path / "tasks.f32").open("ab") as file:
        file.write(b"\1" * 11)
    again = TaskBank(tmp_path, source())
    assert again.count == 6
    again.fill(10, done.append)
    assert done == [3, 3, 3, 1]
    for i in range(10):
        assert same(TaskBank(tmp_path, source()).task(i), source().task(i))
    size = (tmp_path / "tasks.f32").stat().st_size
    assert size == 4 * 10 * (1 + 2 + 9 * 3)


def test_the_tasks_of_another_seed_are_refused(tmp_path):
    TaskBank(tmp_path, source()).fill(2, ignore)
    with pytest.raises(DataError, match="another law or seed: remove it"):
        TaskBank(tmp_path, source(seed=4))


def test_a_bank_is_read_in_place(tmp_path):
    bank = TaskBank(tmp_path, source())
    bank.fill(4, ignore)
    before = bank.task(1)
    before.target.y.zero_()
    assert same(bank.task(1), source().task(1))
    assert isinstance(bank._rows, np.memmap)
