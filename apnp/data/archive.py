"""A station dataset as an archive in numpy: what baselines and models read."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

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


def before(
    ds: xr.Dataset, times: NDArray[np.datetime64] | None, days: int, further: int
) -> xr.Dataset:
    """What is needed of a station dataset for the past of some times.

    Args:
        ds: Station dataset.
        times: Times to predict, in ascending order; None for any: all is needed.
        days: Days of the past that each of them reads.
        further: Times before the first that may be predicted too.
    """
    if times is None:
        return ds
    every = np.sort(ds["time"].values)
    first = int(np.searchsorted(every, times[0]))
    start = every[max(first - further, 0)].astype("datetime64[D]")
    start = start - np.timedelta64(days, "D")
    kept = (ds["time"].values >= start) & (ds["time"].values <= times[-1])
    return ds.isel(time=kept)
