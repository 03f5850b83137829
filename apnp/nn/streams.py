"""Streams beside the context, scattered or gridded, as channels of a lattice."""

from collections.abc import Sequence
from functools import singledispatch

import torch
from torch import Tensor, nn

from apnp.nn.lattice import Lattice
from apnp.nn.setconv import spread_gaussian
from apnp.types import GriddedField, PointSet, Stream


class StreamAnalysis(nn.Module):
    """Normalised set convolutions of one stream at a few widths (Gordon 2020, 4).

    Spread with a Gaussian and divided by the density of what was observed plus a fade,
    so that nothing is said where nothing is known; the logarithm of the density says
    where that is. Widths and fades are learned. Each variable has a density of its own.

    Args:
        dy: Number of variables.
        widths: Initial widths, units of `x`.
    """

    def __init__(self, dy: int, widths: Sequence[float]) -> None:
        super().__init__()
        self.log_widths = nn.Parameter(torch.tensor(tuple(widths)).log())
        self.log_fades = nn.Parameter(torch.full((len(widths),), -1.0))
        self.n_channels = 2 * dy * len(widths)

    def forward(self, stream: Stream, lattice: Lattice, centre: Tensor) -> Tensor:
        """The stream on the lattice of a domain of this centre, (b, c, *shape)."""
        mask = stream.y_mask
        values = torch.where(mask, stream.y, 0.0)
        values = torch.cat((values, mask.to(values.dtype)), dim=-1)
        channels = []
        scales = (self.log_widths.exp(), self.log_fades.exp())
        for width, fade in zip(*scales, strict=True):
            sums, density = onto(stream, values, lattice, centre, width).chunk(2, dim=1)
            channels += [sums / (density + fade), torch.log1p(density)]
        return torch.cat(channels, dim=1)


@singledispatch
def onto(
    stream: Stream, values: Tensor, lattice: Lattice, centre: Tensor, width: Tensor
) -> Tensor:
    """Sums of values (b, *points, c) at a stream's locations, (b, c, *shape).

    Locations where nothing was observed may be anything.

    Raises:
        ValueError: If the locations are not those of the lattice's space.
        TypeError: If there is no such stream.
    """
    raise TypeError(
        f"A stream is a PointSet or a GriddedField. Got a {type(stream).__name__}."
    )


@onto.register(PointSet)
def _points(
    stream: PointSet, values: Tensor, lattice: Lattice, centre: Tensor, width: Tensor
) -> Tensor:
    dx, dw = stream.x.shape[-1], stream.w.shape[-1]
    if dx != lattice.dx or dw:
        raise ValueError(
            f"A scattered stream has dx = {lattice.dx} for this model and no "
            f"covariates: make them its variables. Got dx = {dx} and dw = {dw}."
        )
    seen = stream.y_mask.any(-1, keepdim=True)
    x = torch.where(seen, stream.x, centre[:, None])
    return spread_gaussian(values, lattice.squared(x, centre), width)


@onto.register(GriddedField)
def _grid(
    stream: GriddedField,
    values: Tensor,
    lattice: Lattice,
    centre: Tensor,
    width: Tensor,
) -> Tensor:
    n_axes = len(lattice.shape)
    if len(stream.axes) != n_axes:
        raise ValueError(
            f"A gridded stream has {n_axes} axes for this model, those of its lattice. "
            f"Got {len(stream.axes)}."
        )
    axes = tuple(
        torch.where(stream.y_mask.movedim(1 + i, 1).flatten(2).any(-1), axis, 0.0)
        for i, axis in enumerate(stream.axes)
    )
    return lattice.spread_grid(values, axes, centre, width)
