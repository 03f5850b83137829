"""Writing a station dataset as CF NetCDF."""

from datetime import UTC, datetime
from os import PathLike

import numpy as np
import xarray as xr

from apnp import __version__
from apnp.data.schema import validate
from apnp.errors import DataError
from apnp.files import atomic_write


def write_stations(ds: xr.Dataset, path: str | PathLike[str]) -> None:
    """Write a station dataset as CF-1.11 NetCDF-4, compressed.

    The file appears under its name only when it is complete.

    Raises:
        DataError: If `ds` is not a station dataset or the folder cannot be written.
    """
    ds = validate(ds).copy()
    stamp = (
        f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} apnp {__version__}: stations written"
    )
    before = ds.attrs.get("history", "")
    ds.attrs["history"] = f"{before}\n{stamp}" if before else stamp
    ds, encoding = station_encoding(ds)
    try:
        with atomic_write(path) as temporary:
            ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
    except (OSError, RuntimeError) as error:  # the library calls some errors so
        raise DataError(
            f"{path}: cannot be written ({error}). Make sure that the disk has room "
            "and the folder may be written to; what stood there before is untouched."
        ) from None


def station_encoding(ds: xr.Dataset) -> tuple[xr.Dataset, dict[str, dict]]:
    """A station dataset as CF NetCDF lays it out, and how its variables are stored.

    Variables of floating point are single precision with NaN for missing values; flags
    have no fill value.
    """
    # A coordinate variable of CF holds numbers, so ids lie beside their dimension.
    ds = ds.drop_indexes("station").rename_vars(station="station_id")
    ds["time"].attrs["units_metadata"] = "leap_seconds: none"
    encoding: dict[str, dict] = {n: {"_FillValue": None} for n in ("lat", "lon")}
    encoding["elevation"] = {"_FillValue": np.nan}
    encoding["time"] = {"_FillValue": None, "calendar": "standard", **_time(ds)}
    for name in ds.data_vars:
        if "time" in ds[name].dims:
            real = ds[name].dtype.kind == "f"
            fill = np.float32(np.nan) if real else None
            packed = {"zlib": True, "complevel": 4, "shuffle": True}
            encoding[str(name)] = {**packed, "_FillValue": fill}
    for each in ds.variables:
        ds[each].encoding = {}
    return ds, encoding


def _time(ds: xr.Dataset) -> dict[str, str]:
    """Whole days or whole seconds, whichever is exact."""
    time = ds["time"].values
    if (time == time.astype("datetime64[D]")).all():
        return {"units": "days since 1970-01-01", "dtype": "int32"}
    return {"units": "seconds since 1970-01-01", "dtype": "int64"}
