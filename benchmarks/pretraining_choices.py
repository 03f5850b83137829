"""Scores of pretraining runs on open data held out in blocks and years, by kind of day.

    python benchmarks/pretraining_choices.py --open open_daily.parquet RUN [RUN ...]

The choices of the shipped weights (mixture of tasks, group, size) are made on these
scores alone. Every run is scored on the same tasks: targets in validation blocks on
validation days, context of 40, 100, 400 and 1,000 stations outside these blocks.

With `--left-out SOURCES` the tasks are those of sources that the runs were trained
without (`apnp pretrain --without SOURCES`): training blocks and days of each, targets
among the context stations, in gaps of 50 to 350 km, and beyond the context's edge. They
say how a choice carries over to a network that was never trained on.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

import apnp
from apnp.evaluation import baseline, evaluate
from apnp.geometry.sphere import unit_vectors
from apnp.geometry.station_blocks import StationSplit
from apnp.observations import Observations, Sites
from apnp.pretraining.open_days import OpenStations, divided
from apnp.pretraining.prepare import validation_pairs
from apnp.pretraining.sampling import SamplingLaw

Kinds = Iterator[tuple[str, Observations, Observations]]

ALL = "all kinds"
_FORMS = {
    # where the targets of a left-out source lie: probability of gaps, of the edge
    "among": (0.0, 0.0),
    "gaps": (1.0, 0.0),
    "edge": (0.0, 1.0),
}
_SEED = 17


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(description=__doc__)
    add = made.add_argument
    add("runs", nargs="+", help="run folders")
    add("--open", required=True, help="parquet file of open observations")
    add("--validation", type=float, default=0.08, help="share of validation blocks")
    add("--tasks", type=int, default=8, help="tasks for each kind of day (default 8)")
    add("--left-out", default="", help="sources that the runs were trained without")
    add("--kriging", action="store_true", help="score regression kriging as well")
    return made


def main() -> None:
    """Score and print one table."""
    args = parser().parse_args()
    split = StationSplit(validation=args.validation)
    train, stations, part = divided(OpenStations.read(args.open), split)
    if args.left_out:
        tasks = list(left_out_pairs(train, args.left_out.split(","), args.tasks))
    else:
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


def left_out_pairs(stations: OpenStations, sources: list[str], number: int) -> Kinds:
    """Tasks of sources that were left out, as `validation_pairs`, of each form."""
    for source in sources:
        own = stations.kept(stations.source[stations.site] == source)
        days = np.linspace(0, len(own.days) - 1, number).round().astype(int)
        for form, (gaps, edge) in _FORMS.items():
            law = SamplingLaw(
                (40, 400), 400, 0.0, gap_share=gaps, edge_share=edge, least=41
            )
            for k, day in enumerate(days):
                here = own.on(day)
                site, value = own.site[here], own.value[here]
                places = own.lat[site], own.lon[site], own.elevation[site]
                rng = np.random.default_rng([_SEED, k, day])
                unit = unit_vectors(*places[:2]).astype(np.float32)
                size = (k % 4 + 0.5) / 4
                context, target = (
                    Observations(
                        Sites(*(each[index] for each in places), own.days[day]),
                        value[index],
                    )
                    for index in law.divide(rng, unit, size)
                )
                yield f"{source}, {form}", context, target


class Named:
    """A predictor under the name of its run."""

    def __init__(self, model: object, name: str) -> None:
        self.model, self.name = model, name
        self.condition = model.condition  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
