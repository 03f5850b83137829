"""Whether temperatures fit latitude and season: a check of assumed units."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from apnp.data.readings import Readings
from apnp.data.schema import GOOD
from apnp.data.units import canonical_units

UNLIKELY_K = 20.0  # a median farther from the usual than this is no weather
_LIKELY_K = 12.0


def usual_temperature(
    lat: NDArray, elevation: NDArray, time: NDArray[np.datetime64]
) -> NDArray[np.float64]:
    """A rough temperature (degC) near the ground for a place and date.

    Good to about 10 K: 27.5 degC at the equator, less 32 K times the squared sine of
    latitude, a yearly wave of 16 K times the sine, and 6 K a kilometre.

    Args:
        lat: Latitudes in degrees.
        elevation: Heights in metres; NaN counts as 0.
        time: Dates, of the shape of `lat`.
    """
    sine = np.sin(np.radians(lat))
    year = time.astype("datetime64[Y]")
    day = (time - year) / np.timedelta64(1, "D")
    wave = -16 * sine * np.cos(2 * np.pi * (day - 20) / 365.25)
    return 27.5 - 32 * sine**2 + wave - 0.006 * np.nan_to_num(elevation)


def with_season(part: Readings, units: str = "") -> Readings:
    """The readings (degC), with a warning where their units look wrong.

    Stated units are doubted only where values read as degF would fit as degC.

    Args:
        part: Readings in degC.
        units: The units that they had, in any spelling.
    """
    good = part.flag == GOOD
    doubted = part.units_assumed or canonical_units(units, part.where) == "degF"
    if not doubted or not good.any():
        return part
    rows = np.flatnonzero(good)[:: max(int(good.sum()) // 5000, 1)]
    site = part.site[rows]
    usual = usual_temperature(
        part.sites["lat"].to_numpy(float)[site],
        part.sites["elevation"].to_numpy(float)[site], part.times[part.step[rows]],
    )  # fmt: skip
    value = part.value[rows]
    known = np.isfinite(usual)
    if not known.any():
        return part
    value, usual = value[known], usual[known]
    off = float(np.median(value - usual))
    if not abs(off) > UNLIKELY_K:
        return part
    others = {"degF": (value - 32) / 1.8, "tenths of degC": value / 10}
    if not part.units_assumed:
        others = {"degC": value * 1.8 + 32}
    fits = [u for u, v in others.items() if abs(np.median(v - usual)) < _LIKELY_K]
    if not part.units_assumed and not fits:
        return part
    guess = f"they may be in {fits[0]} (--units)" if fits else "check the units"
    stated = "no units, and read as degC" if part.units_assumed else "units, but"
    note = (
        f"WARNING: {part.where} states {stated} its values lie {abs(off):.0f} K "
        f"{'above' if off > 0 else 'below'} what is usual there at that season: {guess}"
    )
    return replace(part, notes=(*part.notes, note))
