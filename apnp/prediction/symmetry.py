"""How a trained model breaks its symmetry: fixed inputs off, data moved, on a map."""

import copy
from dataclasses import dataclass, replace
from os import PathLike

import numpy as np
import torch
import xarray as xr

from apnp.errors import ConfigError
from apnp.files import atomic_write
from apnp.groups import Group
from apnp.groups.candidates import Motions, moved
from apnp.inputs.stations import StationInputs
from apnp.maps.request import FieldRequest
from apnp.model import NeuralProcess
from apnp.observations import Floats, Observations
from apnp.output.field_output import FieldOutput
from apnp.prediction.trained import Stations, TrainedModel
from apnp.types import Task
from apnp.variables import get_variable

_DIFFERENCE_UNITS = {"degC": "K"}
"""Units of a difference of values in these units, where they are others."""
_TIME_ENCODING = ("units", "calendar", "dtype")


@dataclass(frozen=True, eq=False)
class SymmetryProbe:
    """A trained model in double precision, asked twice about the same targets.

    Answers are pairs of predictive means (n,), in the model's scaled values: anomalies
    from the mean of the training values, in units of their standard deviation.

    Attributes:
        process: The neural process, in float64.
        inputs: What turns stations into its inputs.
    """

    process: NeuralProcess
    inputs: StationInputs

    @classmethod
    def of(cls, model: TrainedModel) -> "SymmetryProbe":
        """The probe of a model, which itself stays as it is."""
        return cls(copy.deepcopy(model.process).double(), model.inputs)

    @property
    def group(self) -> Group:
        """The symmetry of the model's backbone."""
        return self.process.backbone.group

    @property
    def movable(self) -> bool:
        """Whether the group has an element that moves anything."""
        return self.group.identity(torch.zeros(1)).numel() > 0

    def task(self, context: Observations, target: Observations) -> Task:
        """The task in float64, represented as for a prediction from this context."""
        inputs, absolute = self.inputs.adapted(context.sites)
        domain = inputs.domain(context.sites, absolute)
        return Task(
            inputs.point_set(context),
            inputs.point_set(target),
            domain,
            inputs.auxiliary(domain, context.sites.time),
        ).to(torch.float64)

    def without_fixed_inputs(self, task: Task) -> tuple[Floats, Floats]:
        """The means with, and without, fixed inputs."""
        return self._mean(self.process, task), self._mean(self.process.strict(), task)

    def moved(
        self, task: Task, generator: torch.Generator, group: Motions | None = None
    ) -> tuple[Floats, Floats]:
        """The means of the task moved by a random element of a group, and as it is.

        Context, targets and domain move; the fixed inputs stay in place. Whether the
        task knows where it is moves with it.

        Args:
            task: The task.
            generator: Draws the element.
            group: Any candidate symmetry; by default the one that the backbone keeps.
        """
        group = self.group if group is None else group
        there = moved(task, group, group.random(generator, task.context.x))
        return self._mean(self.process, there), self._mean(self.process, task)

    def _mean(self, process: NeuralProcess, task: Task) -> Floats:
        with torch.inference_mode():
            return process(task).mean[0, :, 0].numpy()


def symmetry_breaking(
    model: TrainedModel,
    stations: Stations,
    *,
    time: str | np.datetime64,
    request: FieldRequest,
    progress: bool = False,
    history: str = "apnp symmetry_breaking",
) -> xr.Dataset:
    """Fields of what the fixed inputs change: the prediction with minus without them.

    Args:
        model: A model with fixed inputs.
        stations: A station dataset, or a file that `apnp.data` reads.
        time: A time in it, or a range, as `TrainedModel.predict_grid` takes it.
        request: The cells; quantiles and draws are left out.
        progress: Whether to show rate and time left on standard error.
        history: What is recorded as the making of the fields.

    Returns:
        A CF dataset in memory (time, rows, columns): `<variable>_difference` of the
        means, `<variable>_stderr_difference` of the standard deviations, both in K for
        temperatures, and the elevation, distances and flags of the prediction.

    Raises:
        ConfigError: If the model has no fixed inputs, or an argument breaks a rule.
        DataError: If nothing was observed at a time, or a file cannot be used.
    """
    request = replace(request, quantiles=(), samples=None, recalibration=False)
    output = FieldOutput(progress=progress, history=history)
    complete, strict = (
        one.predict_field(stations, time, request, output)
        for one in (model, model.strict())
    )
    return difference(complete, strict, model.variable)


def difference(complete: xr.Dataset, strict: xr.Dataset, name: str) -> xr.Dataset:
    """Two fields of the same cells and times, subtracted, with what both share.

    Args:
        complete: A field of `TrainedModel.predict_grid`, with fixed inputs.
        strict: The same without them.
        name: Name of the variable.
    """
    variable = get_variable(name)
    # Where `height` is a coordinate, xarray writes it as one of every variable.
    ds = complete.drop_vars([name, f"{name}_stderr"]).reset_coords("height")
    for kind, statistic in (("", "mean"), ("_stderr", "standard deviation")):
        one, other = complete[f"{name}{kind}"], strict[f"{name}{kind}"]
        # Of two-dimensional latitudes and longitudes, if it has any, as well.
        places = [str(each) for each in ("lat", "lon") if complete[each].ndim == 2]
        mapping = ("grid_mapping", "cell_measures")
        about = {
            "long_name": f"predictive {statistic} of {variable.long_name} with fixed "
            "inputs minus without",
            "units": _DIFFERENCE_UNITS.get(variable.units, variable.units),
            "units_metadata": "temperature: difference",
            **{key: one.attrs[key] for key in mapping if key in one.attrs},
            "coordinates": " ".join(["height", *places]),
            "comment": "what the learned functions of absolute location add to the "
            "strictly equivariant component of the same model",
        }
        ds[f"{name}{kind}_difference"] = one.dims, one.values - other.values, about
    title = complete.attrs["title"]
    title = title.replace("predicted from", "changed by fixed inputs, from")
    return ds.assign_attrs(title=title)


def write_difference(ds: xr.Dataset, path: str | PathLike) -> None:
    """Write the result of `symmetry_breaking` as NetCDF, complete or not at all.

    Raises:
        ConfigError: If the file cannot be written.
    """
    packed = {"zlib": True, "complevel": 1, "shuffle": True, "dtype": "float32"}
    encoding: dict[str, dict] = {
        str(name): packed | {"_FillValue": np.float32("nan")}
        for name in ds.data_vars
        if str(name).endswith("_difference")
    }
    # Without being told xarray gives coordinates and bounds a value for missing ones.
    exact = [*ds.coords, "height", *(n for n in ds.data_vars if "_bnds" in str(n))]
    for name in exact:
        kept = {k: v for k, v in ds[name].encoding.items() if k in _TIME_ENCODING}
        encoding[str(name)] = kept | {"_FillValue": None}
    try:
        with atomic_write(path) as temporary:
            ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
    except OSError as error:
        raise ConfigError(f"`output` {path}: cannot be written ({error}).") from error
