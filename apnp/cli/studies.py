"""The studies of `apnp experiment`: what each is asked, and what is made of it."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from apnp.cli.regions import region
from apnp.config import TrainerConfig
from apnp.errors import ConfigError

if TYPE_CHECKING:
    from apnp.experiments.entries import Entry
    from apnp.experiments.study import Experiment

Add = Callable[..., argparse.Action]


@dataclass(frozen=True)
class Chosen:
    """What the arguments choose.

    Attributes:
        experiment: The study's tasks and figures.
        entries: Its models.
        trainer: How they are trained.
        tasks: Test tasks of each regime.
    """

    experiment: "Experiment"
    entries: "Sequence[Entry]"
    trainer: TrainerConfig
    tasks: int


def add_gibbs(add: Add) -> None:
    """The arguments of the Gaussian process."""
    add("--bank", type=int, help="training tasks to draw ahead, for each seed")


def gibbs(args: argparse.Namespace, folder: Path) -> Chosen:
    """The 1-D study.

    Raises:
        ConfigError: If an argument cannot be used, or gpytorch is not installed.
    """
    try:
        from apnp.experiments.gibbs.gibbs_study import Gibbs
        from apnp.experiments.gibbs.models import NAMES, SIZES, entries
    except ModuleNotFoundError as error:  # the baselines and maps do without it
        raise ConfigError(
            f"This study needs {error.name}: pip install 'apnp[gp]'."
        ) from error
    size = SIZES[args.size]
    names = NAMES if args.models is None else args.models
    taken = entries(names, size, args.likelihood, args.ablation)
    bank = size.bank if args.bank is None else args.bank
    return Chosen(Gibbs(folder, bank), taken, size.trainer, size.tasks)


def add_smoke(add: Add) -> None:
    """The arguments of the plumes."""
    add("--data", required=True, metavar="FILE", help="plumes of `apnp data smoke`")
    add("--patch", type=int, metavar="N", help="cells of a patch (default 32)")


def smoke(args: argparse.Namespace, folder: Path) -> Chosen:
    """The study of plumes.

    Raises:
        ConfigError: If an argument cannot be used.
        DataError: If the file cannot be.
    """
    from apnp.experiments.patches import models as grid_models
    from apnp.experiments.patches.patch_tasks import SMOKE_SAMPLING
    from apnp.experiments.patches.smoke_study import Smoke

    law = SMOKE_SAMPLING
    if args.patch is not None:
        # As densely known as the published patch.
        share = args.patch**2 / 32**2
        least, most = (max(1, round(n * share)) for n in (law.least, law.most))
        law = replace(law, shape=(args.patch, args.patch), least=least, most=most)
    size = grid_models.SIZES[args.size]
    experiment = Smoke(args.data, law)
    taken = grid_models.entries(
        args.models, size, experiment.patch, args.likelihood, args.ablation
    )
    return Chosen(experiment, taken, size.trainer, size.tasks)


def add_environment(add: Add) -> None:
    """The arguments of the reanalysis."""
    add(
        "--data", required=True, nargs="+", metavar="FILE",
        help="ERA5-style NetCDF of air temperature, on one grid",
    )  # fmt: skip
    add(
        "--out-data", nargs="+", metavar="FILE",
        help="files that hold the other region (default: the same)",
    )  # fmt: skip
    add(
        "--axes", type=int, choices=(2, 4), default=2,
        help="latitude and longitude, or with elevation and time (default 2)",
    )  # fmt: skip
    add("--patch", type=int, metavar="N", help="cells in space (default 32; 16 in 4-D)")
    add("--relief", metavar="FILE", help="NetCDF of elevation: 4-D needs it")
    add("--land", action="store_true", help="take cells on land alone")
    add("--every", type=int, default=1, metavar="N", help="take every N-th time")
    for name, default, help_ in (
        ("train", "10,35,45,60", "where models are trained and tested"),
        ("out", "-120,30,-80,50", "another region, where they are tested"),
    ):
        add(
            f"--{name}-region", type=region, default=region(default), metavar="W,S,E,N",
            help=f"{help_}, degrees (default {default})",
        )  # fmt: skip
    add("--train-time", default="2018", metavar="A/B", help="(default 2018)")
    add(
        "--validation-time", metavar="A/B",
        help="times to choose weights by (default: the last tenth of training)",
    )  # fmt: skip
    add("--test-time", default="2019", metavar="A/B", help="(default 2019)")
    add("--out-time", metavar="A/B", help="in the other region (default: --test-time)")


def environment(args: argparse.Namespace, folder: Path) -> Chosen:
    """The study of a reanalysis.

    Raises:
        ConfigError: If an argument cannot be used.
        DataError: If a file cannot be.
    """
    from apnp.experiments.patches import models as grid_models
    from apnp.experiments.patches.environment_study import (
        Environment,
        Split,
        files,
        read_grid,
    )
    from apnp.experiments.patches.patch_tasks import SPACE_TIME_LAW, SURFACE_LAW

    if args.every < 1:
        raise ConfigError(f"--every is a number of times from 1. Got {args.every}.")
    if args.axes == 4 and args.relief is None:
        raise ConfigError("--axes 4 has elevation as an axis: give --relief FILE.")
    law = SURFACE_LAW if args.axes == 2 else SPACE_TIME_LAW
    if args.patch is not None:
        law = replace(law, shape=(*law.shape[:-2], args.patch, args.patch))
    options = {"relief": args.relief, "land": args.land, "every": args.every}
    here = read_grid(args.data, **options)
    there = here if args.out_data is None else read_grid(args.out_data, **options)
    split = Split.cut(
        here, there, (args.train_region, args.out_region), args.train_time,
        args.test_time, args.out_time or args.test_time, args.validation_time,
        1 if args.axes == 2 else law.shape[0],
    )  # fmt: skip
    size = grid_models.SIZES[args.size]
    experiment = Environment(split, law, files(args.data))
    taken = grid_models.entries(
        args.models, size, experiment.patch, args.likelihood, args.ablation
    )
    return Chosen(experiment, taken, size.trainer, size.tasks)


REGION_FLAGS = ("--train-region", "--out-region")
STUDIES = {
    "gibbs-1d": (add_gibbs, gibbs),
    "smoke": (add_smoke, smoke),
    "environment": (add_environment, environment),
}
"""For each study what adds its arguments, and what makes it of them."""
