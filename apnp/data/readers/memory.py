"""Whether files fit in memory, judged before they are read."""

from collections.abc import Iterable
from pathlib import Path

from apnp.errors import DataError
from apnp.process import available_memory

BYTES_NEEDED = 4.0
"""Bytes of memory that reading takes per byte of files: of tables of text 2 to 4."""
_SECONDS = 5e-8  # per byte, on one core


def check_size(paths: Iterable[Path]) -> None:
    """Refuse files that cannot fit in memory together.

    Raises:
        DataError: Saying how much they hold, how much reading needs, and what to do.
    """
    size = sum(_size(path) for path in paths)
    free = available_memory()
    if size * BYTES_NEEDED > free:
        raise DataError(
            f"The station files hold {size / 2**30:.1f} GiB: reading them needs about "
            f"{size * BYTES_NEEDED / 2**30:.0f} GiB of memory and "
            f"{max(size * _SECONDS / 60, 1):.0f} minutes, and {free / 2**30:.1f} GiB "
            "are free. Give fewer files or shorter periods, one part at a time (apnp "
            "data convert)."
        )


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())
