"""How verbs open the fields that `apnp predict` writes."""

from os import PathLike

import xarray as xr

from apnp.errors import DataError


def open_field(path: str | PathLike[str]) -> xr.Dataset:
    """The dataset in a NetCDF file.

    Raises:
        DataError: If it cannot be read.
    """
    try:
        return xr.open_dataset(path, engine="netcdf4")
    except OSError as error:
        why = error.strerror or error
        raise DataError(f"{path}: cannot be read as NetCDF ({why}).") from error
