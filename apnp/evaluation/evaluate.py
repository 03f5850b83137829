"""Scores of several predictors on the same tasks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import pandas as pd
from tqdm import tqdm

from apnp import scores
from apnp.errors import DataError
from apnp.evaluation import tables
from apnp.observations import Floats, Observations, Predictor

REFERENCE = "regression kriging"


@dataclass(frozen=True)
class Evaluation:
    """Every prediction with its scores; the tables are sums over it.

    Attributes:
        points: One row for each model, task and target station, with the columns
            model, task, time, n_context, lat, lon, elevation, observed, mean, std,
            error, squared_error, crps, nll, pit, coverage_50, coverage_90,
            coverage_95, seconds (a task's time shared among its targets).
        reference: The model that the others are compared with, where it was scored.
    """

    points: pd.DataFrame
    reference: str = REFERENCE

    def per_task(self) -> pd.DataFrame:
        """One row for each model and task: means over its targets."""
        return tables.per_task(self.points)

    def per_station(self) -> pd.DataFrame:
        """One row for each model and target station: means over its tasks."""
        return tables.per_station(self.points)

    def summary(self) -> pd.DataFrame:
        """One row a model: means over tasks, their errors, paired differences."""
        return tables.summary(self.per_task(), self.reference)

    def pit(self) -> dict[str, Floats]:
        """The probability integral transforms of every model."""
        groups = self.points.groupby("model", sort=False)["pit"]
        return {str(model): values.to_numpy() for model, values in groups}


def evaluate(
    predictors: Sequence[Predictor],
    tasks: Iterable[tuple[Observations, Observations]],
    *,
    reference: str = REFERENCE,
    n_tasks: int | None = None,
    progress: bool = False,
) -> Evaluation:
    """Score every predictor on every task.

    Args:
        predictors: Models and baselines, with different names.
        tasks: Pairs of context and target, as `apnp.data.heldout.heldout_tasks` gives
            them.
        reference: Name of the predictor that the others are compared with.
        n_tasks: Number of tasks, for the time left.
        progress: Whether to show rate and time left on standard error.

    Raises:
        DataError: If there is no task, or a prediction is not finite.
    """
    names = [predictor.name for predictor in predictors]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"`predictors` need different names. Got {names}.")
    watched = tqdm(
        tasks, "evaluate", n_tasks, unit="task", mininterval=1, disable=not progress
    )
    rows = [
        _score(predictor, context, target, index)
        for index, (context, target) in enumerate(watched)
        for predictor in predictors
    ]
    if not rows:
        raise DataError("There is no task to score: `tasks` is empty.")
    points = pd.concat(rows, ignore_index=True)
    points["model"] = pd.Categorical(points["model"], names)
    return Evaluation(points, reference)


def _score(
    predictor: Predictor, context: Observations, target: Observations, task: int
) -> pd.DataFrame:
    """The rows of one predictor and one task."""
    start = perf_counter()
    mean, std = predictor.condition(context).predict(target.sites)
    seconds = perf_counter() - start
    sites, y = target.sites, target.value
    bad = ~(np.isfinite(mean) & np.isfinite(std) & (std > 0))
    if bad.any():
        worst = bad.argmax()
        raise DataError(
            f"{predictor.name} predicts {mean[worst]} with standard deviation "
            f"{std[worst]} at {sites.lat[worst]:.3f} N {sites.lon[worst]:.3f} E on "
            f"{sites.time}: a prediction is finite and its deviation above 0."
        )
    coverage = {
        f"coverage_{level}": scores.covered(y, mean, std, level / 100).astype(float)
        for level in tables.LEVELS
    }
    return pd.DataFrame(
        {
            "model": predictor.name,
            "task": task,
            "time": sites.time,
            "n_context": len(context),
            "lat": sites.lat,
            "lon": sites.lon,
            "elevation": sites.elevation,
            "observed": y,
            "mean": mean,
            "std": std,
            "error": mean - y,
            "squared_error": (mean - y) ** 2,
            "crps": scores.crps_gaussian(y, mean, std),
            "nll": -scores.log_density_gaussian(y, mean, std),
            "pit": scores.pit_gaussian(y, mean, std),
            **coverage,
            "seconds": seconds / len(target),
        }
    )
