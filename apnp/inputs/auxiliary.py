"""Gridded fields as auxiliary context sets: averaged, on a grid of the model."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from apnp.geometry.lat_lon_grid import LatLonGrid
from apnp.geometry.plane import LambertAzimuthal
from apnp.geometry.sphere import EARTH_RADIUS_KM
from apnp.inputs.gridded_covariates import KM_PER_UNIT, FieldScaling, FieldSource
from apnp.types import GriddedField

Floats = NDArray[np.float64]

_MARGIN_KM = 500.0
"""How far beyond its domain a task on the plane receives an auxiliary set."""
_HORIZON_KM = EARTH_RADIUS_KM * np.sqrt(2.0)
"""Radius of the disc in which a plane holds the hemisphere about its centre."""


def sphere_auxiliary(
    scalings: Sequence[FieldScaling],
    sources: Sequence[FieldSource],
    time: np.datetime64,
) -> tuple[GriddedField, ...]:
    """The auxiliary sets of a day at all nodes of the averaged fields."""
    found = _averaged(scalings, sources, time)
    return tuple(
        _gridded((np.radians(grid.lat), np.radians(grid.lon)), values)
        for _, grid, values in found
    )


def plane_auxiliary(
    scalings: Sequence[FieldScaling],
    sources: Sequence[FieldSource],
    time: np.datetime64,
    plane: LambertAzimuthal,
    box: tuple[Floats, Floats],
) -> tuple[GriddedField, ...]:
    """The auxiliary sets of a day read at nodes of the plane, in and around a box.

    Nodes lie symmetrically about its centre, so that they move with it.

    Args:
        scalings: The fields.
        sources: Where their values come from.
        time: A time of the day.
        plane: The projection.
        box: Centre and extent of the domain, each (2,), in units of the plane.
    """
    made = []
    for scaling, grid, values in _averaged(scalings, sources, time):
        spacing = scaling.use.auxiliary_km / KM_PER_UNIT
        counts = np.ceil((box[1] + 2 * _MARGIN_KM / KM_PER_UNIT) / spacing)
        axes = tuple(
            centre + spacing * (np.arange(n) - (n - 1) / 2)
            for centre, n in zip(box[0], counts, strict=True)
        )
        nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1) * KM_PER_UNIT
        there = (nodes**2).sum(-1) <= _HORIZON_KM**2
        lat, lon = plane.inverse(np.where(there[..., None], nodes, 0.0))
        read = grid.at(values, lat.ravel(), lon.ravel()).reshape(there.shape)
        made.append(_gridded(axes, np.where(there, read, np.nan)))
    return tuple(made)


def _averaged(
    scalings: Sequence[FieldScaling],
    sources: Sequence[FieldSource],
    time: np.datetime64,
) -> Iterator[tuple[FieldScaling, LatLonGrid, Floats]]:
    for scaling, source in zip(scalings, sources, strict=True):
        if scaling.use.auxiliary_km:
            yield scaling, *scaling.averaged(source, time)


def _gridded(axes: tuple[Floats, ...], values: Floats) -> GriddedField:
    """Values (m, k) on axes (m,) and (k,) as one auxiliary set; NaN = missing."""
    y = torch.from_numpy(np.nan_to_num(values).astype(np.float32))[None, ..., None]
    mask = torch.from_numpy(np.isfinite(values))[None, ..., None]
    return GriddedField(
        tuple(torch.from_numpy(a.astype(np.float32))[None] for a in axes), y, mask
    )
