"""Files of stations with more than one layer of values, CF and readable by us."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from apnp.data.schema import from_arrays
from apnp.data.write import station_encoding
from apnp.errors import DataError
from apnp.files import atomic_write

Layer = tuple[NDArray, Mapping[str, Any]]
"""Values (time, station) and their attributes."""


def station_file(
    ds: xr.Dataset,
    variable: str,
    value: ArrayLike,
    flag: ArrayLike,
    layers: Mapping[str, Layer],
) -> xr.Dataset:
    """A station dataset with further layers as ancillary variables.

    Args:
        ds: The stations; their attributes are kept.
        variable: Name of the variable.
        value: Its values, (station, time).
        flag: Its quality flag, (station, time).
        layers: The layers by name.
    """
    names = "station_name" in ds.coords
    kept = {k: v for k, v in ds.attrs.items() if k != "quality_control"}
    own = {
        k: v for k, v in ds[variable].attrs.items()
        if k not in ("ancillary_variables", "standard_name", "units", "long_name")
    }  # fmt: skip
    made = from_arrays(
        variable, value, flag=flag, station=ds["station"].values,
        lat=ds["lat"].values, lon=ds["lon"].values,
        elevation=ds["elevation"].values, time=ds["time"].values,
        station_name=ds["station_name"].values if names else None,
        attrs=kept, variable_attrs=own,
    )  # fmt: skip
    for name, (values, attrs) in layers.items():
        dims = ("station", "time") if values.ndim == 2 else ("draw", "station", "time")
        made[name] = (dims, np.swapaxes(values, -1, -2), dict(attrs))
    ancillary = " ".join([f"{variable}_flag", *layers])
    made[variable].attrs["ancillary_variables"] = ancillary
    return made


def write_dataset(ds: xr.Dataset, path: Path) -> None:
    """Write what `station_file` made as CF NetCDF.

    Raises:
        DataError: If the folder cannot be written.
    """
    ds, encoding = station_encoding(ds)
    try:
        with atomic_write(path) as temporary:
            ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error}).") from None
