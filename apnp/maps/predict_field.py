"""Fields predicted from stations, decoded rows by rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from apnp.geometry.coastline import is_land
from apnp.inputs.network_ranges import NetworkRanges
from apnp.maps.cells import Cells
from apnp.maps.contexts import Contexts
from apnp.maps.draws import Draw, Samples, anchors
from apnp.maps.elevation import Elevation
from apnp.maps.extrapolation import Network, Support
from apnp.maps.field_metadata import FieldMetadata
from apnp.maps.flags import INTERPOLATED, MASKED, UNLIKE_TRAINING
from apnp.maps.request import Mask
from apnp.observations import Floats, Observations, Sites

CHUNK_CELLS = 2**15
"""Cells decoded at once, by default."""


class Summarising(Protocol):
    """A predictor that has read its context."""

    def summary(
        self, sites: Sites, levels: Sequence[float] = ()
    ) -> tuple[Floats, Floats, Floats]:
        """Mean (n,), standard deviation (n,) with noise, and quantiles (levels, n)."""
        ...

    def sampler(self, samples: Samples, cells: "FieldCells") -> Draw:
        """What draws the field."""
        ...


class GridPredictor(Protocol):
    """A predictor whose distribution may have any shape."""

    def condition(self, context: Observations) -> Summarising:
        """Read the context once."""
        ...


@dataclass(frozen=True, eq=False)
class FieldCells:
    """The cells of one field, for draws that need them all.

    Attributes:
        job: What is predicted.
        time: The time of the field.
    """

    job: "FieldJob"
    time: np.datetime64

    def anchors(self, number: int) -> Sites:
        """Centres of cells spread evenly over the grid: see `draws.anchors`."""
        return anchors(self.job.grid, self.job.elevation, self.time, number)

    def parts(self) -> Iterator[tuple[NDArray[np.intp], Sites, Floats]]:
        """A few rows at a time: the cells that are kept.

        Yields:
            Their numbers in the grid, row by row, (n,); their sites; and uniform
            numbers of each, (draws, n).
        """
        rows, columns = self.job.grid.shape
        for chunk in self.job.chunks(0, rows):
            lat, lon = self.job.grid.points(chunk)
            kept = kept_cells(self.job.mask, chunk, lat, lon)
            height = self.job.elevation.on(self.job.grid, chunk).ravel()
            number = chunk.start * columns + np.flatnonzero(kept)
            sites = Sites(lat, lon, height.astype(np.float32), self.time)
            assert self.job.samples is not None
            levels = self.job.samples.levels(self.time, self.job.grid, chunk)
            yield number, sites.take(kept), levels[:, kept]


@dataclass(frozen=True, eq=False)
class FieldJob:
    """The fields to predict: any process that holds a job may predict any rows of it.

    Attributes:
        predictor: What predicts.
        contexts: The observations at each of the metadata's times.
        metadata: Grid, times, variable and quantiles.
        elevation: Elevation of the cells.
        samples: Draws of each field to add.
        mask: "land" leaves out the sea; an array those of its cells that are False.
        chunk_cells: Cells decoded at once (rounded to whole rows); it does not change
            the result.
        networks: The kinds of networks that the predictor learned from, if known.
    """

    predictor: GridPredictor
    contexts: Contexts
    metadata: FieldMetadata
    elevation: Elevation
    samples: Samples | None = None
    mask: Mask = None
    chunk_cells: int = CHUNK_CELLS
    networks: NetworkRanges | None = None

    @property
    def grid(self) -> Cells:
        """The cells."""
        return self.metadata.grid

    @property
    def n_samples(self) -> int:
        """Number of draws of each field."""
        return self.samples.number if self.samples else 0

    def chunks(self, start: int, stop: int) -> Iterator[slice]:
        """The rows from `start` to `stop` (excluded), a few at a time."""
        size = max(self.chunk_cells // self.grid.shape[1], 1)
        return (slice(i, min(i + size, stop)) for i in range(start, stop, size))

    def read(self, step: int, network: Network) -> "FieldPredictor":
        """Let the predictor read the context of one time.

        Args:
            step: Index of the time.
            network: The stations of all times (`Contexts.network`).
        """
        context = self.contexts[step]
        conditioned, time = self.predictor.condition(context), context.sites.time
        draw = None
        if self.samples is not None:
            draw = conditioned.sampler(self.samples, FieldCells(self, time))
        support = Support.of(context.sites, network)
        known = self.networks is None or not self.networks.departures(context.sites)
        return FieldPredictor(self, conditioned, support, draw, time, not known)


@dataclass(frozen=True, eq=False)
class FieldPredictor:
    """A predictor that has read one time: it answers for any rows of the grid.

    Attributes:
        job: What is predicted.
        conditioned: The predictor that has read the context.
        support: How far the stations of the context reach.
        draw: What draws the field, where draws are asked for.
        time: The time.
        unlike: Whether the predictor has learned from no network like this one.
    """

    job: FieldJob
    conditioned: Summarising
    support: Support
    draw: Draw | None
    time: np.datetime64
    unlike: bool = False

    def block(self, rows: slice, height: Floats) -> dict[str, NDArray]:
        """The output variables on some rows, each (..., rows, columns).

        Args:
            rows: Rows of the grid.
            height: Elevation of their cells in metres, (rows, columns).
        """
        grid, name = self.job.grid, self.job.metadata.variable.name
        lat, lon = grid.points(rows)
        sites = Sites(lat, lon, height.ravel(), self.time)
        kept = kept_cells(self.job.mask, rows, lat, lon)
        distance, flag = self.support.judge(rows, grid.unit(rows), sites.elevation)
        if self.unlike:
            flag[flag == INTERPOLATED] = UNLIKE_TRAINING
        trust = distance, flag
        block = _block(self.conditioned, trust, sites, kept, self.job.metadata)
        if self.job.samples and self.draw:
            levels = self.job.samples.levels(self.time, grid, rows)
            first = rows.start * grid.shape[1]
            block[f"{name}_sample"] = _drawn(self.draw, sites, kept, levels, first)
        shape = (-1, grid.shape[1])
        return {k: v.reshape(*v.shape[:-1], *shape) for k, v in block.items()}


def _block(
    conditioned: Summarising,
    trust: tuple[Floats, NDArray[np.int8]],
    sites: Sites,
    kept: NDArray[np.bool_],
    metadata: FieldMetadata,
) -> dict[str, NDArray]:
    """The output variables at some sites, each (..., n), of them two given."""
    name, n = metadata.variable.name, len(sites)
    distance, flag = trust
    asked = sites if kept.all() else sites.take(kept)
    values = np.full((2 + len(metadata.quantiles), n), np.nan, dtype=np.float32)
    if len(asked):
        mean, std, quantiles = conditioned.summary(asked, metadata.quantiles)
        values[:, kept] = np.concatenate([mean[None], std[None], quantiles])
    block = {
        name: values[0],
        f"{name}_stderr": values[1],
        "distance_to_station": np.where(np.isinf(distance), np.nan, distance),
        f"{name}_flag": np.where(kept, flag, MASKED),
    }
    if metadata.quantiles:
        block[f"{name}_quantile"] = values[2:]
    return block


def _drawn(
    draw: Draw, sites: Sites, kept: NDArray[np.bool_], levels: Floats, first: int
) -> NDArray[np.float32]:
    """Draws at the cells that are kept, NaN at the others, (number, n)."""
    values = np.full(levels.shape, np.nan, dtype=np.float32)
    if kept.any():
        number = first + np.flatnonzero(kept)
        values[:, kept] = draw(sites.take(kept), levels[:, kept], number)
    return values


def kept_cells(mask: Mask, rows: slice, lat: Floats, lon: Floats) -> NDArray[np.bool_]:
    """True where a cell of some rows of a grid is to be predicted, (n,)."""
    if mask is None:
        return np.ones(len(lat), dtype=bool)
    if isinstance(mask, str):
        return is_land(lat, lon)
    return np.asarray(mask, dtype=bool)[rows].ravel()
