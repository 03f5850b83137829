"""CF discrete sampling geometry, feature type timeSeries (CF 1.11, chapter 9).

Orthogonal and incomplete multidimensional arrays (dimensions in any order),
contiguous and indexed ragged arrays, one station or many. Variables are found by
standard name, attributes and units; names matter only where those are silent.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from apnp.data.day import Day, parse_days
from apnp.data.quality import counted
from apnp.data.readers.about import About
from apnp.data.readers.cf_file import CfFile, Chosen
from apnp.data.readers.file_head import ZARR, Head
from apnp.data.readers.open_netcdf import opened
from apnp.data.readings import Readings, Request
from apnp.data.schema import GOOD
from apnp.errors import ConfigError, DataError

ABOUT = About(
    "CF discrete sampling geometry (NetCDF)", "anybody (CF conventions)",
    "air_temperature by standard name", "as its bounds say", "as stated",
    "flag_values, flag_masks and flag_meanings obeyed",
)  # fmt: skip
NAME = ABOUT.name

_ATTRIBUTES = ("title", "license", "history", "source", "references", "comment",
               "quality_control", "acknowledgement")  # fmt: skip


def recognises(head: Head) -> bool:
    """Whether the file begins like NetCDF, classic or HDF5, or is a Zarr store."""
    return head.magic.startswith((b"CDF", b"\x89HDF", ZARR))


def read(paths: Sequence[Path], request: Request) -> list[Readings]:
    """Readings of NetCDF files, each on its own.

    Raises:
        DataError: If a file cannot be opened, is not a collection of time series, or
            lacks the variable.
    """
    names = [p.name.split(".")[0] for p in paths]
    return [
        _read_one(path, request, name if names.count(name) == 1 else _longer(path))
        for path, name in zip(paths, names, strict=True)
    ]


def _longer(path: Path) -> str:
    """A name for a file whose own name another file has too."""
    return f"{path.resolve().parent.name}/{path.name}"


def _read_one(path: Path, request: Request, name: str) -> Readings:
    with opened(path) as ds:
        return _readings(CfFile(ds, path, request, name))


def _readings(file: CfFile) -> Readings:
    about = file.request.variable
    chosen = file.chosen()
    site, times, step = _layout(file, chosen.array)
    value = np.asarray(chosen.value, dtype=np.float64).ravel()
    flag = chosen.flag.ravel()
    there = ~np.isnan(value) | (flag > GOOD)
    kept = there & (step >= 0)
    n = int((there & (step < 0)).sum())
    timeless = (f"{counted(n, 'value')} without a time dropped",) if n else ()
    asked = file.request.units.get(about.name)
    stated = asked or chosen.array.attrs.get("units") or None
    said = "stated" if stated else "assumed: nothing states them"
    units = str(stated or about.units)
    sites, placed = file.sites()
    attrs = {k: str(file.ds.attrs[k]) for k in _ATTRIBUTES if k in file.ds.attrs}
    attrs.setdefault("source", f"{NAME}: {file.path.name}")
    return Readings(
        str(file.path), sites, times, site[kept], step[kept], value[kept],
        flag[kept], units, _method(file, chosen), chosen.comment, attrs,
        days=_days(file, chosen.array), units_assumed=stated is None,
        notes=timeless,
        assumed=_assumed(
            file.ds,
            (f"values from {chosen.array.name} in {units} ({said})", *chosen.assumed,
             *placed),
        ),
    )  # fmt: skip


def _method(file: CfFile, chosen: Chosen) -> str:
    """The cell method: that of the variable, else what the time bounds suggest."""
    if chosen.cell_method or not file.stamps.hours:
        return chosen.cell_method or ("time: point" if file.stamps.hours == 0 else "")
    return file.request.variable.cell_method


def _days(file: CfFile, array: xr.DataArray) -> tuple[Day, ...]:
    """The 24 hours of daily values: an attribute of this package, or the bounds."""
    try:
        stated = parse_days(str(array.attrs.get("day_interval", "")))
    except ConfigError as error:
        raise DataError(f"{file.path}: attribute day_interval: {error}") from None
    return stated or ((file.stamps.day,) if file.stamps.day is not None else ())


def _assumed(ds: xr.Dataset, found: Sequence[str]) -> tuple[str, ...]:
    """What was assumed when this package made the file, else what was found."""
    before = [t for t in str(ds.attrs.get("assumptions", "")).split("; ") if t]
    return tuple(before or found)


def _layout(file: CfFile, array: xr.DataArray) -> tuple[NDArray, NDArray, NDArray]:
    """Site of each value, the times, and the step of each value (-1: no time)."""
    dims = array.dims
    if not set(file.time.dims) <= set(dims) or len(dims) > 2:
        raise DataError(
            f"{file.path}: {array.name!r} has dims {dims}; a time series has a "
            f"dimension for stations ({file.instance}) and one for time "
            f"({', '.join(map(str, file.time.dims))})."
        )
    site = np.zeros(1, dtype=np.intp)
    if file.instance in dims:
        shape = [-1 if d == file.instance else 1 for d in dims]
        site = np.arange(file.lat.size).reshape(shape)
    elif file.instance is not None:
        site = _ragged(file, dims)
    order = [d for d in dims if d in file.time.dims]
    time = file.time.transpose(*order).values
    step, times = pd.factorize(time.ravel(), sort=True)
    step = step.reshape([array.sizes[d] if d in order else 1 for d in dims])
    return (
        np.broadcast_to(site, array.shape).ravel(),
        np.asarray(times),
        np.broadcast_to(step, array.shape).ravel(),
    )


def _ragged(file: CfFile, dims: tuple) -> NDArray[np.intp]:
    """The station of each element of a ragged array (CF 9.3.3 and 9.3.4)."""
    n_stations, n_obs = file.lat.size, file.ds.sizes[dims[0]]
    for v in file.ds.variables.values():
        if (v.attrs.get("sample_dimension"),) == dims:
            count = _whole(v, file)
            if count.shape != (n_stations,):
                raise DataError(
                    f"{file.path}: the numbers of observations have dims {v.dims}, the "
                    f"stations {file.lat.dims}. The file is damaged."
                )
            # Each is checked before they are summed, as a sum of large ones wraps.
            odd = [n for n in count.tolist() if not 0 <= n <= n_obs]
            total = odd[0] if odd else int(count.sum())
            if total != n_obs:
                raise DataError(
                    f"{file.path}: the numbers of observations of the stations "
                    f"{'hold' if odd else 'sum to'} {total}, but there are {n_obs} "
                    "observations. The file is damaged; fetch or write it again."
                )
            return np.repeat(np.arange(n_stations), count)
        if v.attrs.get("instance_dimension") == file.instance and v.dims == dims:
            index = _whole(v, file)
            if index.min(initial=0) < 0 or index.max(initial=0) >= n_stations:
                raise DataError(
                    f"{file.path}: the station index runs from {index.min()} to "
                    f"{index.max()}, but there are {n_stations} stations. The file is "
                    "damaged; fetch or write it again."
                )
            return index
    raise DataError(
        f"{file.path}: dims {dims} do not name a station, and no count variable "
        "(sample_dimension) or index variable (instance_dimension) says which "
        "station an observation is of (CF 1.11, sections 9.3.3 and 9.3.4)."
    )


def _whole(variable: xr.Variable, file: CfFile) -> NDArray[np.intp]:
    """Counts or indices as whole numbers.

    Raises:
        DataError: If some are missing, fractions or too large for 63 bits.
    """
    raw = np.asarray(variable.values)
    fine = raw.dtype.kind in "iuf" and not (
        (raw.dtype.kind == "f" and not (np.isfinite(raw) & (raw % 1 == 0)).all())
        or (raw.size and (raw.max() > 2**62 or raw.min() < -(2**62)))
    )
    if not fine:
        raise DataError(
            f"{file.path}: the counts or indices of stations ({raw.dtype}) hold "
            "missing values, fractions or numbers out of range. The file is damaged; "
            "fetch or write it again."
        )
    return raw.astype(np.intp)
