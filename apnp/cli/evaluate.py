"""`apnp evaluate`: score a model and the baselines at held-out stations.

The targets are held-out stations: the test blocks of the run's own split (`run`), a
random fifth of the stations (`random`), or the test blocks of the default split with
this seed (`blocks`). The days are those of --time, or the test days of the run. The
context is drawn from the stations that are not held out (`outside`), so that held-out
blocks are empty, or from all stations (`all`), so that a target can have neighbours at
which the model has never been trained. --region limits both to stations of a region.

--at states whether the targets are known. `unseen` (the default) predicts as if the
targets had never reported: no method uses their other days. `known` predicts a fifth
of the stations of the training blocks. The model was trained on their other days, and
all methods that can use these days do so.

The baselines anomaly_kriging and random_forest use other days of the file: those of
the stations that are not held out, or of all stations with `--at known`. random_forest
does not use the days to predict.

--gaps hides values of all stations in the pattern of real outages and scores the filled
values by length of the gap. --output names the folder for its tables.

For stations simulated by apnp the truth is known everywhere. --field FILE compares a
predicted field with the truth, cell by cell, and writes FILE_truth.csv next to it.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from apnp.cli.arguments import (
    add_covariates_argument,
    add_recalibration_argument,
    add_station_arguments,
    read_station_arguments,
)
from apnp.cli.fields import open_field
from apnp.cli.gaps import METHODS, evaluate_gaps
from apnp.cli.options import EvaluateOptions
from apnp.cli.parser import ApnpParser, positive, region, seed
from apnp.cli.runs import model_of, run_output, task_times
from apnp.data.archive import archive_of
from apnp.data.fill_elevation import fill_unmeasured_network
from apnp.data.heldout import heldout_tasks
from apnp.data.select import select_region
from apnp.errors import ConfigError, DataError
from apnp.evaluation import (
    ARCHIVE_BASELINES,
    BASELINES,
    as_text,
    baseline,
    evaluate,
    informed_kriging,
    true_law_kriging,
    write,
)
from apnp.evaluation.baselines import climate_of
from apnp.evaluation.random_forest import without_times
from apnp.evaluation.report import make_folder
from apnp.evaluation.truth import against_truth, truth_as_text
from apnp.files import atomic_write
from apnp.geometry.station_blocks import StationSplit
from apnp.observations import Predictor

if TYPE_CHECKING:
    from apnp.prediction import TrainedModel

_SHARE = 0.2
ANOMALY = "anomaly_kriging"
TRUE_LAW = "true_law"
INFORMED = "informed_kriging"


def parser() -> ApnpParser:
    """The arguments of the verb."""
    made = ApnpParser(prog="apnp evaluate", description=__doc__)
    add = made.add_argument
    add(
        "--checkpoint", metavar="RUN",
        help="run folder, or `pretrained` for the shipped weights (default: score "
        "only the baselines)",
    )  # fmt: skip
    add(
        "--beside", nargs="*", action="extend", default=[], metavar="RUN",
        help="folders of further runs to score on the same tasks",
    )  # fmt: skip
    add_station_arguments(made)
    add_covariates_argument(made)
    add_recalibration_argument(made)
    add(
        "--hold-out", choices=("run", "random", "blocks"),
        help="stations to predict (default: run; random without --checkpoint)",
    )  # fmt: skip
    add(
        "--at", choices=("unseen", "known"), default="unseen",
        help="predict stations as if they had never reported (unseen), or stations "
        "whose other days are known (known) (default unseen)",
    )  # fmt: skip
    add("--context", type=positive, default=400, help="context stations (default 400)")
    add(
        "--context-pool", choices=("outside", "all"), default="outside",
        help="stations from which the context is drawn (default outside)",
    )  # fmt: skip
    add(
        "--region", type=region, metavar="W,S,E,N",
        help="region of targets and context in degrees; W > E crosses the date line "
        "(default: all stations)",
    )  # fmt: skip
    add("--time", metavar="A/B", help="days to use (default: the test days of the run)")
    add("--tasks", type=positive, default=40, help="days, evenly spaced (default 40)")
    add("--seed", type=seed, default=0, help="seed of the selection (default 0)")
    add(
        "--no-fixed-inputs", action="store_true",
        help="also score the strictly equivariant component of the model",
    )  # fmt: skip
    _add_choice_of_scores(made)
    add(
        "--output", metavar="DIR", help="folder for the tables (default RUN/evaluation)"
    )
    return made


def _add_choice_of_scores(parser: ApnpParser) -> None:
    """Add what is scored beside the model, or in its place."""
    add = parser.add_argument
    add(
        "--baselines",
        metavar="A,B",
        help=f"baselines to score: {', '.join([*BASELINES, *ARCHIVE_BASELINES])}; with "
        f"a model also {INFORMED} (regression kriging with the model's covariates); "
        f"for simulated stations also {TRUE_LAW}; or none (default: all except "
        "random_forest, which takes minutes to train)",
    )
    add(
        "--field",
        metavar="FILE",
        help="compare this field, predicted from simulated stations, with the truth "
        "instead",
    )
    add(
        "--gaps", choices=("random", "blocks", "stations"),
        help="hide values of all stations instead (single days, runs as long as the "
        "file's own gaps, or whole stations), fill them, and score by gap length; "
        "the methods are the model, "
        + ", ".join(METHODS),
    )  # fmt: skip


def main(argv: Sequence[str]) -> None:
    """Evaluate, print the table and write it to the output folder."""
    options = parser().options(EvaluateOptions, argv)
    if options.field:
        _against_truth(options, Path(options.field))
        return
    model = None
    if options.checkpoint:
        model = model_of(options.checkpoint, options.variable, options.covariates)
    elif options.covariates:
        raise ConfigError("--covariates requires --checkpoint.")
    ds = fill_unmeasured_network(read_station_arguments(options))
    if options.region:
        ds = select_region(ds, options.region)
    if options.gaps:
        evaluate_gaps(options, ds, model)
        return
    if options.at == "known":
        ds = _trained_on(options, ds, model)
    held_out = _held_out(options, ds, model)
    times = task_times(ds, options.time, model, options.tasks)
    past = ds if options.at == "known" else ds.isel(station=~held_out)
    if model is not None:
        model = model.remembering(past)
    predictors = [
        *_own(options, model),
        *_beside(options, past),
        *_baselines(options, ds, model),
        *_archive_baselines(options, ds, held_out, times),
    ]
    if not predictors:
        raise ConfigError("Nothing to score: give --checkpoint or --baselines.")
    folder: str | Path | None = options.output
    if folder is None and options.checkpoint is not None:
        folder = run_output(options.checkpoint, "evaluation")
    if folder:
        make_folder(folder)  # before the work, not after
    tasks = heldout_tasks(
        ds, times, held_out,
        n_context=options.context, variable=options.variable,
        context_pool=options.context_pool, seed=options.seed,
    )  # fmt: skip
    evaluation = evaluate(predictors, tasks, n_tasks=len(times), progress=True)
    print(_heading(options, ds, held_out, evaluation.points))
    print(as_text(evaluation))
    if folder:
        write(evaluation, folder, ds)
        print(f"Tables and calibration plot: {folder}")


def _against_truth(options: EvaluateOptions, path: Path) -> None:
    """Score a field against the simulated climate that its stations observed."""
    if options.checkpoint:
        raise ConfigError("--field scores a file: leave --checkpoint out.")
    if options.region:
        raise ConfigError(
            "--field scores the cells of a file: predict them in the region, and leave "
            "--region out."
        )
    climate = climate_of(read_station_arguments(options))
    if climate is None:
        raise ConfigError(
            "--field requires stations simulated by apnp: of these no ground truth is "
            "available. Score at held-out stations instead."
        )
    folder = make_folder(options.output or path.parent)
    with open_field(path) as field:
        table = against_truth(field, climate, options.variable)
    print(
        f"{path} against the truth of the SIMULATED climate, cells weighted by area; "
        "CRPS and coverage of truth plus station noise"
    )
    print(truth_as_text(table))
    target = folder / f"{path.stem}_truth.csv"
    with atomic_write(target) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")
    print(f"Table: {target}")


def _own(options: EvaluateOptions, model: "TrainedModel | None") -> list[Predictor]:
    if model is None:
        if options.no_fixed_inputs:
            raise ConfigError("--no-fixed-inputs requires --checkpoint.")
        return []
    models = [model, model.strict()] if options.no_fixed_inputs else [model]
    if options.no_recalibration:
        return [*models]
    known = options.at == "known"
    return [each.self_recalibrating(known) for each in models]


def _beside(options: EvaluateOptions, past: xr.Dataset) -> list[Predictor]:
    """The further runs, with the past of the stations that may be known."""
    models = [
        replace(
            model_of(run, options.variable, options.covariates).remembering(past),
            name=Path(run).name,
        )
        for run in options.beside
    ]
    if options.no_recalibration:
        return [*models]
    return [each.self_recalibrating(options.at == "known") for each in models]


def _baselines(
    options: EvaluateOptions, ds: xr.Dataset, model: "TrainedModel | None"
) -> list[Predictor]:
    climate = climate_of(ds)
    known: dict[str, Callable[[], Predictor]] = {
        name: partial(baseline, name) for name in BASELINES
    }
    if model is not None:
        known[INFORMED] = partial(informed_kriging, model.covariates)
    if climate is not None:
        known[TRUE_LAW] = partial(true_law_kriging, climate)
    names = _named(options, [*known])
    if TRUE_LAW in names and climate is None:
        raise ConfigError(
            f"The baseline {TRUE_LAW} needs stations simulated by apnp, whose law is "
            "known; the law of these is not: leave it out of --baselines."
        )
    if INFORMED in names and model is None:
        raise ConfigError(
            f"The baseline {INFORMED} uses the covariates of a model: give "
            "--checkpoint, or leave it out of --baselines."
        )
    return [
        known.get(name, partial(baseline, name))()
        for name in names
        if name not in ARCHIVE_BASELINES
    ]


def _named(options: EvaluateOptions, every: list[str]) -> list[str]:
    """The baselines asked for; `every` one unless named."""
    if options.baselines is None:
        return every
    if options.baselines == "none":
        return []
    return list(dict.fromkeys(options.baselines.split(",")))


def _archive_baselines(
    options: EvaluateOptions,
    ds: xr.Dataset,
    held_out: NDArray[np.bool_],
    times: NDArray[np.datetime64],
) -> list[Predictor]:
    """The baselines that read other days, of the stations that may be known."""
    names = [n for n in _named(options, [ANOMALY]) if n in ARCHIVE_BASELINES]
    if not names:
        return []
    known = ds if options.at == "known" else ds.isel(station=~held_out)
    archive = archive_of(known, options.variable)
    others = archive if names == [ANOMALY] else without_times(archive, times)
    return [
        ARCHIVE_BASELINES[name](archive if name == ANOMALY else others, options.context)
        for name in names
    ]


def _trained_on(
    options: EvaluateOptions, ds: xr.Dataset, model: "TrainedModel | None"
) -> xr.Dataset:
    """The stations that lie in the training blocks of a run; all without a run.

    Raises:
        ConfigError: If --hold-out or --context-pool are given too.
        DataError: If there is none.
    """
    if options.hold_out or options.context_pool == "all":
        raise ConfigError(
            "--at known holds out a random fifth of the stations of the training "
            "blocks: leave --hold-out and --context-pool out."
        )
    if model is None:
        return ds
    part = model.split.assign(ds["lat"].values, ds["lon"].values)
    if not (part == "train").any():
        raise DataError(
            f"None of the {part.size} stations lies in a training block of the run: "
            "--at known has nothing to predict."
        )
    return ds.isel(station=part == "train")


def _held_out(
    options: EvaluateOptions, ds: xr.Dataset, model: "TrainedModel | None"
) -> NDArray[np.bool_]:
    """True for the stations to predict."""
    lat, lon = ds["lat"].values, ds["lon"].values
    if options.at == "known":
        return np.random.default_rng(options.seed).random(len(lat)) < _SHARE
    rule = options.hold_out or ("run" if model else "random")
    if rule == "run":
        if model is None:
            raise ConfigError(
                "--hold-out run takes the test blocks of a run: give --checkpoint, or "
                "hold out random or blocks."
            )
        return model.split.assign(lat, lon) == "test"
    if rule == "blocks":
        held_out = StationSplit(seed=options.seed).assign(lat, lon) == "test"
    else:
        held_out = np.random.default_rng(options.seed).random(len(lat)) < _SHARE
    if model is not None:
        seen = int((held_out & (model.split.assign(lat, lon) == "train")).sum())
        print(
            f"evaluate: {seen} of {held_out.sum()} held-out stations lie in blocks "
            "that the model was trained on, if it was trained in this region; "
            "--hold-out run avoids them.",
            file=sys.stderr,
        )
    return held_out


def _heading(
    options: EvaluateOptions,
    ds: xr.Dataset,
    held_out: NDArray[np.bool_],
    points: pd.DataFrame,
) -> str:
    simulated = "SIMULATED " if climate_of(ds) else ""
    times = points["time"].dt.strftime("%Y-%m-%d").unique()
    pool = "all stations" if options.context_pool == "all" else "the others"
    targets = "known" if options.at == "known" else "held out"
    where = ""
    if options.region:
        west, south, east, north = options.region
        where = f", region {west:g} to {east:g} E, {south:g} to {north:g} N"
    scores = "ratio and differences, where given, to regression kriging on the same "
    return (
        f"{options.variable} at {held_out.sum()} of {held_out.size} {simulated}"
        f"stations {targets}{where}, {points['task'].nunique()} times from "
        f"{min(times)} to {max(times)}, context of {options.context} from {pool}; ± "
        f"one standard error over times; {scores}tasks"
    )
