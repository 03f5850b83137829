"""A summary of a station dataset for people."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.data.fill_elevation import uncertainty_of_filled
from apnp.data.schema import variables_of
from apnp.errors import one_line
from apnp.geometry.sphere import chord_to_km, nearest_chord, unit_vectors
from apnp.terrain import SOURCE

_AROUND = 45  # degrees of longitude; a network without a wider gap has no west


def summarise(ds: xr.Dataset) -> str:
    """Counts, period, extent, spacing, gaps and quality control, as lines of text."""
    time = ds["time"].values
    lat, lon = ds["lat"].values, ds["lon"].values
    elevation = ds["elevation"].values
    known = elevation[np.isfinite(elevation)]
    lines = [
        ("title", ds.attrs.get("title", "")),
        ("stations", f"{ds.sizes['station']:,}"),
        (
            "times",
            f"{time.size:,}, {_minute(time[0])} to {_minute(time[-1])}{_step(time)}",
        ),
        ("latitude", f"{lat.min():.2f} to {lat.max():.2f} degrees north"),
        ("longitude", _longitudes(lon)),
        ("elevation", _elevations(known, elevation.size)),
        ("", _filled(ds)),
        ("spacing", _spacing(lat, lon)),
    ]
    for name in variables_of(ds):
        lines += _variable(ds, name)
    for key in ("source", "license", "quality_control"):
        if ds.attrs.get(key):
            lines.append((key.replace("_", " "), str(ds.attrs[key])))
    lines.append(("assumed", str(ds.attrs.get("assumptions", ""))))
    shown = [(label, one_line(text)) for label, text in lines if text]
    return "\n".join(f"{label:16} {text}" for label, text in shown)


def _minute(time: np.datetime64) -> str:
    return str(time.astype("datetime64[m]")).removesuffix("T00:00")


def _step(time: NDArray) -> str:
    if time.size < 2:
        return ""
    hours = np.diff(time) / np.timedelta64(1, "h")
    gaps = int((hours > np.median(hours)).sum())
    step = np.median(hours)
    text = f"{step / 24:g} d" if step >= 24 else f"{step:g} h"
    return f", every {text}" + (f" with {gaps:,} gaps" if gaps else "")


def _longitudes(lon: NDArray) -> str:
    """The shortest arc that holds all longitudes; it may cross the date line."""
    sorted_ = np.sort(lon)
    gap = np.diff(sorted_, append=sorted_[0] + 360)
    if gap.max() < _AROUND:
        return "all around"
    k = int(gap.argmax())
    west, east = sorted_[(k + 1) % lon.size], sorted_[k]
    across = ", across the date line" if west > east else ""
    return f"{west:.2f} to {east:.2f} degrees east{across}"


def _elevations(known: NDArray, n: int) -> str:
    if known.size == 0:
        return "unknown at every station"
    text = f"{known.min():.0f} to {known.max():.0f} m, median {np.median(known):.0f} m"
    return text + (f", unknown at {n - known.size:,}" if known.size < n else "")


def _filled(ds: xr.Dataset) -> str:
    """What predictions take for unknown elevations; blank where all are known."""
    unknown = ~np.isfinite(ds["elevation"].values)
    if not unknown.any():
        return ""
    lat, lon = (ds[name].values[unknown].astype(np.float64) for name in ("lat", "lon"))
    return (
        f"predictions take {SOURCE} for the unknown ones, "
        f"{uncertainty_of_filled(lat, lon)}"
    )


def _spacing(lat: NDArray, lon: NDArray) -> str:
    if lat.size < 2:
        return ""
    unit = unit_vectors(lat, lon)
    km = chord_to_km(nearest_chord(unit))
    low, middle, high = np.quantile(km, [0.1, 0.5, 0.9])
    return (
        f"nearest station {middle:.0f} km away (median), {low:.0f} to {high:.0f} km "
        "for 80 % of stations"
    )


def _variable(ds: xr.Dataset, name: str) -> list[tuple[str, str]]:
    values, attrs = ds[name].values, ds[name].attrs
    present = np.isfinite(values)
    q = np.quantile(values[present], [0.0, 0.5, 1.0]) if present.any() else [np.nan] * 3
    made = f"; {attrs['comment']}" if attrs.get("comment") else ""
    day = attrs.get("day_interval", "")
    return [
        (
            name,
            f"{attrs['long_name']} ({attrs['units']}, {attrs['cell_methods']}{made})",
        ),
        ("  day", day),
        ("  values", f"{int(present.sum()):,}; {1 - present.mean():.1%} missing"),
        ("  range", f"{q[0]:.1f} to {q[2]:.1f}, median {q[1]:.1f} {attrs['units']}"),
    ]
