"""Fields as CF NetCDF, written block by block."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType

import netCDF4
import numpy as np
import xarray as xr
from numpy.typing import NDArray
from tqdm import tqdm
from xarray.backends.netCDF4_ import NETCDF4_PYTHON_LOCK

from apnp.errors import ConfigError
from apnp.files import NetcdfLock, one_thread, partial_of, sweep
from apnp.maps.cells import BYTES_A_CELL
from apnp.maps.cf_variable import CFVariable
from apnp.maps.predict_field import FieldJob, FieldPredictor
from apnp.output.abreast import abreast
from apnp.output.cf_layout import Layout
from apnp.output.field_output import FieldOutput, check_folder
from apnp.process import available_memory

_CHUNK_CELLS = 2**22


def write_netcdf(job: FieldJob, output: FieldOutput) -> xr.Dataset:
    """Predict one field for each time; memory does not grow with the grid.

    Args:
        job: The fields.
        output: The NetCDF file to make, or none: the fields are then in memory.

    Returns:
        The fields; read lazily from the file, if there is one.

    Raises:
        ConfigError: If the file cannot be written.
    """
    rows, columns = job.grid.shape
    if output.file is None:
        _check_memory(job)
    network = job.contexts.network()
    layout = Layout.of(job.metadata, job.samples)
    with (
        FieldWriter(output.file, layout) as writer,
        tqdm(None, "predict", len(job.contexts) * rows * columns, unit=" cells",
             unit_scale=True, disable=not output.progress) as bar,
    ):  # fmt: skip
        chunks = list(job.chunks(0, rows))
        for chunk in chunks:
            ground = {"elevation": job.elevation.on(job.grid, chunk)}
            writer.write_ground(chunk, ground | job.grid.located(chunk))
        for step in range(len(job.contexts)):
            read = job.read(step, network)
            with abreast() as each:
                heights = (writer.read_elevation(chunk) for chunk in chunks)
                parts = zip(chunks, heights, strict=True)
                blocks = each(partial(_block, read), parts)
                for chunk, block in zip(chunks, blocks, strict=True):
                    writer.write(step, chunk, block)
                    bar.update((chunk.stop - chunk.start) * columns)
    return writer.result()


def _block(
    read: FieldPredictor, part: tuple[slice, NDArray[np.float64]]
) -> dict[str, NDArray]:
    """The fields on some rows, of whose cells the elevation is given."""
    return read.block(*part)


def _check_memory(job: FieldJob) -> None:
    """Refuse fields that do not fit in memory, before anything is computed.

    Raises:
        ConfigError: Saying how much they need, and what to do.
    """
    rows, columns = job.grid.shape
    more = 4 * (len(job.metadata.quantiles) + job.n_samples)
    needed = 2 * rows * columns * len(job.contexts) * (BYTES_A_CELL + more)
    free = available_memory()
    if needed > free:
        raise ConfigError(
            f"{len(job.contexts):,} fields of {rows:,} x {columns:,} cells need about "
            f"{needed / 2**30:,.1f} GiB of memory, and {free / 2**30:,.1f} GiB are "
            "free. Name an output (`output=field.nc` or `field.zarr`, written piece by "
            "piece), larger cells (`grid`) or a smaller `region`."
        )


class FieldWriter:
    """Writes fields of mean and uncertainty to a CF NetCDF file, rows by rows.

    A context manager. The file has another name until it is complete: on an error
    nothing is left, and what stood at `path` before is untouched. Without a path the
    fields are kept in memory.

    Args:
        path: The NetCDF file to make; None = none.
        layout: What it holds.

    Raises:
        ConfigError: If the folder of `path` does not exist or cannot be written to.
    """

    def __init__(self, path: Path | None, layout: Layout) -> None:
        self._path, self._layout = path, layout
        self._result: xr.Dataset | None = None
        if path is None:
            name = f"field-{threading.get_ident()}.nc"
            with NETCDF4_PYTHON_LOCK:
                self._nc = netCDF4.Dataset(name, "w", diskless=True, persist=False)
        else:
            check_folder(path)
            sweep(path)
            self._temporary = partial_of(path)
            with self._errors():
                self._nc = netCDF4.Dataset(self._temporary, "w")
        try:
            with self._errors():
                self._define()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise

    def __enter__(self) -> "FieldWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._path is None:
            if kind is None:
                store = xr.backends.NetCDF4DataStore(self._nc)
                self._result = xr.open_dataset(store).load()
                self._result.set_close(None)  # the file is closed here
            with NETCDF4_PYTHON_LOCK:
                self._nc.close()
            return
        try:
            if kind is None:
                with self._errors():
                    self._nc.close()
                    os.replace(self._temporary, self._path)
            else:
                with suppress(OSError, RuntimeError), NETCDF4_PYTHON_LOCK:
                    self._nc.close()  # the first error is told
        finally:
            self._temporary.unlink(missing_ok=True)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Report errors of the disk; the library calls some of them RuntimeError.

        The block has the library for itself: xarray's readers take the same lock.
        """
        try:
            with NETCDF4_PYTHON_LOCK:
                yield
        except (OSError, RuntimeError) as error:
            raise ConfigError(
                f"`output` {self._path}: cannot be written ({error}). Make sure that "
                "the disk has room and the folder may be written to; what stood "
                "there before is untouched."
            ) from error

    def result(self) -> xr.Dataset:
        """The complete fields: from memory, or lazily from the file."""
        if self._path is not None:
            opened = xr.open_dataset(self._path, engine="netcdf4", lock=NetcdfLock())
            opened.set_close(one_thread(opened._close or (lambda: None)))
            return opened
        assert self._result is not None, "The fields are complete after the `with`."
        return self._result

    def write(self, step: int, rows: slice, block: dict[str, NDArray]) -> None:
        """Store some rows of one time step.

        Args:
            step: Index of the time.
            rows: Rows of the grid.
            block: Arrays (rows, columns) by variable; quantiles and draws with a
                leading axis.
        """
        with self._errors():
            for name, values in block.items():
                self._nc[name][step, ..., rows, :] = values

    def write_ground(self, rows: slice, block: dict[str, NDArray]) -> None:
        """Store what holds for every time on some rows: arrays (rows, columns)."""
        with self._errors():
            for name, values in block.items():
                self._nc[name][rows] = values

    def read_elevation(self, rows: slice) -> NDArray[np.float64]:
        """The elevation stored for some rows in metres; shape (rows, columns)."""
        with self._errors():
            return self._nc["elevation"][rows].astype(np.float64)

    def _define(self) -> None:
        """Dimensions, coordinates and empty variables."""
        self._nc.set_auto_mask(False)
        for name, size in self._layout.dims.items():
            self._nc.createDimension(name, None if name == "time" else size)
        for each in self._layout.variables:
            if each.values is None:
                self._define_field(each)
                continue
            var = self._nc.createVariable(
                each.name, each.kind, each.dims, fill_value=False if each.dims else None
            )
            var.setncatts(each.attrs)
            var[...] = each.values
        self._nc.setncatts(self._layout.attrs)

    def _define_field(self, each: CFVariable) -> None:
        """An empty variable on the grid; one chunk is one map, or a part of it."""
        *lead, nlat, nlon = (self._layout.dims[name] for name in each.dims)
        chunk = (min(nlat, max(_CHUNK_CELLS // nlon, 1)), nlon)
        var = self._nc.createVariable(
            each.name, each.kind, each.dims,
            zlib=self._path is not None, complevel=1, shuffle=True,
            chunksizes=(*[1] * len(lead), *chunk),
            fill_value=each.fill_value if each.kind == "f4" else False,
        )  # fmt: skip
        dims = self._layout.dims
        levels = max(dims.get("quantile", 0), dims.get("realization", 0), 1)
        var.set_var_chunk_cache(size=levels * chunk[0] * nlon * var.dtype.itemsize)
        var.setncatts(each.attrs)
