"""Fields as CF Zarr, written chunk by chunk, by one process or by many."""

import json
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
from numpy.typing import NDArray

from apnp.extras import needed
from apnp.files import whole
from apnp.maps.elevation import Elevation
from apnp.maps.grid import Grid
from apnp.output.netcdf import MASKED, Header, definitions

BAND_CELLS = 2**20
"""Cells of one chunk, at most, but one row at least."""
_IDENTITY = "apnp_identity"

Unit = tuple[int, int]
"""Numbers of a time and of a band of rows: what is predicted, and stored, at once."""


def bands_of(grid: Grid, cells: int = BAND_CELLS) -> list[slice]:
    """A grid cut into bands of whole rows."""
    size = max(cells // grid.lon.size, 1)
    return [slice(i, i + size) for i in range(0, grid.lat.size, size)]


def make_store(
    path: Path, header: Header, samples: int, ground: Elevation,
    identity: dict[str, Any], band_cells: int,
) -> None:  # fmt: skip
    """Make a Zarr store (format 3) of fields that are still missing.

    Its variables and attributes are those of the NetCDF file. It appears under its
    name only when it is complete in this sense.

    Args:
        path: The store to make.
        header: What it holds.
        samples: Number of draws of each field; 0 = none.
        ground: Elevation of the cells.
        identity: What tells it from the store of another prediction.
        band_cells: Cells of a chunk, at most.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    bands = bands_of(header.grid, band_cells)
    rows = len(range(header.grid.lat.size)[bands[0]])
    try:
        zarr = _zarr(path)
        root = zarr.open_group(temporary, mode="w", zarr_format=3)
        with definitions(header, samples) as nc:
            root.attrs.update(_plain(nc) | {_IDENTITY: json.dumps(identity)})
            for name, var in nc.variables.items():
                _add(root, name, var, rows)
        for band in bands:
            root["elevation"][band] = ground.on(header.grid, band).astype(np.float32)
        with warnings.catch_warnings():  # as xarray has it, if not yet the format
            warnings.filterwarnings("ignore", message="Consolidated metadata")
            zarr.consolidate_metadata(root.store)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def identity_of(path: Path) -> dict[str, Any] | None:
    """What a store was made by; None if it is none of this package."""
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
        array[..., step, rows, :] = np.asarray(values, dtype=array.dtype)


def read_elevation(path: Path, rows: slice) -> NDArray[np.float64]:
    """The elevation stored for some rows in metres, (rows, columns)."""
    root = _zarr(path).open_group(path, mode="r")
    return np.asarray(root["elevation"][rows], dtype=np.float64)


class Record:
    """Which units are done: a line each, in a file beside the store.

    A line is appended when its unit is stored, in one write; one that was cut short is
    dropped when the file is opened again, and its unit done again.

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
        with whole(path) as new:
            new.write_text("".join(line for line in lines if line.endswith("\n")))

    def add(self, unit: Unit) -> None:
        """Note that a unit is stored."""
        with self.path.open("a") as file:
            file.write(f"{unit[0]} {unit[1]}\n")
        self.done[unit] = True

    def left(self) -> list[Unit]:
        """The units still to be done, time by time."""
        return [(int(step), int(band)) for step, band in np.argwhere(~self.done)]


def _add(root: Any, name: str, var: netCDF4.Variable, rows: int) -> None:
    """One variable as a Zarr array; fields are missing until they are written."""
    field = var.dimensions[-2:] == ("lat", "lon")
    chunks = list(var.shape)
    fill: Any = 0
    if field:
        chunks[-2] = min(rows, chunks[-2])
        if "time" in var.dimensions:
            chunks[var.dimensions.index("time")] = 1
        fill = np.nan if var.dtype.kind == "f" else MASKED
    array = root.create_array(
        name, shape=var.shape, dtype=var.dtype, chunks=tuple(chunks), fill_value=fill,
        dimension_names=var.dimensions, attributes=_plain(var),
    )  # fmt: skip
    if not field:
        array[...] = var[...]


def _plain(of: netCDF4.Variable | netCDF4.Dataset) -> dict[str, Any]:
    """Attributes as JSON has them; what is missing is told by Zarr itself."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        for name, value in of.__dict__.items()
        if name != "_FillValue"
    }


def _zarr(path: Path) -> Any:
    return needed("zarr", f"--output {path.name}", "scale")
