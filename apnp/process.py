"""Settings of the whole process that make its arithmetic fast: the commands make them.

Importing the package changes nothing; a program of one's own calls `make_fast` first.
"""

import atexit
import ctypes
import gc
import platform
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_FREE, _BLOCK = 2**28, 2**25
"""Bytes kept at the end of the memory in use, and the largest block that is kept:
larger ones would leave gaps that nothing fits."""
_NEW_OBJECTS = 50_000
"""New objects after which the youngest are looked through; Python's default is 700."""
_MXCSR, _FLUSH = 7, 0x8040
"""Where the control word of vectors lies in the words of x86-64's `fenv_t`, and its
bits "flush to zero" and "denormals are zero"."""


def make_fast() -> None:
    """Keep freed memory and flush denormal numbers, where this is possible."""
    keep_freed_memory()
    flush_denormals()


def collect_seldom() -> None:
    """Look for reference cycles less often, and not at all when the process ends.

    Loading torch makes hundreds of thousands of objects that stay. By default Python
    looks through them again and again while they are made, and once more at the end:
    together a third of the time that loading torch takes. It is for a process that runs
    one command and ends: elsewhere files that an error left open stay open for longer.

    https://docs.python.org/3/library/gc.html
    """
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)


def leave_out(name: str) -> None:
    """Let a library that this process will not need be as if it were not installed.

    Nothing happens where something may have asked for it already.
    https://docs.python.org/3/reference/import.html#the-module-cache

    Args:
        name: The library. xarray loads dask, for a second, to make any array.
    """
    if name not in sys.modules and "xarray" not in sys.modules:
        sys.modules[name] = None  # type: ignore[assignment]


def keep_freed_memory() -> bool:
    """Keep memory that tensors have freed for the next ones; whether this is possible.

    The C library of Linux gives large blocks back to the system at once, which hands
    them out again page by page, filled with zeros. A field is predicted from many such
    blocks: a quarter of its time and more can go there.

    https://www.gnu.org/software/libc/manual/html_node/Malloc-Tunable-Parameters.html
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # not every C library has it
    if mallopt is None:
        return False
    return bool(mallopt(_TRIM_THRESHOLD, _FREE) and mallopt(_MMAP_THRESHOLD, _BLOCK))


def flush_denormals() -> bool:
    """Take numbers below 1e-38 (1e-308 in double) as zero; whether this is possible.

    Gaussians of distance are that small far away, and some processors take a hundred
    times as long for a product with such a number: an attention of Gaussian windows
    took twice as long as a plain one. It holds for this thread and for those that it
    starts later; `torch.set_flush_denormal` does the same, but loads torch.

    Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, section
    10.2.3.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    library, words = ctypes.CDLL(None), (ctypes.c_uint32 * 8)()
    if not hasattr(library, "fegetenv") or library.fegetenv(words) != 0:
        return False
    words[_MXCSR] |= _FLUSH
    return library.fesetenv(words) == 0


def available_memory() -> int:
    """Bytes of memory that can still be used, as far as the system tells; 2**62 else.

    The smaller of what the machine has free and what the process may have.
    """
    free = 2**62
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    if sys.platform != "win32":
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        free = min(free, most) if most != resource.RLIM_INFINITY else free
    return free


class Stopped(SystemExit):
    """The process was asked to end; its status is 128 and the number of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.name = signal.Signals(number).name


@contextmanager
def orderly_stop() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block like an error, so that it cleans up.

    Elsewhere than in the main thread, which alone is given signals, and for a signal
    that is ignored, as `nohup` has it, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = ("SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {
        number: signal.signal(number, _stop)
        for number in numbers
        if signal.getsignal(number) == signal.SIG_DFL
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped(number)
