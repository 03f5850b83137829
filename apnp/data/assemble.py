"""From screened readings to the dense station dataset."""

from dataclasses import replace

import numpy as np
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
    value, flag, n_repeated = _dense(given, len(stations))
    if n_repeated:
        notes.append(f"{counted(n_repeated, 'repeated value')} averaged")
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


def _dense(given: Readings, n_stations: int) -> tuple[NDArray, NDArray, int]:
    """Values and flags (station, time), and how many repeated values were averaged."""
    shape = (n_stations, len(given.times))
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
    repeated = np.flatnonzero(count > 1)
    if repeated.size:
        many = count[cell] > 1
        total = np.bincount(
            np.searchsorted(repeated, cell[good & many]), given.value[good & many]
        )
        value[repeated] = total / count[repeated]
    return value.reshape(shape), flag.reshape(shape), int((count[repeated] - 1).sum())
