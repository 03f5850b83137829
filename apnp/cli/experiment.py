"""`apnp experiment`: train and judge the models of a published study.

The studies are those of the paper on approximately equivariant neural processes.
`gibbs-1d` is a Gaussian process whose lengthscale steps at x = 0, in distribution and
out of it, beside what exact inference reaches. `smoke` is patches of simulated plumes.
`environment` is patches of a reanalysis, in the region of training and in another one,
where absolute location is hidden.

Every model is trained on the same law and scored on the same fixed tasks. The folder
then holds `scores.csv` (one row a task and model), `summary.csv`, `runs.csv`,
`table.md` and figures. Stopped and given again, the command goes on where it was; a
model that is trained is not trained again. `apnp experiment STUDY --help` tells more.
"""

import argparse
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

from apnp.cli.regions import joined
from apnp.cli.studies import REGION_FLAGS, STUDIES, Add
from apnp.config import TrainerConfig
from apnp.errors import ApnpError, ConfigError
from apnp.evaluation.report import make_folder


def parser() -> argparse.ArgumentParser:
    """The arguments of the verb."""
    made = argparse.ArgumentParser(
        prog="apnp experiment", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    verbs = made.add_subparsers(dest="study", required=True, metavar="STUDY")
    for name, (add_own, _) in STUDIES.items():
        one = verbs.add_parser(name, help=f"(apnp experiment {name} --help)")
        add_own(one.add_argument)
        _add_common(one.add_argument)
    return made


def _add_common(add: Add) -> None:
    """The arguments that all studies share."""
    add(
        "--size", choices=["small", "paper"], default="small",
        help="small: two cores, minutes; paper: the published sizes, a GPU",
    )  # fmt: skip
    add("--models", nargs="*", metavar="NAME", help="models to take (default: all)")
    add(
        "--ablation", nargs="+", default=[], metavar="KIND",
        help="variants of ConvCNP(T~) beside them (in 4-D of PT-TNP(T~)): count, "
        "dropout, support",
    )  # fmt: skip
    add("--likelihood", choices=["gaussian", "mixture"], default="gaussian")
    add("--seeds", nargs="+", type=int, default=[0], help="seeds (default 0)")
    add("--minutes", type=float, help="minutes of training a model")
    add("--steps", type=int, help="steps of training a model, instead of minutes")
    add("--learning-rate", type=float, help="largest learning rate")
    add("--tasks", type=int, help="test tasks of each kind")
    add(
        "--devices", type=int, default=1,
        help="models trained side by side, each on a device of its own (default 1)",
    )  # fmt: skip
    add(
        "--only", metavar="NAME",
        help="of all these, train and score the model of this name in tables alone",
    )  # fmt: skip
    add("--output", required=True, metavar="FOLDER", help="folder of the study")


def main(argv: Sequence[str]) -> None:
    """Train what is not trained, score what is not scored, and write the tables.

    Raises:
        ApnpError: If an argument or a file cannot be used.
    """
    args = parser().parse_args(joined(argv, *REGION_FLAGS))
    _check(args)
    from apnp.experiments import report
    from apnp.experiments.study import Study

    folder = make_folder(args.output)
    chosen = STUDIES[args.study][1](args, folder)
    taken, experiment = chosen.entries, chosen.experiment
    tasks = chosen.tasks if args.tasks is None else args.tasks
    study = Study(folder, _trainer(args, chosen.trainer), tasks, experiment)
    judged = experiment.known(tasks)
    if taken:
        for seed in args.seeds:
            experiment.ahead(seed)
    pairs = list(product(taken, args.seeds))
    if args.only is not None:
        pairs = [(entry, seed) for entry, seed in pairs if entry.name == args.only]
    elif args.devices > 1:
        _side_by_side(argv, [(e.name, seed) for e, seed in pairs], args.devices)
    for entry, seed in pairs:
        print(f"{entry.name}, seed {seed}", file=sys.stderr)
        study.train(entry, seed)
        judged.append(study.score(entry, seed))
    if args.only is not None:
        return  # the process that began this one writes the tables
    if not judged:
        raise ConfigError("--models names none: there is nothing to score.")
    per_task = pd.concat(judged, ignore_index=True)
    command = shlex.join(["apnp", "experiment", *argv])
    heading = f"## {args.study}, {args.size}\n\n`{command}`\n"
    table, text = report.write(per_task, taken, study, study.runs(pairs), heading)
    experiment.draw(study, taken, args.seeds[0], table)
    print(text)
    for line in experiment.impossible(table):
        print(f"IMPOSSIBLE: {line}")
    print(f"Tables and figures: {folder}")


def _trainer(args: argparse.Namespace, trainer: TrainerConfig) -> TrainerConfig:
    """The training of the size, with what the arguments change of it."""
    if args.minutes is not None:
        trainer = replace(trainer, max_minutes=args.minutes, max_steps=0)
    if args.steps is not None:
        trainer = replace(trainer, max_steps=args.steps, max_minutes=0.0)
    if args.learning_rate is not None:
        trainer = replace(trainer, learning_rate=args.learning_rate)
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


def _check(args: argparse.Namespace) -> None:
    """Refuse what cannot be done before anything is computed."""
    if args.minutes is not None and args.steps is not None:
        raise ConfigError("Give --minutes or --steps, not both.")
    for name in ("devices", "steps", "minutes", "learning_rate"):
        value = getattr(args, name)
        if value is not None and value <= 0:
            flag = name.replace("_", "-")
            raise ConfigError(f"--{flag} is a number above 0. Got {value}.")
    repeated = {seed for seed in args.seeds if args.seeds.count(seed) > 1}
    if repeated or min(args.seeds) < 0:
        raise ConfigError(
            "--seeds are numbers from 0 on, each given once. Got "
            f"{' '.join(map(str, args.seeds))}."
        )
