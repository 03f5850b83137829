"""Files that appear under their name only when complete, by one writer at a time."""

import glob
import os
import shutil
import socket
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from apnp.errors import ConfigError, DataError

_P = ParamSpec("_P")
_R = TypeVar("_R")
_PART = ".part"
_netcdf = threading.RLock()


class NetcdfLock:
    """The lock that functions of `one_thread` hold, for readers that take one.

    It may be pickled, as datasets are that go to other processes, which have their own.
    """

    def acquire(self, blocking: bool = True) -> bool:
        """Take it, or say that another thread has it."""
        return _netcdf.acquire(blocking)

    def release(self) -> None:
        """Give it back."""
        _netcdf.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()


_held: set[Path] = set()
_guard = threading.Lock()


def one_thread(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """A function that one thread at a time runs: the library of NetCDF allows no more.

    Threads wait for each other, and for other functions that are so made.
    """

    @wraps(function)
    def alone(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with _netcdf:
            return function(*args, **kwargs)

    return alone


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary name in the folder of `path`, to write to.

    When the block ends the file there takes the name `path`; if it fails nothing is
    left, and what stood at `path` before is untouched. Partial files that killed
    processes left for the same `path` are removed first.
    """
    path = Path(path)
    sweep(path)
    temporary = partial_of(path)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def partial_of(path: Path) -> Path:
    """The name of `path` while this thread of this process writes it: hidden."""
    writer = f"{os.getpid()}-{threading.get_ident()}@{socket.gethostname()}"
    return path.with_name(f".{path.name}.{writer}{_PART}")


def sweep(path: Path) -> None:
    """Remove the partial files of `path` whose processes have ended on this machine."""
    pattern = f".{glob.escape(path.name)}.*@{glob.escape(socket.gethostname())}{_PART}"
    for partial in path.parent.glob(pattern):
        process = partial.name[len(path.name) + 2 :].partition("-")[0]
        if process.isdigit() and not _is_running(int(process)):
            if partial.is_dir():
                shutil.rmtree(partial, ignore_errors=True)
            else:
                partial.unlink(missing_ok=True)


def check_regular(path: Path) -> None:
    """Refuse what is there and no file of data: a pipe, a socket or a device.

    Reading one could wait or continue without end.

    Raises:
        DataError: If it is one.
    """
    mode = path.stat().st_mode
    for test, kind in (
        (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
    ):  # fmt: skip
        if test(mode):
            raise DataError(
                f"{path}: {kind}, no file: files are read more than once. Write its "
                "content to a file and give that."
            )


def visible(folder: Path) -> list[Path]:
    """What is in a folder, in order; hidden names, partial files among them, are not.

    A file system that keeps attributes beside files, or a command that was killed,
    leaves such names.
    """
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


@contextmanager
def locked(path: Path, option: str) -> Iterator[None]:
    """Write to `path` alone: a second writer is refused until the block ends.

    The lock is a hidden file beside `path`. The system releases it when the process
    ends, however it ends.

    Args:
        path: A file or folder, which need not exist; its folder must.
        option: The option that names it.

    Raises:
        ConfigError: If another command, or another thread, is writing there.
    """
    path = path.resolve()
    busy = ConfigError(
        f"{path}: another command is writing there. Wait until it ends, or name "
        f"another {option}."
    )
    with _guard:
        if path in _held:
            raise busy
        _held.add(path)
    try:
        with _system_lock(path.with_name(f".{path.name}.lock"), busy):
            yield
    finally:
        with _guard:
            _held.discard(path)


@contextmanager
def _system_lock(lock: Path, busy: ConfigError) -> Iterator[None]:
    """Hold a lock file; where the system has no such locks nothing is held."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    while True:
        file = lock.open("a")
        try:
            # Unlike flock's, it is not held by processes forked meanwhile.
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise busy from error
        if lock.exists() and os.path.samestat(os.fstat(file.fileno()), lock.stat()):
            break
        file.close()  # the former writer has removed it meanwhile
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        file.close()


def _is_running(process: int) -> bool:
    """Whether there is a process of this number; yes where that cannot be asked."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
