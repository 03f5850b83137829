"""Draws of a field, cell after cell, from a backbone's own covariance of errors.

The standardised errors z are drawn by `apnp.nn.error_field`, from coarse to fine. The
noise e of each cell is its own, and sqrt(s) z + sqrt(1 - s) e, with the share s of the
field in the predictive variance, is a standard normal number: the value drawn is
exceeded with its probability. So the values of a cell have its predictive distribution,
whatever that is.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from apnp.errors import ConfigError
from apnp.geometry.drawing_order import drawing_order
from apnp.likelihoods import Predictive
from apnp.likelihoods.predictive import inside
from apnp.maps.draws import Draw, Samples
from apnp.maps.predict_field import FieldCells
from apnp.nn.error_field import ErrorField
from apnp.observations import Floats, Sites
from apnp.prediction.horizon import check_reach
from apnp.process import available_memory

if TYPE_CHECKING:
    from apnp.prediction.conditioned import ConditionedModel

CELLS = 16
"""Cells that a cell is drawn from."""
_CHUNK = 2**14
"""Cells decoded at once."""
_BYTES, _BYTES_A_CELL = 16, 256
"""Memory of each cell and draw (value, error, uniform number), and of each cell."""


@dataclass(frozen=True, eq=False)
class FieldTargets:
    """All cells of a field as the model's targets.

    Attributes:
        number: Numbers of the cells in the grid, ascending, (n,).
        x: Locations, (n, dx).
        w: Covariates, zero where unknown, (n, dw).
        mask: Where they are known, (n, dw).
        level: Uniform numbers of each cell, (n, draws).
        noise: Variances of noise that is added to predictions, scaled, (n,).
    """

    number: NDArray[np.intp]
    x: Tensor
    w: Tensor
    mask: Tensor
    level: Tensor
    noise: Tensor

    @classmethod
    def of(cls, model: "ConditionedModel", cells: FieldCells) -> "FieldTargets":
        """The cells that are kept."""
        parts: list[tuple] = []
        for number, sites, levels in cells.parts():
            check_reach(model.inputs, sites.lat, sites.lon)
            x, w, mask = (each[0] for each in model.inputs.targets(sites))
            level = torch.from_numpy(levels.T).to(x)
            added = np.zeros(len(number))
            if model.height_errors is not None:
                added = model.height_errors.at(sites) / model.inputs.std
            noise = torch.from_numpy(added**2).to(x)
            parts.append((torch.from_numpy(number), x, w, mask, level, noise))
        joined = [torch.cat(each) for each in zip(*parts, strict=True)]
        return cls(joined[0].numpy(), *joined[1:])


def sequential_draw(
    model: "ConditionedModel", field: ErrorField, samples: Samples, cells: FieldCells
) -> Draw:
    """Draw the field at all cells, and keep it until the time is written.

    Args:
        model: A model that has read its context, of one value each.
        field: How its errors go together.
        samples: How many draws, of which seed, with or without noise.
        cells: The cells.

    Raises:
        ConfigError: If the draws do not fit in memory.
    """
    _check_memory(samples, cells)
    rng = samples.shared(cells.time)
    with torch.inference_mode():
        targets = FieldTargets.of(model, cells)
        values = _values(model, field, targets, samples, rng)

    def draw(sites: Sites, levels: Floats, numbers: NDArray[np.intp]) -> Floats:
        found = values[np.searchsorted(targets.number, numbers)].T
        return model.inputs.scaling.unscale(found.astype(np.float64))

    return draw


def _check_memory(samples: Samples, cells: FieldCells) -> None:
    rows, columns = cells.job.grid.shape
    needed = rows * columns * (_BYTES * samples.number + _BYTES_A_CELL)
    free = available_memory()
    if needed > free:
        raise ConfigError(
            f"{samples.number:,} draws of {rows:,} x {columns:,} cells need about "
            f"{needed / 2**30:,.1f} GiB of memory, and {free / 2**30:,.1f} GiB are "
            "free: all cells of a time are drawn together. Choose fewer draws "
            "(--samples), larger cells (--grid) or a smaller --region."
        )


def _values(
    model: "ConditionedModel", field: ErrorField, targets: FieldTargets,
    samples: Samples, rng: np.random.Generator,
) -> NDArray[np.float32]:  # fmt: skip
    """Draws at all cells, scaled, (n, draws)."""
    sequence = field.among(targets.x, targets.w, samples.number, CELLS)
    values = np.empty((len(targets.x), samples.number), dtype=np.float32)
    groups = list(drawing_order(targets.x.double().numpy()))
    order = np.concatenate(groups) if groups else np.zeros(0, dtype=np.intp)
    ends = np.cumsum([len(group) for group in groups])
    for start in range(0, len(order), _CHUNK):
        stop = min(start + _CHUNK, len(order))
        cell = torch.from_numpy(order[start:stop])
        law, channels = model.process.decode_channels(
            model.encoding, targets.x[None, cell], targets.w[None, cell],
            targets.mask[None, cell],
        )  # fmt: skip
        h = channels[0, :, 2 * model.process.backbone.dy :]
        inner = ends[(ends > start) & (ends < stop)]
        shares = []
        for first, last in pairwise([start, *inner, stop]):
            begun = ends[ends <= first].max(initial=0)  # where its group begins
            part, own = order[first:last], slice(first - start, last - start)
            before = sequence.before(order[:begun], part)
            fresh = torch.from_numpy(
                rng.standard_normal((len(part), samples.number), dtype=np.float32)
            )
            shares.append(sequence.draw(cell[own], before, h[own], fresh.to(h)))
        share = torch.cat(shares)
        drawn = _drawn(model, targets, samples, cell, law, share, sequence.z[cell])
        values[order[start:stop]] = drawn.numpy()
    return values


def _drawn(
    model: "ConditionedModel", targets: FieldTargets, samples: Samples, cell: Tensor,
    law: Predictive, share: Tensor, z: Tensor,
) -> Tensor:  # fmt: skip
    """Scaled values (n, draws) of cells from their standardised errors `z`.

    Args:
        model: The model.
        targets: All cells.
        samples: With or without noise.
        cell: Numbers of these cells, (n,).
        law: Their predictive distributions.
        share: Share of the field in the variance of kriging, (n,).
        z: Standardised errors, (n, draws).
    """
    noise = targets.noise[cell]
    if noise.any():
        law = law.noised(noise[None, :, None])
    added = noise + model.process.added_variance
    share = share * (1 - added / law.variance[0, :, 0])
    if samples.noise:
        own = torch.special.ndtri(inside(targets.level[cell]))
        z = share.sqrt()[:, None] * z + (1 - share).sqrt()[:, None] * own
    drawn = law.at_score(z.T[:, None, :, None])[:, 0, :, 0]
    if not samples.noise:
        mean = law.mean[0, :, 0]
        drawn = mean + share.sqrt() * (drawn - mean)
    return drawn.T
