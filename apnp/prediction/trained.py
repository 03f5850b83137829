"""A trained model, ready to predict: on grids, at points, beside the baselines."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from numpy.typing import NDArray

from apnp import __version__
from apnp.checkpoint import RunRecord, load_run
from apnp.data import read_stations
from apnp.data.archive import archive_of, before
from apnp.data.fill_elevation import fill_elevation
from apnp.data.gridded.variable import find_fields
from apnp.data.open import open_stations
from apnp.errors import ConfigError, DataError
from apnp.files import one_thread
from apnp.geometry.station_blocks import StationSplit
from apnp.inputs.stations import StationInputs
from apnp.maps.contexts import Contexts
from apnp.maps.draws import Samples
from apnp.maps.field_metadata import FieldMetadata
from apnp.maps.grid_choice import GridLike
from apnp.maps.predict_field import CHUNK_CELLS, FieldJob
from apnp.maps.request import FieldRequest, Mask, check_levels, elevation_for
from apnp.model import NeuralProcess
from apnp.observations import Floats, Observations, Sites
from apnp.output.field_output import FieldOutput
from apnp.output.write_field import write_field
from apnp.prediction.conditioned import ConditionedModel
from apnp.prediction.height_errors import HeightErrors
from apnp.prediction.horizon import check_horizon, check_points, within_horizon
from apnp.prediction.network_check import unlike_training
from apnp.prediction.points import (
    coordinates,
    predicted_columns,
    subgrid_noise,
    with_predictions,
)
from apnp.prediction.recalibration import (
    MOST_TIMES,
    Recalibration,
    SelfRecalibrating,
    recalibrate,
)
from apnp.pretrained import PRETRAINED, is_pretrained
from apnp.terrain import SOURCE
from apnp.variables import get_variable

log = logging.getLogger(__name__)
Stations = xr.Dataset | str | PathLike
POINT_LEVELS = (0.05, 0.5, 0.95)
"""Quantiles that tables of points are given."""


def load(
    run: str | PathLike = PRETRAINED,
    which: str = "best",
    fields: Sequence[str | PathLike] = (),
) -> "TrainedModel":
    """The trained model in a run folder, on the CPU.

    Args:
        run: A run folder, or one of its checkpoints, or "pretrained" for the weights
            that ship with the package.
        which: The checkpoint: "best" or "last".
        fields: Files of the gridded fields that the model reads, where they are not
            those of the training.

    Raises:
        CheckpointError: If there is none, or it is damaged.
        DataError: If a field that the model reads is not there.
    """
    process, inputs, record = load_run(run, which)
    trained = {each.variable: each.path for each in record.config.data.covariates}
    inputs = inputs.reading(find_fields(trained, fields))
    model = record.config.model
    name = f"{model.backbone.name}, {model.form}"
    if is_pretrained(run):
        name = f"pretrained {name}"
    return TrainedModel(process, inputs, record, name)


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A trained neural process with its scaling, units and history.

    Attributes:
        process: The neural process, in evaluation mode.
        inputs: What turns stations into its inputs.
        record: What its checkpoint says of it (`model.json`).
        name: Name for tables.
        recalibration: What a network has changed of its uncertainty.
        height_errors: Stations whose elevation is that of the terrain, if any.
        knows_targets: Whether targets use fixed inputs and a history of their own.
    """

    process: NeuralProcess
    inputs: StationInputs
    record: RunRecord
    name: str
    recalibration: Recalibration | None = None
    height_errors: HeightErrors | None = None
    knows_targets: bool = True

    @property
    def variable(self) -> str:
        """Name of the variable predicted."""
        return self.record.config.data.variable

    @property
    def split(self) -> StationSplit:
        """How stations were held out from training."""
        return self.record.config.data.split

    @property
    def test_times(self) -> str | None:
        """The times held out from training, "A/B"; None if the run names none."""
        return self.record.config.data.test_times

    @property
    def has_fixed_inputs(self) -> bool:
        """Whether it has fixed inputs, which can be switched off."""
        return self.record.config.model.form == "approximate"

    def strict(self) -> "TrainedModel":
        """The strictly equivariant component: the fixed inputs switched off.

        Raises:
            ConfigError: If the model has no fixed inputs.
        """
        if not self.has_fixed_inputs:
            raise ConfigError(
                f"{self.name} is strictly equivariant already: it has no fixed inputs "
                "to switch off. Leave --no-fixed-inputs out."
            )
        made = self.process.strict()
        return replace(self, process=made, name=f"{self.name} without fixed inputs")

    def remembering(
        self, stations: xr.Dataset, times: NDArray[np.datetime64] | None = None
    ) -> "TrainedModel":
        """The model with these stations' past: all, or what ascending times need."""
        if self.inputs.history is None:
            return self
        needed = before(stations, times, self.inputs.history.days, MOST_TIMES)
        archive = archive_of(needed, self.variable)
        return replace(self, inputs=self.inputs.remembering(archive))

    def recalibrated(
        self, contexts: Iterable[Observations], known: bool = False
    ) -> "TrainedModel":
        """The model with the uncertainty that a network says it should have.

        Stations are left out of each context in turn and predicted
        (`apnp.prediction.recalibration`). A context of fewer than ten stations changes
        nothing.

        Args:
            contexts: Observations of one time each; the first are asked first.
            known: Whether stations left out keep their fixed inputs and history.
        """
        inputs, asked = self.inputs, replace(self, knows_targets=known)
        found = recalibrate(asked, (within_horizon(inputs, each) for each in contexts))
        process = self.process.recalibrated(found.factor, found.variance)
        return replace(self, process=process, recalibration=found)

    def self_recalibrating(self, known: bool = False) -> "SelfRecalibrating":
        """The model as a predictor that every context recalibrates (`recalibrated`)."""
        return SelfRecalibrating(self, known)

    def covariates(self, sites: Sites) -> Floats:
        """Its covariates of sites, 0 where unknown, (n, dw)."""
        return np.nan_to_num(self.inputs.covariates(sites))

    def check_days(self, times: NDArray[np.datetime64]) -> None:
        """Refuse times on whose day a gridded field has no values, with a DataError."""
        self.inputs.gridded.check_days(times)

    def condition(self, context: Observations) -> ConditionedModel:
        """Read the context once; the result answers at any number of sites."""
        if not len(context):
            log.warning("No station is observed: the prediction is the prior.")
        inputs, absolute = self.inputs.adapted(context.sites)
        domain = inputs.domain(context.sites, absolute)
        points = inputs.point_set(context)
        if not self.knows_targets:
            domain, inputs = inputs.without_targets(domain), inputs.forgetting()
        sets = inputs.auxiliary(domain, context.sites.time)
        with torch.inference_mode():
            encoding = self.process.encode(points, domain, sets)
        errors = self.height_errors.among(context.sites) if self.height_errors else None
        return ConditionedModel(self.process, inputs, points, encoding, sets, errors)

    def predict_grid(
        self,
        stations: Stations,
        *,
        time: str | np.datetime64,
        grid: GridLike,
        region: Sequence[float] | None = None,
        elevation: str | PathLike | None = None,
        mask: Mask = None,
        quantiles: Sequence[float] = (),
        samples: Samples | int | None = None,
        recalibration: bool = True,
        output: FieldOutput | str | PathLike | None = None,
    ) -> xr.Dataset:
        """Fields of mean and uncertainty from the stations observed at each time.

        Args:
            stations: A station dataset, or a file that `apnp.data` reads.
            time: A time in it, or a range, "2021-07-01/2021-07-31".
            grid: Cell size in degrees (one, or latitude and longitude), a spacing
                "EPSG:3035,1000", a grid, or a NetCDF file whose grid is used.
            region: West, south, east, north in degrees; by default around the stations
                (`FieldRequest`).
            elevation: NetCDF file of elevation; by default the packaged terrain.
            mask: "land" leaves out the sea; an array leaves out cells that are False.
            quantiles: Levels of quantiles to add.
            samples: Draws to add (`ConditionedModel.sampler`): their number, or
                `Samples` with a seed and a number of anchors.
            recalibration: Whether stations correct the uncertainty (`recalibrated`).
            output: CF NetCDF file to make, or Zarr store (`.zarr`), which is resumed
                where it is incomplete, or a `FieldOutput` with further settings;
                without one the result is in memory.

        Returns:
            A CF dataset (time, rows, columns); read lazily from `output`, if given.

        Raises:
            DataError: If nothing was observed at a time, or a file cannot be used.
            ConfigError: If an argument breaks a rule.
        """
        if isinstance(samples, int):
            samples = Samples(samples)
        if not isinstance(output, FieldOutput):
            output = FieldOutput(output)
        request = FieldRequest(
            grid, region, elevation, mask, quantiles, samples, recalibration
        )
        return self.predict_field(stations, time, request, output)

    @one_thread
    def predict_field(
        self,
        stations: Stations,
        time: str | np.datetime64,
        request: FieldRequest,
        output: FieldOutput,
    ) -> xr.Dataset:
        """Fields of mean and uncertainty, as `predict_grid`, of checked arguments.

        Args:
            stations: A station dataset, or a file that `apnp.data` reads.
            time: A time in it, or a range "A/B".
            request: Which field.
            output: Where it goes.

        Raises:
            DataError: If nothing was observed at a time, or a file cannot be used.
            ConfigError: If the grid, region or mask cannot be used.
        """
        ds = self._stations(stations, lazily=output.store is not None)
        grid = request.cells(ds, spherical=self.inputs.geometry == "sphere")
        contexts = self._contexts(ds, time)
        check_horizon(self.inputs, contexts, grid, request.mask)
        elevation = request.ground(ds)
        model = self._asked(ds, contexts, request.recalibration)
        metadata = FieldMetadata.of(
            contexts, grid, tuple(request.quantiles),
            elevation_source=elevation.source,
            source=f"apnp {__version__}, {self.name}, checkpoint "
            f"{self.record.hash[:12]}",
            history=output.history, recalibration=model._recalibration(),
            covariates=self._covariates_read(),
            unlike_training=unlike_training(self.record.networks, contexts[0].sites),
        )  # fmt: skip
        job = FieldJob(
            model, contexts, metadata, elevation,
            request.samples, request.mask, output.chunk_cells, self.record.networks,
        )  # fmt: skip
        return write_field(job, output, model._identity())

    def predict_points(
        self,
        stations: Stations,
        points: pd.DataFrame,
        *,
        time: str | np.datetime64,
        elevation: str | PathLike | None = None,
        quantiles: Sequence[float] = POINT_LEVELS,
        chunk_points: int = CHUNK_CELLS,
        place: str = "points",
        recalibration: bool = True,
    ) -> pd.DataFrame:
        """Mean, standard deviation and quantiles at points.

        Args:
            stations: A station dataset, or a file that `apnp.data` reads.
            points: Table with columns lat, lon (degrees) and, where known, elevation
                (m), or usual other names of these.
            time: A time in the stations, or a range "A/B".
            elevation: NetCDF file for unknown elevations; by default as for grids. The
                relief inside a cell of the packaged terrain widens the distributions
                of points without an elevation.
            quantiles: Levels; 0.05 becomes the column q05.
            chunk_points: Points decoded at once; it does not change the result.
            place: What to call the table in errors.
            recalibration: As for grids.

        Returns:
            The table once for each time, with the columns time, elevation (filled),
            mean, std and the quantiles, in the variable's CF units.

        Raises:
            DataError: If nothing was observed at a time, or a point cannot be used.
            ConfigError: If an argument breaks a rule.
        """
        levels = check_levels(quantiles)
        ds = self._stations(stations)
        ground = elevation_for(ds, elevation)
        lat, lon, height, unknown = coordinates(points, ground, place)
        unknown &= ground.source.endswith(SOURCE)  # a file given knows its own height
        noise = subgrid_noise(lat, lon, unknown)
        contexts = self._contexts(ds, time)
        check_points(self.inputs, contexts, lat, lon)
        unlike_training(self.record.networks, contexts[0].sites)
        model = self._asked(ds, contexts, recalibration)
        tables = []
        for context in contexts:
            conditioned = model.condition(context)
            sites = Sites(lat, lon, height, context.sites.time)
            columns = {"elevation": height} | predicted_columns(
                conditioned, sites, levels, noise, chunk_points
            )
            tables.append(with_predictions(points, sites.time, columns, place))
        return pd.concat(tables, ignore_index=True)

    def _asked(self, ds: xr.Dataset, contexts: Contexts, ask: bool) -> "TrainedModel":
        """The model that knows the stations of a request; recalibrated with `ask`."""
        model = replace(self, height_errors=HeightErrors.of(ds))
        model = model.remembering(ds, contexts.times)
        daily = any(source.days is not None for source in self.inputs.gridded.sources)
        asked = contexts.to_ask(MOST_TIMES, earlier=not daily)
        return model.recalibrated(asked) if ask else model

    def _recalibration(self) -> str:
        """What the network has changed, for the output's attributes."""
        if self.recalibration is None:
            return "none"
        units = get_variable(self.variable).units.replace("degC", "K")
        return self.recalibration.told(self.inputs.std, units)

    def _identity(self) -> dict[str, Any]:
        """What identifies the model's predictions."""
        files = [Path(source.path) for source in self.inputs.gridded.sources]
        return {
            "model": [self.record.hash, self.name, __version__],
            "recalibration": self.recalibration and asdict(self.recalibration),
            "fields": [[each.name, each.stat().st_size] for each in files],
            **({"past": self.inputs.memory.digest} if self.inputs.memory else {}),
        }

    def _stations(self, stations: Stations, lazily: bool = False) -> xr.Dataset:
        if isinstance(stations, xr.Dataset):
            ds = stations
        else:
            held = open_stations(stations, self.variable) if lazily else None
            ds = held or read_stations([stations], variable=self.variable)
        if self.variable not in ds:
            raise DataError(
                f"The model predicts {self.variable!r}, which these stations do not "
                f"report; they hold {', '.join(map(str, ds.data_vars))}."
            )
        return fill_elevation(ds)

    def _contexts(self, ds: xr.Dataset, time: str | np.datetime64) -> Contexts:
        """The observations at each time asked for; times with none are left out."""
        contexts = Contexts.at(ds, str(time), self.variable)
        self.check_days(contexts.times)
        return contexts

    def _covariates_read(self) -> str:
        sources = self.inputs.gridded.sources
        if not sources:
            return ""
        read = [f"{source.name} of {Path(source.path).name}" for source in sources]
        return f"Fields read beside them: {', '.join(read)}."
