"""From the open observations and the law of simulated climates to a trained model."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from apnp.config import Config, GriddedCovariateConfig
from apnp.data.gridded.variable import GriddedVariable, open_gridded
from apnp.errors import CheckpointError, ConfigError
from apnp.inputs.coordinates import CoordinateInputs
from apnp.inputs.gridded_covariates import FieldSource, FieldUse
from apnp.inputs.stations import StationInputs
from apnp.observations import Observations, Sites
from apnp.pretraining.altered_days import Alterations
from apnp.pretraining.candidates import Candidates
from apnp.pretraining.mixture import MixedTasks, MixtureLaw
from apnp.pretraining.open_days import (
    OpenDays,
    OpenStations,
    divided,
    validation_draws,
)
from apnp.pretraining.sampling import SamplingLaw
from apnp.pretraining.simulated_days import SimulatedDays
from apnp.training.data import TrainingData
from apnp.training.fit import fit
from apnp.training.start import begin, is_first_process
from apnp.training.station_tasks import observed_task
from apnp.training.task_source import TaskSource
from apnp.types import Task
from apnp.variables import get_variable

_KINDS_OF_DAY = 6


def pretrain(
    config: Config,
    law: MixtureLaw,
    *,
    resume: bool = False,
    init_from: str | Path | None = None,
) -> Path:
    """Train on open and simulated days; return the run folder.

    Args:
        config: The experiment; `config.data.path` is the file of open observations,
            `config.data.covariates` name the relief and the land fraction.
        law: What the tasks are mixed from.
        resume: Resume the run in `config.run`.
        init_from: A run whose best weights training starts from.

    Raises:
        ConfigError: If the configuration is impossible, or the folder exists already.
        DataError: If the open observations or the relief cannot be read.
        CheckpointError: If there is nothing to resume, or it is damaged.
    """
    if config.data.history.days > 0 or (
        config.model.form == "approximate"
        and config.model.fixed_inputs.kind != "functions"
    ):
        raise ConfigError(
            "Pretraining knows no stations: leave data.history and "
            "model.fixed_inputs.kind at their defaults, or use `apnp train`."
        )
    start = begin(config, resume=resume, init_from=init_from)
    if isinstance(start.inputs, CoordinateInputs):
        raise CheckpointError(
            f"{start.run} holds a model of bare coordinates, not of stations. Name a "
            "run of `apnp pretrain`."
        )
    data = prepare_pretraining(config, law, start.inputs)
    if not resume and is_first_process():
        law.write(start.run)
    return fit(config, data, start)


def prepare_pretraining(
    config: Config, law: MixtureLaw, inputs: StationInputs | None = None
) -> TrainingData:
    """Read the open observations, draw the places, and make tasks of both.

    Args:
        config: The experiment.
        law: What the tasks are mixed from.
        inputs: That of the run that is resumed; fitted unless given.

    Raises:
        DataError: If a file cannot be read or gives no task.
    """
    if not isinstance(config.data.path, str) or not config.data.path:
        raise ConfigError(
            "Pretraining needs the file of open observations: give --data.path FILE."
        )
    stations = OpenStations.read(config.data.path)
    train, validation, part = divided(stations, config.data.split, law.without)
    sources = [open_gridded(f.path, f.variable) for f in config.data.covariates]
    if inputs is None:
        inputs = _fitted(config, train, sources)
    else:
        inputs = inputs.reading(sources)
    tasks = _tasks(config, law, inputs, train)
    number = -(-config.trainer.validation_tasks // _KINDS_OF_DAY)
    summary = (
        f"{len(train.value)} observations on {len(train.days)} training days, "
        f"{len(validation.value)} on {len(validation.days)} validation days; "
        f"{law.simulated:g} of the tasks simulated at {law.places} places; "
        f"without {', '.join(law.without) or 'no source'}"
    )
    if law.altered or law.edges:
        summary += f"; {law.altered:g} of the days altered, {law.edges:g} of the edges"
    about = get_variable(config.data.variable)
    return TrainingData(
        inputs, tasks, _validation(inputs, validation, part, number),
        summary, about.name, about.units,
    )  # fmt: skip


def _fitted(
    config: Config, train: OpenStations, sources: list[GriddedVariable]
) -> StationInputs:
    seen = np.unique(train.site)
    lat, lon = train.lat[seen], train.lon[seen]
    model = config.model
    inputs = StationInputs.fit(
        model.geometry, lat, lon, train.value,
        coast=model.coast, insolation=model.insolation,
    )  # fmt: skip
    sites = Sites(lat, lon, train.elevation[seen], train.days[0])
    uses = map(_use, config.data.covariates)
    return inputs.fitted(sources, uses, sites, train.days[:1])


def _use(field: GriddedCovariateConfig) -> FieldUse:
    if field.use != "covariate":
        raise ConfigError(
            f"Pretraining uses the field {field.variable} as a covariate only. "
            f"Got use: {field.use}."
        )
    return FieldUse(True, 0.0, field.smooth_km)


def _tasks(
    config: Config, law: MixtureLaw, inputs: StationInputs, train: OpenStations
) -> TaskSource:
    seed, batch_size = config.trainer.seed, config.trainer.batch_size
    sampling = SamplingLaw(
        config.data.context, config.data.targets, edge_share=law.edges
    )
    sources: dict[str, TaskSource] = {}
    if law.simulated < 1:
        sources["open"] = OpenDays(
            inputs, train, sampling, seed, batch_size, Alterations(law.altered)
        )
    if law.simulated > 0:
        relief, land = _terrain(inputs)
        places = Candidates.draw(relief, land, law.places, seed)
        sources["simulated"] = SimulatedDays(inputs, places, sampling, seed, batch_size)
    shares = {"open": 1 - law.simulated, "simulated": law.simulated}
    return MixedTasks(sources, {name: shares[name] for name in sources}, seed)


def _terrain(inputs: StationInputs) -> tuple[FieldSource, FieldSource]:
    """The relief and the land fraction among the fields that the model reads."""
    heights = [s for s in inputs.gridded.sources if s.height]
    others = [s for s in inputs.gridded.sources if not s.height]
    if len(heights) != 1 or len(others) != 1:
        raise ConfigError(
            "Simulated climates need a relief and a land fraction: name both in "
            f"data.covariates. Got {[s.name for s in inputs.gridded.sources]}."
        )
    return heights[0], others[0]


def _validation(
    inputs: StationInputs,
    stations: OpenStations,
    part: np.ndarray,
    number: int,
) -> list[Task]:
    return [
        observed_task(inputs, *pair)
        for _, *pair in validation_pairs(stations, part, number)
    ]


def validation_pairs(
    stations: OpenStations, part: np.ndarray, number: int
) -> Iterator[tuple[str, Observations, Observations]]:
    """The fixed validation tasks as kind of day, context and target observations.

    Args:
        stations: Validation observations.
        part: The part of every site.
        number: Number of tasks for each kind of day.
    """
    for kind, day, *indices in validation_draws(stations, part, number):
        time = stations.days[day]
        pair = []
        for index in indices:
            site = stations.site[index]
            sites = Sites(
                stations.lat[site], stations.lon[site], stations.elevation[site], time
            )
            pair.append(Observations(sites, stations.value[index]))
        yield kind, pair[0], pair[1]
