"""What a predicted field is: its cells, times and variable, and where it comes from."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.maps.cells import Cells
from apnp.maps.contexts import Contexts
from apnp.variables import Variable, get_variable

_UNSTATED = "not stated by the station data"
_KEYWORDS = "gridded observations, uncertainty, interpolation, neural process"


@dataclass(frozen=True, eq=False)
class FieldMetadata:
    """What a file of fields says about itself.

    Attributes:
        grid: Cells of the fields.
        times: Valid times, datetime64, shape (nt,): for daily values the day's start.
        period: Length of the interval each value stands for; None = instants.
        variable: The variable predicted.
        cell_methods: Its CF cell method in time, e.g. "time: mean".
        quantiles: Levels of the quantiles in the file, each in (0, 1).
        elevation_source: Where the elevation of the cells comes from.
        attributes: Global attributes: title, summary, keywords, institution, license,
            source, history, comment.
        day_interval: The 24 hours of daily values (`apnp.data.day`); blank = unknown.
    """

    grid: Cells
    times: NDArray[np.datetime64]
    period: np.timedelta64 | None
    variable: Variable
    cell_methods: str
    quantiles: tuple[float, ...]
    elevation_source: str
    attributes: dict[str, str]
    day_interval: str = ""

    @classmethod
    def of(
        cls,
        contexts: Contexts,
        grid: Cells,
        quantiles: tuple[float, ...],
        *,
        elevation_source: str,
        source: str,
        history: str,
        recalibration: str = "none",
        covariates: str = "",
        unlike_training: str = "",
    ) -> "FieldMetadata":
        """The metadata of fields predicted from stations.

        Args:
            contexts: The stations observed at each time.
            grid: Cells of the fields.
            quantiles: Levels of the quantiles to store.
            elevation_source: Where the elevation of the cells comes from.
            source: The global attribute: what made the fields.
            history: The global attribute: how they were made.
            recalibration: What the stations changed of the model's uncertainty.
            covariates: A sentence on the gridded covariates that were read, or blank.
            unlike_training: How the network departs from those that the model learned
                from; blank where that is not known.
        """
        ds, variable = contexts.stations, get_variable(contexts.variable)
        attrs = ds[variable.name].attrs
        methods = attrs.get("cell_methods", variable.cell_method)
        label = "SIMULATED " if is_simulated(ds) else ""
        filled = ds.attrs.get("filled_elevation")
        origin = f"From {_range(contexts.counts)} stations a time of: "
        sentences = [
            f"{origin}{ds.attrs.get('title', 'untitled stations')}.",
            "A cell stands for its centre.", f"{filled}." if filled else "", covariates,
        ]  # fmt: skip
        return cls(
            grid=grid,
            times=contexts.times,
            period=None if "point" in methods else _period(ds["time"].values),
            variable=variable,
            cell_methods=methods,
            quantiles=quantiles,
            elevation_source=elevation_source,
            attributes={
                "title": f"{variable.long_name} predicted from {label}stations",
                "summary": _summary(variable, label, contexts),
                "keywords": f"{variable.standard_name}, {_KEYWORDS}",
                "institution": str(ds.attrs.get("institution", _UNSTATED)),
                "license": str(ds.attrs.get("license", _UNSTATED)),
                "source": source,
                "history": history,
                "recalibration": recalibration,
                "comment": " ".join(each for each in sentences if each),
                **({"unlike_training": unlike_training} if unlike_training else {}),
            },
            day_interval=str(attrs.get("day_interval", "")),
        )


def _summary(variable: Variable, label: str, contexts: Contexts) -> str:
    """The summary that catalogues show."""
    return (
        f"Predictive mean and standard deviation of {variable.long_name} on a grid, "
        f"from {_range(contexts.counts)} {label}stations, by a neural process."
    )


def is_simulated(stations: xr.Dataset) -> bool:
    """Whether stations stand on the simulated Earth, as their title says."""
    return "SIMULATED" in str(stations.attrs.get("title", ""))


def _range(counts: NDArray[np.int64]) -> str:
    if len(counts) == 1:
        return str(counts[0])
    return f"{counts.min()} to {counts.max()}"


def _period(times: NDArray[np.datetime64]) -> np.timedelta64:
    """What one value stands for: a day, or less where the times are closer."""
    day = np.timedelta64(1, "D").astype("timedelta64[ns]")
    return min([day, *np.diff(times)])
