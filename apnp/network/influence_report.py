"""The influence of stations as a table, in words, and as maps."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from apnp.data import observations_at
from apnp.errors import ConfigError
from apnp.network.influence import Influence, influence, station_column
from apnp.network.local_uncertainty import Targets
from apnp.observations import Observations, Sites
from apnp.plotting.points import stations_map
from apnp.prediction import TrainedModel

_SHOWN = 5
"""Stations shown in words from each end of the table."""


@dataclass(frozen=True, eq=False)
class StationInfluence:
    """The influence of the stations of one day on each other.

    Attributes:
        names: Identifiers of the stations, in the order of the context.
        context: What they observed.
        found: Their influence.
    """

    names: list[str]
    context: Observations
    found: Influence

    @classmethod
    def of(
        cls, model: TrainedModel, stations: xr.Dataset, progress: bool = False
    ) -> "StationInfluence":
        """Compute it for stations of one time, all of known elevation.

        Raises:
            ConfigError: If the stations have several times.
            DataError: If fewer than two report.
        """
        if stations.sizes["time"] != 1:
            raise ConfigError(
                f"The influence is that of one time. Got {stations.sizes['time']} "
                "times: name one with --time."
            )
        reports = np.isfinite(stations[model.variable].values).reshape(-1)
        ds = stations.isel(station=np.flatnonzero(reports))
        time = ds["time"].values[0]
        context = observations_at(ds, time, variable=model.variable)
        names = [str(name) for name in ds["station"].values]
        return cls(names, context, influence(model, context, progress))

    def number(self, name: str) -> int:
        """Number of the station with this identifier.

        Raises:
            ConfigError: If none reports under it.
        """
        if name not in self.names:
            some = ", ".join(self.names[:5])
            raise ConfigError(
                f"No station {name!r} reports on this day. Stations are {some} and "
                "others, as the first column of the table names them."
            )
        return self.names.index(name)

    def table(self) -> pd.DataFrame:
        """One row a station, the most influential first; residuals in units."""
        sites, found = self.context.sites, self.found
        made = pd.DataFrame(
            {
                "station": self.names, "lat": sites.lat, "lon": sites.lon,
                "self_sensitivity": found.self_sensitivity,
                "influence_on_others": found.on_others,
                "residual": found.residual, "residual_left_out": found.left_out,
            }
        )  # fmt: skip
        return made.sort_values("influence_on_others", ascending=False, kind="stable")

    def told(self) -> str:
        """The ends of the table and the sums, in words."""
        table = self.table()
        lines = []
        for title, part in (
            ("most", table.head(_SHOWN)), ("least", table.tail(_SHOWN)),
        ):  # fmt: skip
            shown = part.to_string(index=False, float_format="%.3f")
            lines += [f"stations that tell {title} of the others:", shown]
        lines.append(
            f"{len(self.names)} stations; degrees of freedom for signal "
            f"{self.found.degrees_of_freedom:.1f}; departure from reciprocity "
            f"{self.found.reciprocity:.3f}"
        )
        return "\n".join(lines)

    def network_map(self) -> Figure:
        """A map of all stations by their influence on the others."""
        sites = self.context.sites
        return stations_map(
            sites.lat, sites.lon, self.found.on_others,
            title="The influence of each station on the others",
            label="sum of derivatives of their means",
        )  # fmt: skip

    def station_map(self, model: TrainedModel, station: int, cells: Targets) -> Figure:
        """A map of the influence of one station on the mean at cells."""
        own = self.context.sites
        sites = Sites(cells.lat, cells.lon, cells.elevation, own.time)
        column = station_column(model, self.context, station, sites)
        here = own.take(np.array([station]))
        return stations_map(
            cells.lat, cells.lon, column,
            title=f"Influence of station {self.names[station]}",
            label="derivative of the mean by its value",
            marked=(here.lat, here.lon),
        )  # fmt: skip
