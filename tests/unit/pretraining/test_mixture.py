from dataclasses import dataclass

import numpy as np
import pytest

from apnp.errors import ConfigError
from apnp.pretraining.mixture import MixedTasks, batch_size_draw


@dataclass
class Named:
    """A source whose tasks are its name and their number."""

    name: str

    def task(self, index):
        return self.name, index


def mixed(shares, seed=4):
    return MixedTasks({name: Named(name) for name in shares}, shares, seed)


def test_shares_are_as_configured():
    tasks = mixed({"a": 0.2, "b": 0.5, "c": 0.3})
    names = [tasks.source_of(i) for i in range(4000)]
    for name, share in (("a", 0.2), ("b", 0.5), ("c", 0.3)):
        assert abs(names.count(name) / 4000 - share) < 0.03


def test_a_task_keeps_its_number_so_none_repeats():
    tasks = mixed({"a": 0.5, "b": 0.5})
    found = [tasks.task(i) for i in range(300)]
    assert [index for _, index in found] == list(range(300))
    assert {name for name, _ in found} == {"a", "b"}


def test_the_source_follows_from_seed_and_index_alone():
    shares = {"a": 0.5, "b": 0.5}
    assert mixed(shares).source_of(77) == mixed(shares).source_of(77)
    other = mixed(shares, seed=5)
    names = [(mixed(shares).source_of(i), other.source_of(i)) for i in range(60)]
    assert any(one != two for one, two in names)


@pytest.mark.parametrize("shares", [{"a": 0.5, "b": 0.6}, {"a": 1.5, "b": -0.5}])
def test_shares_that_are_no_probabilities_are_refused(shares):
    with pytest.raises(ConfigError, match="sum to 1"):
        mixed(shares)


def test_tasks_of_a_batch_share_their_size():
    sizes = np.array([batch_size_draw(1, i, 4) for i in range(400)]).reshape(-1, 4)
    assert (sizes == sizes[:, :1]).all()
    assert np.unique(sizes[:, 0]).size == 100
    assert abs(sizes.mean() - 0.5) < 0.1
