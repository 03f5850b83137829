import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from apnp.native import loading as module

COMPILER = shutil.which("cc")


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """A new user: nothing compiled, an empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(module.SWITCH, raising=False)
    monkeypatch.delenv("CC", raising=False)
    module._found.cache_clear()
    module.library.cache_clear()
    yield tmp_path
    module._found.cache_clear()
    module.library.cache_clear()


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A source that is compiled in no time."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name in module.SOURCES:
        (folder / name).write_text("int seven(void) { return 7; }\n")
    monkeypatch.setattr(module, "_FOLDER", folder)
    return folder


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
def test_it_is_compiled_once(fresh, small, monkeypatch):
    loaded = module.library()
    assert isinstance(loaded, ctypes.CDLL)
    assert loaded.seven() == 7
    made = list((fresh / "apnp").iterdir())
    assert len(made) == 1
    assert module.backend() == f"native ({made[0]})"
    module._found.cache_clear()
    module.library.cache_clear()
    monkeypatch.setattr(module, "_compile", lambda *_: pytest.fail("compiled again"))
    assert module.library().seven() == 7


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
def test_another_source_is_another_library(fresh, small):
    first = module._compiled()
    (small / module.SOURCES[0]).write_text("int seven(void) { return 8; }\n")
    assert module._compiled() != first


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
def test_a_source_that_does_not_compile_leaves_nothing_behind(fresh, small):
    (small / module.SOURCES[0]).write_text("int seven(void) { return seven }\n")
    assert module.library() is None
    assert module.backend().startswith(f"torch ({COMPILER} did not compile local.c:")
    assert list((fresh / "apnp").iterdir()) == []


def test_without_a_compiler_torch_does_it(fresh, monkeypatch):
    monkeypatch.setenv("PATH", str(fresh))
    assert module.library() is None
    assert module.backend().startswith("torch (no C compiler was found: install gcc")


def test_a_compiler_that_is_named_and_absent_is_told(fresh, monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    assert module.library() is None
    assert "no-such-compiler that CC names" in module.backend()


def test_a_cache_folder_that_cannot_be_written_is_told(fresh, monkeypatch):
    (fresh / "apnp").write_text("a file where the folder should be")
    if COMPILER is None:
        monkeypatch.setattr(module, "_compiler", lambda: os.fspath(__file__))
    assert module.library() is None
    assert module.backend().startswith("torch (")


def test_it_can_be_switched_off(fresh, monkeypatch):
    monkeypatch.setenv(module.SWITCH, "0")
    assert module.library() is None
    assert module.backend() == "torch (APNP_NATIVE is 0)"


COMPILING = "from apnp.native import loading as m; m._FOLDER = m.Path({folder!r}); "
SLOW = '#!/bin/sh\n{wait}\nexec {compiler} "$@"\n'


@pytest.fixture
def slow(tmp_path, small, monkeypatch):
    """A process that compiles, with a compiler that waits for a file first."""
    go, wrapper = tmp_path / "go", tmp_path / "slow-cc"
    wait = f"while [ ! -e {go} ]; do sleep 0.05; done"
    wrapper.write_text(SLOW.format(wait=wait, compiler=COMPILER))
    wrapper.chmod(0o755)
    monkeypatch.setenv("CC", str(wrapper))
    code = COMPILING.format(folder=str(small)) + "print(m.library().seven())"

    def start():
        return subprocess.Popen(
            [sys.executable, "-c", code], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    return go, start


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
def test_two_processes_may_compile_at_once(fresh, slow):
    go, start = slow
    both = [start(), start()]
    until(lambda: len(list((fresh / "apnp").glob("compiling-*"))) == 2)
    go.touch()
    for process in both:
        out, err = process.communicate(timeout=60)
        assert out == "7\n", err
        assert len(err.strip().splitlines()) == 1
        assert err.startswith("Compiling apnp's fast code with ")
    assert [path.suffix for path in (fresh / "apnp").iterdir()] == [".so"]


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
def test_what_a_killed_process_left_is_removed(fresh, slow):
    go, start = slow
    killed = start()
    until(lambda: list((fresh / "apnp").glob("compiling-*")))
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=60)
    assert len(list((fresh / "apnp").glob("compiling-*"))) == 1
    go.touch()
    out, err = start().communicate(timeout=60)
    assert out == "7\n", err
    assert [path.suffix for path in (fresh / "apnp").iterdir()] == [".so"]
