"""A station dataset as an archive in numpy: what baselines and models read."""

import numpy as np
import xarray as xr

from apnp.data.times import FIRST
from apnp.observations import Archive, Sites


def archive_of(ds: xr.Dataset, variable: str = "tas") -> Archive:
    """The stations of known elevation, and all that they observed.

    Args:
        ds: Station dataset.
        variable: Name of the data variable.
    """
    lat, lon, elevation = (
        ds[name].values.astype(np.float64) for name in ("lat", "lon", "elevation")
    )
    known = np.isfinite(elevation)
    order = np.argsort(ds["time"].values)
    value = ds[variable].transpose("time", "station").values[order][:, known]
    sites = Sites(lat[known], lon[known], elevation[known], FIRST)
    return Archive(sites, ds["time"].values[order], value.astype(np.float64))
