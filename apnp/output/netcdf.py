"""Fields as CF NetCDF, written block by block."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import netCDF4
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.data.day import parse_days
from apnp.errors import ConfigError
from apnp.maps.grid import Grid
from apnp.variables import Variable

CONVENTIONS = "CF-1.11"
FLAG_MEANINGS = "interpolated extrapolated masked"
INTERPOLATED, EXTRAPOLATED, MASKED = range(3)
_REFERENCES = (
    "Ashman et al. 2024, Approximately Equivariant Neural Processes, arXiv:2406.13488"
)
_CHUNK_CELLS = 2**22
_EPOCH = np.datetime64("1970-01-01T00:00:00", "ns")


@dataclass(frozen=True, eq=False)
class Header:
    """What a file of fields says about itself.

    Attributes:
        grid: Cells of the fields.
        times: Valid times, datetime64, shape (nt,): for daily values the day's start.
        period: Length of the interval each value stands for; None = instants.
        variable: The variable predicted.
        cell_methods: Its CF cell method in time, e.g. "time: mean".
        quantiles: Levels of the quantiles in the file, each in (0, 1).
        elevation_source: Where the elevation of the cells comes from.
        attributes: Global attributes: title, source, history, comment.
        day_interval: The 24 hours of daily values (`apnp.data.day`); blank = unknown.
    """

    grid: Grid
    times: NDArray[np.datetime64]
    period: np.timedelta64 | None
    variable: Variable
    cell_methods: str
    quantiles: tuple[float, ...]
    elevation_source: str
    attributes: dict[str, str]
    day_interval: str = ""


@contextmanager
def definitions(header: Header, samples: int) -> Iterator[netCDF4.Dataset]:
    """All variables, coordinates and attributes of a file of fields, and no field."""
    with closing(FieldWriter(None, header, samples)._nc) as nc:
        yield nc


class FieldWriter:
    """Writes fields of mean and uncertainty to a CF NetCDF file, rows by rows.

    A context manager. The file has another name until it is complete: on an error
    nothing is left, and what stood at `path` before is untouched. Without a path the
    fields are kept in memory.

    Args:
        path: The NetCDF file to make; None = none.
        header: What it holds.
        samples: Number of draws of each field; 0 = none.

    Raises:
        ConfigError: If the folder of `path` does not exist or cannot be written to.
    """

    def __init__(self, path: Path | None, header: Header, samples: int = 0) -> None:
        self._path, self._header, self._samples = path, header, samples
        self._result: xr.Dataset | None = None
        if path is None:
            self._nc = netCDF4.Dataset("field.nc", "w", diskless=True, persist=False)
        else:
            if not path.parent.is_dir():
                raise ConfigError(
                    f"`output` {path}: there is no folder {path.parent}. Make it first."
                )
            self._temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
            try:
                self._nc = netCDF4.Dataset(self._temporary, "w")
            except OSError as error:
                raise ConfigError(
                    f"`output` {path}: cannot be written ({error})."
                ) from error
        self._define()

    def __enter__(self) -> "FieldWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._path is None:
            if kind is None:
                store = xr.backends.NetCDF4DataStore(self._nc)
                self._result = xr.open_dataset(store).load()
            self._nc.close()
            return
        try:
            self._nc.close()
            if kind is None:
                os.replace(self._temporary, self._path)
        finally:
            self._temporary.unlink(missing_ok=True)

    def result(self) -> xr.Dataset:
        """The complete fields: from memory, or lazily from the file."""
        if self._path is not None:
            return xr.open_dataset(self._path)
        assert self._result is not None, "The fields are complete after the `with`."
        return self._result

    def write(self, step: int, rows: slice, block: dict[str, NDArray]) -> None:
        """Store some rows of one time step.

        Args:
            step: Index of the time.
            rows: Rows of the grid.
            block: Arrays (rows, columns) by variable; quantiles and draws with a
                leading axis.
        """
        for name, values in block.items():
            self._nc[name][..., step, rows, :] = values

    def write_elevation(self, rows: slice, values: NDArray) -> None:
        """Store the elevation of some rows in metres, which holds for every time."""
        self._nc["elevation"][rows] = values

    def read_elevation(self, rows: slice) -> NDArray[np.float64]:
        """The elevation stored for some rows in metres; shape (rows, columns)."""
        return self._nc["elevation"][rows].astype(np.float64)

    def _define(self) -> None:
        """Dimensions, coordinates and empty variables."""
        nc, header = self._nc, self._header
        grid = header.grid
        nc.set_auto_mask(False)
        nc.createDimension("time", None)
        for name, size in zip(("lat", "lon", "nv"), (*grid.shape, 2), strict=True):
            nc.createDimension(name, size)
        _coordinate(nc, "lat", grid.lat, grid.lat_bnds, **_LATITUDE)
        _coordinate(nc, "lon", grid.lon, grid.lon_bnds, **_LONGITUDE)
        self._define_time()
        height = nc.createVariable("height", "f8")
        height.setncatts(_HEIGHT)
        height[:] = 2.0
        nc.createVariable("crs", "i4").setncatts(_CRS)
        if header.quantiles:
            nc.createDimension("quantile", len(header.quantiles))
            levels = np.array(header.quantiles)
            _coordinate(nc, "quantile", levels, None, **_QUANTILE)
        if self._samples:
            nc.createDimension("realization", self._samples)
            number = nc.createVariable("realization", "i4", ("realization",))
            number.setncatts(_REALIZATION)
            number[:] = np.arange(self._samples)
        self._define_fields()
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        stated = header.attributes
        nc.setncatts(
            {
                "Conventions": CONVENTIONS,
                **stated,
                "history": f"{now} {stated['history']}",
                "references": _REFERENCES,
                "geospatial_lat_min": grid.lat_bnds.min(),
                "geospatial_lat_max": grid.lat_bnds.max(),
                "geospatial_lon_min": grid.lon_bnds.min(),
                "geospatial_lon_max": grid.lon_bnds.max(),
                "time_coverage_start": _iso(header.times[0]),
                "time_coverage_end": _iso(header.times[-1]),
            }
        )

    def _define_time(self) -> None:
        header = self._header
        since = header.times.astype("datetime64[ns]") - _EPOCH
        unit, name = np.timedelta64(1, "D"), "days"
        if (since % unit).any():
            unit, name = np.timedelta64(1, "h"), "hours"
        bounds = None
        if header.period is not None:
            begin = since + _begins(header.day_interval)
            bounds = np.stack([begin, begin + header.period], -1) / unit
        units = f"{name} since 1970-01-01 00:00:00"
        _coordinate(self._nc, "time", since / unit, bounds, **_TIME, units=units)

    def _define_fields(self) -> None:
        header, variable = self._header, self._header.variable
        name = variable.name
        common = {"grid_mapping": "crs", "coordinates": "height"}
        cell_methods = f"area: point {header.cell_methods}"
        self._field(
            name, "f4", ("time",),
            standard_name=variable.standard_name,
            long_name=f"predicted {variable.long_name}",
            units=variable.units, units_metadata="temperature: on_scale",
            cell_methods=cell_methods, **common, **self._day(),
            ancillary_variables=f"{name}_stderr {name}_flag distance_to_station",
        )  # fmt: skip
        self._field(
            f"{name}_stderr", "f4", ("time",),
            standard_name=f"{variable.standard_name} standard_error",
            long_name=f"predictive standard deviation of {variable.long_name}",
            units=variable.units, units_metadata="temperature: difference", **common,
            comment="includes observation noise: the standard deviation of what a "
            "station in the cell would report",
        )  # fmt: skip
        if header.quantiles:
            self._field(
                f"{name}_quantile", "f4", ("quantile", "time"),
                long_name=f"quantiles of {variable.long_name}",
                units=variable.units, units_metadata="temperature: on_scale",
                cell_methods=cell_methods, **common,
                comment="of the predictive distribution, observation noise included",
            )  # fmt: skip
        if self._samples:
            self._field(
                f"{name}_sample", "f4", ("realization", "time"),
                standard_name=variable.standard_name,
                long_name=f"draws of {variable.long_name}",
                units=variable.units, units_metadata="temperature: on_scale",
                cell_methods=cell_methods, **common, comment=SAMPLES,
            )  # fmt: skip
        self._field(
            "distance_to_station", "f4", ("time",), grid_mapping="crs", units="km",
            long_name="great-circle distance to the nearest station of the context",
        )  # fmt: skip
        self._field(
            f"{name}_flag", "i1", ("time",), grid_mapping="crs",
            standard_name="quality_flag",
            long_name=f"trust in the predicted {variable.long_name}",
            flag_values=np.arange(3, dtype=np.int8), flag_meanings=FLAG_MEANINGS,
            comment=EXTRAPOLATION_RULE,
        )  # fmt: skip
        self._field(
            "elevation", "f4", (), grid_mapping="crs", units="m",
            standard_name="surface_altitude",
            long_name="elevation the prediction is made for",
            comment=header.elevation_source,
        )  # fmt: skip

    def _day(self) -> dict[str, str]:
        """The attribute that says which 24 hours a daily value stands for."""
        text = self._header.day_interval
        return {"day_interval": text} if text else {}

    def _field(self, name: str, kind: str, lead: tuple[str, ...], **attrs: Any) -> None:
        """An empty variable on the grid; one chunk is one map, or a part of it."""
        nlat, nlon = self._header.grid.shape
        chunk = (min(nlat, max(_CHUNK_CELLS // nlon, 1)), nlon)
        var = self._nc.createVariable(
            name, kind, (*lead, "lat", "lon"),
            zlib=self._path is not None, complevel=1, shuffle=True,
            chunksizes=(*[1] * len(lead), *chunk),
            fill_value=np.float32("nan") if kind == "f4" else False,
        )  # fmt: skip
        levels = max(len(self._header.quantiles), self._samples, 1)
        var.set_var_chunk_cache(size=levels * chunk[0] * nlon * var.dtype.itemsize)
        var.setncatts(attrs)


EXTRAPOLATION_RULE = (
    "extrapolated: farther from every station than 99 % of the stations are from "
    "their nearest neighbour, or more than 100 m above the highest or below the lowest "
    "station"
)
SAMPLES = (
    "each realization is one field: errors of its cells go together as the model says; "
    "those of different times are independent"
)
_REALIZATION = {
    "units": "1", "standard_name": "realization", "long_name": "number of the draw",
}  # fmt: skip
_LATITUDE = {
    "units": "degrees_north", "standard_name": "latitude", "long_name": "latitude",
    "axis": "Y",
}  # fmt: skip
_LONGITUDE = {
    "units": "degrees_east", "standard_name": "longitude", "long_name": "longitude",
    "axis": "X",
}  # fmt: skip
_TIME = {
    "standard_name": "time", "long_name": "valid time (UTC)", "axis": "T",
    "calendar": "standard", "units_metadata": "leap_seconds: none",
}  # fmt: skip
_HEIGHT = {
    "units": "m", "standard_name": "height", "long_name": "height above the ground",
    "positive": "up", "axis": "Z",
}  # fmt: skip
_QUANTILE = {"units": "1", "long_name": "probability of not being exceeded"}
_CRS = {
    "grid_mapping_name": "latitude_longitude",
    "semi_major_axis": 6378137.0,
    "inverse_flattening": 298.257223563,
    "longitude_of_prime_meridian": 0.0,
}


def _begins(day_interval: str) -> np.timedelta64:
    """From a daily value's time to the start of its 24 hours: 0 or negative."""
    days = parse_days(day_interval)
    start = days[0].utc_start if len(days) == 1 else None
    return np.timedelta64(
        round(0 if start is None else (start - days[0].stamp) * 60), "m"
    )


def _iso(time: np.datetime64) -> str:
    return f"{np.datetime_as_string(time, unit='s')}Z"


def _coordinate(
    nc: netCDF4.Dataset,
    name: str,
    values: NDArray,
    bounds: NDArray | None,
    **attrs: str,
) -> None:
    """A coordinate variable without missing values, and its bounds."""
    nc.createVariable(name, "f8", (name,), fill_value=False).setncatts(attrs)
    nc[name][:] = values
    if bounds is not None:
        nc[name].bounds = f"{name}_bnds"
        nc.createVariable(f"{name}_bnds", "f8", (name, "nv"), fill_value=False)
        nc[f"{name}_bnds"][:] = bounds
