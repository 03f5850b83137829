"""The horizon of a model on a plane: places beyond it cannot be asked for."""

import numpy as np

from apnp.errors import ConfigError
from apnp.geometry.sphere import EARTH_RADIUS_KM, great_circle_km
from apnp.inputs.stations import StationInputs
from apnp.maps.grid import Grid
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
            f"This model sees a plane about {at:.1f} N {along:.1f} E, and is asked for "
            f"a place {distance.max():.0f} km away, beyond the horizon of that plane. "
            "Give a smaller `region`, or use a model for the sphere."
        )


def beyond_plane(inputs: StationInputs, lat: Floats, lon: Floats) -> Floats:
    """Distance in km from a plane's centre of places beyond its horizon, else 0."""
    if inputs.geometry != "plane":
        return np.zeros(lat.shape)
    distance = great_circle_km(lat, lon, *inputs.projection.centre)
    return np.where(distance > EARTH_RADIUS_KM * np.pi / 2, distance, 0.0)


def check_horizon(
    inputs: StationInputs, context: Observations, grid: Grid, mask: Mask
) -> None:
    """Refuse cells beyond the horizon of a plane before any are predicted.

    The planes of later contexts, which may lie elsewhere, check the cells they are
    asked for.

    Raises:
        ConfigError: Naming the centre and the farthest of them.
    """
    if inputs.geometry != "plane":
        return
    plane, _ = inputs.adapted(context.sites)
    for row in range(grid.lat.size):
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
