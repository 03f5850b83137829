"""How verbs open the fields that `apnp predict` writes."""

from os import PathLike

import xarray as xr

from apnp.errors import DataError
from apnp.extras import import_optional


def open_field(path: str | PathLike[str]) -> xr.Dataset:
    """The dataset in a NetCDF file, or a Zarr store.

    Raises:
        DataError: If it cannot be read.
    """
    store = str(path).endswith(".zarr")
    if store:
        import_optional("zarr", f"Reading {path}", "scale")
    try:
        return xr.open_dataset(path, engine="zarr" if store else "netcdf4")
    except OSError as error:
        why, kind = error.strerror or error, "Zarr" if store else "NetCDF"
        raise DataError(f"{path}: cannot be read as {kind} ({why}).") from error
