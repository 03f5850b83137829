"""Compile the C source where there is a compiler, once, and load it."""

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

log = logging.getLogger(__name__)

SOURCES = ("local.c", "local_kernels.h")
FLAGS = (
    "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC",
    "-pthread",
)  # fmt: skip
SWITCH = "APNP_NATIVE"
"""Set to 0, this environment variable leaves all work to torch."""
_FOLDER_PREFIX = "compiling-"
"""How the folders of compilers begin; the number of the process follows."""
_FOLDER = Path(__file__).parent
_TIMEOUT_S = 300


class _Unavailable(Exception):
    """Why there is no library."""


@cache
def library() -> ctypes.CDLL | None:
    """The compiled library; None where there is none, for the reason in `backend`."""
    return _found()[0]


def backend() -> str:
    """What computes the local TNP on a processor, and why.

    "native" followed by the library's file, or "torch" followed by the reason why
    there is no library.
    """
    return _found()[1]


@cache
def _found() -> tuple[ctypes.CDLL | None, str]:
    try:
        path = _compiled()
        loaded = ctypes.CDLL(str(path))
    except (_Unavailable, OSError, RuntimeError) as error:  # or no home folder
        return None, f"torch ({error})"
    return loaded, f"native ({path})"


def _compiled() -> Path:
    """The library's file in the cache folder; compiled now, if it is not there."""
    if os.environ.get(SWITCH) == "0":
        raise _Unavailable(f"{SWITCH} is 0")
    compiler = _compiler()
    path = cache_folder() / f"local-{_key(compiler)}.so"
    if not path.exists():
        _compile(compiler, path)
    return path


def cache_folder() -> Path:
    """Where libraries are kept, in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "apnp"


def _compiler() -> str:
    named = os.environ.get("CC")
    for name in [named] if named else ["cc", "gcc", "clang"]:
        if found := shutil.which(name):
            return found
    if named:
        raise _Unavailable(f"the C compiler {named} that CC names is not there")
    raise _Unavailable("no C compiler was found: install gcc or clang to be faster")


def _key(compiler: str) -> str:
    """A name for what the library depends on: source, flags, compiler, processor."""
    parts = [*((_FOLDER / name).read_bytes() for name in SOURCES)]
    made = Path(compiler).resolve()
    parts += [" ".join(FLAGS).encode(), f"{made} {made.stat().st_size}".encode()]
    parts.append(_processor().encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _processor() -> str:
    """The instructions that this processor has."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()} {platform.node()}"
    kinds = ("flags", "Features", "model name", "CPU part")
    return "\n".join(sorted({line for line in lines if line.startswith(kinds)}))


def _compile(compiler: str, path: Path) -> None:
    """Make the library under another name, then give it its own: whole or not there.

    Processes that compile at once do so apart, and the last to end replaces a library
    by an equal one. What killed processes left is removed first.
    """
    log.warning("Compiling apnp's fast code with %s, once, for some seconds.", compiler)
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent)
    prefix = f"{_FOLDER_PREFIX}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=path.parent) as folder:
        made = Path(folder) / path.name
        command = [compiler, *FLAGS, str(_FOLDER / SOURCES[0]), "-o", str(made), "-lm"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_TIMEOUT_S
            )
        except subprocess.TimeoutExpired as error:
            raise _Unavailable(f"{compiler} took over {_TIMEOUT_S} s") from error
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["nothing"])[0]
            raise _Unavailable(f"{compiler} did not compile {SOURCES[0]}: {said}")
        made.replace(path)


def _sweep(cache: Path) -> None:
    """Remove the folders of compilers whose processes were killed."""
    for folder in cache.glob(f"{_FOLDER_PREFIX}*"):
        process = folder.name.removeprefix(_FOLDER_PREFIX).partition("-")[0]
        with suppress(OSError):  # another process may remove it meanwhile
            old = time.time() - folder.stat().st_mtime > 2 * _TIMEOUT_S
            if old or (process.isdigit() and not _is_running(int(process))):
                shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    """Whether there is a process of this number; yes where that cannot be asked."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
