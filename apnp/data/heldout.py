"""Tasks that score a predictor at stations it has not been trained on."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.observations import Observations, Sites

ContextPool = Literal["all", "outside"]
_SITE = ("lat", "lon", "elevation")
_POOLS = {"all": "all", "outside": "the others"}


def heldout_tasks(
    ds: xr.Dataset,
    times: NDArray[np.datetime64],
    held_out: NDArray[np.bool_],
    *,
    n_context: int,
    variable: str = "tas",
    context_pool: ContextPool = "outside",
    seed: int = 0,
) -> Iterator[tuple[Observations, Observations]]:
    """Context and target of every time, with targets at held-out stations alone.

    The context is a random subset of the stations observed at that time; it follows
    from `seed`, the time and the file's stations alone, not from the order of `times`,
    and a smaller context is part of a larger one. The targets are all held-out
    stations observed at that time that are not in the context. A station of unknown
    elevation is never used, and a time without any context or target gives no task.

    Args:
        ds: Station dataset.
        times: Times of the tasks, each in `ds`.
        held_out: True for the stations to predict, shape (station,).
        n_context: Number of context stations (fewer where fewer were observed).
        variable: Name of the data variable.
        context_pool: 'outside' draws the context from the stations not held out (the
            held-out regions are empty), 'all' from every station.
        seed: Draws other contexts.

    Raises:
        DataError: If a time is not in `ds`, or no time gives a task.
    """
    _check(ds, held_out, n_context)
    position = _positions(ds, times)
    values = ds[variable].transpose("time", "station").values
    lat, lon, elevation = (ds[name].values.astype(np.float64) for name in _SITE)
    pool = np.ones_like(held_out) if context_pool == "all" else ~held_out
    n_tasks = 0
    for time, row in zip(times, position, strict=True):
        usable = np.isfinite(values[row]) & np.isfinite(elevation)
        order = _generator(seed, time).permutation(len(usable))
        chosen = order[(usable & pool)[order]][:n_context]
        wanted = usable & held_out
        wanted[chosen] = False
        if not len(chosen) or not wanted.any():
            continue
        n_tasks += 1
        context, target = (
            Observations(Sites(lat[i], lon[i], elevation[i], time), values[row, i])
            for i in (chosen, np.flatnonzero(wanted))
        )
        yield context, target
    if not n_tasks:
        known = int((held_out & np.isfinite(elevation)).sum())
        raise DataError(
            f"None of the {len(times)} times has both context and target stations: "
            f"{int(held_out.sum())} of {held_out.size} stations are held out, "
            f"{known} of them with a known elevation, and up to {n_context} stations "
            f"are drawn as context from {_POOLS[context_pool]}. "
            "Hold out other stations or take a smaller context."
        )


def _check(ds: xr.Dataset, held_out: NDArray[np.bool_], n_context: int) -> None:
    if held_out.shape != (ds.sizes["station"],) or held_out.dtype != bool:
        raise ValueError(
            f"`held_out` must be boolean of shape ({ds.sizes['station']},), one a "
            f"station. Got {held_out.dtype} of shape {held_out.shape}."
        )
    if n_context < 1:
        raise ValueError(f"`n_context` is a number of stations. Got {n_context}.")


def _generator(seed: int, time: np.datetime64) -> np.random.Generator:
    nanoseconds = int(time.astype("datetime64[ns]").astype(np.int64))
    return np.random.default_rng([seed % 2**64, nanoseconds % 2**64])


def _positions(ds: xr.Dataset, times: NDArray[np.datetime64]) -> NDArray[np.intp]:
    """Indices of `times` on the time axis of `ds`."""
    index = ds.indexes["time"]
    position = index.get_indexer(pd.DatetimeIndex(times.astype("datetime64[ns]")))
    if (position < 0).any():
        missing = times[position < 0][0]
        raise DataError(
            f"Time {missing} is not in the station file, which holds {len(index)} "
            f"times from {index[0]} to {index[-1]}."
        )
    return position
