"""The beginning of a file, by which its format is recognised."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apnp.errors import DataError
from apnp.files import check_regular

_SIZE = 65536
MOST_BYTES = 20 * 2**30
MOST_TIMES_LARGER = 200
SMALL = 2**28  # bytes up to which any ratio of compression is taken
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
    if path.is_dir():
        raise DataError(
            f"{path}: a folder, where a file was expected. Name a file in it."
        )
    check_regular(path)
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
    check_regular(path)
    try:
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = _unpacked(path)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}).") from None
    return data


def check_unpacked(path: Path) -> None:
    """Refuse a file of gzip that unpacks to far more than it holds.

    Raises:
        DataError: If it does, or cannot be unpacked.
    """
    try:
        for _ in _blocks(path):
            pass
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}).") from None


def _unpacked(path: Path) -> bytes:
    return b"".join(_blocks(path))


def _blocks(path: Path) -> Iterator[bytes]:
    """The content of a file of gzip, block by block, as far as it is plausible."""
    most = min(MOST_BYTES, max(path.stat().st_size * MOST_TIMES_LARGER, SMALL))
    size = 0
    with gzip.open(path) as source:
        while block := source.read(2**22):
            size += len(block)
            if size > most:
                raise DataError(
                    f"{path}: unpacks to more than {most / 2**30:.2g} GiB, "
                    f"{size / path.stat().st_size:.0f} times its size. Unpack it "
                    "yourself and give the file."
                )
            yield block
