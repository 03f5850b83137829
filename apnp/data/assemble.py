"""From screened readings to the dense station dataset."""

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from apnp.data.daily import Daily, daily_values
from apnp.data.day import days_text, mixture
from apnp.data.quality import counted, screen_sites
from apnp.data.readings import Readings
from apnp.data.schema import GOOD, MISSING, from_arrays
from apnp.errors import DataError
from apnp.variables import Variable

MOST_CELLS = 250_000_000  # stations x times held in memory at once
_CLEAN = "nothing dropped"


def assemble(given: Readings, about: Variable, daily: Daily | None) -> xr.Dataset:
    """The station dataset of screened readings in the variable's units.

    Raises:
        DataError: If no usable station or value is left.
    """
    label, stations, notes = screen_sites(
        given.sites, np.bincount(given.site, minlength=len(given.sites))
    )
    notes = [*given.notes, *notes]
    station = label[given.site]
    given = replace(given, site=station).take(station >= 0)
    if daily is not None:
        given, about, day_notes = daily_values(given, daily)
        notes += day_notes
    if len(given.days) > 1:
        notes.append(mixture(given.days))
    good = given.flag == GOOD
    reporting = np.zeros(len(stations), dtype=bool)
    reporting[given.site[good]] = True
    if not reporting.any():
        raise DataError(
            f"No usable value of {about.name} is left. "
            + " ".join(f"{n}." for n in notes)
        )
    if not reporting.all():
        silent = counted(int((~reporting).sum()), "station")
        notes.append(f"{silent} without any value dropped")
        given = given.take(reporting[given.site])
        stations = stations[reporting]
    used = np.bincount(given.step, minlength=len(given.times)) > 0
    given = replace(
        given, times=given.times[used],
        site=(np.cumsum(reporting) - 1)[given.site],
        step=(np.cumsum(used) - 1)[given.step],
    )  # fmt: skip
    value, flag, n_repeated, apart = _dense(given, stations["station"])
    if n_repeated:
        notes.append(f"{counted(n_repeated, 'repeated value')} averaged{apart}")
    before = given.attrs.get("quality_control", "").split("; ")
    report = [n for n in dict.fromkeys((*before, *notes)) if n not in ("", _CLEAN)]
    names = stations["station_name"].fillna("").astype(str)
    return from_arrays(
        about.name,
        value,
        station=stations["station"], lat=stations["lat"], lon=stations["lon"],
        elevation=stations["elevation"], time=_stamps(given), flag=flag,
        station_name=names if (names != "").any() else None,
        cell_method=given.cell_method,
        attrs={
            **given.attrs, "quality_control": "; ".join(report) or _CLEAN,
            "assumptions": "; ".join(given.assumed),
        },
        variable_attrs=_about_values(given),
    )  # fmt: skip


def _stamps(given: Readings) -> NDArray[np.datetime64]:
    """The times: of daily values of one definition, the time that stands for them."""
    if len(given.days) != 1:
        return given.times
    return given.times + np.timedelta64(round(given.days[0].stamp * 60), "m")


def _about_values(given: Readings) -> dict[str, str]:
    """Attributes of the variable: how it was made, and which days it stands for."""
    attrs = {"comment": given.comment, "day_interval": days_text(given.days)}
    return {name: text for name, text in attrs.items() if text}


def _dense(given: Readings, ids: pd.Series) -> tuple[NDArray, NDArray, int, str]:
    """Values and flags (station, time), how many were averaged, and how far apart."""
    shape = (len(ids), len(given.times))
    size = shape[0] * shape[1]
    if size > MOST_CELLS:
        raise DataError(
            f"{shape[0]:,} stations at {shape[1]:,} different times are more than "
            f"{MOST_CELLS:,} cells. Make daily values (--daily mean), or read fewer "
            "files."
        )
    cell = given.site * shape[1] + given.step
    good = given.flag == GOOD
    count = np.bincount(cell[good], minlength=size)
    value = np.full(size, np.nan, dtype=np.float32)
    flag = np.full(size, MISSING, dtype=np.int8)
    np.maximum.at(flag, cell[~good], given.flag[~good])
    flag[count > 0] = GOOD
    value[cell[good]] = given.value[good]
    repeated, apart = np.flatnonzero(count > 1), ""
    if repeated.size:
        many = count[cell] > 1
        which = np.searchsorted(repeated, cell[good & many])
        values = given.value[good & many]
        value[repeated] = np.bincount(which, values) / count[repeated]
        apart = _apart(which, values, repeated, given.times, ids)
    n_repeated = int((count[repeated] - 1).sum())
    return value.reshape(shape), flag.reshape(shape), n_repeated, apart


def _apart(
    which: NDArray, values: NDArray, repeated: NDArray, times: NDArray, ids: pd.Series
) -> str:
    """By how much repeated values differ, and where most."""
    low, high = np.full(repeated.size, np.inf), np.full(repeated.size, -np.inf)
    np.minimum.at(low, which, values)
    np.maximum.at(high, which, values)
    worst = int((high - low).argmax())
    if high[worst] - low[worst] < 0.1:
        return ""
    station, step = divmod(int(repeated[worst]), times.size)
    return (
        f", which differ by up to {high[worst] - low[worst]:.1f} K "
        f"({ids.iloc[station]}, {str(times[step])[:16].removesuffix('T00:00')})"
    )
