"""HadISD: a NetCDF file a station, quality controlled hours (UTC) of ISD.

`temperatures` (degC) at dimension time, and one position. Missing values are -1e30,
and values that failed a check -2e30 (attribute `flagged_value`). Files come compressed
with gzip.
"""

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path

import netCDF4
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from apnp.data.quality import counted
from apnp.data.readers.about import About
from apnp.data.readers.file_head import Head
from apnp.data.readings import Readings, Request, readings
from apnp.errors import DataError

ABOUT = About(
    "HadISD", "Met Office Hadley Centre", "temperatures", "instants", "degC",
    "flagged values (-2e30) fail",
)  # fmt: skip
NAME = ABOUT.name

_VARIABLE = "temperatures"
_NEEDED = ("temperatures", "time", "latitude", "longitude", "station_id")
_MISSING, _FLAGGED = -1e30, -2e30


def recognises(head: Head) -> bool:
    """Whether the file is NetCDF with the variables of HadISD."""
    if not head.magic.startswith((b"CDF", b"\x89HDF")):
        return False
    try:
        with _open(head.path) as file:
            return set(_NEEDED) | {"quality_control_flags"} <= set(file.variables)
    except (OSError, RuntimeError, EOFError, zlib.error):
        return False  # the reader of NetCDF says what is wrong with it


def read(paths: Sequence[Path], request: Request) -> list[Readings]:
    """Readings at instants of HadISD files, each on its own.

    Raises:
        DataError: If a file is damaged, or something else than `tas` is wanted.
    """
    if request.variable.name != "tas":
        raise DataError(
            f"{paths[0]}: HadISD holds readings at instants, no "
            f"{request.variable.name}. Make it of --variable tas with --daily "
            f"{request.variable.name[-3:]}."
        )
    return [_read(path, request) for path in paths]


def _open(path: Path) -> netCDF4.Dataset:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    if zipped:
        return netCDF4.Dataset(path.name, memory=gzip.decompress(path.read_bytes()))
    return netCDF4.Dataset(path)


def _read(path: Path, request: Request) -> Readings:
    try:
        with _open(path) as file:
            file.set_auto_maskandscale(False)
            name = request.columns.get("tas", _VARIABLE)
            if name not in file.variables:
                raise DataError(
                    f"{path}: no variable {name!r} (asked for as tas); the file has "
                    f"{', '.join(file.variables)}."
                )
            values = file.variables[name]
            value = np.asarray(values[:], dtype=np.float64)
            time = _times(file.variables["time"], path)
            sites = _site(file)
            flagged = np.isclose(value, getattr(values, "flagged_value", _FLAGGED))
            missing = np.isclose(value, getattr(values, "missing_value", _MISSING))
            units = getattr(values, "units", "degC")
            version = str(getattr(file, "title", ""))
    except (OSError, RuntimeError, EOFError, zlib.error, IndexError) as error:
        raise DataError(
            f"{path}: cannot be read as HadISD ({error}). The file is damaged or cut "
            "short."
        ) from None
    if value.shape != time.shape:
        raise DataError(
            f"{path}: {name!r} has {value.size} values at {time.size} times. The file "
            "is damaged."
        )
    n_flagged = counted(int(flagged.sum()), "value")
    notes = (f"{n_flagged} flagged by HadISD dropped",) if flagged.any() else ()
    return readings(
        str(path), sites, np.zeros(value.size, np.intp), time,
        np.where(flagged | missing, np.nan, value),
        units=request.units.get("tas", str(units)), cell_method="time: point",
        attrs={"source": f"{NAME}: {path.name}", "title": version}, notes=notes,
        assumed=("times in UTC",),
    )  # fmt: skip


def _times(variable: netCDF4.Variable, path: Path) -> NDArray[np.datetime64]:
    attrs = {k: variable.getncattr(k) for k in ("units", "calendar")
             if k in variable.ncattrs()}  # fmt: skip
    coded = xr.Dataset({"time": ("time", np.asarray(variable[:]), attrs)})
    try:
        return xr.decode_cf(coded)["time"].values.astype("datetime64[ns]")
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(
            f"{path}: 'time' ({attrs}) cannot be read as times ({error})."
        ) from None


def _site(file: netCDF4.Dataset) -> pd.DataFrame:
    text = np.ma.filled(file.variables["station_id"][:], b"").tobytes()
    place = {
        key: float(np.ravel(file.variables[name][:])[0])
        for key, name in (("lat", "latitude"), ("lon", "longitude"))
    }
    height = file.variables.get("elevation")
    place["elevation"] = np.nan if height is None else float(np.ravel(height[:])[0])
    station = text.decode("ascii", "replace").strip(" \0")
    return pd.DataFrame({"station": [station], **{k: [v] for k, v in place.items()}})
