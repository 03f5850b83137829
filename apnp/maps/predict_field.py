"""Fields predicted from stations, decoded rows by rows."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from apnp.errors import ConfigError
from apnp.geometry.coastline import is_land
from apnp.geometry.sphere import unit_vectors
from apnp.maps.contexts import Contexts
from apnp.maps.draws import Draw, Samples, anchors
from apnp.maps.elevation import Elevation
from apnp.maps.extrapolation import Network, Support
from apnp.maps.grid import Grid
from apnp.observations import Floats, Observations, Sites
from apnp.output.netcdf import MASKED, FieldWriter, Header

log = logging.getLogger(__name__)

Mask = Literal["land"] | NDArray[np.bool_] | None

CHUNK_CELLS = 2**16
"""Cells decoded at once, by default."""


class Summarising(Protocol):
    """A predictor that has read its context."""

    def summary(
        self, sites: Sites, levels: Sequence[float] = ()
    ) -> tuple[Floats, Floats, Floats]:
        """Mean (n,), standard deviation (n,) with noise, and quantiles (levels, n)."""
        ...

    def sampler(self, samples: Samples, anchors: Sites) -> Draw:
        """What draws the field."""
        ...


class GridPredictor(Protocol):
    """A predictor whose distribution may have any shape."""

    def condition(self, context: Observations) -> Summarising:
        """Read the context once."""
        ...


def write_fields(
    predictor: GridPredictor,
    contexts: Sequence[Observations] | Contexts,
    header: Header,
    elevation: Elevation,
    network: Network,
    *,
    samples: Samples | None = None,
    mask: Mask = None,
    output: Path | None = None,
    chunk_cells: int = CHUNK_CELLS,
    progress: bool = False,
) -> FieldWriter:
    """Predict one field for each context; memory does not grow with the grid.

    Args:
        predictor: What predicts.
        contexts: The observations at each of the header's times.
        header: Grid, times, variable and quantiles.
        elevation: Elevation of the cells.
        network: The stations of all contexts.
        samples: Draws of each field to add.
        mask: "land" leaves out the sea; an array those of its cells that are False.
        output: The NetCDF file to make; None keeps the fields in memory.
        chunk_cells: Cells decoded at once (rounded to whole rows).
        progress: Whether to show rate and time left on standard error.

    Raises:
        ConfigError: If the mask is unknown or does not fit the grid.
    """
    grid = header.grid
    check_mask(mask, grid)
    size = max(chunk_cells // grid.lon.size, 1)
    blocks = [slice(i, i + size) for i in range(0, grid.lat.size, size)]
    total = len(contexts) * grid.lat.size * grid.lon.size
    number = samples.number if samples else 0
    with (
        FieldWriter(output, header, number) as writer,
        tqdm(None, "predict", total, unit=" cells", unit_scale=True,
             disable=not progress) as bar,
    ):  # fmt: skip
        for step, context in enumerate(contexts):
            read = ReadContext.of(
                predictor, context, header, elevation, network, samples, mask
            )
            for rows in blocks:
                if step == 0:
                    writer.write_elevation(rows, elevation.on(grid, rows))
                block = read.block(rows, writer.read_elevation(rows))
                writer.write(step, rows, block)
                bar.update(block[header.variable.name].size)
    return writer


@dataclass(frozen=True, eq=False)
class ReadContext:
    """The context of one time, read once: it answers for any rows of the grid.

    Attributes:
        conditioned: The predictor that has read it.
        support: How far its stations reach.
        draw: What draws the field, where draws are asked for.
        header: Grid, variable and quantiles.
        time: The time.
        samples: Draws asked for.
        mask: What is left out.
    """

    conditioned: Summarising
    support: Support
    draw: Draw | None
    header: Header
    time: np.datetime64
    samples: Samples | None
    mask: Mask

    @classmethod
    def of(
        cls, predictor: GridPredictor, context: Observations, header: Header,
        elevation: Elevation, network: Network, samples: Samples | None, mask: Mask,
    ) -> "ReadContext":  # fmt: skip
        """Let the predictor read a context."""
        conditioned, time = predictor.condition(context), context.sites.time
        draw = None
        if samples is not None:
            where = anchors(header.grid, elevation, time, samples.anchors)
            draw = conditioned.sampler(samples, where)
        support = Support.of(context.sites, network)
        return cls(conditioned, support, draw, header, time, samples, mask)

    def block(self, rows: slice, height: Floats) -> dict[str, NDArray]:
        """The output variables on some rows, each (..., rows, columns).

        Args:
            rows: Rows of the grid.
            height: Elevation of their cells in metres, (rows, columns).
        """
        grid, name = self.header.grid, self.header.variable.name
        lat, lon = grid.points(rows)
        sites = Sites(lat, lon, height.ravel(), self.time)
        kept = kept_cells(self.mask, rows, lat, lon)
        unit = unit_vectors(grid.lat[rows, None], grid.lon).reshape(-1, 3)
        trust = self.support.judge(rows, unit, sites.elevation)
        block = _block(self.conditioned, trust, sites, kept, self.header)
        if self.samples and self.draw:
            levels = self.samples.levels(self.time, grid, rows)
            block[f"{name}_sample"] = _drawn(self.draw, sites, kept, levels)
        shape = (-1, grid.lon.size)
        return {k: v.reshape(*v.shape[:-1], *shape) for k, v in block.items()}


def _block(
    conditioned: Summarising,
    trust: tuple[Floats, NDArray[np.int8]],
    sites: Sites,
    kept: NDArray[np.bool_],
    header: Header,
) -> dict[str, NDArray]:
    """The output variables at some sites, each (..., n), of them two given."""
    name, n = header.variable.name, len(sites)
    distance, flag = trust
    asked = sites if kept.all() else sites.take(kept)
    values = np.full((2 + len(header.quantiles), n), np.nan, dtype=np.float32)
    if len(asked):
        mean, std, quantiles = conditioned.summary(asked, header.quantiles)
        values[:, kept] = np.concatenate([mean[None], std[None], quantiles])
    block = {
        name: values[0],
        f"{name}_stderr": values[1],
        "distance_to_station": np.where(np.isinf(distance), np.nan, distance),
        f"{name}_flag": np.where(kept, flag, MASKED),
    }
    if header.quantiles:
        block[f"{name}_quantile"] = values[2:]
    return block


def _drawn(
    draw: Draw, sites: Sites, kept: NDArray[np.bool_], levels: Floats
) -> NDArray[np.float32]:
    """Draws at the cells that are kept, NaN at the others, (number, n)."""
    values = np.full(levels.shape, np.nan, dtype=np.float32)
    if kept.any():
        values[:, kept] = draw(sites.take(kept), levels[:, kept])
    return values


def check_mask(mask: Mask, grid: Grid) -> None:
    """Refuse a mask that is unknown or does not fit the grid.

    Raises:
        ConfigError: Naming what it is and must be.
    """
    if isinstance(mask, str):
        if mask != "land":
            raise ConfigError(
                f"`mask` is 'land' (predict on land alone) or an array. Got {mask!r}."
            )
    elif mask is not None and np.shape(mask) != grid.shape:
        raise ConfigError(
            f"`mask` must have the grid's shape {grid.shape}. Got {np.shape(mask)}."
        )


def kept_cells(mask: Mask, rows: slice, lat: Floats, lon: Floats) -> NDArray[np.bool_]:
    """True where a cell of some rows of a grid is to be predicted, (n,)."""
    if mask is None:
        return np.ones(len(lat), dtype=bool)
    if isinstance(mask, str):
        return is_land(lat, lon)
    return np.asarray(mask, dtype=bool)[rows].ravel()
