"""Fields of long periods, predicted time by time and band by band into Zarr.

What is complete is recorded: an interrupted prediction is resumed.
"""

import hashlib
import logging
import os
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from tqdm import tqdm

from apnp.errors import ConfigError
from apnp.files import locked
from apnp.maps.extrapolation import Network
from apnp.maps.predict_field import FieldJob, FieldPredictor
from apnp.output import zarr
from apnp.output.cluster import Cluster
from apnp.output.field_output import FieldOutput, check_folder
from apnp.output.zarr import Block, Record, bands_of

log = logging.getLogger(__name__)


def write_store(
    job: FieldJob, output: FieldOutput, identity: dict[str, Any]
) -> xr.Dataset:
    """Predict the fields of a period into a Zarr store, or what is still missing.

    Until it is complete the store is called `output` with `.part`, and beside it
    `output` with `.done` records the blocks that are. Stopped in any way, the same call
    resumes from there. Memory grows neither with the grid nor with the number of times.

    Args:
        job: The fields.
        output: The store to make, and who predicts.
        identity: What identifies the model.

    Returns:
        The fields, read when they are asked for.

    Raises:
        ConfigError: If a store of another prediction stands there, there is no such
            folder or cluster, or an optional package is missing.
    """
    path = output.store
    assert path is not None
    check_folder(path)
    with locked(path, "--output"):
        form = {"zarr_format": output.zarr_format}
        _complete(job, output, path, identity | identity_of(job) | form)
    return opened(path)


def _complete(
    job: FieldJob, output: FieldOutput, path: Path, identity: dict[str, Any]
) -> None:
    """Make the store, or predict what it lacks."""
    part = path.with_name(f"{path.name}.part")
    done = path.with_name(f"{path.name}.done")
    begun = next((each for each in (path, part) if each.exists()), None)
    if begun is not None:
        _check_same(begun, identity | {"elevation": zarr.elevation_digest(job)})
    if begun == path:
        log.warning("%s is complete already.", path)
        done.unlink(missing_ok=True)
        return
    if begun is None:
        done.unlink(missing_ok=True)
        zarr.make_store(job, part, identity)
    record = Record(done, (len(job.contexts), len(bands_of(job.grid))))
    _predict(BlockJob(job, part.resolve()), record, output.cluster, output.progress)
    os.replace(part, path)
    done.unlink()


def identity_of(job: FieldJob) -> dict[str, Any]:
    """What the fields follow from, but the model: hashes and settings.

    The hash of the elevation, which takes time, is left to `zarr.make_store`.
    """
    grid, samples = job.grid, job.samples
    mask = job.mask
    return {
        "stations": job.contexts.digest,
        "times": _hash(job.metadata.times.astype("M8[s]").astype(np.int64)),
        "grid": _hash(*grid.arrays),
        "elevation": None,
        "mask": mask if mask is None or isinstance(mask, str) else _hash(mask),
        "quantiles": list(job.metadata.quantiles),
        "samples": samples and list(astuple(samples)),
        "chunks": zarr.BAND_CELLS,
    }


@dataclass(frozen=True, eq=False)
class BlockJob:
    """Predicts blocks of fields into a store; it goes to workers by pickle.

    Attributes:
        job: The fields.
        path: The store.
    """

    job: FieldJob
    path: Path
    _latest: dict[int, FieldPredictor] = field(default_factory=dict, repr=False)

    def __reduce__(self) -> tuple:
        return BlockJob, (self.job, self.path)

    @cached_property
    def network(self) -> Network:
        """The stations of all times, made once by each process."""
        return self.job.contexts.network()

    def __call__(self, block: Block) -> None:
        """Predict one band of one time, and store it whole."""
        step, number = block
        read = self._latest.get(step)
        if read is None:
            read = self.job.read(step, self.network)
            self._latest.clear()  # the bands of a time follow each other
            self._latest[step] = read
        band = bands_of(self.job.grid)[number]
        height = zarr.read_elevation(self.path, band)
        parts = [
            read.block(rows, height[rows.start - band.start : rows.stop - band.start])
            for rows in self.job.chunks(band.start, band.start + len(height))
        ]
        values = {
            name: np.concatenate([part[name] for part in parts], axis=-2)
            for name in parts[0]
        }
        zarr.write(self.path, step, band, values)


def _predict(
    work: BlockJob, record: Record, cluster: Cluster | None, progress: bool
) -> None:
    """Predict what the record lacks."""
    left, bands = record.left(), bands_of(work.job.grid)
    rows, columns = work.job.grid.shape
    if record.done.any():
        log.warning(
            "%d of %d parts are there already.", record.done.sum(), record.done.size
        )
    cells = [len(range(rows)[band]) * columns for band in bands]
    with tqdm(
        None, "predict", sum(cells[band] for _, band in left), unit=" cells",
        unit_scale=True, disable=not progress,
    ) as bar:  # fmt: skip
        for block in _here(work, left) if cluster is None else cluster.each(work, left):
            record.add(block)
            bar.update(cells[block[1]])


def _here(work: BlockJob, blocks: list[Block]) -> Iterator[Block]:
    for block in blocks:
        work(block)
        yield block


def opened(path: Path) -> xr.Dataset:
    """The fields of a complete store, read when they are asked for."""
    return xr.open_dataset(path, engine="zarr")


def _check_same(path: Path, identity: dict[str, Any]) -> None:
    """Refuse to go on with the store of another prediction.

    Raises:
        ConfigError: Naming what differs.
    """
    found = zarr.identity_of(path)
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


def _hash(*arrays: NDArray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.tobytes())
    return digest.hexdigest()
