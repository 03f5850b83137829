"""Filling the gaps of station series from the other stations.

Three sweeps, each in blocks of bounded memory:

1. `predict_days`: every station on every day from the others, observed or not;
2. `add_history`: each gap corrected by the station's own residuals around it;
3. the output, with draws that are coherent in space (`spatial_noise`).

Between them predictions lie in a hidden folder beside the output, so that a command
that was stopped resumes.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from tqdm import tqdm

from apnp.errors import ConfigError
from apnp.geometry.sphere import nearest_km, unit_vectors
from apnp.network.combination import SPELL, Combination, hidden_errors
from apnp.network.fill_work import Work
from apnp.network.history import ResidualCovariance, with_history
from apnp.network.leave_one_out import LEAST_STATIONS, LeaveOneOut
from apnp.network.neighbour_regression import NeighbourRegression
from apnp.network.screening import suspects
from apnp.observations import Floats

log = logging.getLogger(__name__)

OBSERVED, FILLED, TOO_FEW, TOO_FAR = range(4)
ORIGINS = "observed filled not_filled_too_few_stations not_filled_too_far"
"""What a value may be, as a flag says."""
DAYS = 32
"""Days that are held at once."""
_STATIONS = 64
"""Stations whose whole series are held at once."""
_COMBINED = 100
"""Stations at which days are hidden to weigh the model and neighbours' lines."""
_FITTED = 400
"""Stations from which the covariance of residuals is fitted, at most."""


@dataclass(frozen=True)
class FillRequest:
    """How gaps are filled.

    Attributes:
        history: Whether the residuals of a station correct its gaps.
        draws: Number of draws to add.
        seed: Seed of the draws.
        max_km: A gap farther than this from every station observed is not filled.
    """

    history: bool = True
    draws: int = 0
    seed: int = 0
    max_km: float = 1000.0

    def __post_init__(self) -> None:
        for name, value, least in (
            ("draws", self.draws, 0),
            ("seed", self.seed, 0),
            ("max_km", self.max_km, 1),
        ):
            if not value >= least:
                raise ConfigError(f"`{name}` must be at least {least}. Got {value}.")


@dataclass(frozen=True, eq=False)
class Series:
    """The series of a network, read in blocks.

    Attributes:
        stations: A station dataset whose values may lie in a file; all elevations are
            known.
        variable: The variable.
    """

    stations: xr.Dataset
    variable: str
    lat: Floats = field(init=False)
    lon: Floats = field(init=False)
    times: NDArray[np.datetime64] = field(init=False)
    day: Floats = field(init=False)

    def __post_init__(self) -> None:
        times = self.stations["time"].values
        day = (times - times[0]) / np.timedelta64(1, "D")
        for name, value in (
            ("lat", self.stations["lat"].values.astype(np.float64)),
            ("lon", self.stations["lon"].values.astype(np.float64)),
            ("times", times),
            ("day", day.astype(np.float64)),
        ):
            object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of times and of stations."""
        return len(self.times), len(self.lat)

    def days(self, rows: slice) -> NDArray[np.float32]:
        """Values of some days, as they are, (rows, station)."""
        part = self.stations[self.variable].isel(time=rows)
        return part.transpose("time", "station").values

    def station(self, columns: slice | NDArray[np.intp]) -> NDArray[np.float32]:
        """Values of some stations, as they are, (time, columns)."""
        part = self.stations[self.variable].isel(station=columns)
        return part.transpose("time", "station").values

    def blocks(self) -> Iterator[slice]:
        """The days, block by block."""
        for start in range(0, self.shape[0], DAYS):
            yield slice(start, min(start + DAYS, self.shape[0]))


def predict_days(
    others: LeaveOneOut, series: Series, work: Work, history: bool, progress: bool
) -> None:
    """Predict every station on every day that is not done yet.

    Without history only what is missing is predicted.
    """
    done = work.done()
    bar = tqdm(
        None, "fill", len(done), initial=int(done.sum()), unit="day", mininterval=1,
        disable=not progress,
    )  # fmt: skip
    with bar:
        for rows in series.blocks():
            if done[rows].all():
                continue
            value = series.days(rows).astype(np.float64)
            bad = suspects(value, others.lat, others.lon, others.elevation)
            for row in range(rows.start, rows.stop):
                here = value[row - rows.start]
                wanted = ~np.isfinite(here) | history
                mean, std = others.day(
                    here, series.times[row], ~bad[row - rows.start], wanted
                )
                work.mean[row], work.std[row] = mean, std
                bar.update()
            work.finish(rows)


def fit_history(series: Series, work: Work) -> ResidualCovariance:
    """The covariance in time of the residuals of stations, evenly chosen."""
    n = series.shape[1]
    chosen = np.unique(np.linspace(0, n - 1, min(n, _FITTED)).round().astype(int))
    value = series.station(chosen)
    z = (value - work.mean[:, chosen]) / work.std[:, chosen]
    return ResidualCovariance.fit(z.astype(np.float64), series.day)


def fit_combination(
    covariance: ResidualCovariance, series: Series, work: Work
) -> Combination:
    """How much neighbours' lines count beside the model, by stations evenly chosen."""
    nt, n = series.shape
    chosen = np.unique(np.linspace(0, n - 1, min(n, _COMBINED)).round().astype(int))
    index = NeighbourRegression().neighbours(series.lat, series.lon)
    errors = []
    for order, station in enumerate(chosen):
        value = series.station(np.array([station]))[:, 0].astype(np.float64)
        mean, std = (
            each[:, station].astype(np.float64) for each in (work.mean, work.std)
        )
        own = (value, mean, std)
        others = series.station(index[station]).astype(np.float64)
        start = (SPELL + 7 * order) % max(nt, 1)
        errors.append(hidden_errors(covariance, series.day, own, others, start))
    first, second = (np.concatenate(each) for each in zip(*errors, strict=True))
    return Combination.fit(first, second)


