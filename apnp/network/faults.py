"""Faults of stations, told from their values and what the others predict.

All arrays have a row for each day and a column for each station, (nt, n); NaN where
there is no value. The days need not be consecutive rows of a calendar: a window is a
number of rows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from apnp.network.screening import NORMAL, median, quantile
from apnp.observations import Floats

Mask = NDArray[np.bool_]

GROSS = 5.0
"""Standard deviations from which a value is a gross error, by default."""
WINDOW = 31
"""Days over which persistent faults are judged."""
_LEAST_DAYS = 10
"""Values in a window from which it is judged."""
_OFFSET_DAYS, _SPREAD_DAYS = 10.0, 20.0
"""Days of its own from which half of a station's offset, and of its spread, is used."""
_LEVEL, _LEVEL_STD = 0.75, 1.1503
"""A quantile of absolute residuals, and its value in a normal law: the median, of laws
with heavy tails, would make too much of their tails errors."""
_FACTORS = (0.6, 2.5)
"""Smallest and largest spread of a station, in those of all stations together."""
_MOST_USUAL, _MOST_LATELY = 5.0, 2.0
"""Largest offsets that are taken to be a station's own, in standard deviations."""
_LATELY, _LATELY_DAYS = 15, 5.0
"""Days around each day whose median is its offset lately, and from which half is."""
_OFFSET_SPREADS, _LEAST_OFFSET = 7.0, 2.0
"""An offset lies that many spreads of windows, and standard deviations, off."""
_WHOLE = 1.5
"""The same for a whole station, in these: some lie off by where they stand."""
_CLIPPED = 6.0
"""Standard deviations beyond which a value counts no more in a window's mean."""
_EXPLAINED = 0.35
"""Share of the squares that is left where another day, or place, explains values."""
_FITS = 3.0
"""Mean square of values that fit, at most, in usual ones."""
_MISFIT = 4.0
"""Mean square, in usual ones, from which a window needs an explanation."""
_BY_CHANCE = 1e-4
"""Runs of equal values expected in the whole file, below which one is no chance."""
_SWAPPED_MISFIT, _SWAPPED_FITS = 6.0, 2.0
"""The same two numbers where a pair among many is looked for."""
_MOST_SWAPPED = 300
"""Stations of the worst fit that are compared with each other."""


@dataclass(frozen=True, eq=False)
class Residuals:
    """Values against what the other stations predict.

    Attributes:
        value: Values, NaN = missing.
        mean: Predicted means.
        std: Predicted standard deviations, corrected by the whole file's residuals.
        offset: What each station usually lies above the prediction, (n,).
        lately: What it lies further above it in the weeks around each day.
        factor: What each station's predicted standard deviations are multiplied by,
            (n,).
    """

    value: Floats
    mean: Floats
    std: Floats
    offset: Floats
    lately: Floats
    factor: Floats

    @classmethod
    def of(cls, value: Floats, mean: Floats, std: Floats) -> "Residuals":
        """Offsets by medians, spreads by quantiles: a few errors do not move them.

        A station's own count the more, the more days it has. None is so large that it
        could hide a fault.
        """
        apart = value - mean
        std = std * _spread_of_all(apart / std)
        days = np.isfinite(apart).sum(0)
        usual = np.nan_to_num(median(apart)) * days / (days + _OFFSET_DAYS)
        typical = np.nan_to_num(median(std), nan=1.0)
        offset = np.clip(usual, -_MOST_USUAL * typical, _MOST_USUAL * typical)
        lately = _running_median(apart - offset)
        lately = np.clip(lately, -_MOST_LATELY * typical, _MOST_LATELY * typical)
        wide = (apart - offset - lately) / std
        together = _spread_of_all(wide)
        own = np.nan_to_num(_spread(wide), nan=together)
        share = days / (days + _SPREAD_DAYS)
        factor = together ** (1 - share) * np.maximum(own, 1e-6) ** share
        least, most = _FACTORS
        factor = np.clip(factor, least * together, most * together)
        return cls(value, mean, std, offset, lately, factor)

    @property
    def z(self) -> Floats:
        """Values less predictions and usual offsets, in standard deviations."""
        apart = self.value - self.mean - self.offset - self.lately
        return apart / (self.std * self.factor)


