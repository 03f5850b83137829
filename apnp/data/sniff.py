"""The beginning of a file, by which its format is recognised."""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

from apnp.errors import DataError


@dataclass(frozen=True)
class Head:
    """The beginning of a file, decompressed.

    Attributes:
        path: The file.
        magic: Its first bytes.
        lines: Its first lines as text (latin-1), the last possibly cut.
    """

    path: Path
    magic: bytes
    lines: list[str]


def head_of(path: Path) -> Head:
    """The beginning of `path`; gzip is seen through.

    Raises:
        DataError: If the file is missing, empty or cannot be read.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file.")
    try:
        with path.open("rb") as file:
            magic = file.read(8192)
        if magic.startswith(b"\x1f\x8b"):
            with gzip.open(path) as file:
                magic = file.read(8192)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}).") from None
    if not magic.strip():
        raise DataError(f"{path}: the file is empty.")
    text = magic.decode("latin-1").lstrip("\ufeff").removeprefix("ï»¿")
    return Head(path, magic, text.splitlines())


def whole_text(path: Path) -> str:
    """All of a text file (latin-1), gzip seen through.

    Raises:
        DataError: If it cannot be read.
    """
    try:
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}).") from None
    return data.decode("latin-1")