def add_history(
    covariance: ResidualCovariance,
    combination: Combination,
    series: Series,
    work: Work,
) -> None:
    """Correct the predictions of gaps by what their stations' records show."""
    index = NeighbourRegression().neighbours(series.lat, series.lon)
    for start in range(0, series.shape[1], _STATIONS):
        columns = slice(start, min(start + _STATIONS, series.shape[1]))
        value = series.station(columns).astype(np.float64)
        mean = work.mean[:, columns].astype(np.float64)
        std = work.std[:, columns].astype(np.float64)
        z = (value - mean) / std
        for column in range(value.shape[1]):
            missing = np.isnan(value[:, column])
            shift, variance = with_history(
                covariance, z[:, column], series.day, missing
            )
            mean[:, column] += np.where(missing, shift, 0.0) * std[:, column]
            std[:, column] *= np.sqrt(np.where(missing, variance, 1.0))
            if combination.values and missing.any():
                others = series.station(index[start + column]).astype(np.float64)
                lines = NeighbourRegression().one(value[:, column], others)
                both = combination.of(mean[:, column], std[:, column], *lines)
                mean[missing, column], std[missing, column] = (
                    each[missing] for each in both
                )
        work.filled_mean[:, columns], work.filled_std[:, columns] = mean, std


@dataclass(frozen=True, eq=False)
class FilledDays:
    """Some days of the filled series, (rows, station), for the output.

    Attributes:
        rows: Which days.
        value: Observed values as they were, and means in gaps.
        std: Standard deviations in gaps, NaN where a value was observed.
        origin: What each value is: its place in `ORIGINS`.
        draws: Realisations, the observed values among them, (draw, rows, station).
    """

    rows: slice
    value: NDArray[np.float32]
    std: NDArray[np.float32]
    origin: NDArray[np.int8]
    draws: NDArray[np.float32]


def filled_days(
    series: Series, work: Work, request: FillRequest, noise: Iterator[Floats] | None
) -> Iterator[FilledDays]:
    """The filled series, block by block.

    Args:
        series: What was observed.
        work: What was predicted.
        request: How gaps are filled.
        noise: Standard normal numbers (draw, station) of one day after the other, where
            there are draws.
    """
    unit = unit_vectors(series.lat, series.lon).reshape(-1, 3)
    for rows in series.blocks():
        value = series.days(rows)
        origin = np.stack([_origin(unit, day, request.max_km) for day in value])
        gap = origin == FILLED
        if request.history:
            mean, std = work.filled_mean[rows], work.filled_std[rows]
        else:
            mean, std = work.mean[rows], work.std[rows]
        origin[gap & ~np.isfinite(mean)] = TOO_FEW
        gap = origin == FILLED
        filled = np.where(gap, mean, value).astype(np.float32)
        draws = np.empty((request.draws, *value.shape), np.float32)
        if noise is not None:
            for day in range(len(value)):
                drawn = mean[day] + std[day] * next(noise)
                draws[:, day] = np.where(gap[day], drawn, value[day])
        yield FilledDays(
            rows, filled, np.where(gap, std, np.nan).astype(np.float32), origin, draws
        )


def _origin(unit: Floats, value: NDArray, max_km: float) -> NDArray[np.int8]:
    """What the values of one day are, or will be, (n,)."""
    observed = np.isfinite(value)
    origin = np.full(len(value), TOO_FEW, dtype=np.int8)
    if observed.sum() >= LEAST_STATIONS:
        far = nearest_km(cKDTree(unit[observed]), unit) > max_km
        origin = np.where(far, TOO_FAR, FILLED).astype(np.int8)
    origin[observed] = OBSERVED
    return origin
