"""What interval a value stands for: an instant, part of a day, or a day."""

from dataclasses import replace

import numpy as np
import pandas as pd

from apnp.data.day import Day
from apnp.data.readings import Readings, cell_method_of
from apnp.data.schema import GOOD
from apnp.data.spacing import without_long_means
from apnp.errors import DataError
from apnp.variables import Variable

INSTANT = "time: point"


def with_interval(part: Readings, about: Variable, day: Day | None) -> Readings:
    """Readings whose `cell_method` and `days` say what each value stands for.

    Daily values come out with days and with dates as times; readings at instants, and
    means or extremes of parts of a day, come out without days.

    Args:
        part: Readings; a blank `cell_method` is judged from the times.
        about: The variable.
        day: The 24 hours of daily values, where the user says that they are daily.

    Raises:
        DataError: If the user says that the values are daily, and a station has
            several on one date; if nobody says it, and their dates are those of means
            of weeks, months or years.
    """
    method = part.cell_method or cell_method_of(about, part.times)
    repeated = _several_a_date(part)
    if day is None and (method == INSTANT or repeated):
        return replace(part, cell_method=method, days=())
    if repeated:
        raise DataError(
            f"{part.where}: stations have several values on one date, so they are not "
            f"the daily values that --day {day} declares. Leave --day out, or make "
            "daily values with --daily mean, max or min."
        )
    if method == INSTANT:
        method = about.cell_method
    if day is None and not _stated(part.days):
        part = without_long_means(part)
    days = (day,) if day is not None else part.days or (Day(assumed=True),)
    date = part.times.astype("datetime64[D]").astype("datetime64[ns]")
    code, times = pd.factorize(date, sort=True)
    _check_one_a_date(part)
    return replace(
        part, times=np.asarray(times), step=code[part.step].astype(np.intp),
        cell_method=method, days=days,
    )  # fmt: skip


def kind_of(part: Readings) -> str:
    """The kind of values, for messages: daily, at instants, or of parts of a day."""
    if part.cell_method == INSTANT:
        return f"readings at instants ({INSTANT})"
    length = "daily values" if part.days else "values of parts of a day"
    return f"{length} ({part.cell_method})"


def _check_one_a_date(part: Readings) -> None:
    """Refuse dates that stand for several different readings.

    Raises:
        DataError: If more than half of the dates of stations have readings that differ.
    """
    good = part.flag == GOOD
    table = pd.DataFrame({"cell": part.site * part.times.size + part.step,
                          "value": part.value})[good]  # fmt: skip
    if not table["cell"].duplicated().any():
        return
    spread = table.groupby("cell")["value"].agg(np.ptp)
    if len(spread) >= 3 and (spread > 0.05).mean() > 0.5:
        cell = int(spread.index[spread.to_numpy().argmax()])
        site, step = divmod(cell, part.times.size)
        raise DataError(
            f"{part.where}: {(spread > 0.05).mean():.0%} of the dates of stations have "
            f"several different readings, e.g. {part.sites['station'].iloc[site]} on "
            f"{str(part.times[step])[:10]}. If a column holds the time of day, say "
            "--columns hour=NAME; if one names a parameter or a level, choose the "
            "rows first (--columns parameter=NAME)."
        )


def _stated(days: tuple[Day, ...]) -> bool:
    """Whether a file or its format states the 24 hours of its values."""
    return bool(days) and not any(day.assumed for day in days)


def _several_a_date(part: Readings) -> bool:
    """Whether a station has values at different times of one date."""
    date = part.times.astype("datetime64[D]")
    if np.unique(date).size == date.size:
        return False
    code = pd.factorize(date)[0]
    cells = pd.DataFrame({"site": part.site, "step": part.step})
    cells = cells.drop_duplicates()
    day = pd.Series(code[cells["step"]], index=cells.index)
    return bool(cells.assign(day=day).duplicated(["site", "day"]).any())
