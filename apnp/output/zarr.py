"""Fields as CF Zarr, written chunk by chunk, by one process or by many."""

import hashlib
import json
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apnp.extras import import_optional
from apnp.files import atomic_write, partial_of, sweep
from apnp.maps.cells import Cells
from apnp.maps.cf_variable import CFVariable
from apnp.maps.predict_field import FieldJob
from apnp.output.cf_layout import Layout

BAND_CELLS = 2**20
"""Cells of one chunk, at most, but one row at least."""
_IDENTITY = "apnp_identity"

Block = tuple[int, int]
"""Numbers of a time and of a band of rows: what is predicted, and stored, at once."""


def bands_of(grid: Cells) -> list[slice]:
    """A grid cut into bands of whole rows, each a chunk of the store."""
    size = max(BAND_CELLS // grid.shape[1], 1)
    return [slice(i, i + size) for i in range(0, grid.shape[0], size)]


def make_store(job: FieldJob, path: Path, identity: dict[str, Any]) -> None:
    """Make a Zarr store of fields that are still missing.

    Its variables and attributes are those of the NetCDF file. It appears under its
    name only when it is complete in this sense. The elevation of the cells is computed
    here, once, and its hash joins the identity.

    Args:
        job: The fields.
        path: The store to make.
        identity: What tells it from the store of another prediction; its format of
            Zarr among it.
    """
    sweep(path)
    temporary = partial_of(path)
    layout = Layout.of(job.metadata, job.samples)
    bands = bands_of(job.grid)
    digest = hashlib.sha256()
    try:
        zarr = _zarr(path)
        form = identity["zarr_format"]
        root = zarr.open_group(temporary, mode="w", zarr_format=form)
        for each in layout.variables:
            _add(root, layout, each, min(bands[0].stop, job.grid.shape[0]))
        for band in bands:
            ground = job.elevation.on(job.grid, band).astype(np.float32)
            digest.update(ground.tobytes())
            root["elevation"][band] = ground
            for name, values in job.grid.located(band).items():
                root[name][band] = values
        identity = identity | {"elevation": digest.hexdigest()}
        root.attrs.update(_plain(layout.attrs) | {_IDENTITY: json.dumps(identity)})
        with warnings.catch_warnings():  # as xarray has it, if not yet the format
            warnings.filterwarnings("ignore", message="Consolidated metadata")
            zarr.consolidate_metadata(root.store)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def elevation_digest(job: FieldJob) -> str:
    """The hash of the cells' elevation that `make_store` keeps."""
    digest = hashlib.sha256()
    for band in bands_of(job.grid):
        digest.update(job.elevation.on(job.grid, band).astype(np.float32).tobytes())
    return digest.hexdigest()


def identity_of(path: Path) -> dict[str, Any] | None:
    """What a store was made by; None if this package did not write it."""
    try:
        attributes = _zarr(path).open_group(path, mode="r").attrs
        return json.loads(str(attributes[_IDENTITY]))
    except (OSError, KeyError, ValueError):
        return None


def write(path: Path, step: int, rows: slice, block: dict[str, NDArray]) -> None:
    """Store some rows of one time; arrays (..., rows, columns) by variable."""
    root = _zarr(path).open_group(path, mode="r+")
    for name, values in block.items():
        array = root[name]
        array[step, ..., rows, :] = np.asarray(values, dtype=array.dtype)


def read_elevation(path: Path, rows: slice) -> NDArray[np.float64]:
    """The elevation stored for some rows in metres, (rows, columns)."""
    root = _zarr(path).open_group(path, mode="r")
    return np.asarray(root["elevation"][rows], dtype=np.float64)


class Record:
    """Which blocks are done: a line each, in a file beside the store.

    A line is appended when its block is stored, in one write; one that was cut short is
    dropped when the file is opened again, and its block done again.

    Args:
        path: The file; made where there is none.
        shape: Numbers of times and of bands.
    """

    def __init__(self, path: Path, shape: tuple[int, int]) -> None:
        self.path = path
        self.done = np.zeros(shape, dtype=bool)
        lines = path.read_text().splitlines(keepends=True) if path.is_file() else []
        for line in lines:
            if line.endswith("\n"):
                step, band = line.split()
                self.done[int(step), int(band)] = True
        with atomic_write(path) as new:
            new.write_text("".join(line for line in lines if line.endswith("\n")))

    def add(self, block: Block) -> None:
        """Note that a block is stored."""
        with self.path.open("a") as file:
            file.write(f"{block[0]} {block[1]}\n")
        self.done[block] = True

    def left(self) -> list[Block]:
        """The blocks still to be done, time by time."""
        return [(int(step), int(band)) for step, band in np.argwhere(~self.done)]


def _add(root: Any, layout: Layout, each: CFVariable, rows: int) -> None:
    """One variable as a Zarr array; fields are missing until they are written."""
    shape = tuple(layout.dims[name] for name in each.dims)
    chunks = list(shape)
    if each.values is None:
        chunks[-2] = rows
        if "time" in each.dims:
            chunks[each.dims.index("time")] = 1
    attrs = _plain(each.attrs)
    options: dict[str, Any] = {
        "dimension_names": each.dims,
        "fill_value": each.fill_value,
    }
    if root.metadata.zarr_format == 2:
        # xarray takes the fill value of format 2 for that of missing values: an axis
        # and a flag have none. Every reader of format 2 has zlib.
        codec = import_optional("numcodecs", "--zarr-format 2", "scale")
        fill = each.fill_value if each.kind == "f4" else None
        options = {"fill_value": fill, "compressors": codec.Zlib(1)}
        attrs |= {"_ARRAY_DIMENSIONS": list(each.dims)}
    elif each.fill_value is None:
        options["fill_value"] = 0
    array = root.create_array(
        each.name, shape=shape, dtype=each.kind, chunks=tuple(chunks),
        attributes=attrs, **options,
    )  # fmt: skip
    if each.values is not None:
        array[...] = each.values


def _plain(attrs: dict[str, Any]) -> dict[str, Any]:
    """Attributes as JSON holds them."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        for name, value in attrs.items()
    }


def _zarr(path: Path) -> Any:
    return import_optional("zarr", f"--output {path.name}", "scale")
