"""Auxiliary sets beside the context, scattered or gridded, as channels of a lattice."""

from collections.abc import Sequence
from functools import singledispatch

import torch
from torch import Tensor, nn

from apnp.nn.lattice import Lattice
from apnp.nn.setconv import scatter_gaussian
from apnp.types import AuxiliarySet, GriddedField, PointSet


class AuxiliaryAnalysis(nn.Module):
    """Normalised set convolutions of an auxiliary set at a few widths (Gordon 2020, 4).

    Values are scattered with a Gaussian and divided by the density of the observations
    plus a constant, the prior, so that the channel goes to zero where nothing is
    observed; the logarithm of the density is a channel too. Widths and priors are
    learned. Each variable has its own density.

    Args:
        dy: Number of variables.
        widths: Initial widths, units of `x`.
    """

    def __init__(self, dy: int, widths: Sequence[float]) -> None:
        super().__init__()
        self.log_widths = nn.Parameter(torch.tensor(tuple(widths)).log())
        self.log_density_prior = nn.Parameter(torch.full((len(widths),), -1.0))
        self.n_channels = 2 * dy * len(widths)

    def forward(
        self, auxiliary_set: AuxiliarySet, lattice: Lattice, centre: Tensor
    ) -> Tensor:
        """The set on the lattice of a domain of this centre, (b, c, *shape)."""
        mask = auxiliary_set.y_mask
        values = torch.where(mask, auxiliary_set.y, 0.0)
        values = torch.cat((values, mask.to(values.dtype)), dim=-1)
        channels = []
        scales = (self.log_widths.exp(), self.log_density_prior.exp())
        for width, prior in zip(*scales, strict=True):
            scattered = onto(auxiliary_set, values, lattice, centre, width)
            sums, density = scattered.chunk(2, dim=1)
            channels += [sums / (density + prior), torch.log1p(density)]
        return torch.cat(channels, dim=1)


@singledispatch
def onto(
    auxiliary_set: AuxiliarySet,
    values: Tensor,
    lattice: Lattice,
    centre: Tensor,
    width: Tensor,
) -> Tensor:
    """Sums of values (b, *points, c) at an auxiliary set's locations, (b, c, *shape).

    Locations where nothing was observed may be anything.

    Raises:
        ValueError: If the locations are not those of the lattice's space.
        TypeError: If there is no such auxiliary set.
    """
    raise TypeError(
        "An auxiliary set is a PointSet or a GriddedField. Got a "
        f"{type(auxiliary_set).__name__}."
    )


@onto.register(PointSet)
def _points(
    auxiliary_set: PointSet,
    values: Tensor,
    lattice: Lattice,
    centre: Tensor,
    width: Tensor,
) -> Tensor:
    dx, dw = auxiliary_set.x.shape[-1], auxiliary_set.w.shape[-1]
    if dx != lattice.dx or dw:
        raise ValueError(
            f"A scattered auxiliary set has dx = {lattice.dx} for this model and no "
            f"covariates: make them its variables. Got dx = {dx} and dw = {dw}."
        )
    mask = auxiliary_set.y_mask.any(-1, keepdim=True)
    x = torch.where(mask, auxiliary_set.x, centre[:, None])
    return scatter_gaussian(values, lattice.squared(x, centre), width)


@onto.register(GriddedField)
def _grid(
    auxiliary_set: GriddedField,
    values: Tensor,
    lattice: Lattice,
    centre: Tensor,
    width: Tensor,
) -> Tensor:
    n_axes = len(lattice.shape)
    if len(auxiliary_set.axes) != n_axes:
        raise ValueError(
            f"A gridded auxiliary set has {n_axes} axes for this model, those of its "
            f"lattice. Got {len(auxiliary_set.axes)}."
        )
    axes = tuple(
        torch.where(
            auxiliary_set.y_mask.movedim(1 + i, 1).flatten(2).any(-1), axis, 0.0
        )
        for i, axis in enumerate(auxiliary_set.axes)
    )
    return lattice.scatter_grid(values, axes, centre, width)
