"""Zip archives of station files, unpacked for as long as they are read."""

import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from apnp.data.readers.file_head import MOST_BYTES, MOST_TIMES_LARGER, SMALL
from apnp.errors import DataError
from apnp.files import visible


def is_archive(path: Path) -> bool:
    """Whether a file is a zip archive of files (and no spreadsheet)."""
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "[Content_Types].xml" not in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return True  # a damaged archive, which is refused when it is unpacked


@contextmanager
def unpacked(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """The paths, with a folder of its files in place of each archive.

    Archives inside folders are unpacked too. The new folders are gone afterwards;
    errors name the archive, not the folder.

    Raises:
        DataError: If an archive is damaged, encrypted, or unpacks to more than fits.
    """
    within = [p for path in paths if path.is_dir() for p in visible(path)]
    archives = [path for path in (*paths, *within) if is_archive(path)]
    with TemporaryDirectory(prefix="apnp-") as folder:
        inside = {path: Path(folder) / str(k) for k, path in enumerate(archives)}
        try:
            for path, own in inside.items():
                own.mkdir()
                _unpack(path, own)
            found = [inside.get(path, path) for path in (*paths, *within)]
            yield [p for p in found if p in paths or p in inside.values()]
        except DataError as error:
            told = str(error)
            for path, own in inside.items():
                told = told.replace(str(own), str(path))
            raise DataError(told) from None


def _unpack(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if _is_data(m)]
            _check_size(path, members)
            for member in members:
                _write(archive, member, folder)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(
            f"{path}: cannot be unpacked ({error}). The archive is damaged or cut "
            "short; fetch it again."
        ) from None
    except (NotImplementedError, RuntimeError) as error:
        raise DataError(
            f"{path}: cannot be unpacked ({error}). Unpack it yourself and give the "
            "folder."
        ) from None
    if not members:
        raise DataError(f"{path}: the archive holds no files.")


def _is_data(member: zipfile.ZipInfo) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in
                 Path(member.filename).parts)  # fmt: skip
    return not member.is_dir() and not hidden and member.file_size > 0


def _check_size(path: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    size = sum(member.file_size for member in members)
    packed = max(path.stat().st_size, 1)
    if size > MOST_BYTES or (size > SMALL and size > MOST_TIMES_LARGER * packed):
        raise DataError(
            f"{path}: unpacks to {size / 2**30:.1f} GiB, {size / packed:.0f} times its "
            "size. Unpack what you need yourself and give the folder."
        )


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    """Write a member beside the others; names of folders become part of its name."""
    name = Path(member.filename).name
    target = folder / re.sub(r"[^\w.\-+=()]", "_", name)
    if target.exists():
        target = folder / re.sub(r"[^\w.\-+=()]", "_", member.filename)
    with archive.open(member) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
