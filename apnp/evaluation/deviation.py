"""How far a model is from its symmetry: norms of what its predictive mean changes by.

Values are anomalies from the mean of the training values, in units of their standard
deviation: a relative norm of temperatures in degrees Celsius or in kelvin would depend
on where the scale has its zero. Every task weighs the same; errors count tasks.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from apnp import scores
from apnp.errors import DataError
from apnp.evaluation.report import make_folder
from apnp.files import atomic_write
from apnp.observations import Floats

NORMS = (1, 2)
MEASURES = {
    "fixed_inputs": "fixed inputs off",
    "moved": "data moved by a group element",
}
"""What is compared with the prediction as it stands, and its name in tables; measures
of candidate symmetries name themselves."""


def relative_deviation(mean: Floats, reference: Floats, p: float) -> float:
    """||mean - reference||_p / ||reference||_p over the targets of one task.

    The equivariance deviation of the experiments of Ashman 2024, where `reference` is
    the mean without fixed inputs and p is 1 in one dimension and 2 in two.

    Args:
        mean: Anomalies at the targets, shape (n,).
        reference: What they are compared with, same shape.
        p: Order of the norm, at least 1.

    Raises:
        ValueError: If the shapes differ, or `p` is no order of a norm.
        DataError: If a value is not finite, or the reference is zero everywhere.
    """
    if mean.shape != reference.shape or mean.ndim != 1:
        raise ValueError(
            "`mean` and `reference` must both have shape (n,). "
            f"Got {mean.shape} and {reference.shape}."
        )
    if not p >= 1:
        raise ValueError(f"`p` is the order of a norm, at least 1. Got {p}.")
    if not (np.isfinite(mean).all() and np.isfinite(reference).all()):
        raise DataError("A predictive mean is not finite: there is no deviation of it.")
    scale = np.linalg.norm(reference, p)
    if scale == 0:
        raise DataError(
            f"The predictive mean at all {reference.size} targets is the mean of the "
            "training values: a deviation relative to that has no size."
        )
    return float(np.linalg.norm(mean - reference, p) / scale)


def deviations(mean: Floats, reference: Floats, unit: float) -> dict[str, float]:
    """The deviations of one task.

    Args:
        mean: Scaled anomalies at the targets, shape (n,).
        reference: What they are compared with, same shape.
        unit: What one of them is in the variable's units: the standard deviation of
            the training values.

    Returns:
        `l1` and `l2`, relative, and `difference`: the mean absolute difference in the
        variable's units (a difference of temperatures: K).
    """
    relative = {f"l{p}": relative_deviation(mean, reference, p) for p in NORMS}
    return {**relative, "difference": unit * float(np.abs(mean - reference).mean())}


def summary(per_task: pd.DataFrame) -> pd.DataFrame:
    """Means over tasks, with their standard errors.

    Args:
        per_task: One row for each measure and task: measure, l1, l2, difference.

    Returns:
        One row a measure: measure, n_tasks, then l1, l2, difference and their `_se`.
    """
    return pd.DataFrame(
        [
            {"measure": measure, "n_tasks": len(table), **dict(_averages(table))}
            for measure, table in per_task.groupby("measure", sort=False)
        ]
    )


def _averages(table: pd.DataFrame) -> Iterator[tuple[str, float]]:
    for name in (*(f"l{p}" for p in NORMS), "difference"):
        mean, error = scores.mean_and_error(table[name])
        yield name, mean
        yield f"{name}_se", error


def as_text(table: pd.DataFrame, units: str = "K") -> str:
    """The summary as a table of text, errors behind the numbers."""
    rows = [
        {
            "": MEASURES.get(row["measure"], row["measure"]),
            "relative, L1": _with_error(row, "l1"),
            "relative, L2": _with_error(row, "l2"),
            f"mean |difference| ({units})": _with_error(row, "difference"),
        }
        for row in table.to_dict("records")
    ]
    return pd.DataFrame(rows).set_index("").rename_axis(None).to_string()


def _with_error(row: Mapping, name: str) -> str:
    number, error = row[name], row[f"{name}_se"]
    return f"{number:.3g}" + ("" if np.isnan(error) else f" ±{error:.2g}")


def write(per_task: pd.DataFrame, folder: str | Path) -> Path:
    """Write `summary.csv` and `per_task.csv` to a folder, each complete or not at all.

    Raises:
        ConfigError: If the folder cannot be made.
    """
    folder = make_folder(folder)
    for name, table in {"summary": summary(per_task), "per_task": per_task}.items():
        with atomic_write(folder / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False, float_format="%.6g")
    return folder
