"""Training tasks by index and fixed validation tasks, of stations or of any source."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import lightning.pytorch as pl
import numpy as np
import xarray as xr
from numpy.typing import NDArray
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from apnp.config import Config, DataConfig, GriddedCovariateConfig
from apnp.data.archive import archive_of
from apnp.data.fill_elevation import fill_unmeasured_network
from apnp.data.gridded.variable import open_gridded
from apnp.data.heldout import heldout_tasks
from apnp.data.select import select_region, select_times
from apnp.errors import ConfigError, DataError
from apnp.inputs.batching import collate
from apnp.inputs.coordinates import CoordinateInputs
from apnp.inputs.gridded_covariates import FieldUse
from apnp.inputs.history import HistorySettings, StationHistory
from apnp.inputs.stations import StationInputs
from apnp.observations import Sites
from apnp.training.module import TrainingModule
from apnp.training.station_tasks import (
    StationTasks,
    TaskSampling,
    observed_task,
)
from apnp.training.task_source import BatchSource, TaskSource
from apnp.types import Task
from apnp.variables import get_variable

_VALIDATION_SIZES = 4
_VALIDATION_SEED = 20_000


@dataclass(frozen=True)
class TrainingData:
    """All that training reads.

    Attributes:
        inputs: How stations, or coordinates, become inputs.
        tasks: Training tasks by index.
        validation: Fixed validation tasks, each of b = 1.
        summary: What was used and what was kept out, in one line.
        variable: Name of what is predicted.
        units: Its units.
    """

    inputs: StationInputs | CoordinateInputs
    tasks: TaskSource
    validation: list[Task]
    summary: str
    variable: str
    units: str


def prepare(
    config: Config, stations: xr.Dataset, inputs: StationInputs | None = None
) -> TrainingData:
    """Divide stations and days, and make tasks of them.

    Stations of the test part enter nothing; those of the validation part only
    validation tasks.

    Args:
        config: The experiment.
        stations: Station dataset.
        inputs: The one that the model was trained with before, to train it
            further; fitted to the training stations unless given.

    Raises:
        DataError: If a part has no stations, days or tasks.
    """
    data, stations = config.data, fill_unmeasured_network(stations)
    if data.region is not None:
        stations = select_region(stations, data.region)
    train_times, validation_times = divide_times(data, stations)
    known = np.isfinite(stations["elevation"].values)
    part = np.where(known, _assign(data, stations), "none")
    used = stations.isel(station=part == "train").sel(time=train_times)
    lat, lon, height = (
        used[k].values.astype(np.float64) for k in ("lat", "lon", "elevation")
    )
    values = used[data.variable].transpose("time", "station").values
    sites = Sites(lat, lon, height, train_times[0])
    sources = [open_gridded(f.path, f.variable) for f in data.covariates]
    if inputs is None:
        inputs = StationInputs.fit(
            config.model.geometry, lat, lon, values,
            config.model.coast, config.model.insolation,
        ).fitted(sources, map(_use, data.covariates), sites, train_times)  # fmt: skip
        inputs = _with_sites(config, inputs, sites)
    else:
        inputs, _ = inputs.reading(sources).adapted(sites)
    past = stations.isel(station=part == "train").sel(
        time=np.union1d(train_times, validation_times)
    )
    inputs = _with_history(config, inputs, past)
    inputs.gridded.check_days(np.union1d(train_times, validation_times))
    tasks = StationTasks(
        inputs, lat, lon, height, train_times, values, _sampling(config)
    )
    seen = np.isin(part, ("train", "validation"))
    validation = validation_tasks(
        config, stations.isel(station=seen), part[seen] == "validation",
        validation_times, inputs,
    )  # fmt: skip
    counts = {name: int((part == name).sum()) for name in ("train", "validation")}
    summary = (
        f"{counts['train']} training stations on {len(tasks.days)} days, "
        f"{counts['validation']} validation stations, {int((part == 'test').sum())} "
        f"test stations kept out, {int((~known).sum())} of unknown elevation left out"
    )
    about = get_variable(data.variable)
    return TrainingData(inputs, tasks, validation, summary, about.name, about.units)


def _sampling(config: Config) -> TaskSampling:
    """How training tasks are drawn."""
    data, fixed = config.data, config.model.fixed_inputs
    hides = config.model.form == "approximate" and fixed.kind != "sites"
    return TaskSampling(
        *data.context, data.targets, fixed.dropout if hides else 0.0,
        config.trainer.seed, fixed.site_dropout, data.history.dropout, data.gaps,
    )  # fmt: skip


def _with_sites(config: Config, inputs: StationInputs, sites: Sites) -> StationInputs:
    """The inputs with the training stations as sites, where the model learns such."""
    model = config.model
    if model.form == "strict" or model.fixed_inputs.kind == "functions":
        return inputs
    lat, lon = sites.lat.tolist(), sites.lon.tolist()
    return replace(inputs, known_sites=tuple(zip(lat, lon, strict=True)))


def _with_history(
    config: Config, inputs: StationInputs, stations: xr.Dataset
) -> StationInputs:
    """The inputs with what the training stations have shown before each day.

    Raises:
        ConfigError: If a model that is trained further reads another history.
    """
    wanted, known = config.data.history, inputs.history
    archive = archive_of(stations, config.data.variable)
    if known is None and wanted.days > 0:
        known = HistorySettings(wanted.days, wanted.last, wanted.neighbours)
        scale = StationHistory(known, archive).residual_scale
        inputs = replace(inputs, history=replace(known, scale=scale))
    return inputs.remembering(archive)


def _use(field: GriddedCovariateConfig) -> FieldUse:
    return FieldUse(
        field.use != "auxiliary",
        field.auxiliary_km if field.use != "covariate" else 0.0,
        field.smooth_km,
    )


def divide_times(data: DataConfig, stations: xr.Dataset) -> tuple[NDArray, NDArray]:
    """Training and validation days.

    Unless named, training takes all days that neither validation nor test names, and
    validation the training days (its stations are others).

    Raises:
        ConfigError: If the same day is named for two of them.
    """
    every = stations["time"].values
    ranges = {
        "train_times": data.train_times,
        "validation_times": data.validation_times,
        "test_times": data.test_times,
    }
    # A test range may lie in another file.
    named = {
        name: select_times(stations, given)
        for name, given in ranges.items()
        if given is not None and (name != "test_times" or _overlaps(stations, given))
    }
    held = [named[n] for n in ("validation_times", "test_times") if n in named]
    kept_out = np.concatenate([every[:0], *held])
    train = named.get("train_times", np.setdiff1d(every, kept_out))
    for name in ("validation_times", "test_times"):
        shared = np.intersect1d(train, named.get(name, every[:0]))
        if shared.size:
            raise ConfigError(
                f"`data.train_times` and `data.{name}` share {shared.size} days, "
                f"{shared[0].astype('datetime64[D]')} among them: a day is used once."
            )
    if not train.size:
        raise DataError(
            "No day is left to train on: data.validation_times and data.test_times "
            "take all days of the file."
        )
    return train, named.get("validation_times", train)


def validation_tasks(
    config: Config,
    stations: xr.Dataset,
    held_out: NDArray[np.bool_],
    times: NDArray[np.datetime64],
    inputs: StationInputs,
) -> list[Task]:
    """Fixed tasks with targets at validation stations.

    Days are taken evenly over `times`, and again with another context when there are
    fewer than tasks; the number of context stations goes round.

    Args:
        config: The experiment.
        stations: The stations of training and validation.
        held_out: True for the validation stations.
        times: Validation days.
        inputs: How stations become inputs.

    Raises:
        DataError: If no validation station was observed.
    """
    number, name = config.trainer.validation_tasks, config.data.variable
    values = stations[name].transpose("time", "station").sel(time=times).values
    observed = np.isfinite(values)
    usable = observed[:, held_out].any(axis=1)
    times = times[usable]
    if not times.size:
        raise DataError(
            f"None of the {int(held_out.sum())} validation stations was observed on "
            "the validation days: change data.split (seed, block_km, validation) or "
            "data.validation_times."
        )
    largest = np.maximum(1, observed[usable].sum(axis=1) // 2)
    sizes = config.data.validation_context or np.geomspace(
        *config.data.context, _VALIDATION_SIZES
    )
    rows = np.linspace(0, len(times) - 1, min(number, len(times))).round().astype(int)
    tasks = []
    for k in range(number):
        row = rows[k % len(rows)]
        pairs = heldout_tasks(
            stations, times[row][None], held_out,
            n_context=min(int(sizes[k % len(sizes)]), int(largest[row])),
            variable=name, context_pool="all", seed=_VALIDATION_SEED + k,
        )  # fmt: skip
        with suppress(DataError):  # the context took every validation station
            tasks += [observed_task(inputs, *pair) for pair in pairs]
    if not tasks:
        raise DataError(
            f"The {int(held_out.sum())} validation stations are too few to be targets: "
            "raise data.split.validation or lower data.context."
        )
    return tasks


def task_indices(step: int, batch_size: int, rank: int, world: int) -> range:
    """The tasks of one process in one step; all processes together take each once."""
    return range(step * batch_size + rank, (step + 1) * batch_size, world)


def check_share(batch_size: int, world: int) -> None:
    """Refuse a batch that the processes cannot share equally.

    Raises:
        ConfigError: Naming both numbers.
    """
    if batch_size % world:
        raise ConfigError(
            "`trainer.batch_size` counts the tasks of all processes together, so is a "
            f"multiple of their number {world}. Got {batch_size}."
        )


class TaskBatches(IterableDataset):
    """The batches of steps `first` to `last` (excluded) for one process.

    Worker processes take whole batches in turn, so their number changes nothing.
    """

    def __init__(
        self,
        tasks: TaskSource,
        steps: range,
        batch_size: int,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        check_share(batch_size, world)
        self.tasks, self.steps, self.batch_size = tasks, steps, batch_size
        self.rank, self.world = rank, world

    def __iter__(self) -> Iterator[Task]:
        worker = get_worker_info()
        first, stride = (worker.id, worker.num_workers) if worker else (0, 1)
        for step in self.steps[first::stride]:
            indices = task_indices(step, self.batch_size, self.rank, self.world)
            if isinstance(self.tasks, BatchSource):
                yield self.tasks.batch(indices)
            else:
                yield collate([self.tasks.task(i) for i in indices])


class TaskDataModule(pl.LightningDataModule):
    """Batches of training tasks up to the next validation, and validation batches."""

    def __init__(self, prepared: TrainingData, module: TrainingModule) -> None:
        super().__init__()
        self.prepared = prepared
        self.module = module

    def train_dataloader(self) -> DataLoader:
        """Batches from the model's step to the next validation."""
        s, first = self.module.settings, self.module.step
        last = (first // s.validation_every + 1) * s.validation_every
        if s.max_steps > 0:
            last = min(last, s.max_steps)
        rank, world = self._place()
        batches = TaskBatches(
            self.prepared.tasks, range(first, last), s.batch_size, rank, world
        )
        return _loader(batches, s.workers)

    def val_dataloader(self) -> DataLoader:
        """This process's share of the validation batches."""
        tasks, (rank, world) = self.prepared.validation, self._place()
        if len(tasks) < world:
            raise ConfigError(
                f"`trainer.validation_tasks` gives {len(tasks)} tasks to {world} "
                "processes: each needs one."
            )
        number = max(world, -(-len(tasks) // self.module.settings.batch_size))
        batches = [collate(tasks[k::number]) for k in range(number)]
        return _loader(batches[rank::world], 0)

    def _place(self) -> tuple[int, int]:
        """This process's rank, and the number of processes."""
        if self.trainer is None:
            return 0, 1
        return self.trainer.global_rank, self.trainer.world_size


def _loader(batches: IterableDataset | Sequence[Task], workers: int) -> DataLoader:
    return DataLoader(batches, batch_size=None, num_workers=workers)  # type: ignore[arg-type]


def _assign(data: DataConfig, stations: xr.Dataset) -> NDArray:
    part = data.split.assign(stations["lat"].values, stations["lon"].values)
    for name in ("train", "validation"):
        if not (part == name).any():
            raise DataError(
                f"No station of {part.size} falls in the {name} part: change "
                "data.split.block_km, data.split.seed or the shares."
            )
    return part


def _overlaps(stations: xr.Dataset, given: str) -> bool:
    try:
        return bool(select_times(stations, given).size)
    except DataError:
        return False
