"""Train a model: from a configuration to a run folder."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import lightning.pytorch as pl
import torch
import xarray as xr
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from apnp.build import build_model
from apnp.checkpoint import FORGERY, RunRecord, load_model, load_weights
from apnp.config import Config, to_dict, to_yaml
from apnp.data import read_stations
from apnp.errors import CheckpointError, ConfigError
from apnp.files import atomic_write, locked
from apnp.inputs.coordinates import CoordinateInputs
from apnp.model import NeuralProcess
from apnp.process import Stopped
from apnp.training.augment import augmented
from apnp.training.callbacks import CheckpointAndStop, Metrics, ProgressLines
from apnp.training.clone import cloning
from apnp.training.data import TaskDataModule, TrainingData, check_share, prepare
from apnp.training.lightning_io import RunCheckpointIO
from apnp.training.module import TrainingModule
from apnp.training.regularise import Regulariser, levels, regulariser
from apnp.training.start import Start, begin, is_first_process, say
from apnp.types import Task


def train(
    config: Config,
    stations: xr.Dataset | None = None,
    *,
    resume: bool = False,
    init_from: str | Path | None = None,
) -> Path:
    """Train a model on stations; return its run folder.

    Args:
        config: The experiment; `config.run` names the folder.
        stations: Station dataset; read from `config.data.path` unless given.
        resume: Go on with the run in that folder, which must exist.
        init_from: A run whose weights and inputs training starts from.

    Raises:
        ConfigError: If the configuration is impossible, or the folder exists already.
        DataError: If the stations cannot be read or give no tasks.
        CheckpointError: If there is nothing to go on with, or it is damaged.
    """

    start = begin(config, resume=resume, init_from=init_from)
    if isinstance(start.inputs, CoordinateInputs):
        raise CheckpointError(
            f"{start.run} holds a model of functions of bare coordinates, not of "
            "stations: it is trained by its study (apnp experiment)."
        )
    given = read(config) if stations is None else stations
    return fit(config, prepare(config, given, start.inputs), start)


def fit(config: Config, data: TrainingData, start: Start) -> Path:
    """Train a model on tasks of any source; return its run folder.

    Args:
        config: The experiment; `config.run` names the folder.
        data: What training reads. Its `summary` must tell other tasks apart: a run is
            not resumed with those.
        start: What training starts from (`begin`).

    Raises:
        ConfigError: If the configuration is impossible, or a run is resumed with other
            data.
    """
    run = start.run
    if config.trainer.threads > 0:
        torch.set_num_threads(config.trainer.threads)
    say(data.summary)
    tasks = augmented(config.data.augment, data.tasks, data.inputs, config.trainer.seed)
    data = replace(data, tasks=tasks)
    module = _module(config, data, start.model)
    if start.begun is not None and _is_done(run, start.begun, data, module):
        return run
    keeper = CheckpointAndStop(run, module)
    with _quiet():
        trainer = _trainer(config, data, run, module, keeper)
        with _alone(run):
            if is_first_process():
                with atomic_write(run / "config.yaml") as new:
                    new.write_text(to_yaml(config))
            modules = module, TaskDataModule(data, module)
            last = run / "last" if start.begun is not None else None
            _fit(trainer, *modules, keeper, last)
    say(
        f"trained {module.step} steps in {module.elapsed / 60:.1f} min "
        f"({keeper.ended}); best validation {config.trainer.monitor} "
        f"{keeper.best:.4f}: {run}"
    )
    if module.regulariser is not None and is_first_process():
        _report_levels(run, module.regulariser, data.validation)
    return run


def _report_levels(run: Path, penalties: Regulariser, tasks: Sequence[Task]) -> None:
    """How far the best weights are from each candidate symmetry, told and kept."""
    found = levels(load_model(run)[0], penalties.groups, tasks, seed=0)
    rows = [
        f"{name},{penalties.form},{penalties.strengths[name]:.6g},{level:.6g}"
        for name, level in found.items()
    ]
    with atomic_write(run / "symmetry_levels.csv") as new:
        new.write_text("\n".join(["group,penalty,strength,level", *rows, ""]))
    told = ", ".join(f"{name} {level:.3g}" for name, level in found.items())
    say(f"departure from symmetries, nats a value: {told}")


def read(config: Config) -> xr.Dataset:
    """The station dataset that the configuration names.

    Raises:
        ConfigError: If it names none.
        DataError: If it cannot be read.
    """
    data = config.data
    if not data.path:
        raise ConfigError(
            "No station file is named: give --data.path FILE, or set data.path in the "
            "configuration."
        )
    return read_stations(
        data.path,
        variable=data.variable,
        columns=data.columns,
        units=data.units,
        station_list=data.station_list,
    )


def _is_done(
    run: Path, begun: RunRecord, prepared: TrainingData, module: TrainingModule
) -> bool:
    """Whether a run that is to be resumed has come to its end.

    Raises:
        ConfigError: If it was begun with other stations.
    """
    if begun.summary != prepared.summary:
        raise ConfigError(
            f"{run} was begun with other stations ({begun.summary}; now "
            f"{prepared.summary}). Give it those, or begin another run with "
            f"--init-from {run}."
        )
    module.step = begun.progress.step
    done = module.progress(begun.progress.elapsed) >= 1
    if done:
        say(
            f"{run}: training is complete; raise trainer.max_steps or "
            "trainer.max_minutes to continue"
        )
    return done


def _module(
    config: Config, prepared: TrainingData, start: NeuralProcess | None
) -> TrainingModule:
    torch.manual_seed(config.trainer.seed)
    model = build_model(config.model, prepared.inputs)
    if start is not None:
        try:
            load_weights(model, start.state_dict())
        except CheckpointError as error:
            raise ConfigError(
                f"--init-from takes a run of the same `model`: {error}"
            ) from error
    count = sum(p.numel() for p in model.parameters())
    say(f"{count:,} weights, {torch.get_num_threads()} threads")
    settings, inputs = config.trainer, prepared.inputs
    penalties = regulariser(settings, model, inputs)
    teacher = cloning(settings, inputs)
    return TrainingModule(model, settings, inputs.std, penalties, teacher)


def _trainer(
    config: Config,
    prepared: TrainingData,
    run: Path,
    module: TrainingModule,
    keeper: CheckpointAndStop,
) -> pl.Trainer:
    """Lightning's trainer; all that it would do unasked is switched off.

    Raises:
        ConfigError: If there are no such devices, or they cannot share a batch.
    """
    s = config.trainer
    record = {
        "config": to_dict(config),
        "inputs": prepared.inputs.to_dict(),
        "variable": prepared.variable,
        "units": prepared.units,
        "summary": prepared.summary,
    }
    if module.cloning is not None:
        record["teacher"] = module.cloning.hash
    try:
        trainer = pl.Trainer(
            accelerator=s.accelerator,
            devices=s.devices,
            num_nodes=s.num_nodes,
            precision=s.precision,
            max_epochs=-1,
            gradient_clip_val=s.gradient_clip,
            reload_dataloaders_every_n_epochs=1,
            callbacks=[
                Metrics(run / "metrics.csv", module), ProgressLines(module), keeper,
            ],
            plugins=[RunCheckpointIO(record)],
            default_root_dir=run,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )  # fmt: skip
    except (MisconfigurationException, ValueError, RuntimeError) as error:
        raise ConfigError(f"trainer: {' '.join(str(error).split())}") from error
    check_share(s.batch_size, trainer.num_devices * trainer.num_nodes)
    return trainer


def _fit(
    trainer: pl.Trainer,
    module: TrainingModule,
    data: TaskDataModule,
    keeper: CheckpointAndStop,
    checkpoint: Path | None,
) -> None:
    """Train, from the state in a checkpoint if there is one.

    Raises:
        CheckpointError: If that state is damaged.
    """
    try:
        trainer.fit(module, datamodule=data, ckpt_path=checkpoint)
    except SystemExit as stop:  # what Lightning makes of an interrupt, too
        run = trainer.default_root_dir
        say(f"stopped at step {module.step}; go on with --resume {run}")
        if isinstance(stop, Stopped):
            raise
        raise KeyboardInterrupt from None
    except FORGERY as error:
        if checkpoint is None or keeper.begun:
            raise
        raise CheckpointError(
            f"{checkpoint}: its training state is damaged ({error}). Begin another run "
            f"with --init-from {keeper.run}."
        ) from error


@contextmanager
def _alone(run: Path) -> Iterator[None]:
    """Make the run folder, and let no other command train there meanwhile."""
    if not is_first_process():
        yield
        return
    run.mkdir(parents=True, exist_ok=True)
    with locked(run, "--run"):
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Lightning without its tips: what matters is said here."""
    loggers = [logging.getLogger(f"lightning.{part}") for part in ("pytorch", "fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\..*")
            warnings.filterwarnings("ignore", message="Grad strides do not match")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
