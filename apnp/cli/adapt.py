"""Adapt the shipped model to an archive of stations.

The command holds out blocks of stations. It continues training on the other stations
twice, each time for half of the minutes and with another learning rate. The scores at
the validation blocks select the best of the shipped model and the two new models. The
scores at the test blocks, which no choice uses, compare the shipped model, the selected
model and regression kriging. OUTPUT/best is the selected model, for
`apnp predict --checkpoint OUTPUT`.
"""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from apnp.cli.arguments import add_station_arguments, read_station_arguments
from apnp.cli.options import AdaptOptions
from apnp.cli.parser import ApnpParser
from apnp.config import Config, DataConfig, TrainerConfig
from apnp.data.fill_elevation import fill_unmeasured_network
from apnp.data.heldout import heldout_tasks
from apnp.data.schema import variables_of
from apnp.errors import ConfigError, DataError
from apnp.geometry.station_blocks import StationSplit
from apnp.pretrained import PRETRAINED

if TYPE_CHECKING:
    from apnp.evaluation import Evaluation
    from apnp.observations import Predictor

RATES = (1e-3, 2e-4)
"""Learning rates that are tried."""
SPLIT = StationSplit()
_DAYS = 20
_GAPS = 0.5
"""Share of the tasks that predict in gaps, as the held-out blocks are."""
_LEAST_STATIONS = 40
_BOX, _ADAPTED = "box model", "adapted"


def parser() -> ApnpParser:
    """The arguments of the verb."""
    made = ApnpParser(prog="apnp adapt", description=__doc__)
    add_station_arguments(made)
    made.add_argument(
        "--output", required=True, metavar="DIR", help="run folder to write"
    )
    made.add_argument(
        "--minutes", type=float, default=10.0,
        help="total minutes of training for both learning rates (default 10)",
    )  # fmt: skip
    made.add_argument(
        "--checkpoint", default=PRETRAINED, metavar="RUN",
        help="run to adapt (default: the shipped weights)",
    )  # fmt: skip
    return made


def main(argv: Sequence[str]) -> None:
    """Train, choose, keep the better model, and say how good it is.

    Raises:
        ApnpError: If an argument, the archive or the checkpoint cannot be used.
    """
    args = parser().options(AdaptOptions, argv)
    output = Path(args.output)
    if output.exists():
        raise ConfigError(f"{output} exists already: name another --output.")
    if not args.minutes > 0:
        raise ConfigError(f"--minutes must be > 0. Got {args.minutes:g}.")
    stations = fill_unmeasured_network(read_station_arguments(args))
    part = _parts(stations)
    from apnp.prediction import load  # loads torch, which a refusal need not wait for
    from apnp.training.fit import train

    box = load(args.checkpoint)
    runs: dict[str, Path] = {}
    models = {_BOX: box}
    for rate in RATES:
        name = f"learning rate {rate:g}"
        runs[name] = output / f"rate_{rate:g}"
        config = _config(box.record.config, args, stations, rate, str(runs[name]))
        train(config, stations, init_from=args.checkpoint)
        models[name] = load(runs[name])
    named = {name: _Named(model, name) for name, model in models.items()}
    chosen = _best(_scored([*named.values()], stations, part, "validation"))
    _keep(args.checkpoint if chosen == _BOX else runs[chosen], output)
    _report(chosen, models, stations, part)
    print(f"{output}")


class _Named:
    """A model under the name that tables give it, recalibrated by every context."""

    def __init__(self, model: "Predictor", name: str) -> None:
        self.name = name
        self.condition = model.self_recalibrating().condition  # type: ignore[attr-defined]


def _parts(stations: xr.Dataset) -> np.ndarray:
    """The part of every station: training, validation or test blocks.

    Raises:
        DataError: If there are too few stations to hold some out.
    """
    part = SPLIT.assign(stations["lat"].values, stations["lon"].values)
    counts = {
        name: int((part == name).sum()) for name in ("train", "validation", "test")
    }
    if len(part) < _LEAST_STATIONS or not all(counts.values()):
        raise DataError(
            f"{len(part)} stations are too few to adapt to: blocks of "
            f"{SPLIT.block_km:g} km give {counts}. Predict with the shipped model "
            "instead; it recalibrates itself to any network."
        )
    return part


def _config(
    known: Config, args: AdaptOptions, stations: xr.Dataset, rate: float, run: str
) -> Config:
    """The experiment that trains the model further on the archive."""
    number = stations.sizes["station"]
    data = DataConfig(
        path=[*args.stations], variable=args.variable, split=SPLIT,
        context=(min(20, number // 4), min(800, number // 2)), gaps=_GAPS,
        covariates=known.data.covariates, history=known.data.history,
    )  # fmt: skip
    trainer = TrainerConfig(
        learning_rate=rate, max_minutes=args.minutes / len(RATES),
        batch_size=known.trainer.batch_size, warmup=20, average=0.98,
        validation_every=100, validation_tasks=24, patience=6, monitor="crps",
    )  # fmt: skip
    return replace(known, run=run, data=data, trainer=trainer)


def _scored(
    predictors: "Sequence[Predictor]", stations: xr.Dataset, part: np.ndarray, name: str
) -> "Evaluation":
    """Scores at the stations of a part, on days spread over the archive."""
    from apnp.evaluation import evaluate

    times = stations["time"].values
    chosen = np.linspace(0, len(times) - 1, min(_DAYS, len(times))).round().astype(int)
    tasks = heldout_tasks(
        stations, times[chosen], part == name, n_context=400,
        variable=variables_of(stations)[0],
    )  # fmt: skip
    return evaluate(predictors, tasks)


def _best(evaluation: "Evaluation") -> str:
    """The model of least mean CRPS."""
    tasks = evaluation.per_task()
    return str(tasks.groupby("model", observed=True)["crps"].mean().idxmin())


def _keep(run: str | Path, output: Path) -> None:
    """Make the chosen model the best of the output folder."""
    from apnp.checkpoint import find_checkpoint

    shutil.copytree(find_checkpoint(run), output / "best")


def _report(chosen: str, models: dict, stations: xr.Dataset, part: np.ndarray) -> None:
    """Print the scores at the test blocks before and after, beside kriging."""
    from apnp.evaluation import as_text, baseline

    predictors = [_Named(models[_BOX], _BOX), baseline("regression_kriging")]
    if chosen == _BOX:
        print("Adapting did not help at the validation blocks: the box model is kept.")
    else:
        predictors.insert(1, _Named(models[chosen], f"{_ADAPTED}, {chosen}"))
        print(f"The validation blocks chose the adapted model ({chosen}).")
    print(as_text(_scored(predictors, stations, part, "test")))
