"""Scores of pretraining runs on open data held out in blocks and years, by kind of day.

    python benchmarks/pretraining_choices.py --open open_daily.parquet RUN [RUN ...]

The choices of the shipped weights (mixture of tasks, group, size) are made on these
scores alone. Every run is scored on the same tasks: targets in validation blocks on
validation days, context of 40, 100, 400 and 1,000 stations outside these blocks.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import apnp
from apnp.evaluation import baseline, evaluate
from apnp.geometry.station_blocks import StationSplit
from apnp.pretraining.open_days import OpenStations, divided
from apnp.pretraining.prepare import validation_pairs

ALL = "all kinds"


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(description=__doc__)
    add = made.add_argument
    add("runs", nargs="+", help="run folders")
    add("--open", required=True, help="parquet file of open observations")
    add("--validation", type=float, default=0.08, help="share of validation blocks")
    add("--tasks", type=int, default=8, help="tasks for each kind of day (default 8)")
    add("--kriging", action="store_true", help="score regression kriging as well")
    return made


def main() -> None:
    """Score and print one table."""
    args = parser().parse_args()
    split = StationSplit(validation=args.validation)
    _, stations, part = divided(OpenStations.read(args.open), split)
    tasks = list(validation_pairs(stations, part, args.tasks))
    predictors = [Named(apnp.load(run), Path(run).name) for run in args.runs]
    if args.kriging:
        predictors.append(baseline("regression_kriging"))
    kinds = np.array([kind for kind, *_ in tasks])
    points = evaluate(predictors, [tuple(pair) for _, *pair in tasks]).per_task()
    points["kind"] = kinds[points["task"]]
    whole = pd.concat([points, points.assign(kind=ALL)])
    table = whole.groupby(["kind", "model"], sort=False, observed=True)[
        ["crps", "nll", "coverage_90"]
    ].mean()
    print(table.unstack("model").round(3).to_string())


class Named:
    """A predictor under the name of its run."""

    def __init__(self, model: object, name: str) -> None:
        self.model, self.name = model, name
        self.condition = model.condition  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
