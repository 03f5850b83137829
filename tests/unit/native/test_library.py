import ctypes
import os
import shutil

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
