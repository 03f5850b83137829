"""Checked station datasets opened without reading their values."""

from os import PathLike
from pathlib import Path

import xarray as xr

from apnp.data.readers.file_head import is_store
from apnp.data.schema import validate_layout
from apnp.errors import DataError
from apnp.extras import import_optional

_COORDINATES = ("lat", "lon", "elevation", "station_name")


def open_stations(path: str | PathLike[str], variable: str) -> xr.Dataset | None:
    """A station dataset whose values are read when they are asked for.

    That is possible for what this package has checked and laid out by station and
    time: a NetCDF file that `write_stations` made, or a Zarr store of the same
    variables and attributes. `quality_control` among the attributes tells them.

    Returns:
        The dataset; None for a file of any other kind, which is to be read whole.

    Raises:
        DataError: If it cannot be opened, or its stations or times break a rule.
        ConfigError: If it is a Zarr store and no zarr is installed.
    """
    path = Path(path)
    store = is_store(path)
    if not store and not (path.is_file() and _is_netcdf(path)):
        return None
    if store:
        import_optional("zarr", f"Reading {path}", "scale")
    try:
        ds = xr.open_dataset(path.resolve(), engine="zarr" if store else "netcdf4")
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(f"{path}: cannot be opened ({error}).") from None
    checked = "quality_control" in ds.attrs and variable in ds
    if checked and "station_id" in ds:
        ds = ds.rename_vars(station_id="station")
    if checked and ds[variable].dims == ("station", "time"):
        ds = ds.set_coords([n for n in ("station", *_COORDINATES) if n in ds])
        return validate_layout(ds.assign_coords(time=ds["time"].astype("M8[ns]")))
    ds.close()
    return None


def _is_netcdf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in (b"\x89HDF", b"CDF\x01", b"CDF\x02", b"CDF\x05")