def _spread(values: Floats) -> Floats:
    """Robust standard deviations of columns, or of a row of values."""
    return quantile(np.abs(values), _LEVEL) / _LEVEL_STD


def _spread_of_all(values: Floats) -> float:
    """A robust standard deviation of all values, above zero."""
    return max(float(_spread(values.ravel())), 1e-6)


def _running_median(apart: Floats) -> Floats:
    """Medians of the days around each day, shrunk where these are few."""
    half = _LATELY // 2
    padded = np.pad(apart, ((half, half), (0, 0)), constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, _LATELY, axis=0)
    days = np.isfinite(around).sum(-1)
    return np.nan_to_num(median(around, axis=-1)) * days / (days + _LATELY_DAYS)


def gross_errors(z: Floats, limit: float = GROSS) -> Mask:
    """Values farther than `limit` standard deviations from their prediction."""
    return np.abs(np.nan_to_num(z)) > limit


def persistent_offsets(found: Residuals) -> Mask:
    """Values in windows whose mean lies off: of what the station, or others, show.

    A window is compared with the usual windows of its station; a station whose usual
    windows lie far from those of all stations is off as a whole.
    """
    wide = np.clip((found.value - found.mean) / found.std, -_CLIPPED, _CLIPPED)
    total, count = _windows(wide)
    level = np.where(count >= _LEAST_DAYS, total / np.maximum(count, 1), np.nan)
    usual = np.nan_to_num(median(level))
    days = np.isfinite(level).sum(0)
    # Of few windows the faulty ones could be the usual ones.
    apart = level - usual * days / (days + 2.0 * WINDOW)
    off = np.abs(np.nan_to_num(apart)) > _far(apart.ravel())
    whole = np.abs(usual) > _WHOLE * _far(usual)
    return (off | whole) & np.isfinite(found.value)


def _far(values: Floats) -> float:
    """From where values lie far from most."""
    if not np.isfinite(values).any():
        return np.inf
    spread = NORMAL * float(median(np.abs(values)))
    return max(_OFFSET_SPREADS * spread, _LEAST_OFFSET)


def stuck(value: Floats) -> Mask:
    """Values of runs of equal ones that are too long for chance.

    Two days of a station agree by chance with a probability of about the resolution of
    its values times the density of their change at zero. A run is stuck if fewer than
    one in ten thousand such are expected in the file.
    """
    bad = np.zeros(value.shape, dtype=bool)
    for station, series in enumerate(value.T):
        rows = np.flatnonzero(np.isfinite(series))
        if len(rows) < _LEAST_DAYS:
            continue
        known = series[rows]
        change = np.abs(np.diff(known))
        moved = change[change > 1e-6]
        if not len(moved):
            bad[rows, station] = True
            continue
        step, spread = float(moved.min()), NORMAL * float(np.median(moved))
        chance = np.clip(step / (spread * np.sqrt(2 * np.pi)), 1e-3, 0.9)
        chance = max(chance, 0.05)
        longest = 1 + np.log(_BY_CHANCE / value.size) / np.log(chance)
        run = np.concatenate([[0], np.cumsum(change > 1e-6)])
        length = np.bincount(run)[run]
        bad[rows, station] = length >= max(longest, 3)
    return bad


def shifted_days(found: Residuals) -> Mask:
    """Values in windows that the prediction of the day before, or after, fits better.

    The windows must fit badly as they stand.
    """
    value = found.value - found.offset
    here = _squares(value - found.mean)
    bad = np.zeros(value.shape, dtype=bool)
    for days in (-1, 1):
        mean = np.full_like(found.mean, np.nan)
        if days > 0:
            mean[:-days] = found.mean[days:]
        else:
            mean[-days:] = found.mean[:days]
        bad |= _explained(here, _squares(value - mean), _usual(found))
    return _around(bad) & np.isfinite(found.value)


