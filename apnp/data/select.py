"""Choosing times, places, and the observations at one time, of a station dataset."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.data.times import END, FIRST
from apnp.errors import ConfigError, DataError
from apnp.observations import Observations, Sites

Time = str | np.datetime64


def select_times(ds: xr.Dataset, when: str) -> NDArray[np.datetime64]:
    """Times of the dataset at `A` or from `A` to `B` (written `A/B`), inclusive.

    A date without a clock time stands for all its day (or month, or year).

    Raises:
        ConfigError: If `when` is not a time or a range of times.
        DataError: If the dataset has no time there; it names the range there is.
    """
    first, _, last = when.partition("/")
    start, _ = _period(first)
    _, end = _period(last or first)
    if end <= start:
        raise ConfigError(f"`time` is A or A/B with A before B. Got {when!r}.")
    times = ds["time"].values
    chosen = times[(times >= start) & (times < end)]
    if chosen.size == 0:
        raise DataError(f"No observations at {when}: {_times_there(times)}.")
    return chosen


def select_region(
    ds: xr.Dataset, region: tuple[float, float, float, float]
) -> xr.Dataset:
    """The stations of a region.

    Args:
        ds: A station dataset.
        region: West, south, east and north in degrees, edges included; east is west of
            west where the region crosses the date line.

    Raises:
        DataError: If no station lies there; it names the extent of those there are.
    """
    west, south, east, north = region
    width = 360.0 if east - west >= 360 else round((east - west) % 360, 4)
    lat, lon = (ds[name].values.astype(np.float64) for name in ("lat", "lon"))
    # Single precision must not move a station off an edge.
    along = np.round((lon - west) % 360, 4) % 360
    there = (np.round(lat, 4) >= south) & (np.round(lat, 4) <= north) & (along <= width)
    if not there.any():
        raise DataError(
            f"None of {there.size} stations lies in the region {region} (west, south, "
            f"east, north): they reach from {lat.min():.4g} to {lat.max():.4g} N, "
            f"{lon.min():.4g} to {lon.max():.4g} E."
        )
    return ds.isel(station=there)


def observations_at(
    ds: xr.Dataset, time: Time, *, variable: str = "tas"
) -> Observations:
    """What was observed at one time, at stations of known elevation.

    Args:
        ds: A station dataset.
        time: A time of the dataset; a date where it has one time that day.
        variable: The variable.

    Raises:
        DataError: If the time or the variable is not in the dataset, or nothing was
            observed then.
    """
    if variable not in ds:
        raise DataError(
            f"No variable {variable!r} in the station dataset; it has "
            f"{', '.join(map(str, ds.data_vars))}."
        )
    chosen = select_times(ds, str(time))
    if chosen.size > 1:
        raise DataError(
            f"{chosen.size} times at {time}, from {_iso(chosen[0])} to "
            f"{_iso(chosen[-1])}; name one of them."
        )
    value = ds[variable].sel(time=chosen[0]).values.astype(np.float64)
    elevation = ds["elevation"].values
    kept = np.isfinite(value) & np.isfinite(elevation)
    if not kept.any():
        raise DataError(
            f"Nothing observed at {_iso(chosen[0])}: {int(np.isfinite(value).sum())} "
            f"values of {variable}, none at a station of known elevation."
        )
    sites = Sites(
        ds["lat"].values[kept], ds["lon"].values[kept], elevation[kept], chosen[0]
    )
    return Observations(sites, value[kept])


def _period(text: str) -> tuple[np.datetime64, np.datetime64]:
    """Start and end (exclusive) of the period that a time of any precision names."""
    try:
        start = np.datetime64(text.strip().removesuffix("Z"))
        if np.isnat(start):
            raise ValueError
        if not FIRST <= start.astype("M8[s]") < END or start + 1 > END:
            raise ConfigError(
                f"{text!r} lies outside the years 1678 to 2261, which times can be of."
            )
    except ValueError:
        raise ConfigError(
            f"Not a time: {text!r}. Write 2021-07-01 or 2021-07-01T12:00 (UTC), or a "
            "range A/B."
        ) from None
    end = END if start + 1 > END else start + 1  # what nanoseconds hold ends at END
    return start.astype("datetime64[ns]"), end.astype("datetime64[ns]")


def _iso(time: np.datetime64) -> str:
    """A time as text, as short as it can be."""
    text = str(time.astype("datetime64[s]"))
    return text.removesuffix("T00:00:00")


def _times_there(times: NDArray) -> str:
    return (
        f"the stations report at {times.size} times from {_iso(times[0])} to "
        f"{_iso(times[-1])}"
    )
