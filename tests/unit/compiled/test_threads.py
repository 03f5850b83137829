import os
import threading

import pytest
import torch

from apnp.compiled.threads import shared


def named(first, last):
    return first, last, threading.current_thread().name


def test_one_thread_does_all_by_itself(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert shared(named, 7, 2**30) == [(0, 7, "MainThread")]


def test_jobs_are_shared_out_in_order(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    parts = shared(named, 7, 2**30)
    assert [part[:2] for part in parts] == [(0, 2), (2, 4), (4, 7)]
    assert all(part[2].startswith("apnp") for part in parts)
    assert [part[:2] for part in shared(named, 2, 2**30)] == [(0, 1), (1, 2)]


def test_little_work_is_worth_no_thread(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert shared(named, 7, 10) == [(0, 7, "MainThread")]
    assert len(shared(named, 7, 2 * 2**23)) == 2


def test_what_fails_in_a_thread_fails_here(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)

    def fails(first, last):
        raise ValueError(f"from {first}")

    with pytest.raises(ValueError, match="from 0"):
        shared(fails, 2, 2**30)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    both = threading.Barrier(2)
    shared(lambda first, last: both.wait(), 2, 2**30)  # each in a thread of its own
    child = os.fork()
    if child == 0:
        done = shared(named, 2, 2**30)
        os._exit(0 if len(done) == 2 else 1)
    for _ in range(100):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            break
        threading.Event().wait(0.1)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
        pytest.fail("The child waits for threads that only its parent has.")
    assert status == 0
