import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import numpy as np
from apnp.memory import keep_freed_memory

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


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_it_is_left_as_it_is(monkeypatch, platform):
    from apnp.memory import keep_freed_memory

    monkeypatch.setattr(sys, "platform", platform)
    assert not keep_freed_memory()


def test_commands_keep_it(monkeypatch, capsys):
    from apnp.cli import main

    kept = []
    monkeypatch.setattr("apnp.cli.keep_freed_memory", lambda: kept.append(True))
    main(["models"])
    assert kept == [True]
