"""Scores of the recalibration's settings on open data held out in blocks and years.

    python benchmarks/recalibration_choices.py --open open_daily.parquet RUN

Every validation task asks its context how uncertain the model should be. Varied are the
score that is minimised (log density, or CRPS in typical standard deviations times 7.1,
which is as informative for Gaussian values), the prior widths and the number of
correlated stations; the corrected model is scored at the task's targets in validation
blocks. The same is done for the model with its standard deviations divided by 1.5 and
multiplied by 1.5: a model that is carried where it is too sure, or too modest. Settings
are chosen on these scores alone.
"""

import argparse
from itertools import product

import numpy as np
import pandas as pd
import torch

import apnp
from apnp.geometry.station_blocks import StationSplit
from apnp.likelihoods import Predictive
from apnp.prediction import recalibration
from apnp.prediction.leave_out import covered_distances, distance_weights, leave_out
from apnp.prediction.trained import TrainedModel
from apnp.pretraining.open_days import OpenStations, divided
from apnp.pretraining.prepare import validation_pairs

INFLATION = (1 / 1.5, 1.0, 1.5)
FACTORS, SHARES, CORRELATED = (0.15, 0.25), (0.05, 0.3), (2.0, 4.0, 8.0)
_NLL = recalibration._score


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("run", help="run folder, or pretrained")
    made.add_argument("--open", required=True, help="parquet file of open observations")
    made.add_argument("--validation", type=float, default=0.08)
    made.add_argument("--tasks", type=int, default=4, help="tasks for each kind of day")
    return made


class Asked:
    """What a context says of a model left without some stations, and the targets."""

    def __init__(self, model: TrainedModel, context, target) -> None:
        found = model.condition(context).marginals(target.sites)
        self.target = found.predictive.double(), found.scaled(target.value)
        tasks = list(leave_out(context))
        asked = [model.condition(t.context).marginals(t.target.sites) for t in tasks]
        values = [a.scaled(t.target.value) for a, t in zip(asked, tasks, strict=True)]
        self.laws = [a.predictive.double() for a in asked]
        self.value = torch.cat(values, dim=1)[0, :, 0] if values else None
        distance = np.concatenate([[], *(t.distance for t in tasks)])
        self.weight = distance_weights(distance, covered_distances(context.sites))

    def scores(self, inflation: float, recalibrated: bool) -> tuple[float, ...]:
        """Mean NLL and CRPS, in scaled units, and coverage of the 90 % interval."""
        law, value = self.target
        law = law.widened(inflation)
        if recalibrated and self.value is not None:
            laws = [each.widened(inflation) for each in self.laws]
            found = recalibration.fitted(laws, self.value, self.weight)
            law = law.widened(found.factor).noised(found.variance)
        inside = (law.cdf(value) - 0.5).abs() <= 0.45
        nll, crps = -law.log_density(value), law.crps(value)
        return tuple(float(v.double().mean()) for v in (nll, crps, inside))


def mean_scores(tasks: list[Asked], recalibrated: bool) -> dict[str, float]:
    """Mean NLL and coverage over the tasks, for each inflation."""
    row = {}
    for inflation in INFLATION:
        pairs = [task.scores(inflation, recalibrated) for task in tasks]
        names = ("nll", "crps", "in 90 %")
        values = zip(names, np.mean(pairs, axis=0), strict=True)
        row |= {f"{name} x{inflation:.2g}": value for name, value in values}
    row["mean nll"] = np.mean([row[name] for name in row if name.startswith("nll")])
    return row


def crps(law: Predictive, observed: torch.Tensor, typical: float) -> torch.Tensor:
    """The CRPS, as informative of a Gaussian's width as the log density."""
    return 7.1 * law.crps(observed) / typical


def use(score: str, factor: float, share: float, correlated: float) -> None:
    """Use these settings from now on."""
    recalibration._score = crps if score == "crps" else _NLL
    recalibration._PRIOR_LOG_FACTOR = factor
    recalibration._PRIOR_SHARE = share
    recalibration._CORRELATED = correlated


def main() -> None:
    """Score all settings and print one table, the best mean NLL first."""
    args = parser().parse_args()
    split = StationSplit(validation=args.validation)
    _, stations, part = divided(OpenStations.read(args.open), split)
    model = apnp.load(args.run)
    pairs = validation_pairs(stations, part, args.tasks)
    tasks = [Asked(model, *pair) for _, *pair in pairs]
    rows = [{"settings": "not recalibrated"} | mean_scores(tasks, False)]
    for settings in product(("nll", "crps"), FACTORS, SHARES, CORRELATED):
        use(*settings)
        rows.append({"settings": str(settings)} | mean_scores(tasks, True))
    table = pd.DataFrame(rows).sort_values("mean nll")
    print(f"{len(tasks)} tasks")
    print(table.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
