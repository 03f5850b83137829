"""GHCN-Daily elements: which ones make a variable, and how."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from apnp.data.day import Day
from apnp.data.quality import counted
from apnp.data.readers.station_lists import beside, positions
from apnp.data.readings import Readings, Request, midrange, readings
from apnp.errors import DataError

ELEMENTS = ("TMAX", "TMIN", "TAVG")
_EXTREMES = {"tasmax": "TMAX", "tasmin": "TMIN"}


def element_readings(
    table: pd.DataFrame, paths: Sequence[Path], request: Request, name: str
) -> Readings:
    """Readings of one variable from a long table of elements.

    `tas` is (TMAX + TMIN) / 2 or TAVG: at each station whichever has more days, never
    a mixture, because their differences at one station would be taken for weather.

    Args:
        table: Columns station, time, element, value (tenths of degC), failed.
        paths: The files, for messages and for a list of stations beside them.
        request: What is wanted; `columns` may name the element, e.g. tas=TAVG.
        name: Name of the format.

    Raises:
        DataError: If no element of the variable is there, or no station list.
    """
    wanted = request.columns.get(request.variable.name) or _EXTREMES.get(
        request.variable.name
    )
    if wanted is not None:
        chosen, comment = table[table["element"] == wanted], ""
        if wanted != _EXTREMES.get(request.variable.name):
            comment = wanted
    else:
        chosen, comment = _daily_mean(table)
    if len(chosen) == 0:
        raise DataError(
            f"{paths[0]}: no values of {wanted or 'TAVG, or of TMAX with TMIN'}; the "
            f"elements of temperature here are "
            f"{', '.join(sorted(table['element'].unique())) or 'none'}. Choose another "
            "--variable (tas, tasmax, tasmin)."
        )
    code, ids = pd.factorize(chosen["station"])
    where = beside(paths, request.station_list, name)
    sites, row, notes = positions(list(ids), where)
    site = row[code]
    kept = site >= 0
    return readings(
        where_of(paths),
        sites,
        site[kept],
        chosen["time"].to_numpy()[kept],
        chosen["value"].to_numpy()[kept],
        failed=chosen["failed"].to_numpy()[kept],
        units=request.units.get(request.variable.name, "tenths of degC"),
        cell_method=request.variable.cell_method,
        comment=comment,
        attrs={"source": f"{name}: {names_of(paths)}; positions from {where.name}"},
        notes=tuple(notes),
        days=(Day(clock="local", assumed=True),),
        assumed=("values in tenths of degC", "quality codes: any flag fails"),
    )


def _daily_mean(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Daily means, (TMAX + TMIN) / 2 or TAVG by station, and a comment that says so."""
    keys = ["station", "time"]
    by = {e: table[table["element"] == e].drop_duplicates(keys) for e in ELEMENTS}
    both = by["TMAX"].merge(by["TMIN"], on=keys, suffixes=("", "_min"))
    value, failed = midrange(
        both["value"].to_numpy(), both["value_min"].to_numpy(),
        both["failed"].to_numpy(), both["failed_min"].to_numpy(),
    )  # fmt: skip
    both = both[keys].assign(value=value, failed=failed)
    days = pd.DataFrame(
        {
            "both": both["station"].value_counts(),
            "mean": by["TAVG"]["station"].value_counts(),
        }
    ).fillna(0)
    use_both = days.index[days["both"] >= days["mean"]]
    half = both[both["station"].isin(use_both)]
    mean = by["TAVG"][~by["TAVG"]["station"].isin(use_both)]
    parts = [
        f"{text} at {counted(frame['station'].nunique(), 'station')}"
        for text, frame in (("(TMAX + TMIN) / 2", half), ("TAVG", mean))
        if len(frame)
    ]
    return pd.concat([half, mean])[[*keys, "value", "failed"]], ", ".join(parts)


def where_of(paths: Sequence[Path]) -> str:
    """The files, for messages: the first, and how many more."""
    more = f" (and {len(paths) - 1} more)" if len(paths) > 1 else ""
    return f"{paths[0]}{more}"


def names_of(paths: Sequence[Path]) -> str:
    """Names of files for a `source` attribute: the first few, and how many."""
    names = ", ".join(p.name for p in paths[:3])
    return names + (f", ... ({len(paths)} files)" if len(paths) > 3 else "")
