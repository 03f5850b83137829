import importlib
import os
import platform
import signal
import subprocess
import sys

import pytest

from apnp.cli import main
from apnp.output.cluster import _done
from apnp.process import (
    Stopped,
    flush_denormals,
    keep_freed_memory,
    leave_out,
    orderly_stop,
)

FAULTS = """
import resource, sys
import numpy as np
from apnp.process import keep_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def work():
    start = faults()
    for _ in range(20):
        [np.ones(2**18) for _ in range(8)]  # 2 MB each
    return faults() - start

before = work()
assert keep_freed_memory()
work()
print(before, work())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux")
def test_freed_memory_is_used_again_instead_of_asked_for():
    run = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    before, after = map(int, run.stdout.split())
    assert after < before / 100


DENORMALS = """
import numpy as np
from apnp.process import make_fast

tiny = np.full(10**6, 1.5e-38, dtype=np.float32)
assert (tiny * np.float32(0.1)).max() > 0
make_fast()
import torch

torch.set_num_threads(2)
assert (tiny * np.float32(0.1)).max() == 0
assert (torch.from_numpy(tiny) * 0.1).max() == 0
assert (tiny * np.float32(2)).min() > 0
"""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64",
    reason="the control word of x86-64",
)
def test_denormals_are_zero_in_all_threads():
    run = subprocess.run([sys.executable, "-c", DENORMALS], capture_output=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("elsewhere", ["darwin", "win32"])
def test_elsewhere_all_is_left_as_it_is(monkeypatch, elsewhere):
    monkeypatch.setattr(sys, "platform", elsewhere)
    assert not keep_freed_memory()
    assert not flush_denormals()


def test_other_processors_are_left_as_they_are(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert not flush_denormals()


def test_commands_and_workers_are_made_fast(monkeypatch, capsys):
    made = []
    for where in ("apnp.cli", "apnp.output.cluster"):
        monkeypatch.setattr(f"{where}.make_fast", lambda: made.append(True))
    main(["models"])
    assert made == [True]
    assert _done(made.append, 3) == 3
    assert made == [True, True, 3]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_block_like_an_error(name):
    number, cleaned = getattr(signal, name), []
    before = signal.signal(number, signal.SIG_DFL)  # nohup ignores SIGHUP

    def work():
        with orderly_stop():
            try:
                # In this thread: another one that takes it would not end a wait here.
                signal.raise_signal(number)
            finally:
                cleaned.append(name)

    try:
        with pytest.raises(Stopped) as stopped:
            work()
        assert cleaned == [name]
        assert (stopped.value.code, stopped.value.name) == (128 + number, name)
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with orderly_stop():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_library_that_is_left_out_cannot_be_imported(monkeypatch):
    for name in ("wave", "xarray"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    leave_out("wave")
    with pytest.raises(ImportError):
        importlib.import_module("wave")
    del sys.modules["wave"]


def test_a_library_is_kept_where_something_may_have_asked_for_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", sys)
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    leave_out("wave")
    assert importlib.import_module("wave") is not None
