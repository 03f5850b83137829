"""CF files opened wherever they lie: NetCDF, NetCDF in gzip, Zarr stores."""

import gzip
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import xarray as xr

from apnp.data.readers.file_head import is_store
from apnp.errors import DataError
from apnp.extras import import_optional

_MOST_BYTES = 20 * 2**30
_MOST_TIMES_LARGER = 1000


@contextmanager
def opened(path: Path) -> Iterator[xr.Dataset]:
    """The dataset of a file or store, its times not decoded.

    Raises:
        DataError: If it is damaged, or unpacks to far more than it holds.
        ConfigError: If it is a Zarr store and no zarr is installed.
    """
    damaged = f"{path}: cannot be read as NetCDF. The file is damaged or cut short"
    try:
        with TemporaryDirectory(prefix="apnp-") as folder, _plain(path, folder) as ds:
            yield ds
    except (OSError, RuntimeError, EOFError, zlib.error) as error:
        raise DataError(f"{damaged}: {error}.") from None


@contextmanager
def _plain(path: Path, folder: str) -> Iterator[xr.Dataset]:
    if is_store(path):
        import_optional("zarr", f"Reading {path}", "scale")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # how zarr likes its metadata
            ds = _dataset(path, path.resolve(), "zarr")
    else:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        place = _unpacked(path, Path(folder)) if packed else path
        ds = _dataset(path, place, "netcdf4")
    with ds:
        yield ds


def _dataset(path: Path, place: Path, engine: str) -> xr.Dataset:
    try:
        with warnings.catch_warnings():
            # Of several codes for missing values, all of which are obeyed.
            warnings.simplefilter("ignore", xr.SerializationWarning)
            return xr.open_dataset(place, engine=engine, decode_times=False)
    except (ValueError, KeyError) as error:
        raise DataError(
            f"{path}: cannot be read as {engine} ({error}). The file is damaged or cut "
            "short."
        ) from None


def _unpacked(path: Path, folder: Path) -> Path:
    """The file without gzip, in a folder that is removed after reading."""
    place = folder / "unpacked.nc"
    most = min(_MOST_BYTES, max(path.stat().st_size * _MOST_TIMES_LARGER, 2**28))
    with gzip.open(path) as source, place.open("wb") as target:
        while block := source.read(2**24):
            target.write(block)
            if target.tell() > most:
                raise DataError(
                    f"{path}: unpacks to more than {most / 2**30:.1f} GiB. Unpack it "
                    "yourself and give the file."
                )
    return place
