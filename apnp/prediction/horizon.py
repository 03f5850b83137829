"""The horizon of a model on a plane: places beyond it cannot be asked for."""

from collections.abc import Iterable

import numpy as np

from apnp.errors import ConfigError
from apnp.geometry.sphere import EARTH_RADIUS_KM, great_circle_km
from apnp.inputs.stations import StationInputs
from apnp.maps.cells import Cells
from apnp.maps.predict_field import kept_cells
from apnp.maps.request import Mask
from apnp.observations import Floats, Observations


def check_reach(inputs: StationInputs, lat: Floats, lon: Floats) -> None:
    """Refuse places (n,) in degrees that lie too far from a plane's centre.

    Raises:
        ConfigError: Naming the centre and the farthest of them.
    """
    distance = beyond_plane(inputs, lat, lon)
    if distance.any():
        at, along = inputs.projection.centre
        raise ConfigError(
            f"The model uses a map projection centred on {at:.1f} N {along:.1f} E; a "
            f"target {distance.max():.0f} km away is beyond the horizon of that plane. "
            "Give a smaller `region`, or use a model for the sphere."
        )


def beyond_plane(inputs: StationInputs, lat: Floats, lon: Floats) -> Floats:
    """Distance in km from a plane's centre of places beyond its horizon, else 0."""
    if inputs.geometry != "plane":
        return np.zeros(lat.shape)
    distance = great_circle_km(lat, lon, *inputs.projection.centre)
    return np.where(distance > EARTH_RADIUS_KM * np.pi / 2, distance, 0.0)


def check_horizon(
    inputs: StationInputs, contexts: Iterable[Observations], grid: Cells, mask: Mask
) -> None:
    """Refuse cells beyond the horizon of any context's plane before any are predicted.

    Contexts in the region of training share one plane; others have planes of their own.

    Raises:
        ConfigError: Naming the centre and the farthest of them.
    """
    for plane in _planes(inputs, contexts):
        _check_cells(plane, grid, mask)


def check_points(
    inputs: StationInputs, contexts: Iterable[Observations], lat: Floats, lon: Floats
) -> None:
    """Refuse points (n,) in degrees as `check_horizon` refuses cells.

    Raises:
        ConfigError: Naming the centre and the farthest of them.
    """
    for plane in _planes(inputs, contexts):
        check_reach(plane, lat, lon)


def _planes(
    inputs: StationInputs, contexts: Iterable[Observations]
) -> list[StationInputs]:
    """The inputs of contexts, each plane once; none on the sphere."""
    if inputs.geometry != "plane":
        return []
    planes = (inputs.adapted(context.sites)[0] for context in contexts)
    return list({plane.projection.centre: plane for plane in planes}.values())


def _check_cells(plane: StationInputs, grid: Cells, mask: Mask) -> None:
    for row in range(grid.shape[0]):
        lat, lon = grid.points(slice(row, row + 1))
        far = beyond_plane(plane, lat, lon) > 0
        if far.any():
            far &= kept_cells(mask, slice(row, row + 1), lat, lon)
            check_reach(plane, lat[far], lon[far])


def within_horizon(inputs: StationInputs, context: Observations) -> Observations:
    """The observations that a model on a plane can be asked for; all on the sphere."""
    plane, _ = inputs.adapted(context.sites)
    beyond = beyond_plane(plane, context.sites.lat, context.sites.lon)
    return context.take(beyond == 0) if beyond.any() else context
