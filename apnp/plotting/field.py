"""Reading what a map shows from a predicted field and a station dataset."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.plotting.cells import Mesh

Floats = NDArray[np.float64]

_MOST_ROWS, _MOST_COLUMNS = 600, 1200


@dataclass(frozen=True)
class Field:
    """What is drawn, in drawing order: rows from the south, columns from the west.

    Attributes:
        name: Name of the variable.
        long_name: Its name for people.
        units: Its units, as they are printed.
        time: When, if the dataset says so.
        note: Title of the dataset.
        mesh: The cells.
        mean: Predictive mean, shape (rows, columns).
        std: Predictive standard deviation, same shape.
        extrapolated: Cells flagged as extrapolated, same shape; none without a flag.
    """

    name: str
    long_name: str
    units: str
    time: np.datetime64 | None
    note: str
    mesh: Mesh
    mean: Floats
    std: Floats
    extrapolated: NDArray[np.bool_]

    @property
    def title(self) -> str:
        """The dataset's title, else the variable; the date, and the hour if any."""
        name = self.note or self.long_name
        name = name[:1].upper() + name[1:]
        if self.time is None:
            return name
        day = self.time.astype("datetime64[D]")
        if day == self.time:
            return f"{name}, {day}"
        return f"{name}, {self.time.astype('datetime64[m]')} UTC"


def read_field(ds: xr.Dataset, kind: str = "") -> Field:
    """The field of a dataset, its cells ordered, closed and thinned for display.

    Args:
        ds: A dataset with a variable, its `<name>_stderr`, perhaps its `<name>_flag`.
        kind: What the names of the first two end in.

    Raises:
        DataError: If the dataset holds no field of mean and standard deviation, or
            more than one time.
    """
    names = [str(n).removesuffix(kind) for n in ds.data_vars if str(n).endswith(kind)]
    names = [n for n in names if f"{n}_stderr{kind}" in ds.data_vars]
    if not names or not {"lat", "lon"} <= set(ds[f"{names[0]}{kind}"].coords):
        raise DataError(
            "A field to draw holds a variable with lat and lon and its standard "
            f"deviation, e.g. `tas{kind}` and `tas_stderr{kind}`; this one holds "
            f"{', '.join(str(n) for n in ds.data_vars) or 'nothing'}."
        )
    name = names[0]
    if ds.sizes.get("time", 1) != 1:
        times = ds["time"].values
        raise DataError(
            f"A map shows one time; this field holds {times.size}, from {times[0]} to "
            f"{times[-1]}. Choose one: ds.sel(time=...), or --time."
        )
    ds = ds.squeeze("time") if "time" in ds.dims else ds
    mesh = Mesh.of(ds, (_MOST_ROWS, _MOST_COLUMNS))
    mean = mesh.values(ds[f"{name}{kind}"]).astype(np.float64)
    extrapolated = np.zeros(mean.shape, dtype=bool)
    flag = f"{name}_flag"
    meanings = (
        str(ds[flag].attrs.get("flag_meanings", "")).split() if flag in ds else []
    )
    if "extrapolated" in meanings:
        values = np.atleast_1d(ds[flag].attrs["flag_values"])
        extrapolated = mesh.values(ds[flag]) == values[meanings.index("extrapolated")]
    time = None
    if "time" in ds.coords:
        time = np.datetime64(ds["time"].values.item(), "ns")
    return Field(
        name=name,
        long_name=str(ds[f"{name}{kind}"].attrs.get("long_name", name)),
        units=str(ds[f"{name}{kind}"].attrs.get("units", "")).replace("degC", "°C"),
        time=time,
        note=str(ds.attrs.get("title", "")),
        mesh=mesh, mean=mean,
        std=mesh.values(ds[f"{name}_stderr{kind}"]).astype(np.float64),
        extrapolated=extrapolated & np.isfinite(mean),
    )  # fmt: skip


def positions(
    stations: xr.Dataset | None, field: Field
) -> tuple[Floats, Floats] | None:
    """Latitudes and longitudes of the stations to draw.

    Raises:
        DataError: If `stations` has no positions.
    """
    if stations is None:
        return None
    if not {"lat", "lon"} <= set(stations.variables):
        raise DataError(
            "`stations` must be a station dataset with `lat` and `lon`; it has "
            f"{', '.join(str(n) for n in stations.variables)}. Read it "
            "with apnp.data.read_stations."
        )
    if field.name in stations and "time" in stations.dims and field.time is not None:
        now = stations["time"].values.astype("datetime64[ns]") == field.time
        if now.any():
            value = stations[field.name].isel(time=int(np.argmax(now)))
            stations = stations.isel(station=np.isfinite(value.values))
    return stations["lat"].values, stations["lon"].values
