"""Writing a station dataset as CF NetCDF."""

from datetime import UTC, datetime
from os import PathLike

import numpy as np
import xarray as xr

from apnp import __version__
from apnp.data.schema import validate, variables_of
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
    # A coordinate variable of CF holds numbers, so ids lie beside their dimension.
    ds = ds.drop_indexes("station").rename_vars(station="station_id")
    ds["time"].attrs["units_metadata"] = "leap_seconds: none"
    before = ds.attrs.get("history", "")
    ds.attrs["history"] = f"{before}\n{stamp}" if before else stamp
    encoding: dict[str, dict] = {n: {"_FillValue": None} for n in ("lat", "lon")}
    encoding["elevation"] = {"_FillValue": np.nan}
    encoding["time"] = {"_FillValue": None, "calendar": "standard", **_time(ds)}
    for name in variables_of(ds):
        packed = {"zlib": True, "complevel": 4, "shuffle": True}
        encoding[name] = {**packed, "_FillValue": np.float32(np.nan)}
        encoding[f"{name}_flag"] = {**packed, "_FillValue": None}
    for each in ds.variables:
        ds[each].encoding = {}
    try:
        with atomic_write(path) as temporary:
            ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error}).") from None


def _time(ds: xr.Dataset) -> dict[str, str]:
    """Whole days or whole seconds, whichever is exact."""
    time = ds["time"].values
    if (time == time.astype("datetime64[D]")).all():
        return {"units": "days since 1970-01-01", "dtype": "int32"}
    return {"units": "seconds since 1970-01-01", "dtype": "int64"}
