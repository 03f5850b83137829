"""Which columns make the variable at each station: a mean, or both extremes."""

from collections.abc import Mapping

import pandas as pd

from apnp.data.quality import counted
from apnp.data.readers.text_format import Element
from apnp.data.readings import midrange

# A mean of the whole day is worth more than days that only the extremes have.
_TIMES_AS_MANY = 2


def choose(
    frames: Mapping[str, pd.DataFrame],
    elements: Mapping[str, Element],
    half_sum: str,
) -> tuple[pd.DataFrame, str, tuple[str | None, ...]]:
    """The values, how they are made, and which days they stand for.

    A station takes either its mean or (maximum + minimum) / 2, never a mixture: their
    differences would be taken for weather.

    Args:
        frames: Variable -> columns site, station, time, value, failed.
        elements: Variable -> the column of the file.
        half_sum: As in `TextFormat`.
    """
    if "tas" not in frames:
        ((name, frame),) = frames.items()
        return frame, elements[name].comment, (elements[name].day,)
    mean, half = frames["tas"], _half_sum(frames)
    if not len(half):
        return mean, elements["tas"].comment, (elements["tas"].day,)
    days = pd.DataFrame(
        {
            "half": half["station"].value_counts(),
            "mean": mean["station"].value_counts(),
        }
    ).fillna(0)
    least = days["mean"] * (1 if half_sum == "more days" else _TIMES_AS_MANY)
    use_half = days.index[days["half"] > least]
    half = half[half["station"].isin(use_half)]
    mean = mean[~mean["station"].isin(use_half)]
    parts, stands_for = [], []
    if len(half):
        high, low = elements["tasmax"], elements["tasmin"]
        parts.append((f"({high.column} + {low.column}) / 2", half))
        stands_for += [high.day, low.day]
    if len(mean):
        own = elements["tas"]
        parts.append((own.comment or (own.column if len(half) else ""), mean))
        stands_for.append(own.day)
    if len(parts) > 1:
        text = ", ".join(
            f"{made} at {counted(frame['station'].nunique(), 'station')}"
            for made, frame in parts
        )
    else:
        text = parts[0][0]
    both = pd.concat([frame for _, frame in parts], ignore_index=True)
    return both, text, tuple(dict.fromkeys(stands_for))


def _half_sum(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    keys = ["station", "time"]
    high, low = (
        frames[v].drop_duplicates(keys) if len(frames[v]) else frames[v]
        for v in ("tasmax", "tasmin")
    )
    if not len(high) or not len(low):
        return high.iloc[:0]
    both = high.merge(low, on=keys, suffixes=("", "_min"))
    value, failed = midrange(
        both["value"].to_numpy(), both["value_min"].to_numpy(),
        both["failed"].to_numpy(), both["failed_min"].to_numpy(),
    )  # fmt: skip
    return both[["site", *keys]].assign(value=value, failed=failed)
