import threading

import pytest
import torch

from apnp.output.abreast import abreast


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_parts_are_done_side_by_side_and_given_in_order(two_threads):
    both = threading.Barrier(2, timeout=20)

    def work(part):
        if part < 2:
            both.wait()  # for ever, were one done after the other
        return part, torch.get_num_threads()

    with abreast() as each:
        assert list(each(work, range(9))) == [(part, 1) for part in range(9)]
    assert torch.get_num_threads() == 2


def test_no_part_is_begun_long_before_it_is_asked_for(two_threads):
    begun = []
    with abreast() as each:
        results = each(begun.append, range(100))
        next(results)
    assert len(begun) <= 6


def test_an_error_in_a_thread_is_raised_here(two_threads):
    with abreast() as each, pytest.raises(ZeroDivisionError):
        list(each(lambda part: 1 / part, [2, 1, 0]))
    assert torch.get_num_threads() == 2


def test_with_one_thread_nothing_is_started():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with abreast() as each:
        where = list(each(lambda _: threading.current_thread(), range(3)))
    torch.set_num_threads(before)
    assert set(where) == {threading.current_thread()}
