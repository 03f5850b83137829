"""The studies of `apnp experiment`: what each is asked, and what is made of it."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from apnp.cli.options import (
    AnisotropicOptions,
    EnvironmentOptions,
    GibbsOptions,
    RoadsOptions,
    ScaleOptions,
    SmokeStudyOptions,
    StudyOptions,
)
from apnp.cli.parser import positive, region
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
    add(
        "--bank",
        type=positive,
        help="number of training tasks to draw in advance for each seed",
    )


def gibbs(options: GibbsOptions, folder: Path) -> Chosen:
    """The 1-D study.

    Raises:
        ConfigError: If an argument cannot be used, or gpytorch is not installed.
    """
    try:
        from apnp.experiments.gibbs.gibbs_study import Gibbs
        from apnp.experiments.gibbs.models import NAMES, SIZES, entries
    except ModuleNotFoundError as error:
        raise _needs_gp(error) from error
    size = SIZES[options.size]
    names = NAMES if options.models is None else options.models
    taken = entries(names, size, options.likelihood, options.ablation)
    bank = size.bank if options.bank is None else options.bank
    return Chosen(Gibbs(folder, bank), taken, size.trainer, size.tasks)


def add_roads(add: Add) -> None:
    """The arguments of all roads to approximate symmetry on the Gaussian process."""
    add_gibbs(add)
    add(
        "--distinct", type=positive, default=0, metavar="N",
        help="distinct training tasks, which then come again (default: each once)",
    )  # fmt: skip


def roads(options: RoadsOptions, folder: Path) -> Chosen:
    """The comparison of all roads.

    Raises:
        ConfigError: If an argument cannot be used, or gpytorch is not installed.
    """
    try:
        from apnp.experiments.gibbs import roads as study
    except ModuleNotFoundError as error:
        raise _needs_gp(error) from error
    _refuse_variants(options)
    size = study.SIZES[options.size]
    names = study.NAMES if options.models is None else options.models
    bank = size.bank if options.bank is None else options.bank
    experiment = study.Roads(folder, bank, options.distinct)
    return Chosen(experiment, study.roads(names, size), size.trainer, size.tasks)


def add_scale(add: Add) -> None:
    """The arguments of the study of compute."""
    add_roads(add)
    for name, what in (("widths", "widths"), ("budgets", "numbers of steps")):
        add(
            f"--{name}", nargs="+", action="extend", type=positive, metavar="N",
            help=f"{what} of the models (default: those of --size)",
        )  # fmt: skip


def scale(options: ScaleOptions, folder: Path) -> Chosen:
    """The study of compute.

    Raises:
        ConfigError: If an argument cannot be used, or gpytorch is not installed.
    """
    try:
        from apnp.experiments.gibbs import roads
        from apnp.experiments.gibbs import scale as study
    except ModuleNotFoundError as error:
        raise _needs_gp(error) from error
    _refuse_variants(options)
    if options.steps is not None or options.minutes is not None:
        raise ConfigError("This study has several lengths of training: give --budgets.")
    size, (widths, steps) = roads.SIZES[options.size], study.GRIDS[options.size]
    arms = tuple(study.FLOORS) if options.models is None else options.models
    taken = study.entries(
        arms, size, options.widths or widths, options.budgets or steps
    )
    bank = size.bank if options.bank is None else options.bank
    experiment = study.Scale(folder, bank, options.distinct)
    return Chosen(experiment, taken, size.trainer, size.tasks)


def _refuse_variants(options: StudyOptions) -> None:
    """Refuse what only the published studies offer.

    Raises:
        ConfigError: If a variant of the models is requested.
    """
    if options.ablation or options.likelihood != "gaussian":
        raise ConfigError(
            "This study has neither --ablation nor another --likelihood: see "
            "apnp experiment gibbs-1d."
        )


def _needs_gp(error: ModuleNotFoundError) -> ConfigError:
    """The baselines and maps do without gpytorch."""
    return ConfigError(f"This study needs {error.name}: pip install 'apnp[gp]'.")


def add_smoke(add: Add) -> None:
    """The arguments of the plumes."""
    add(
        "--data",
        required=True,
        metavar="FILE",
        help="file of plumes written by `apnp data smoke`",
    )
    add("--patch", type=positive, metavar="N", help="cells of a patch (default 32)")


def smoke(options: SmokeStudyOptions, folder: Path) -> Chosen:
    """The study of plumes.

    Raises:
        ConfigError: If an argument cannot be used.
        DataError: If the file cannot be.
    """
    from apnp.experiments.patches import models as grid_models
    from apnp.experiments.patches.patch_tasks import SMOKE_SAMPLING
    from apnp.experiments.patches.smoke_study import Smoke

    law = SMOKE_SAMPLING
    if options.patch is not None:
        # As densely known as the published patch.
        share = options.patch**2 / 32**2
        least, most = (max(1, round(n * share)) for n in (law.least, law.most))
        law = replace(law, shape=(options.patch, options.patch), least=least, most=most)
    size = grid_models.SIZES[options.size]
    experiment = Smoke(options.data, law)
    taken = grid_models.entries(
        options.models, size, experiment.patch, options.likelihood, options.ablation
    )
    return Chosen(experiment, taken, size.trainer, size.tasks)


def add_environment(add: Add) -> None:
    """The arguments of the reanalysis."""
    add(
        "--data", required=True, nargs="+", action="extend", metavar="FILE",
        help="ERA5-style NetCDF of air temperature, on one grid",
    )  # fmt: skip
    add(
        "--out-data", nargs="+", action="extend", metavar="FILE",
        help="files of the other region (default: the files of --data)",
    )  # fmt: skip
    add(
        "--axes", type=int, choices=(2, 4), default=2,
        help="2: latitude and longitude; 4: also elevation and time (default 2)",
    )  # fmt: skip
    add(
        "--patch",
        type=positive,
        metavar="N",
        help="cells of a patch along each side (default 32; 16 with four axes)",
    )
    add(
        "--elevation",
        metavar="FILE",
        help="NetCDF of elevation, required with four axes",
    )
    add("--land", action="store_true", help="use only cells on land")
    add("--every", type=positive, default=1, metavar="N", help="use every N-th time")
    for name, default, help_ in (
        ("train", "10,35,45,60", "region of training and testing"),
        ("out", "-120,30,-80,50", "other region for testing"),
    ):
        add(
            f"--{name}-region", type=region, default=region(default), metavar="W,S,E,N",
            help=f"{help_}, degrees (default {default})",
        )  # fmt: skip
    add("--train-time", default="2018", metavar="A/B", help="(default 2018)")
    add(
        "--validation-time", metavar="A/B",
        help="times for model selection (default: the last tenth of training)",
    )  # fmt: skip
    add("--test-time", default="2019", metavar="A/B", help="(default 2019)")
    add(
        "--out-time",
        metavar="A/B",
        help="test times in the other region (default: --test-time)",
    )


def environment(options: EnvironmentOptions, folder: Path) -> Chosen:
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

    if options.axes == 4 and options.elevation is None:
        raise ConfigError("--axes 4 has elevation as an axis: give --elevation FILE.")
    law = SURFACE_LAW if options.axes == 2 else SPACE_TIME_LAW
    if options.patch is not None:
        law = replace(law, shape=(*law.shape[:-2], options.patch, options.patch))
    read = partial(
        read_grid, relief=options.elevation, land=options.land, every=options.every
    )
    here = read(options.data)
    there = here if options.out_data is None else read(options.out_data)
    split = Split.cut(
        here, there, (options.train_region, options.out_region), options.train_time,
        options.test_time, options.out_time or options.test_time,
        options.validation_time, 1 if options.axes == 2 else law.shape[0],
    )  # fmt: skip
    size = grid_models.SIZES[options.size]
    experiment = Environment(split, law, files(options.data))
    taken = grid_models.entries(
        options.models, size, experiment.patch, options.likelihood, options.ablation
    )
    return Chosen(experiment, taken, size.trainer, size.tasks)


def add_anisotropic(add: Add) -> None:
    """The arguments of the process in stretched coordinates."""
    add(
        "--layout", choices=["stretched", "square"], default="stretched",
        help="whether the stations of a task are stretched as its function is",
    )  # fmt: skip


def anisotropic(options: AnisotropicOptions, folder: Path) -> Chosen:
    """The study of linear maps.

    Raises:
        ConfigError: If an argument cannot be used.
    """
    from apnp.experiments.anisotropic import anisotropic_study as study

    _refuse_variants(options)
    names = study.NAMES if options.models is None else options.models
    taken = study.entries(names, options.size)
    experiment = study.Anisotropic(options.layout)
    return Chosen(
        experiment, taken, study.TRAINER[options.size], study.TASKS[options.size]
    )


STUDIES: dict[str, tuple[Callable[[Add], None], type[StudyOptions], Callable]] = {
    "gibbs-1d": (add_gibbs, GibbsOptions, gibbs),
    "roads": (add_roads, RoadsOptions, roads),
    "scale": (add_scale, ScaleOptions, scale),
    "anisotropic-gp": (add_anisotropic, AnisotropicOptions, anisotropic),
    "smoke": (add_smoke, SmokeStudyOptions, smoke),
    "environment": (add_environment, EnvironmentOptions, environment),
}
"""For each study what adds its arguments, their type, and what makes it of them."""
