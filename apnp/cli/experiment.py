"""`apnp experiment`: train and score the models of a published study.

The studies are those of the paper on approximately equivariant neural processes.
`gibbs-1d` is a Gaussian process whose lengthscale changes at x = 0, with test tasks in
and out of distribution and the scores of exact inference. `smoke` has patches of
simulated plumes. `environment` has patches of a reanalysis, in the region of training
and in another region without fixed inputs. `roads` compares every way to approximate
symmetry on the tasks of `gibbs-1d`, and `scale` fits their losses against compute.
`anisotropic-gp` is a Gaussian process in randomly stretched coordinates: linear maps
are kept exactly, learned from augmented tasks, or not kept.

Every model is trained on the same distribution of tasks and scored on the same fixed
test tasks. The folder then contains `scores.csv` (one row per task and model),
`summary.csv`, `runs.csv`, `table.md` and figures. If a command was interrupted, run it
again: it resumes and does not train a finished model again. `apnp experiment STUDY
--help` lists the options of a study.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from queue import Queue

import pandas as pd

from apnp.cli.options import StudyOptions
from apnp.cli.parser import (
    ApnpParser,
    as_options,
    number,
    positive,
    process_count,
    seed,
)
from apnp.cli.studies import STUDIES, Add
from apnp.config import TrainerConfig
from apnp.errors import ApnpError, ConfigError
from apnp.evaluation.report import make_folder
from apnp.ranges import Range


def parser() -> ApnpParser:
    """The arguments of the verb."""
    made = ApnpParser(prog="apnp experiment", description=__doc__)
    verbs = made.add_subparsers(dest="study", required=True, metavar="STUDY")
    for name, (add_own, *_) in STUDIES.items():
        one = verbs.add_parser(name, help=f"(apnp experiment {name} --help)")
        add_own(one.add_argument)
        _add_common(one.add_argument)
    return made


def _add_common(add: Add) -> None:
    """The arguments that all studies share."""
    add(
        "--size", choices=["small", "paper"], default="small",
        help="small: for two cores, minutes per model; paper: the published sizes, "
        "for a GPU",
    )  # fmt: skip
    add(
        "--models",
        nargs="*",
        action="extend",
        metavar="NAME",
        help="models to train and score (default: all)",
    )
    add(
        "--ablation", nargs="+", action="extend", default=[], metavar="KIND",
        help="also train variants of ConvCNP(T~), or of PT-TNP(T~) with four axes: "
        "count, dropout, support",
    )  # fmt: skip
    add("--likelihood", choices=["gaussian", "mixture"], default="gaussian")
    add(
        "--seeds",
        nargs="+",
        action="extend",
        type=seed,
        help="seeds to train (default 0)",
    )
    add(
        "--minutes",
        type=number(float, Range(above=0)),
        help="minutes of training per model",
    )
    add("--steps", type=positive, help="training steps per model, instead of minutes")
    add(
        "--learning-rate", type=number(float, Range(above=0, most=10)),
        help="largest learning rate",
    )  # fmt: skip
    add("--tasks", type=positive, help="number of test tasks of each kind")
    add(
        "--devices", type=process_count, default=1,
        help="number of models trained at the same time, each on its own device "
        "(default 1)",
    )  # fmt: skip
    add(
        "--only", metavar="NAME",
        help="train and score only this model, as it is named in the tables",
    )  # fmt: skip
    add("--output", required=True, metavar="FOLDER", help="folder of the study")


def main(argv: Sequence[str]) -> None:
    """Train what is not trained, score what is not scored, and write the tables.

    Raises:
        ApnpError: If an argument or a file cannot be used.
    """
    parsed = parser().parse_args(list(argv))
    parsed.seeds = parsed.seeds or [0]
    _, kind, study_of = STUDIES[parsed.study]
    options = as_options(kind, parsed)
    _check(options)
    from apnp.experiments import report
    from apnp.experiments.study import Study

    folder = make_folder(options.output)
    chosen = study_of(options, folder)
    taken, experiment = chosen.entries, chosen.experiment
    tasks = chosen.tasks if options.tasks is None else options.tasks
    study = Study(folder, _trainer(options, chosen.trainer), tasks, experiment)
    judged = experiment.known(tasks)
    if taken:
        for seed in options.seeds:
            experiment.ahead(seed)
    pairs = list(product(taken, options.seeds))
    if options.only is not None:
        pairs = [(entry, seed) for entry, seed in pairs if entry.name == options.only]
    elif options.devices > 1:
        _side_by_side(argv, [(e.name, seed) for e, seed in pairs], options.devices)
    for entry, seed in pairs:
        print(f"{entry.name}, seed {seed}", file=sys.stderr)
        study.train(entry, seed)
        judged.append(study.score(entry, seed))
    if options.only is not None:
        return  # the process that began this one writes the tables
    if not judged:
        raise ConfigError("--models names none: there is nothing to score.")
    per_task = pd.concat(judged, ignore_index=True)
    command = shlex.join(["apnp", "experiment", *argv])
    heading = f"## {options.study}, {options.size}\n\n`{command}`\n"
    table, text = report.write(per_task, taken, study, study.runs(pairs), heading)
    experiment.draw(study, taken, options.seeds[0], table)
    print(text)
    for line in experiment.impossible(table):
        print(f"CHECK FAILED: {line}")
    print(f"Tables and figures: {folder}")


def _trainer(options: StudyOptions, trainer: TrainerConfig) -> TrainerConfig:
    """The training of the size, with what the arguments change of it."""
    if options.minutes is not None:
        trainer = replace(trainer, max_minutes=options.minutes, max_steps=0)
    if options.steps is not None:
        trainer = replace(trainer, max_steps=options.steps, max_minutes=0.0)
    if options.learning_rate is not None:
        trainer = replace(trainer, learning_rate=options.learning_rate)
    return trainer


def _side_by_side(
    argv: Sequence[str], pairs: Sequence[tuple[str, int]], devices: int
) -> None:
    """Train and score every model in a process that sees one device.

    Raises:
        ApnpError: If one of them fails.
    """
    free: Queue[int] = Queue()
    for device in range(devices):
        free.put(device)

    def run(pair: tuple[str, int]) -> int:
        name, seed = pair
        device = free.get()
        try:
            own = [*argv, "--only", name, "--seeds", str(seed), "--devices", "1"]
            code = "import sys; from apnp.cli import main; sys.exit(main())"
            command = [sys.executable, "-c", code, "experiment", *own]
            seen = os.environ | {"CUDA_VISIBLE_DEVICES": str(device)}
            return subprocess.run(command, env=seen, check=False).returncode
        finally:
            free.put(device)

    with ThreadPoolExecutor(devices) as pool:
        for (name, seed), status in zip(pairs, pool.map(run, pairs), strict=True):
            if status:
                raise ApnpError(
                    f"{name}, seed {seed}, ended with status {status}; what was "
                    "trained is kept: see above, and give the same command again."
                )


def _check(options: StudyOptions) -> None:
    """Refuse what cannot be done before anything is computed."""
    if options.minutes is not None and options.steps is not None:
        raise ConfigError("Give --minutes or --steps, not both.")
    if len(set(options.seeds)) < len(options.seeds):
        raise ConfigError(
            f"--seeds must differ. Got {' '.join(map(str, options.seeds))}."
        )