def swapped(found: Residuals) -> tuple[Mask, NDArray[np.intp]]:
    """Values of two stations each of which is predicted as the other, and which.

    Returns:
        Where, and the number of the other station, -1 where there is none, (n,).
    """
    here = _squares(found.value - found.mean)
    usual = _usual(found)
    bad: Mask = np.zeros(found.value.shape, dtype=bool)
    other = np.full(bad.shape[1], -1, dtype=np.intp)
    misfit = np.max(np.nan_to_num(here / usual), axis=0, initial=0.0)
    worst = np.argsort(-misfit, kind="stable")[:_MOST_SWAPPED]
    worst = worst[misfit[worst] > _MISFIT]
    best = np.full(bad.shape[1], np.inf)
    for at, first in enumerate(worst):
        rest = worst[at + 1 :]
        crossed = _squares(found.value[:, [first]] - found.mean[:, rest])
        crossed = crossed + _squares(found.value[:, rest] - found.mean[:, [first]])
        both = here[:, [first]] + here[:, rest]
        explained = _explained(
            both, crossed, usual[:, [first]] + usual[:, rest],
            _SWAPPED_MISFIT, _SWAPPED_FITS,
        )  # fmt: skip
        explained &= here[:, [first]] > _MISFIT * usual[:, [first]]
        for column in np.flatnonzero(explained.any(0)):
            second, rows = rest[column], explained[:, column]
            share = float((crossed[rows, column] / both[rows, column]).mean())
            bad[rows, first] = bad[rows, second] = True
            for one, two in ((first, second), (second, first)):
                if share < best[one]:
                    best[one], other[one] = share, two
    return _around(bad) & np.isfinite(found.value), other


CONVERSIONS = {
    "degrees Fahrenheit": lambda value: (value - 32) / 1.8,
    "degrees Celsius read as Fahrenheit": lambda value: value * 1.8 + 32,
    "kelvins": lambda value: value - 273.15,
    "tenths": lambda value: value / 10,
    "divided by ten": lambda value: value * 10,
    "wrong sign": lambda value: -value,
}
"""What wrong values may be, and what makes them right."""
_LEAST_SLIPS = 5
"""Gross errors of a station from which a conversion is looked for."""
_FIT = 2.5
"""Standard deviations within which a converted value fits."""
_CONVERTED = 0.8
"""Share of the gross errors of a station that a conversion must make right."""


def wrong_units(found: Residuals, gross: Mask) -> tuple[Mask, list[str]]:
    """Gross errors that another unit, or sign, of the whole station makes right.

    Returns:
        Where, and what the values of each station are, "" if nothing is found, (n,).
    """
    bad = np.zeros(gross.shape, dtype=bool)
    what = [""] * gross.shape[1]
    spread = found.std * found.factor
    for station in np.flatnonzero(gross.sum(0) >= _LEAST_SLIPS):
        rows = gross[:, station]
        value, mean = found.value[rows, station], found.mean[rows, station]
        best = _CONVERTED
        for name, convert in CONVERSIONS.items():
            right = np.abs(convert(value) - mean) < _FIT * spread[rows, station]
            if right.mean() > best:
                best, what[station] = float(right.mean()), name
                bad[rows, station] = right
    return bad, what


def _usual(found: Residuals) -> Floats:
    """Squares that are expected in the windows."""
    return _squares(np.where(np.isfinite(found.value), found.std, np.nan))


def _squares(apart: Floats) -> Floats:
    """Mean squares in windows about each day; NaN where there are few values."""
    total, count = _windows(apart**2)
    return np.where(count >= _LEAST_DAYS, total / np.maximum(count, 1), np.nan)


def _windows(values: Floats) -> tuple[Floats, Floats]:
    """Sums of what is known in windows about each day, and how many that is."""
    known = np.isfinite(values)
    parts = (np.where(known, values, 0.0), known.astype(np.float64))
    total, count = (
        WINDOW * uniform_filter1d(part, WINDOW, axis=0, mode="constant")
        for part in parts
    )
    return total, np.round(count)


def _explained(
    here: Floats,
    there: Floats,
    usual: Floats,
    misfit: float = _MISFIT,
    fits: float = _FITS,
) -> Mask:
    """Windows that fit badly here and well there."""
    here, there, usual = (np.nan_to_num(a) for a in (here, there, usual))
    known = (here > 0) & (there > 0)
    better = (there < _EXPLAINED * here) & (there < fits * usual)
    return known & (here > misfit * usual) & better


def _around(bad: Mask) -> Mask:
    """Days near the middles of such windows: windows lose the ends of a spell."""
    return maximum_filter1d(bad, WINDOW // 3, axis=0, mode="constant")
