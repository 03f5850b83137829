"""What the map of a report shows, packed for a browser."""

import base64
import zlib
from collections.abc import Iterable
from typing import Any

import matplotlib
import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray
from shapely.affinity import translate

from apnp.errors import DataError
from apnp.geometry.coastline import border_lines, coast_lines
from apnp.plotting.field import Field, read_field

Floats = NDArray[np.float64]

MISSING = -32768
"""The packed value of a cell without a value."""
_STEPS = 32000
_CLOSE_DEGREES = 60.0
"""Maps that are narrower show the finer coast, and borders."""


def map_data(ds: xr.Dataset, stations: xr.Dataset | None) -> dict[str, Any]:
    """The fields of all times, the coast around them and the stations, for JSON.

    Args:
        ds: A predicted field, (time, lat, lon) or (lat, lon).
        stations: The stations to show on it.

    Raises:
        DataError: If `ds` holds no field of mean and standard deviation, or one whose
            rows and columns are not those of latitude and longitude.
    """
    times = range(ds.sizes["time"]) if "time" in ds.dims else range(1)
    fields = [
        read_field(ds.isel(time=i) if "time" in ds.dims else ds) for i in times
    ]  # fmt: skip
    first = fields[0]
    if not first.mesh.straight:
        raise DataError(
            "The map of a report shows grids of latitude and longitude; this field is "
            "on a projected or curvilinear one. Predict it with a --grid in degrees, "
            "or draw it with `apnp plot`."
        )
    return {
        "name": first.long_name,
        "units": first.units,
        "times": ["" if f.time is None else _time_text(f.time) for f in fields],
        "rows": _rounded(first.mesh.lat[:, 0]),
        "columns": _rounded(first.mesh.lon[0]),
        "layers": [
            _layer("mean", first.units, [f.mean for f in fields]),
            _layer(
                "standard deviation", first.units.replace("°C", "K"),
                [f.std for f in fields], "magma_r",
            ),
        ],
        "extrapolated": [_packed(f.extrapolated.astype(np.int8)) for f in fields],
        "lines": _lines(first.mesh.box),
        "stations": [] if stations is None else _stations(stations, fields),
    }  # fmt: skip


def _time_text(time: np.datetime64) -> str:
    day = time.astype("datetime64[D]")
    return str(day) if day == time else f"{time.astype('datetime64[m]')} UTC"


def _layer(
    name: str, units: str, values: list[Floats], colours: str | None = None
) -> dict[str, Any]:
    """One layer: 16-bit numbers of every time, and the colours of its range."""
    finite = np.concatenate([v[np.isfinite(v)] for v in values])
    if not finite.size:
        finite = np.zeros(1)
    low, high = (float(x) for x in np.percentile(finite, [1, 99]))
    if colours is None:
        colours = "viridis"
        if min(-low, high) > 0.25 * max(-low, high):
            high = max(-low, high)
            low, colours = -high, "RdBu_r"
    if high <= low:
        low, high = low - 0.5, high + 0.5
    offset = float(finite.mean())
    scale = max(float(np.abs(finite - offset).max()), 1e-6) / _STEPS
    packed = []
    for value in values:
        numbers = np.full(value.shape, MISSING, dtype="<i2")
        known = np.isfinite(value)
        numbers[known] = np.round((value[known] - offset) / scale)
        packed.append(_packed(numbers))
    ramp = matplotlib.colormaps[colours](np.linspace(0, 1, 256))[:, :3]
    return {
        "name": name, "units": units, "low": low, "high": high,
        "scale": scale, "offset": offset, "values": packed,
        "ramp": base64.b64encode((ramp * 255).round().astype("u1").tobytes()).decode(),
    }  # fmt: skip


def _packed(numbers: NDArray) -> str:
    return base64.b64encode(zlib.compress(numbers.tobytes(), 9)).decode()


def _rounded(values: Iterable[float], digits: int = 6) -> list[float]:
    return [round(float(v), digits) for v in values]


def _lines(box: tuple[float, float, float, float]) -> list[dict[str, Any]]:
    """Coasts, and on a map of less than 60 degrees borders, inside the map's box."""
    west, south, east, north = box
    close = max(east - west, north - south) < _CLOSE_DEGREES
    kinds = [("coast", coast_lines("50m" if close else "110m"))]
    if close:
        kinds.append(("border", border_lines()))
    out = []
    for kind, lines in kinds:
        for shift in (-360.0, 0.0, 360.0):
            moved = translate(lines, xoff=shift)
            inside = shapely.intersection(moved, shapely.box(west, south, east, north))
            for part in shapely.get_parts(inside):
                points = shapely.get_coordinates(part)
                if len(points) > 1:
                    path = [_rounded((y, x), 3) for x, y in points]
                    out.append({"kind": kind, "path": path})
    return out


def _stations(stations: xr.Dataset, fields: list[Field]) -> list[dict[str, Any]]:
    """Places of the stations in the map's longitudes, with their values."""
    name, west = fields[0].name, fields[0].mesh.box[0]
    lat = np.asarray(stations["lat"].values, dtype=np.float64)
    lon = west + (np.asarray(stations["lon"].values, dtype=np.float64) - west) % 360.0
    values = [_values_at(stations, name, field.time) for field in fields]
    out = []
    for i, identity in enumerate(stations["station"].values):
        row = [None if np.isnan(v[i]) else round(float(v[i]), 2) for v in values]
        if any(v is not None for v in row):
            place = [round(float(lat[i]), 4), round(float(lon[i]), 4)]
            out.append({"id": str(identity), "at": place, "values": row})
    return out


def _values_at(stations: xr.Dataset, name: str, time: np.datetime64 | None) -> Floats:
    """The values observed at a time, NaN where there are none."""
    if name in stations and "time" in stations.dims and time is not None:
        now = stations["time"].values.astype("datetime64[ns]") == time
        if now.any():
            return stations[name].isel(time=int(np.argmax(now))).values.astype(float)
    return np.full(stations.sizes["station"], np.nan)
