"""From stations to a field, or to predictions at points, in one call."""

from collections.abc import Sequence
from os import PathLike

import numpy as np
import pandas as pd
import xarray as xr

from apnp.errors import ConfigError
from apnp.maps.grid_choice import GridLike
from apnp.prediction.trained import Stations, load
from apnp.pretrained import PRETRAINED


def predict(
    stations: Stations,
    *,
    time: str | np.datetime64,
    grid: GridLike | None = None,
    points: pd.DataFrame | None = None,
    checkpoint: str | PathLike = PRETRAINED,
    region: Sequence[float] | None = None,
    output: str | PathLike | None = None,
) -> xr.Dataset | pd.DataFrame:
    """Predict a field on a grid, or values at points, from stations.

    This is `load(checkpoint)` with `predict_grid` or `predict_points` of the model,
    which have more options.

    Args:
        stations: A station dataset, or a file of any known format.
        time: A time in it, or a range "A/B".
        grid: Cell size in degrees; a reference system and a spacing in its unit,
            "EPSG:3035,1000"; a grid; or a NetCDF file whose grid is used.
        points: Instead of a grid, a table with the columns lat, lon (degrees) and,
            where known, elevation (m).
        checkpoint: A run folder; by default the weights that ship with the package.
        region: West, south, east, north of the grid in degrees.
        output: CF NetCDF file (or Zarr store) to make from a grid.

    Returns:
        For a grid a CF dataset (time, lat, lon) with the mean, its standard error, a
        flag and the distance to the nearest station; for points the table with the
        columns mean, std and quantiles added.

    Raises:
        ConfigError: If not exactly one of `grid` and `points` is given, or an option
            does not go with it.
        DataError: If the stations cannot be used.
        CheckpointError: If there is no such model.
    """
    if (grid is None) == (points is None):
        raise ConfigError(
            "Say where to predict: give either `grid` (a cell size such as 1.0) or "
            "`points` (a table), and not both."
        )
    model = load(checkpoint)
    if points is None:
        assert grid is not None
        return model.predict_grid(
            stations, time=time, grid=grid, region=region, output=output
        )
    given = [n for n, v in (("region", region), ("output", output)) if v is not None]
    if given:
        raise ConfigError(f"`{given[0]}` goes with `grid`, not with `points`.")
    return model.predict_points(stations, points, time=time)
