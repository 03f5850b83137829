"""Times of a CF file: decoded, with the intervals that their bounds state."""

import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from apnp.data.day import Day
from apnp.data.times import nanoseconds
from apnp.errors import DataError

_CALENDARS = (
    "standard",
    "gregorian",
    "proleptic_gregorian",
    "noleap",
    "365_day",
    "none",
)
_HALF_SECOND = np.timedelta64(500, "ms")


@dataclass(frozen=True)
class Stamps:
    """The times of a file, and what interval each stands for.

    Attributes:
        values: Times as datetime64[ns], of the shape of the variable: dates of daily
            values with bounds, starts of shorter intervals, otherwise as stamped.
        hours: Length of the intervals; 0 for instants, None where no bounds are.
        day: The 24 hours that bounds of daily values state.
    """

    values: NDArray[np.datetime64]
    hours: float | None
    day: Day | None


def is_time(attrs: dict[str, Any]) -> bool:
    """Whether units are of time since a date."""
    return re.match(r"\s*\w+\s+since\s", str(attrs.get("units", ""))) is not None


def stamps(ds: xr.Dataset, time: xr.DataArray, where: str) -> Stamps:
    """The decoded times of a variable, its bounds applied.

    Raises:
        DataError: If the calendar is not that of real dates, the units are months or
            years, a time is out of range, or the intervals are longer than a day.
    """
    place = f"{where}: {time.name!r}"
    _check_calendar(time.attrs, place)
    bounds = time.attrs.get("bounds")
    if "climatology" in time.attrs:
        raise DataError(
            f"{place} has climatological bounds: its values belong to no day. Give "
            "the values of single days or instants."
        )
    values = decoded(time.values, time.attrs, place)
    if bounds not in ds.variables or ds[bounds].shape != (*time.shape, 2):
        return Stamps(values, None, None)
    attrs = dict(time.attrs) | {
        k: v for k, v in ds[bounds].attrs.items() if k in ("units", "calendar")
    }
    return _of_bounds(values, decoded(ds[bounds].values, attrs, place), place)


def _check_calendar(attrs: dict[str, Any], place: str) -> None:
    units, calendar = str(attrs["units"]), str(attrs.get("calendar", "standard"))
    if re.match(r"\s*(month|year|common_year)s?\b", units, re.IGNORECASE):
        raise DataError(
            f"{place} counts {units!r}: months and years differ in length, and their "
            "means are no values of a day. If the values are daily, write the times as "
            "'days since ...'; if they are monthly, give the daily values instead."
        )
    if calendar.lower() not in _CALENDARS:
        raise DataError(
            f"{place} has the calendar {calendar!r}, whose dates are not those of "
            "observations. Convert it first, e.g. in Python: xarray.open_dataset(FILE)"
            '.convert_calendar("standard", align_on="date").to_netcdf(NEW).'
        )


def decoded(
    values: NDArray, attrs: dict[str, Any], place: str
) -> NDArray[np.datetime64]:
    """Numbers since a date as datetime64[ns], to the second; missing ones are NaT.

    Raises:
        DataError: If they cannot be read as dates, or lie out of range.
    """
    # Ragged files repeat their times, and decoding a time can be slow.
    code, unique = pd.factorize(np.asarray(values).ravel())
    kept = {k: attrs[k] for k in ("units", "calendar") if k in attrs}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", xr.SerializationWarning)
            once = xr.decode_cf(
                xr.Dataset({"time": ("time", unique, kept)}),
                decode_times=xr.coders.CFDatetimeCoder(time_unit="us"),
            )["time"]
        # Days as fractions are out by parts of a second.
        exact = once.values
        if exact.dtype == object:
            exact = np.array([str(t) for t in exact], dtype="datetime64[us]")
        times = (exact.astype("datetime64[us]") + _HALF_SECOND).astype("M8[s]")
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(
            f"{place} ({kept}) cannot be read as dates ({error}). Write the times as "
            "'days since 1970-01-01' of the standard calendar."
        ) from None
    times = np.append(nanoseconds(times, place), np.datetime64("NaT", "ns"))
    return times[code].reshape(np.shape(values))


def _of_bounds(values: NDArray, bounds: NDArray, place: str) -> Stamps:
    """What bounds say of the intervals."""
    start, end = bounds.min(axis=-1), bounds.max(axis=-1)
    known = ~np.isnat(start)
    if not known.any():
        return Stamps(values, None, None)
    hours = (end - start)[known] / np.timedelta64(1, "h")
    if (hours == 0).all():
        return Stamps(values, 0.0, None)
    if hours.max() > 26:
        raise DataError(
            f"{place}: its bounds span {hours.max() / 24:g} days. Means of longer than "
            "a day are no values of a day or an instant (monthly means are not read). "
            "Give the daily or hourly values they were made of."
        )
    if hours.min() < 22:
        if hours.max() >= 22:
            raise DataError(
                f"{place}: its bounds span {hours.min():g} to {hours.max():g} hours. "
                "Give daily values and shorter ones in files of their own."
            )
        return Stamps(start, float(np.median(hours)), None)
    middle = start + (end - start) // 2 - np.timedelta64(1, "ns")
    date = middle.astype("datetime64[D]").astype("datetime64[ns]")
    begins = np.unique((start - date)[known] / np.timedelta64(1, "h"))
    day = Day(float(begins[0])) if begins.size == 1 else Day(clock="local")
    return Stamps(date, 24.0, day)
