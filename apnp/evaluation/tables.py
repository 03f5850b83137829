"""Tables of scores: sums and weights first, roots and ratios last.

Every task weighs the same, however many targets it has; standard errors count tasks.
They tell how far the days scored stand for other days at these stations, not how far
these stations stand for others.
"""

import numpy as np
import pandas as pd

from apnp import scores

LEVELS = (50, 90, 95)
"""Central intervals whose coverage is reported, in percent."""
_MEANS = [
    "crps", "nll", "joint_nll", "squared_error", "error",
    *(f"coverage_{p}" for p in LEVELS),
]  # fmt: skip


def _averaged(points: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    groups = points.groupby(by, sort=False, observed=True)
    totals = groups["seconds"].agg(n="size", seconds="sum")
    table = (
        groups[[name for name in _MEANS if name in points]]
        .mean()
        .join(totals)
        .reset_index()
    )
    return table.sort_values("model", kind="stable", ignore_index=True)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Mean squares become roots, mean errors the bias."""
    table = table.rename(columns={"squared_error": "rmse", "error": "bias"})
    return table.assign(rmse=np.sqrt(table["rmse"]))


def per_task(points: pd.DataFrame) -> pd.DataFrame:
    """Scores of every model and task: means over the task's targets."""
    table = _named(_averaged(points, ["model", "task", "time", "n_context"]))
    return table.rename(columns={"n": "n_targets"})


def per_station(points: pd.DataFrame) -> pd.DataFrame:
    """Scores of every model and target station: means over the station's tasks."""
    table = _named(_averaged(points, ["model", "lat", "lon", "elevation"]))
    table = table.drop(columns=["seconds", "joint_nll"], errors="ignore")
    return table.rename(columns={"n": "n_tasks"})


def summary(tasks: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Scores of every model, and its paired differences to the reference.

    Args:
        tasks: The table that `per_task` makes.
        reference: A model in it; without it the differences are left out.

    Returns:
        One row a model: model, n_tasks, n_targets, crps, crps_se, rmse, nll, nll_se,
        bias, coverage_50, coverage_90, coverage_95, seconds; joint_nll and its error
        where a model predicts values jointly; and then crps_ratio,
        crps_difference, nll_difference, each with its error `_se`, of the model
        against the reference (below 1 and below 0 the model is better).
    """
    tables = {
        model: table.set_index("task")
        for model, table in tasks.groupby("model", sort=False, observed=True)
    }
    base = tables.get(reference)
    return pd.DataFrame(
        [
            {"model": model, **_means(table), **_against(table, base)}
            for model, table in tables.items()
        ]
    )


def _means(table: pd.DataFrame) -> dict[str, float]:
    crps, crps_se = scores.mean_and_error(table["crps"])
    nll, nll_se = scores.mean_and_error(table["nll"])
    return {
        "n_tasks": len(table),
        "n_targets": int(table["n_targets"].sum()),
        "crps": crps,
        "crps_se": crps_se,
        "rmse": float(np.sqrt((table["rmse"] ** 2).mean())),
        "nll": nll,
        "nll_se": nll_se,
        "bias": float(table["bias"].mean()),
        **{f"coverage_{p}": float(table[f"coverage_{p}"].mean()) for p in LEVELS},
        "seconds": float(table["seconds"].mean()),
        **_joint(table),
    }


def _joint(table: pd.DataFrame) -> dict[str, float]:
    if "joint_nll" not in table:
        return {}
    mean, error = scores.mean_and_error(table["joint_nll"])
    return {"joint_nll": mean, "joint_nll_se": error}


def _against(table: pd.DataFrame, base: pd.DataFrame | None) -> dict[str, float]:
    if base is None:
        return {}
    base = base.loc[table.index]
    ratio = scores.paired_ratio(table["crps"], base["crps"])
    crps = scores.paired_difference(table["crps"], base["crps"])
    nll = scores.paired_difference(table["nll"], base["nll"])
    return {
        f"{name}{suffix}": value
        for name, pair in (
            ("crps_ratio", ratio), ("crps_difference", crps), ("nll_difference", nll)
        )
        for suffix, value in zip(("", "_se"), pair, strict=True)
    }  # fmt: skip


def pit_histogram(points: pd.DataFrame, bins: int = 20) -> pd.DataFrame:
    """Share of the targets in equal bins of the PIT, for every model.

    A calibrated model has 1 / bins in each.

    Returns:
        Columns model, lower, upper, share.
    """
    edges = np.linspace(0, 1, bins + 1)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "model": model,
                    "lower": edges[:-1],
                    "upper": edges[1:],
                    "share": np.histogram(pit, edges)[0] / len(pit),
                }
            )
            for model, pit in points.groupby("model", sort=False, observed=True)["pit"]
        ],
        ignore_index=True,
    )
