"""The choice of places for a network on many days, from stations to a table."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from apnp.data import observations_at
from apnp.errors import DataError
from apnp.network.leave_one_out import LEAST_STATIONS
from apnp.network.local_uncertainty import Day, Targets
from apnp.network.place import Chosen, place_stations, remove_stations
from apnp.network.place_area import Candidates
from apnp.network.remembered_terrain import remembering
from apnp.plotting.points import stations_map
from apnp.prediction import TrainedModel


@dataclass(frozen=True, eq=False)
class Placement:
    """The places chosen, and what they change.

    Attributes:
        table: One row for each place in the order of the choice: rank, lat, lon,
            elevation, change (of the mean standard deviation in K, by this place),
            station or candidate.
        chosen: The choice.
        targets: Where uncertainty counted.
    """

    table: pd.DataFrame
    chosen: Chosen
    targets: Targets

    def told(self) -> str:
        """What the places change, in words."""
        before, after = self.chosen.mean_before, self.chosen.mean_after
        return (
            f"mean predictive standard deviation of {len(self.targets.lat)} targets: "
            f"{before:.4f} K before, {after:.4f} K after ({after / before - 1:+.2%})"
        )


def days_of(
    model: TrainedModel,
    stations: xr.Dataset,
    targets: Targets,
    number: int,
    candidates: Candidates | None = None,
) -> list[Day]:
    """Contexts of days evenly spread over those of the stations.

    Raises:
        DataError: If fewer than three stations report on all of them.
    """
    times = stations["time"].values
    chosen = np.unique(np.linspace(0, len(times) - 1, min(number, len(times))).round())
    parts = [(stations["lat"].values, stations["lon"].values)]
    parts.append((targets.lat, targets.lon))
    if candidates is not None:
        parts.append((candidates.lat, candidates.lon))
    lat, lon = (np.concatenate([part[axis] for part in parts]) for axis in (0, 1))
    model.check_days(times[chosen.astype(int)])
    model = remembering(model, lat, lon)
    days = []
    for index in chosen.astype(int):
        known = np.isfinite(stations[model.variable].isel(time=index).values)
        if known.sum() >= LEAST_STATIONS:
            context = observations_at(stations, times[index], variable=model.variable)
            days.append(Day(model, targets, context))
    if not days:
        raise DataError(
            f"Fewer than {LEAST_STATIONS} stations report on each of "
            f"{len(chosen)} days. Give other days with --time."
        )
    return days


def placed(
    days: list[Day],
    candidates: Candidates,
    number: int,
    apart_km: float,
    progress: bool = False,
) -> Placement:
    """Choose the next stations among candidates."""
    chosen = place_stations(
        days, candidates.lat, candidates.lon, candidates.elevation, number,
        apart_km=apart_km, progress=progress,
    )  # fmt: skip
    index = np.array(chosen.index, dtype=np.intp)
    table = pd.DataFrame(
        {
            "rank": np.arange(1, len(index) + 1),
            "candidate": candidates.row[index],
            "lat": candidates.lat[index],
            "lon": candidates.lon[index],
            "elevation": candidates.elevation[index],
            "change": chosen.change,
        }
    )
    return Placement(table, chosen, days[0].targets)


def removed(
    days: list[Day], stations: xr.Dataset, number: int, progress: bool = False
) -> Placement:
    """Choose the stations that are missed least."""
    chosen = remove_stations(
        days, stations["lat"].values, stations["lon"].values, number, progress=progress
    )
    index = np.array(chosen.index, dtype=np.intp)
    table = pd.DataFrame(
        {
            "rank": np.arange(1, len(index) + 1),
            "station": stations["station"].values[index],
            "lat": stations["lat"].values[index],
            "lon": stations["lon"].values[index],
            "elevation": stations["elevation"].values[index],
            "change": chosen.change,
        }
    )
    return Placement(table, chosen, days[0].targets)


def draw_placement(placement: Placement, stations: xr.Dataset, title: str) -> Figure:
    """A map of the places by their rank, the targets' uncertainty behind them."""
    table = placement.table
    lat, lon = (stations[name].values for name in ("lat", "lon"))
    names = {row: str(rank) for row, rank in enumerate(table["rank"][:30])}
    return stations_map(
        table["lat"].to_numpy(), table["lon"].to_numpy(),
        1000 * np.abs(table["change"].to_numpy()),
        title=title, label="change of the mean standard deviation (mK)",
        names=names, marked=(lat, lon),
    )  # fmt: skip
