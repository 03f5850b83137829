"""`apnp symmetry`: measure how far a model is from its symmetry, and map it.

There are two measures, each a mean over tasks with its standard error. "Fixed inputs
off" compares the predictive mean with that of the same model without fixed inputs.
"Moved" moves stations, targets and domain of a task by a random element of the
backbone's group, leaves the fixed inputs in place, and compares the predictive mean
with that of the original task. Without fixed inputs the difference is only rounding.

The relative deviation of a task is the norm of the difference over its targets divided
by the norm of the reference mean. Both are anomalies from the mean of the training
values. The targets are the stations of the run's test blocks, the contexts are drawn
from the other stations, and the days are those of --time, or the test days of the run.
The tables are RUN/symmetry/summary.csv and per_task.csv.

With --groups each task is also moved by a random element of each of these candidate
groups, whether the model keeps the group or not. The result shows which symmetries the
model has, and how far it is from the others.

With --grid the command maps the prediction with fixed inputs minus the prediction
without them, for the first day and from all stations (the symmetry-breaking map).
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from tqdm import tqdm

from apnp.cli.arguments import (
    add_covariates_argument,
    add_station_arguments,
    check_outputs,
    read_station_arguments,
)
from apnp.cli.options import SymmetryOptions
from apnp.cli.parser import ApnpParser, names, positive, seed
from apnp.cli.runs import model_of, run_output, task_times
from apnp.data.heldout import heldout_tasks
from apnp.errors import ConfigError
from apnp.evaluation import deviation
from apnp.evaluation.report import make_folder

if TYPE_CHECKING:
    from apnp.groups.candidates import Motions
    from apnp.prediction import SymmetryProbe, TrainedModel


def parser() -> ApnpParser:
    """The arguments of the verb."""
    made = ApnpParser(prog="apnp symmetry", description=__doc__)
    add = made.add_argument
    add(
        "--checkpoint", required=True, metavar="RUN",
        help="run folder, or `pretrained` for the shipped weights",
    )  # fmt: skip
    add_station_arguments(made)
    add_covariates_argument(made)
    add("--time", metavar="A/B", help="days to use (default: the test days of the run)")
    add("--context", type=positive, default=400, help="context stations (default 400)")
    add("--tasks", type=positive, default=40, help="days, evenly spaced (default 40)")
    add(
        "--seed", type=seed, default=0,
        help="seed for contexts and elements of the group (default 0)",
    )  # fmt: skip
    add(
        "--groups", type=names, default=(), metavar="G1,G2",
        help="candidate groups to measure, named as in trainer.regularise",
    )  # fmt: skip
    add(
        "--grid",
        metavar="SIZE|FILE",
        help="cell size of the map, or a file with its grid",
    )
    add(
        "--elevation", metavar="FILE",
        help="NetCDF of elevation for the map, shown next to it",
    )  # fmt: skip
    add("--output", metavar="FILE", help="CF NetCDF file of the map to write")
    add("--map", metavar="FILE", help="figure of the map to write (png, pdf, svg)")
    return made


def main(argv: Sequence[str]) -> None:
    """Measure, print the table, write it to the run folder, and map.

    Raises:
        ApnpError: If an argument or a file cannot be used.
    """
    options = parser().options(SymmetryOptions, argv)
    _check(options)
    model = model_of(options.checkpoint, options.variable, options.covariates)
    ds = read_station_arguments(options)
    times = task_times(ds, options.time, model, options.tasks)
    if options.grid:
        _check_map(options, ds)
    folder = make_folder(run_output(options.checkpoint, "symmetry"))  # before the work
    if not model.has_fixed_inputs:
        print(
            f"{model.name}: the model has no fixed inputs, so there is no map of "
            "their effect; only the moved data are compared."
        )
    from apnp.prediction import SymmetryProbe

    probe = SymmetryProbe.of(model)
    groups = _candidates(options.groups, model)
    per_task = pd.DataFrame(_rows(options, model, probe, ds, times, groups))
    print(_heading(options, model, per_task))
    if not probe.movable:
        print("The group of this model is none, so no data can be moved.")
    print(deviation.as_text(deviation.summary(per_task)))
    deviation.write(per_task, folder)
    print(f"Tables: {folder}")
    if options.grid and model.has_fixed_inputs:
        first = per_task["time"].iloc[0]
        _map(options, model, ds, first, f"apnp symmetry {shlex.join(argv)}")


def _candidates(given: Sequence[str], model: "TrainedModel") -> dict[str, "Motions"]:
    """The candidate symmetries of these names.

    Raises:
        ConfigError: If the model's geometry has none of a name.
    """
    from apnp.groups.candidates import candidate

    box = model.inputs.geometry, model.inputs.low, model.inputs.high
    return {name: candidate(name, *box, "--groups") for name in given}


def _rows(
    options: SymmetryOptions,
    model: "TrainedModel",
    probe: "SymmetryProbe",
    ds: xr.Dataset,
    times: NDArray[np.datetime64],
    groups: Mapping[str, "Motions"],
) -> Iterator[dict]:
    """One row for each task and measure."""
    import torch

    generator = torch.Generator().manual_seed(options.seed)
    held_out = model.split.assign(ds["lat"].values, ds["lon"].values) == "test"
    tasks = heldout_tasks(
        ds, times, held_out,
        n_context=options.context, variable=options.variable, seed=options.seed,
    )  # fmt: skip
    watched = tqdm(tasks, "symmetry", len(times), unit="task", mininterval=1)
    for number, (context, target) in enumerate(watched):
        task = probe.task(context, target)
        pairs = {"moved": probe.moved(task, generator)}
        if model.has_fixed_inputs:
            pairs = {"fixed_inputs": probe.without_fixed_inputs(task), **pairs}
        for name, group in groups.items():
            pairs[f"moved: {name}"] = probe.moved(task, generator, group)
        for measure, pair in pairs.items():
            yield {
                "measure": measure,
                "task": number,
                "time": context.sites.time,
                "n_context": len(context),
                "n_targets": len(target),
                "absolute": bool(task.domain.absolute),
                **deviation.deviations(*pair, model.inputs.std),
            }


def _heading(
    options: SymmetryOptions, model: "TrainedModel", per_task: pd.DataFrame
) -> str:
    days = per_task["time"].dt.strftime("%Y-%m-%d").unique()
    away = per_task.drop_duplicates("task")["absolute"].eq(False).sum()
    return (
        f"{model.name}: {options.variable} at held-out stations, "
        f"{per_task['task'].nunique()} times from {min(days)} to {max(days)}, context "
        f"of {options.context}; ± one standard error over times; relative to anomalies "
        "from the mean of the training values"
    ) + (
        f"\n{away} of these contexts lie outside the box of the training stations, "
        "where a model leaves its fixed inputs out: no deviation"
        if away
        else ""
    )


def _map(
    options: SymmetryOptions,
    model: "TrainedModel",
    ds: xr.Dataset,
    time: np.datetime64,
    history: str,
) -> None:
    from apnp.maps.request import FieldRequest
    from apnp.prediction.symmetry import symmetry_breaking, write_difference

    request = FieldRequest(options.grid or "", elevation=options.elevation)
    made = symmetry_breaking(
        model, ds, time=time, request=request, progress=True, history=history
    )
    if options.output:
        write_difference(made, options.output)
        print(options.output)
    if options.map:
        from apnp import plotting

        plotting.symmetry_breaking(
            made.isel(time=0), options.map, stations=ds, relief=bool(options.elevation)
        )
        print(options.map)


def _check_map(options: SymmetryOptions, ds: xr.Dataset) -> None:
    """Refuse a grid or an elevation file that cannot be used, before the tasks."""
    from apnp.maps.request import FieldRequest

    request = FieldRequest(options.grid or "", elevation=options.elevation)
    request.cells(ds, spherical=False)
    if options.elevation:
        request.ground(ds)


def _check(options: SymmetryOptions) -> None:
    """Refuse what cannot be done before anything is computed."""
    if options.grid is None:
        given = [
            name for name in ("elevation", "output", "map") if getattr(options, name)
        ]
        if given:
            raise ConfigError(
                f"--{given[0]} requires --grid: a cell size in degrees such as 1.0."
            )
    elif not options.output and not options.map:
        raise ConfigError("Say what to make of --grid: --output FILE or --map FILE.")
    check_outputs(
        {"output": options.output, "map": options.map},
        [*options.stations, options.elevation, options.grid],
    )
    if options.map:
        from apnp.plotting.figures import check_path

        check_path(options.map)
