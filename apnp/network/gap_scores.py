"""How well hidden values are filled, by the length of the gap and for what use."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp import scores
from apnp.network.fillers import Filled
from apnp.network.hidden import CLASSES, lengths_of
from apnp.observations import Floats

Mask = NDArray[np.bool_]

_LEAST_VALUES = 20
"""Hidden values of a station from which its series is compared."""
_FROST = 0.0
"""Degrees Celsius below which a value counts as frost."""
_90 = 1.6449


def by_length(truth: Floats, hidden: Mask, fillers: Sequence[Filled]) -> pd.DataFrame:
    """Scores of each method in each class of gaps, on the values that all can fill.

    Columns method, gap, values, filled (share of the hidden values that the method
    fills at all), bias, mae, rmse, crps, coverage_90.
    """
    able = [each for each in fillers if np.isfinite(each.mean[hidden]).any()]
    common = hidden & np.all([np.isfinite(each.mean) for each in able], axis=0)
    length = lengths_of(hidden)
    rows = []
    for name, (low, high) in _classes().items():
        inside = (length > low) & (length <= high)
        chosen = common & inside
        for each in fillers:
            every = np.isfinite(each.mean[hidden & inside])
            if not len(every):
                continue
            row = {"method": each.name, "gap": name, "values": int(chosen.sum())}
            row["filled"] = float(every.mean())
            if each in able and chosen.any():
                row |= _scores(truth[chosen], each.mean[chosen], each.std[chosen])
            rows.append(row)
    return pd.DataFrame(rows)


def _classes() -> dict[str, tuple[int, int]]:
    edges = [0, *CLASSES.values()]
    classes = dict(zip(CLASSES, pairwise(edges), strict=True))
    return {**classes, "all": (0, edges[-1])}


def _scores(truth: Floats, mean: Floats, std: Floats) -> dict[str, float]:
    error = mean - truth
    return {
        "bias": float(error.mean()),
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt(np.mean(error**2))),
        "crps": float(np.mean(scores.crps_gaussian(truth, mean, std))),
        "coverage_90": float((np.abs(error) < _90 * std).mean()),
    }


def of_series(truth: Floats, hidden: Mask, fillers: Sequence[Filled]) -> pd.DataFrame:
    """What filled series say of means and extremes, mean of the stations.

    Columns method, stations, and the biases of the mean, of the 5th and of the 95th
    percentile of the hidden days (K) and of the share of days below 0 degC (in
    percentage points), each as a mean over stations and, with `_abs`, as the mean of
    its absolute values.
    """
    rows = []
    for each in fillers:
        rows.append({"method": each.name, **_series(truth, hidden, [each.mean])})
        if each.draws is not None and len(each.draws):
            name = f"{each.name}, draws"
            rows.append({"method": name, **_series(truth, hidden, list(each.draws))})
    return pd.DataFrame(rows)


def _series(truth: Floats, hidden: Mask, filled: Sequence[Floats]) -> dict[str, float]:
    """Biases of statistics of series; those of draws are averaged over the draws."""
    found = []
    for station in range(truth.shape[1]):
        rows = hidden[:, station] & np.isfinite(filled[0][:, station])
        if rows.sum() < _LEAST_VALUES:
            continue
        drawn = np.mean([_statistics(each[rows, station]) for each in filled], axis=0)
        found.append(drawn - _statistics(truth[rows, station]))
    names = ("mean", "p05", "p95", "frost")
    if not found:
        return {"stations": 0, **dict.fromkeys(names, np.nan)}
    bias, size = np.mean(found, axis=0), np.mean(np.abs(found), axis=0)
    return {
        "stations": len(found),
        **dict(zip(names, bias.tolist(), strict=True)),
        **dict(zip([f"{n}_abs" for n in names], size.tolist(), strict=True)),
    }


def _statistics(values: Floats) -> Floats:
    low, high = np.quantile(values, [0.05, 0.95])
    return np.array([values.mean(), low, high, 100 * (values < _FROST).mean()])


def advice(lengths: pd.DataFrame, series: pd.DataFrame) -> list[str]:
    """Which method to use for what, as these scores say."""
    lines = []
    every = lengths[lengths["gap"] != "all"].dropna(subset=["rmse"])
    for name in CLASSES:
        here = every[every["gap"] == name]
        if len(here):
            best = here.iloc[int(here["rmse"].argmin())]
            lines.append(f"single values in gaps of {name}: {best['method']} "
                         f"(RMSE {best['rmse']:.2f} K)")  # fmt: skip
    known = series.dropna(subset=["mean"])
    for column, use, units in (
        ("mean_abs", "long-term means", "K"),
        ("p05_abs", "cold extremes (5th percentile)", "K"),
        ("p95_abs", "warm extremes (95th percentile)", "K"),
        ("frost_abs", "days of frost", "percentage points"),
    ):
        if column in known and len(known):
            best = known.iloc[int(known[column].argmin())]
            lines.append(f"{use}: {best['method']} "
                         f"(off by {best[column]:.2f} {units} a station)")  # fmt: skip
    return lines
