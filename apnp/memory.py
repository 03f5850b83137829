"""Memory of the process."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_FREE, _BLOCK = 2**28, 2**25
"""Bytes kept at the end of the memory in use, and the largest block that is kept:
larger ones would leave gaps that nothing fits."""


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
