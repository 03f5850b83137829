"""Fields of long periods: predicted time by time and band by band, into Zarr."""

import hashlib
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from tqdm import tqdm

from apnp.errors import ConfigError
from apnp.maps.contexts import Contexts
from apnp.maps.draws import Samples
from apnp.maps.elevation import Elevation
from apnp.maps.extrapolation import Network
from apnp.maps.predict_field import (
    CHUNK_CELLS,
    GridPredictor,
    Mask,
    ReadContext,
    check_mask,
)
from apnp.output import zarr as store
from apnp.output.cluster import Cluster
from apnp.output.netcdf import Header
from apnp.output.zarr import BAND_CELLS, Record, Unit, bands_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Period:
    """What is predicted of a period: any process that holds it may predict any unit.

    Attributes:
        predictor: What predicts.
        contexts: The observations at each of the header's times.
        header: Grid, times, variable and quantiles.
        elevation: Elevation of the cells.
        samples: Draws of each field to add.
        mask: "land" leaves out the sea; an array those of its cells that are False.
        chunk_cells: Cells decoded at once (rounded to whole rows).
        band_cells: Cells of a unit, and of a chunk of the store (likewise).
    """

    predictor: GridPredictor
    contexts: Contexts
    header: Header
    elevation: Elevation
    samples: Samples | None = None
    mask: Mask = None
    chunk_cells: int = CHUNK_CELLS
    band_cells: int = BAND_CELLS

    @property
    def bands(self) -> list[slice]:
        """The bands of rows that a field is stored by."""
        return bands_of(self.header.grid, self.band_cells)

    def identity(self) -> dict[str, Any]:
        """What the fields follow from, but the model: hashes and settings."""
        grid, samples = self.header.grid, self.samples
        ground = (self.elevation.on(grid, rows) for rows in self.bands)
        return {
            "stations": self.contexts.digest,
            "times": _hash([self.header.times.astype("M8[s]").astype(np.int64)]),
            "grid": _hash([grid.lat, grid.lon]),
            "elevation": _hash(each.astype(np.float32) for each in ground),
            "mask": self.mask
            if self.mask is None or isinstance(self.mask, str)
            else _hash([self.mask]),
            "quantiles": list(self.header.quantiles),
            "samples": samples and [samples.number, samples.seed, samples.anchors],
            "chunks": self.band_cells,
        }

    def read(self, step: int, network: Network) -> ReadContext:
        """The context of one time, read; the network is that of all contexts."""
        return ReadContext.of(
            self.predictor, self.contexts[step], self.header, self.elevation,
            network, self.samples, self.mask,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Work:
    """Predicts units of a period into a store; it goes to workers by pickle.

    Attributes:
        period: What is predicted.
        path: The store.
    """

    period: Period
    path: Path
    _latest: dict[int, ReadContext] = field(default_factory=dict, repr=False)

    def __reduce__(self) -> tuple:
        return Work, (self.period, self.path)

    @cached_property
    def network(self) -> Network:
        """The stations of all times, made once by each process."""
        return self.period.contexts.network()

    def __call__(self, unit: Unit) -> None:
        """Predict one band of one time, and store it whole."""
        step, number = unit
        read = self._latest.get(step)
        if read is None:
            read = self.period.read(step, self.network)
            self._latest.clear()  # the bands of a time follow each other
            self._latest[step] = read
        band = self.period.bands[number]
        height = store.read_elevation(self.path, band)
        parts = [
            read.block(
                slice(band.start + rows.start, band.start + rows.stop), height[rows]
            )
            for rows in self._chunks(len(height))
        ]
        block = {
            name: np.concatenate([part[name] for part in parts], axis=-2)
            for name in parts[0]
        }
        store.write(self.path, step, band, block)

    def _chunks(self, rows: int) -> Iterator[slice]:
        """The rows of a band, a few at a time."""
        columns = self.period.header.grid.lon.size
        size = max(self.period.chunk_cells // columns, 1)
        return (slice(i, min(i + size, rows)) for i in range(0, rows, size))


def write_store(
    period: Period,
    output: Path,
    identity: dict[str, Any],
    *,
    cluster: Cluster | None = None,
    progress: bool = False,
) -> None:
    """Predict the fields of a period into a Zarr store, or what is still missing.

    Until it is complete the store is called `output` with `.part`, and beside it
    `output` with `.done` records the units that are. Stopped in any way, the same call
    goes on from there. Memory grows neither with the grid nor with the number of times.

    Args:
        period: What is predicted.
        output: The store to make.
        identity: What tells the model from others.
        cluster: Who predicts; None = this process.
        progress: Whether to show rate and time left on standard error.

    Raises:
        ConfigError: If a store of another prediction stands there, there is no such
            folder or cluster, or an optional package is missing.
    """
    check_mask(period.mask, period.header.grid)
    if not output.parent.is_dir():
        raise ConfigError(
            f"`output` {output}: there is no folder {output.parent}. Make it first."
        )
    identity = identity | period.identity()
    part = output.with_name(f"{output.name}.part")
    noted = output.with_name(f"{output.name}.done")
    if output.exists():
        _check_same(output, identity)
        log.warning("%s is complete already.", output)
        noted.unlink(missing_ok=True)
        return
    if part.exists():
        _check_same(part, identity)
    else:
        noted.unlink(missing_ok=True)
        store.make_store(
            part, period.header, period.samples.number if period.samples else 0,
            period.elevation, identity, period.band_cells,
        )  # fmt: skip
    record = Record(noted, (len(period.contexts), len(period.bands)))
    _predict(Work(period, part.resolve()), record, cluster, progress)
    os.replace(part, output)
    noted.unlink()


def _predict(
    work: Work, record: Record, cluster: Cluster | None, progress: bool
) -> None:
    """Predict what the record lacks."""
    left, bands = record.left(), work.period.bands
    rows, columns = work.period.header.grid.shape
    if record.done.any():
        log.warning(
            "%d of %d parts are there already.", record.done.sum(), record.done.size
        )
    cells = [len(range(rows)[band]) * columns for band in bands]
    with tqdm(
        None, "predict", sum(cells[band] for _, band in left), unit=" cells",
        unit_scale=True, disable=not progress,
    ) as bar:  # fmt: skip
        for unit in _here(work, left) if cluster is None else cluster.each(work, left):
            record.add(unit)
            bar.update(cells[unit[1]])


def _here(work: Work, units: list[Unit]) -> Iterator[Unit]:
    for unit in units:
        work(unit)
        yield unit


def opened(path: Path) -> xr.Dataset:
    """The fields of a complete store, read when they are asked for."""
    return xr.open_dataset(path, engine="zarr")


def _check_same(path: Path, identity: dict[str, Any]) -> None:
    """Refuse to go on with the store of another prediction.

    Raises:
        ConfigError: Naming what differs.
    """
    found = store.identity_of(path)
    if found is None:
        raise ConfigError(
            f"{path} exists already, and is no store of fields that apnp made. Remove "
            "it, or choose another name."
        )
    differing = [name for name, value in identity.items() if found.get(name) != value]
    if differing:
        raise ConfigError(
            f"{path} was made with other {', '.join(differing)}: nothing of it is "
            "overwritten. Give the same arguments, choose another --output, or remove "
            "it."
        )


def _hash(arrays: Iterable[NDArray]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.tobytes())
    return digest.hexdigest()
