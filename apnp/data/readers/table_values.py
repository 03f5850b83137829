"""The values of a table: units, quality codes, and means made of extremes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.day import Day
from apnp.data.quality import MISSING_CODES, counted
from apnp.data.readers.columns import spellings_among
from apnp.data.readers.numbers import numbers
from apnp.data.readers.quality_codes import normal, rejected_codes
from apnp.data.readings import midrange
from apnp.data.units import canonical_units, to_degc
from apnp.errors import DataError

if TYPE_CHECKING:
    from apnp.data.readers.table import Table


@dataclass(frozen=True)
class Values:
    """Values of the rows of a table.

    Attributes:
        value: Values in `units`, NaN where missing; shape (n,).
        failed: Whether a quality code rejects each.
        used: Whether each row counts (of two ways to make a mean, one is used).
        units: Their units.
        comment: How they were made of others, or blank.
        cell_method: CF cell method that is certain, or blank.
        notes: What was left out.
        assumed: What was taken for granted.
        units_assumed: Whether nothing states the units.
    """

    value: NDArray[np.float64]
    failed: NDArray[np.bool_]
    used: NDArray[np.bool_]
    units: str
    comment: str = ""
    cell_method: str = ""
    notes: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    units_assumed: bool = False

    def method(self, day: Day | None) -> str:
        """The cell method; values at local midnights are of days."""
        return self.cell_method or ("time: mean" if day is not None else "")


def values_of(
    table: "Table", site: NDArray[np.intp], time: NDArray[np.datetime64]
) -> Values:
    """The values of the variable asked for.

    A daily mean where only extremes are known is half their sum: at each station the
    mean or half the sum, whichever has more values, never a mixture.

    Raises:
        DataError: If a cell is no number, or units or quality codes are not known.
    """
    columns = table.columns
    name = columns.request.variable.name
    own = next((c for c in (name, "value") if c in columns.of), None)
    if own is None:
        return _of_extremes(table)
    mean = _column(table, own)
    if not {"tasmax", "tasmin"} <= set(columns.of):
        return mean
    return _whichever(mean, _of_extremes(table), site, columns.of)


def _column(table: "Table", canonical: str) -> Values:
    columns = table.columns
    name = columns.of[canonical]
    value = numbers(table.frame[name], lambda row: table.at(name, row))
    value = np.where(np.isin(value, MISSING_CODES), np.nan, value)
    failed, notes = _failed(table, canonical)
    asked = columns.request.units.get(columns.request.variable.name)
    stated = asked or columns.units.get(canonical)
    units = stated or columns.request.variable.units
    if "units" in columns.of and not asked:
        value, units = _by_row(table, value)
        stated = units
    said = "stated" if stated else "assumed: nothing states them"
    others = [c for c in spellings_among(canonical, columns.available) if c != name]
    if others and canonical not in columns.request.columns:
        said += f"; not from {', '.join(others[:3])}: --columns {canonical}=NAME"
    return Values(
        value, failed, np.ones(len(value), dtype=bool), units,
        assumed=(f"values from column {name} in {units} ({said})", *notes),
        units_assumed=stated is None,
    )  # fmt: skip


def _by_row(table: "Table", value: NDArray) -> tuple[NDArray, str]:
    """Values whose units a column states row by row, and the units they come in."""
    name = table.columns.of["units"]
    code, unique = pd.factorize(table.frame[name].astype(str).str.strip())
    where = f"{table.columns.where}, column {name!r}"
    if len(unique) == 1:
        return value, str(unique[0])
    known = [canonical_units(str(text), where) for text in unique]
    degc = value.copy()
    for k, units in enumerate(known):
        degc[code == k] = to_degc(value[code == k], units)
    return degc, "degC"


def _failed(table: "Table", canonical: str) -> tuple[NDArray[np.bool_], list[str]]:
    """Whether a quality code rejects each value, and what is said of the codes."""
    columns = table.columns
    name = columns.of.get(f"qc:{canonical}") or columns.of.get("qc")
    said = []
    if columns.ignored:
        some = ", ".join(columns.ignored[:4])
        said = [f"quality codes ignored: {some} (--columns qc=NAME uses one)"]
    if name is None:
        n = len(table.frame)
        return np.zeros(n, dtype=bool), said or ["no quality codes"]
    good = columns.request.good_flags
    failed, note = rejected_codes(table.frame[name], name, columns.where, good)
    return failed, [note, *said]


def _of_extremes(table: "Table") -> Values:
    high, low = _column(table, "tasmax"), _column(table, "tasmin")
    of = table.columns.of
    if high.units != low.units:
        where = table.columns.where
        values = [
            to_degc(v.value, canonical_units(v.units, where)) for v in (high, low)
        ]
        units = "degC"
    else:
        values, units = [high.value, low.value], high.units
    value, failed = midrange(values[0], values[1], high.failed, low.failed)
    return Values(
        value, failed, high.used, units, f"({of['tasmax']} + {of['tasmin']}) / 2",
        "time: mean", assumed=tuple(dict.fromkeys((*high.assumed, *low.assumed))),
        units_assumed=high.units_assumed,
    )  # fmt: skip


def _whichever(mean: Values, half: Values, site: NDArray, of: dict[str, str]) -> Values:
    """At each site the mean or half the sum of extremes, whichever has more values."""
    n = int(site.max(initial=-1)) + 1
    rows = np.maximum(site, 0)
    there = [
        np.bincount(rows, np.isfinite(v.value) & ~v.failed & (site >= 0), max(n, 1))
        for v in (mean, half)
    ]
    takes_half = there[1] > there[0]
    if not takes_half.any():
        return mean
    if mean.units != half.units:
        raise DataError(
            f"The column {of['tas']} is in {mean.units}, the extremes are in "
            f"{half.units}. Say --units tas=UNITS, or choose one with --columns."
        )
    by_half = takes_half[rows]
    sites = np.unique(rows[site >= 0])
    n_half = int(takes_half[sites].sum())
    parts = [f"{half.comment} at {counted(n_half, 'station')}"]
    if n_half < sites.size:
        parts.append(f"{of['tas']} at {counted(sites.size - n_half, 'station')}")
    return Values(
        np.where(by_half, half.value, mean.value),
        np.where(by_half, half.failed, mean.failed), mean.used, mean.units,
        ", ".join(parts), "time: mean", notes=_difference(mean, half, of["tas"]),
        assumed=tuple(dict.fromkeys((*mean.assumed, *half.assumed))),
        units_assumed=mean.units_assumed,
    )  # fmt: skip


def _difference(mean: Values, half: Values, name: str) -> tuple[str, ...]:
    """How far the two means are from each other where both are known."""
    both = mean.value - half.value
    both = both[np.isfinite(both) & ~mean.failed & ~half.failed]
    if both.size == 0:
        return ("means of different kinds are mixed; their difference is unknown",)
    return (
        f"means of different kinds are mixed: {name} less {half.comment} is "
        f"{both.mean():+.2f} {mean.units} on average of {both.size:,} values",
    )


def good_codes(texts: str | None) -> frozenset[str] | None:
    """The codes of `--good-flags 1,2`; None where the option is not given."""
    return None if texts is None else frozenset(map(normal, texts.split(",")))
