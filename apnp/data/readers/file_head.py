"""The beginning of a file, by which its format is recognised."""

import codecs
import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

from apnp.errors import DataError

_SIZE = 65536
ZARR = b"zarr store"  # stands for the first bytes of a store, which is a folder


@dataclass(frozen=True)
class Head:
    """The beginning of a file, decompressed.

    Attributes:
        path: The file.
        magic: Its first bytes.
        encoding: That of its text, UTF-8 where that is possible.
        lines: Its first lines as text, the last possibly cut.
        compressed: Whether the file is compressed with gzip.
    """

    path: Path
    magic: bytes
    encoding: str
    lines: list[str]
    compressed: bool = False


def head_of(path: Path) -> Head:
    """The beginning of `path`; gzip is seen through.

    Raises:
        DataError: If the file is missing, empty or cannot be read.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file.")
    if is_store(path):
        return Head(path, ZARR, "utf8", [""])
    try:
        with path.open("rb") as file:
            magic = file.read(_SIZE)
        compressed = magic.startswith(b"\x1f\x8b")
        if compressed:
            with gzip.open(path) as file:
                magic = file.read(_SIZE)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}).") from None
    if not magic.strip():
        raise DataError(f"{path}: the file is empty.")
    encoding = "utf8"
    if magic.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        even = magic[: len(magic) // 2 * 2]
        text = even.decode("utf-16", "replace")
        return Head(path, magic, "utf-16", _lines(text), compressed)
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(magic)
    except UnicodeDecodeError:
        encoding = "latin-1"
        text = magic.decode(encoding)
    return Head(path, magic, encoding, _lines(text), compressed)


def is_store(path: Path) -> bool:
    """Whether a folder is a Zarr store."""
    names = ("zarr.json", ".zgroup", ".zmetadata")
    return any((path / name).is_file() for name in names)


def _lines(text: str) -> list[str]:
    """Lines, ended by nothing but line feeds and carriage returns."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def whole_lines(path: Path) -> list[str]:
    """All lines of a text file (latin-1), gzip seen through.

    Raises:
        DataError: If it cannot be read.
    """
    return _lines(_whole(path).decode("latin-1"))


def whole_text(path: Path) -> str:
    """The text of a file (UTF-8 where that is possible, UTF-16 by its mark, else
    latin-1), gzip seen through, with line feeds between the lines.

    Raises:
        DataError: If it cannot be read.
    """
    data = _whole(path)
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = data.decode("utf-16", "replace")
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _whole(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}).") from None
    return data
