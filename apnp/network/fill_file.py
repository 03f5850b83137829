"""A file of stations without gaps, CF NetCDF or CSV, made in bounded memory."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from apnp import __version__
from apnp.data.fill_elevation import fill_elevation
from apnp.data.schema import GOOD, MISSING
from apnp.data.write import station_encoding
from apnp.errors import ConfigError, DataError
from apnp.files import atomic_write, locked
from apnp.network.check import check_number
from apnp.network.fill import (
    FILLED,
    OBSERVED,
    ORIGINS,
    FilledDays,
    FillRequest,
    Series,
    add_history,
    filled_days,
    fit_combination,
    fit_history,
    predict_days,
)
from apnp.network.fill_work import Work, digest
from apnp.network.history import ResidualCovariance
from apnp.network.leave_one_out import (
    PARTS,
    LeaveOneOut,
    residuals_together,
    sounding_rows,
)
from apnp.network.spatial_noise import SpatialNoise
from apnp.network.station_file import station_file
from apnp.prediction import TrainedModel
from apnp.variables import get_variable

log = logging.getLogger(__name__)

Write = Callable[[FilledDays], None]


@dataclass
class FillCount:
    """How many values of the output are what.

    Attributes:
        observed: Values that were there.
        filled: Gaps that were filled.
        missing: Gaps that were not.
        history: What the stations' history says, in words.
    """

    observed: int = 0
    filled: int = 0
    missing: int = 0
    history: str = "not used"

    def add(self, origin: np.ndarray) -> None:
        """Count the values of some days."""
        self.observed += int((origin == OBSERVED).sum())
        self.filled += int((origin == FILLED).sum())
        self.missing += int((origin > FILLED).sum())


def fill_file(
    model: TrainedModel,
    stations: xr.Dataset,
    output: str | Path,
    request: FillRequest | None = None,
    *,
    progress: bool = False,
) -> FillCount:
    """Fill the gaps of stations and write all series to a file.

    Observed values stay as they are, to the last bit in NetCDF. A command that was
    stopped resumes when it is run again.

    Args:
        model: The model.
        stations: A station dataset, whose values may lie in a file.
        output: `.nc` (CF discrete sampling geometry), or `.csv` (a row per value).
        request: How gaps are filled.
        progress: Whether to show rate and time left on standard error.

    Raises:
        ConfigError: If the name cannot be used, or another command writes there.
        DataError: If there are too few stations, or a time has no gridded covariate.
    """
    request, output = request or FillRequest(), Path(output)
    check_name(output)
    check_number(stations)
    series = Series(fill_elevation(stations), model.variable)
    model.check_days(series.times)
    others = LeaveOneOut.of(model, series.stations)
    with locked(output, "OUT"):
        work = Work.beside(output, series.shape, _identity(model, series, request))
        predict_days(others, series, work, request.history, progress)
        count = FillCount()
        covariance = ResidualCovariance(0.0, 0.0, 1.0, 1.0)
        if request.history:
            covariance = fit_history(series, work)
            combination = fit_combination(covariance, series, work)
            add_history(covariance, combination, series, work)
            count.history = f"{covariance.told()}; {combination.told()}"
        noise = None
        if request.draws:
            noise = _noise(others, series, covariance, request).days(series.day)
        with _writer(output, series, request) as write:
            for days in filled_days(series, work, request, noise):
                count.add(days.origin)
                write(days)
        work.remove()
    return count


def check_name(output: Path) -> None:
    """Refuse a name that ends in nothing that can be written.

    Raises:
        ConfigError: Naming the endings that are known.
    """
    if output.suffix not in (".nc", ".csv"):
        raise ConfigError(
            f"{output}: filled series are written as CF NetCDF or CSV, so the name "
            "ends in .nc or .csv."
        )


def _identity(
    model: TrainedModel, series: Series, request: FillRequest
) -> dict[str, Any]:
    """What tells the predictions from those of another input or model."""
    places = [series.lat, series.lon, series.stations["elevation"].values, series.day]
    values = [digest([series.days(rows)]) for rows in series.blocks()]
    return {
        "model": [model.record.hash, model.name, __version__],
        "stations": digest(places),
        "values": digest([np.array(values, dtype="S64")]),
        "first": str(series.times[0]),
        "history": request.history,
        "parts": PARTS,
    }


def _noise(
    others: LeaveOneOut,
    series: Series,
    covariance: ResidualCovariance,
    request: FillRequest,
) -> SpatialNoise:
    """The noise of draws, whose correlation the stations themselves tell."""
    days = [
        (series.days(slice(row, row + 1))[0].astype(np.float64), series.times[row])
        for row in sounding_rows(series.shape[0])
    ]
    z = residuals_together(others, days, np.random.default_rng(request.seed))
    drawn = np.zeros(series.shape[1], dtype=bool)
    for block in series.blocks():
        drawn |= np.isnan(series.days(block)).any(0)
    return SpatialNoise.of(
        z, series.lat, series.lon, drawn, covariance, request.draws, request.seed
    )


@contextmanager
def _writer(output: Path, series: Series, request: FillRequest) -> Iterator[Write]:
    """What writes days; the file has its name when the block ends."""
    try:
        with atomic_write(output) as temporary:
            if output.suffix == ".csv":
                yield _csv_writer(temporary, series)
            else:
                with _netcdf(temporary, series, request.draws) as nc:
                    yield lambda days: _write_netcdf(nc, series.variable, days)
    except (OSError, RuntimeError) as error:
        raise DataError(f"{output}: cannot be written ({error}).") from error


def _csv_writer(path: Path, series: Series) -> Write:
    ds, name = series.stations, series.variable
    meanings = np.array(ORIGINS.split())

    def write(days: FilledDays) -> None:
        nt, n = days.value.shape
        columns = {
            "station": np.tile(ds["station"].values, nt),
            "time": np.repeat(series.times[days.rows], n),
            **{k: np.tile(ds[k].values, nt) for k in ("lat", "lon", "elevation")},
            name: days.value.ravel(),
            f"{name}_stderr": days.std.ravel(),
            "origin": meanings[days.origin.ravel()],
        }
        for number, draw in enumerate(days.draws, start=1):
            columns[f"{name}_sample_{number}"] = draw.ravel()
        table = pd.DataFrame(columns)
        first = days.rows.start == 0
        table.to_csv(path, mode="w" if first else "a", header=first, index=False)

    return write


@contextmanager
def _netcdf(path: Path, series: Series, draws: int) -> Iterator[netCDF4.Dataset]:
    """The file with coordinates, and variables to write values to."""
    name = series.variable
    head = series.stations.isel(time=slice(0, 1)).load()
    empty = head[name].values
    made = station_file(head, name, empty, np.full(empty.shape, GOOD, np.int8), {})
    about = dict(made[name].attrs), dict(made[f"{name}_flag"].attrs)
    made = made.drop_vars([name, f"{name}_flag"]).isel(time=slice(0, 0))
    made = made.reindex(time=series.times)
    made["time"].attrs = dict(series.stations["time"].attrs)
    made.attrs |= {
        "title": f"Station series of {get_variable(name).long_name}, gaps filled",
        "history": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} apnp {__version__}: "
        "gaps filled",
    }
    made, encoding = station_encoding(made)
    made.to_netcdf(path, engine="netcdf4", encoding=encoding)
    with netCDF4.Dataset(path, "a") as nc:
        nc.set_auto_mask(False)
        _define(nc, name, draws, *about)
        yield nc


def _define(
    nc: netCDF4.Dataset, name: str, draws: int, own: dict[str, Any], flag: dict
) -> None:
    """Empty variables of values, deviations, flags and draws."""
    about = get_variable(name)
    ancillary = f"{name}_flag {name}_stderr {name}_origin"
    _variable(nc, name, "f4", **own | {"ancillary_variables": ancillary})
    _variable(nc, f"{name}_flag", "i1", **flag)
    _variable(
        nc, f"{name}_stderr", "f4", units=about.units,
        standard_name=f"{about.standard_name} standard_error",
        long_name=f"standard deviation of filled {about.long_name}",
        units_metadata="temperature: difference",
        comment="of what the station would have reported; missing where it did",
    )  # fmt: skip
    _variable(
        nc, f"{name}_origin", "i1",
        long_name=f"what values of {about.long_name} are",
        flag_values=np.arange(4, dtype=np.int8), flag_meanings=ORIGINS,
    )  # fmt: skip
    if draws:
        nc.createDimension("realization", draws)
        _variable(
            nc, f"{name}_sample", "f4", "realization", units=about.units,
            long_name=f"realisations of {about.long_name}",
            units_metadata="temperature: on_scale",
            comment="observed values, and in gaps draws that are coherent in space",
        )  # fmt: skip


def _variable(
    nc: netCDF4.Dataset, name: str, kind: str, *lead: str, **attrs: Any
) -> None:
    var = nc.createVariable(
        name, kind, (*lead, "station", "time"), zlib=True, complevel=1, shuffle=True,
        fill_value=np.float32(np.nan) if kind == "f4" else False,
    )  # fmt: skip
    var.setncatts(attrs)


def _write_netcdf(nc: netCDF4.Dataset, name: str, days: FilledDays) -> None:
    nc[name][:, days.rows] = days.value.T
    nc[f"{name}_stderr"][:, days.rows] = days.std.T
    nc[f"{name}_origin"][:, days.rows] = days.origin.T
    flag = np.where(np.isfinite(days.value), GOOD, MISSING).astype(np.int8)
    nc[f"{name}_flag"][:, days.rows] = flag.T
    if len(days.draws):
        nc[f"{name}_sample"][..., days.rows] = np.swapaxes(days.draws, 1, 2)


def told(count: FillCount, output: Path, request: FillRequest) -> str:
    """What was filled, in words for a terminal."""
    lines = [
        f"{output}: {count.observed:,} values observed, {count.filled:,} gaps filled, "
        f"{count.missing:,} not filled",
        f"history: {count.history}",
    ]
    if count.missing:
        lines.append(
            "not filled: fewer than 3 stations that day, or none within "
            f"{request.max_km:g} km (variable origin says which)"
        )
    return "\n".join(lines)


def missing_days(times: NDArray[np.datetime64]) -> int:
    """Whole days between the first and the last that the file does not have."""
    days = np.unique(times.astype("datetime64[D]"))
    return int((days[-1] - days[0]) / np.timedelta64(1, "D")) + 1 - len(days)
