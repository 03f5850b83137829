"""Daily means and extremes of sub-daily readings."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from apnp.data.day import Day
from apnp.data.quality import counted
from apnp.data.readings import Readings
from apnp.data.schema import GOOD
from apnp.errors import ConfigError, DataError
from apnp.variables import Variable, get_variable

_NAMES = {"mean": "tas", "max": "tasmax", "min": "tasmin"}


@dataclass(frozen=True)
class Daily:
    """How sub-daily readings become daily values.

    Attributes:
        statistic: `mean` (mean of the hourly means), `max` or `min`.
        min_obs: Fewest hours with a reading that make a day (1 to 24).
        day_start: Hour (UTC) at which a day starts, in [-23, 23]: day D is the 24 hours
            from D 00:00 + day_start, so -6 starts it at 18 UTC of the day before.
    """

    statistic: str = "mean"
    min_obs: int = 4
    day_start: int = 0

    def __post_init__(self) -> None:
        if self.statistic not in _NAMES:
            raise ConfigError(
                f"`daily` is one of {', '.join(_NAMES)}. Got {self.statistic!r}."
            )
        if not 1 <= self.min_obs <= 24:
            raise ConfigError(
                f"`min_obs` counts hours, so lies in [1, 24]. Got {self.min_obs}."
            )
        if not -23 <= self.day_start <= 23:
            raise ConfigError(
                f"`day_start` is an hour in [-23, 23]. Got {self.day_start}."
            )


def daily_values(given: Readings, daily: Daily) -> tuple[Readings, Variable, list[str]]:
    """Daily readings, the variable they are of, and what was left out.

    `tas` gives `tas`, `tasmax` or `tasmin` for mean, max or min.

    Raises:
        DataError: If the readings are daily already, or no day has readings enough.
    """
    if given.days:
        raise DataError(
            f"These values are daily already ({given.cell_method!r}); --daily makes "
            "daily values of readings at instants. Leave it out."
        )
    about = get_variable(_NAMES[daily.statistic])
    good = given.take(given.flag == GOOD)
    hours = good.times.astype("datetime64[h]").astype(np.int64) - daily.day_start
    table = pd.DataFrame(
        {"site": good.site, "hour": hours[good.step], "value": good.value}
    )
    by_hour = table.groupby(["site", "hour"], sort=True)["value"]
    hourly = by_hour.agg(daily.statistic).reset_index()
    hourly["day"] = hourly["hour"] // 24
    days = hourly.groupby(["site", "day"], sort=True)["value"]
    result = days.agg([daily.statistic, "size"]).reset_index()
    enough = result["size"] >= daily.min_obs
    if not enough.any():
        raise DataError(
            f"No day has readings in {daily.min_obs} different hours; the fullest has "
            f"{result['size'].max() if len(result) else 0}. Lower --min-obs."
        )
    notes = []
    if not enough.all():
        notes.append(
            f"{counted(int((~enough).sum()), 'station day')} with readings in fewer "
            f"than {daily.min_obs} hours dropped"
        )
    result = result[enough]
    step, day = pd.factorize(result["day"].to_numpy(), sort=True)
    comment = (
        f"daily {daily.statistic} of readings in at least {daily.min_obs} hours of the "
        f"24 from {daily.day_start:+d} h UTC"
    )
    return (
        replace(
            good,
            times=day.astype("datetime64[D]").astype("datetime64[ns]"),
            site=result["site"].to_numpy(np.intp),
            step=step.astype(np.intp),
            value=result[daily.statistic].to_numpy(np.float64),
            flag=np.zeros(len(result), dtype=np.int8),
            cell_method=about.cell_method,
            comment="; ".join(t for t in (given.comment, comment) if t),
            days=(Day(float(daily.day_start)),),
        ),
        about,
        notes,
    )
