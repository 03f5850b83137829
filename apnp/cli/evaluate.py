"""`apnp evaluate`: scores at held-out stations, beside the baselines.

The targets are stations held out: the test blocks of the run's own split (`run`), a
random fifth of the stations (`random`), or the test blocks of the default split with
this seed (`blocks`). The days are those given with --time, else those that the run
held out. The context is drawn from the stations that are not held out (`outside`), so
that held-out blocks are empty, or from all stations (`all`), so that a target may have
neighbours at which the model has never been trained. With --region both are stations
of that region alone.

For stations simulated by apnp the truth is known everywhere: --field FILE scores a
predicted field against it, cell by cell, and writes FILE_truth.csv beside it.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from apnp.cli.fields import open_field
from apnp.cli.regions import joined, region
from apnp.cli.runs import (
    add_fields_argument,
    add_recalibration_argument,
    model_of,
    run_output,
    task_times,
)
from apnp.cli.stations import add_station_arguments, read_station_arguments
from apnp.data.fill_elevation import fill_unmeasured_network
from apnp.data.heldout import heldout_tasks
from apnp.data.select import select_region
from apnp.errors import ConfigError
from apnp.evaluation import (
    BASELINES,
    as_text,
    baseline,
    evaluate,
    informed_kriging,
    true_law_kriging,
    write,
)
from apnp.evaluation.baselines import climate_of
from apnp.evaluation.report import make_folder
from apnp.evaluation.truth import against_truth, truth_as_text
from apnp.files import atomic_write
from apnp.geometry.station_blocks import StationSplit
from apnp.observations import Predictor

if TYPE_CHECKING:
    from apnp.prediction import TrainedModel

_SHARE = 0.2
TRUE_LAW = "true_law"
INFORMED = "informed_kriging"


def parser() -> argparse.ArgumentParser:
    """The arguments of the verb."""
    made = argparse.ArgumentParser(
        prog="apnp evaluate", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = made.add_argument
    add(
        "--checkpoint", metavar="RUN",
        help="run folder, or `pretrained` for the shipped weights; without one, "
        "baselines alone",
    )  # fmt: skip
    add_station_arguments(made)
    add_fields_argument(made)
    add_recalibration_argument(made)
    add(
        "--hold-out",
        choices=("run", "random", "blocks"),
        help="stations to predict (default: run; random without --checkpoint)",
    )
    add("--context", type=int, default=400, help="context stations (default 400)")
    add(
        "--context-pool",
        choices=("outside", "all"),
        default="outside",
        help="where context stations come from (default outside)",
    )
    add(
        "--region", type=region, metavar="W,S,E,N",
        help="stations to take, targets and context: degrees; W > E crosses the date "
        "line (default: all)",
    )  # fmt: skip
    add("--time", metavar="A/B", help="days to take (default: the run's test days)")
    add("--tasks", type=int, default=40, help="days, evenly spread (default 40)")
    add("--seed", type=int, default=0, help="draws stations and contexts (default 0)")
    add(
        "--no-fixed-inputs",
        action="store_true",
        help="score the strictly equivariant component of the model beside it",
    )
    add(
        "--baselines",
        metavar="A,B",
        help=f"of {', '.join(BASELINES)}, with a model {INFORMED} (regression kriging "
        f"told all that the model is told of places) and, for simulated stations, "
        f"{TRUE_LAW}; or none (default: all)",
    )
    add(
        "--field",
        metavar="FILE",
        help="instead, score this field of `apnp predict` from simulated stations "
        "against the truth",
    )
    add("--output", metavar="DIR", help="folder of tables (default RUN/evaluation)")
    return made


def main(argv: Sequence[str]) -> None:
    """Evaluate, print the table and write it to the output folder."""
    args = parser().parse_args(joined(argv))
    for name, least in (("context", 1), ("tasks", 1), ("seed", 0)):
        if getattr(args, name) < least:
            raise ConfigError(
                f"--{name} is at least {least}. Got {getattr(args, name)}."
            )
    if args.field:
        _against_truth(args)
        return
    model = None
    if args.checkpoint:
        model = model_of(args.checkpoint, args.variable, args.fields)
    elif args.fields:
        raise ConfigError("--fields is about a model: give --checkpoint.")
    ds = fill_unmeasured_network(read_station_arguments(args))
    if args.region:
        ds = select_region(ds, args.region)
    predictors = [*_own(args, model), *_baselines(args, ds, model)]
    if not predictors:
        raise ConfigError("Nothing to score: give --checkpoint or --baselines.")
    held_out = _held_out(args, ds, model)
    times = task_times(ds, args.time, model, args.tasks)
    folder = args.output or (model and run_output(args.checkpoint, "evaluation"))
    if folder:
        make_folder(folder)  # before the work, not after
    tasks = heldout_tasks(
        ds, times, held_out,
        n_context=args.context, variable=args.variable,
        context_pool=args.context_pool, seed=args.seed,
    )  # fmt: skip
    evaluation = evaluate(predictors, tasks, n_tasks=len(times), progress=True)
    print(_heading(args, ds, held_out, evaluation.points))
    print(as_text(evaluation))
    if folder:
        write(evaluation, folder, ds)
        print(f"Tables and calibration plot: {folder}")


def _against_truth(args: argparse.Namespace) -> None:
    """Score a field against the simulated climate that its stations observed."""
    if args.checkpoint:
        raise ConfigError("--field scores a file: leave --checkpoint out.")
    if args.region:
        raise ConfigError(
            "--field scores the cells of a file: predict them in the region, and leave "
            "--region out."
        )
    climate = climate_of(read_station_arguments(args))
    if climate is None:
        raise ConfigError(
            "--field needs stations simulated by apnp, whose truth is known "
            "everywhere; that of these is not. Score at held-out stations instead."
        )
    path = Path(args.field)
    folder = make_folder(args.output or path.parent)
    with open_field(path) as field:
        table = against_truth(field, climate, args.variable)
    print(
        f"{path} against the truth of the SIMULATED climate, cells weighted by area; "
        "CRPS and coverage of truth plus station noise"
    )
    print(truth_as_text(table))
    target = folder / f"{path.stem}_truth.csv"
    with atomic_write(target) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")
    print(f"Table: {target}")


def _own(args: argparse.Namespace, model: "TrainedModel | None") -> list[Predictor]:
    if model is None:
        if args.no_fixed_inputs:
            raise ConfigError("--no-fixed-inputs is about a model: give --checkpoint.")
        return []
    models = [model, model.strict()] if args.no_fixed_inputs else [model]
    if args.no_recalibration:
        return [*models]
    return [each.self_recalibrating() for each in models]


def _baselines(
    args: argparse.Namespace, ds: xr.Dataset, model: "TrainedModel | None"
) -> list[Predictor]:
    climate = climate_of(ds)
    known: dict[str, Callable[[], Predictor]] = {
        name: partial(baseline, name) for name in BASELINES
    }
    if model is not None:
        known[INFORMED] = partial(informed_kriging, model.covariates)
    if climate is not None:
        known[TRUE_LAW] = partial(true_law_kriging, climate)
    if args.baselines is None:
        names = list(known)
    elif args.baselines == "none":
        names = []
    else:
        names = list(dict.fromkeys(args.baselines.split(",")))
    if TRUE_LAW in names and climate is None:
        raise ConfigError(
            f"The baseline {TRUE_LAW} needs stations simulated by apnp, whose law is "
            "known; the law of these is not: leave it out of --baselines."
        )
    if INFORMED in names and model is None:
        raise ConfigError(
            f"The baseline {INFORMED} is told what a model is told: give --checkpoint, "
            "or leave it out of --baselines."
        )
    return [known.get(name, partial(baseline, name))() for name in names]


def _held_out(
    args: argparse.Namespace, ds: xr.Dataset, model: "TrainedModel | None"
) -> NDArray[np.bool_]:
    """True for the stations to predict."""
    lat, lon = ds["lat"].values, ds["lon"].values
    rule = args.hold_out or ("run" if model else "random")
    if rule == "run":
        if model is None:
            raise ConfigError(
                "--hold-out run takes the test blocks of a run: give --checkpoint, or "
                "hold out random or blocks."
            )
        return model.split.assign(lat, lon) == "test"
    if rule == "blocks":
        held_out = StationSplit(seed=args.seed).assign(lat, lon) == "test"
    else:
        held_out = np.random.default_rng(args.seed).random(len(lat)) < _SHARE
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
    args: argparse.Namespace,
    ds: xr.Dataset,
    held_out: NDArray[np.bool_],
    points: pd.DataFrame,
) -> str:
    simulated = "SIMULATED " if climate_of(ds) else ""
    times = points["time"].dt.strftime("%Y-%m-%d").unique()
    pool = "all stations" if args.context_pool == "all" else "the others"
    where = ""
    if args.region:
        west, south, east, north = args.region
        where = f", region {west:g} to {east:g} E, {south:g} to {north:g} N"
    return (
        f"{args.variable} at {held_out.sum()} of {held_out.size} {simulated}stations "
        f"held out{where}, {points['task'].nunique()} times from {min(times)} to "
        f"{max(times)}, context of {args.context} from {pool}; ± one standard "
        "error over times; ratio and differences, where given, to regression "
        "kriging on the same tasks"
    )
