"""Maps of stations coloured by a number."""

from collections.abc import Mapping

import cartopy.crs as ccrs
import numpy as np
from cartopy.mpl.geoaxes import GeoAxes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from apnp.geometry.coastline import border_lines, coast_lines
from apnp.geometry.sphere import longitude_arc
from apnp.plotting.maps import draw_lines

Floats = NDArray[np.float64]

_PLATE = ccrs.PlateCarree()
_WIDE_DEGREES = 120.0
_MARGIN = 0.05


def stations_map(
    lat: Floats,
    lon: Floats,
    value: Floats,
    *,
    title: str,
    label: str,
    names: Mapping[int, str] | None = None,
    marked: tuple[Floats, Floats] | None = None,
) -> Figure:
    """A map of stations, coloured by a number; the largest lie on top.

    Coasts come from the package, never from a network.

    Args:
        lat: Latitudes in degrees, (n,).
        lon: Longitudes in degrees, (n,).
        value: Their numbers, (n,).
        title: Title of the figure.
        label: What the numbers are, with units.
        names: Names to write beside stations, by their number.
        marked: Latitudes and longitudes of further places, drawn as small dots.
    """
    figure = Figure(figsize=(8, 6.5), layout="constrained")
    everywhere = (lat, lon) if marked is None else (
        np.concatenate([lat, marked[0]]), np.concatenate([lon, marked[1]])
    )  # fmt: skip
    axes = figure.add_subplot(projection=_projection(*everywhere))
    _frame(axes, *everywhere)
    wide = longitude_arc(everywhere[1])[1] > 60
    _draw_land(axes, wide)
    if marked is not None:
        axes.scatter(
            marked[1], marked[0], s=4, color="0.45", transform=_PLATE, zorder=3
        )
    order = np.argsort(value, kind="stable")
    drawn = axes.scatter(
        lon[order], lat[order], c=value[order], s=28 if len(lat) < 300 else 9,
        cmap="magma_r", edgecolor="black", linewidth=0.25, transform=_PLATE, zorder=4,
    )  # fmt: skip
    for number, name in (names or {}).items():
        at = axes.projection.transform_point(lon[number], lat[number], _PLATE)
        axes.annotate(
            name, at, xytext=(4, 4), textcoords="offset points", fontsize=8, zorder=5
        )
    figure.colorbar(drawn, ax=axes, label=label, shrink=0.7)
    axes.set_title(title, fontsize=11)
    return figure


def _projection(lat: Floats, lon: Floats) -> ccrs.Projection:
    west, width = longitude_arc(lon)
    if width > 270:
        return ccrs.Robinson()
    if width > _WIDE_DEGREES:
        return ccrs.PlateCarree(west + width / 2)
    middle = (float(lat.min()) + float(lat.max())) / 2
    return ccrs.LambertAzimuthalEqualArea(west + width / 2, middle)


def _frame(axes: GeoAxes, lat: Floats, lon: Floats) -> None:
    """Limits around the places."""
    at = axes.projection.transform_points(_PLATE, lon, lat)[:, :2]
    low, high = at.min(0), at.max(0)
    edge = _MARGIN * max(*(high - low), 1e5 if np.abs(at).max() > 1e3 else 1.0)
    axes.set_xlim(low[0] - edge, high[0] + edge)
    axes.set_ylim(low[1] - edge, high[1] + edge)


def _draw_land(axes: GeoAxes, wide: bool) -> None:
    limits = axes.get_xlim(), axes.get_ylim()
    coasts = [
        np.asarray(c.coords) for c in coast_lines("110m" if wide else "50m").geoms
    ]
    draw_lines(axes, coasts, "0.3", 0.5)
    if not wide:
        borders = [np.asarray(c.coords) for c in border_lines().geoms]
        draw_lines(axes, borders, "0.5", 0.35)
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
