"""What fills gaps: the model, and what it is compared with, all in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from tqdm import tqdm

from apnp.data.archive import archive_of
from apnp.evaluation.anomaly_kriging import AnomalyKriging
from apnp.network.combination import SPELL, Combination, hidden_errors
from apnp.network.history import ResidualCovariance, with_history
from apnp.network.leave_one_out import (
    LEAST_STATIONS,
    LeaveOneOut,
    residuals_together,
    sounding_rows,
)
from apnp.network.neighbour_regression import NeighbourRegression
from apnp.network.spatial_noise import SpatialNoise
from apnp.observations import Floats, Observations, Sites
from apnp.prediction import TrainedModel

_HALF_WINDOW = 15.0
_YEAR = 365.2425
_LEAST_VALUES = 5
_LEAST_STD = 0.05


@dataclass(frozen=True, eq=False)
class Filled:
    """What one method says of hidden values.

    Attributes:
        name: Name for tables.
        mean: Means, NaN where it says nothing, (nt, n).
        std: Standard deviations, (nt, n).
        draws: Realisations, where it makes any, (k, nt, n).
    """

    name: str
    mean: Floats
    std: Floats
    draws: Floats | None = None


def fill_by_model(
    model: TrainedModel,
    ds: xr.Dataset,
    value: Floats,
    draws: int,
    seed: int,
    progress: bool = False,
) -> list[Filled]:
    """The model alone, with the history of stations, and as `apnp fill` fills.

    Args:
        model: The model.
        ds: The stations, of known elevation.
        value: Their values, the hidden ones missing, (nt, n).
        draws: Number of draws.
        seed: Their seed.
        progress: Whether to show rate and time left on standard error.
    """
    others = LeaveOneOut.of(model, ds)
    times = ds["time"].values
    mean, std = np.full((2, *value.shape), np.nan)
    for row in tqdm(
        range(len(value)), "fill", unit="day", mininterval=1, disable=not progress
    ):
        mean[row], std[row] = others.day(value[row], times[row])
    day = (times - times[0]) / np.timedelta64(1, "D")
    z = (value - mean) / std
    covariance = ResidualCovariance.fit(z, day)
    shift, variance = np.zeros((2, *value.shape))
    for column in range(value.shape[1]):
        missing = np.isnan(value[:, column])
        found = with_history(covariance, z[:, column], day, missing)
        shift[:, column], variance[:, column] = found
    corrected, narrower = mean + shift * std, std * np.sqrt(variance)
    history = Filled("model and history", corrected, narrower)
    lines = NeighbourRegression().estimate(value, others.lat, others.lon)
    combination = _combination(covariance, others, value, mean, std, day)
    corrected, narrower = combination.of(corrected, narrower, *lines)
    noise = _noise(others, value, times, covariance, draws, seed)
    drawn = np.empty((draws, *value.shape))
    for row, each in enumerate(noise.days(day)):
        drawn[:, row] = corrected[row] + narrower[row] * each
    return [
        Filled("model", mean, std),
        history,
        Filled("apnp fill", corrected, narrower, drawn),
    ]


def _combination(
    covariance: ResidualCovariance,
    others: LeaveOneOut,
    value: Floats,
    mean: Floats,
    std: Floats,
    day: Floats,
) -> Combination:
    index = NeighbourRegression().neighbours(others.lat, others.lon)
    errors = []
    for station in range(value.shape[1]):
        own = (value[:, station], mean[:, station], std[:, station])
        start = (SPELL + 7 * station) % len(value)
        errors.append(
            hidden_errors(covariance, day, own, value[:, index[station]], start)
        )
    first, second = (np.concatenate(each) for each in zip(*errors, strict=True))
    return Combination.fit(first, second)


def _noise(
    others: LeaveOneOut,
    value: Floats,
    times: NDArray[np.datetime64],
    covariance: ResidualCovariance,
    draws: int,
    seed: int,
) -> SpatialNoise:
    rows = sounding_rows(len(value))
    days = [(value[row], times[row]) for row in rows]
    z = residuals_together(others, days, np.random.default_rng(seed))
    drawn = np.asarray(np.isnan(value).any(0))
    return SpatialNoise.of(z, others.lat, others.lon, drawn, covariance, draws, seed)


def fill_by_regression(ds: xr.Dataset, value: Floats) -> Filled:
    """The weighted regression from correlated neighbours."""
    places = (ds["lat"].values, ds["lon"].values)
    mean, std = NeighbourRegression().estimate(value, *places)
    return Filled("neighbour regression", mean, std)


def fill_by_kriging(
    ds: xr.Dataset, variable: str, value: Floats, rows: Sequence[int]
) -> Filled:
    """Anomaly kriging, which knows the values that are not hidden."""
    known = ds.assign({variable: ds[variable].copy(data=value.T.astype(np.float32))})
    kriging = AnomalyKriging(archive_of(known, variable))
    mean, std = np.full((2, *value.shape), np.nan)
    lat, lon, elevation = (
        ds[name].values.astype(np.float64) for name in ("lat", "lon", "elevation")
    )
    for row in rows:
        read = np.isfinite(value[row])
        if read.sum() < LEAST_STATIONS:
            continue
        every = Sites(lat, lon, elevation, ds["time"].values[row])
        context = Observations(every.take(read), value[row, read])
        asked = every.take(~read)
        mean[row, ~read], std[row, ~read] = kriging.condition(context).predict(asked)
    return Filled("anomaly kriging", mean, std)


def fill_by_climatology(value: Floats, times: NDArray[np.datetime64]) -> Filled:
    """Each station's own mean within 15 days of the time of year, in all years."""
    mean, std = np.full((2, *value.shape), np.nan)
    day = (times - times[0]) / np.timedelta64(1, "D")
    for row in range(len(value)):
        away = day - day[row]
        turn = away - _YEAR * np.round(away / _YEAR)
        around = value[np.abs(turn) <= _HALF_WINDOW]
        known = np.isfinite(around)
        count = known.sum(0)
        total = np.maximum(count, 1)
        middle = np.where(known, around, 0.0).sum(0) / total
        squares = np.where(known, (around - middle) ** 2, 0.0).sum(0) / total
        enough = count >= _LEAST_VALUES
        mean[row] = np.where(enough, middle, np.nan)
        std[row] = np.where(enough, np.maximum(np.sqrt(squares), _LEAST_STD), np.nan)
    return Filled("station climatology", mean, std)
