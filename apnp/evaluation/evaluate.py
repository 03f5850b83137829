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
from apnp.observations import Floats, Marginals, Observations, Predictor

REFERENCE = "regression kriging"


@dataclass(frozen=True)
class Evaluation:
    """Every prediction with its scores; the tables are sums over it.

    Attributes:
        points: One row for each model, task and target station, with the columns
            model, task, time, n_context, lat, lon, elevation, observed, mean, std,
            error, squared_error, crps, nll, pit, coverage_50, coverage_90,
            coverage_95, seconds (a task's time shared among its targets). Scores are
            those of each predictor's own distribution, one by one: of a joint one the
            marginals. At an atom `pit` is randomised, and coverage with it. Where a
            predictor has a joint distribution there is joint_nll too: of all targets
            of the task together, shared among them; NaN for the other predictors.
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
    if points["joint_nll"].isna().all():
        points = points.drop(columns="joint_nll")
    points["model"] = pd.Categorical(points["model"], names)
    return Evaluation(points, reference)


def _score(
    predictor: Predictor, context: Observations, target: Observations, task: int
) -> pd.DataFrame:
    """The rows of one predictor and one task."""
    start = perf_counter()
    marginals = predictor.condition(context).marginals(target.sites)
    seconds = perf_counter() - start
    _check_prediction(predictor.name, marginals, target)
    sites, mean = target.sites, marginals.mean
    found = marginals.score(target.value)
    # Of the task's number alone: every predictor draws the same where it has an atom.
    pit = found.pit(np.random.default_rng(task))
    coverage = {
        f"coverage_{level}": scores.covered(pit, level / 100).astype(float)
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
            "observed": target.value,
            "mean": mean,
            "std": marginals.std,
            "error": mean - target.value,
            "squared_error": (mean - target.value) ** 2,
            "crps": found.crps,
            "nll": found.nll,
            "joint_nll": found.joint_nll,
            "pit": pit,
            **coverage,
            "seconds": seconds / len(target),
        }
    )


def _check_prediction(name: str, marginals: Marginals, target: Observations) -> None:
    mean, std, sites = marginals.mean, marginals.std, target.sites
    bad = ~(np.isfinite(mean) & np.isfinite(std) & (std > 0))
    if bad.any():
        worst = bad.argmax()
        raise DataError(
            f"{name} predicts {mean[worst]} with standard deviation "
            f"{std[worst]} at {sites.lat[worst]:.3f} N {sites.lon[worst]:.3f} E on "
            f"{sites.time}: a prediction is finite and its deviation above 0."
        )
