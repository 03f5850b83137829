"""Maps of a predicted field: mean and uncertainty side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

import cartopy.crs as ccrs
import numpy as np
import xarray as xr
from cartopy.mpl.geoaxes import GeoAxes
from matplotlib.artist import Artist
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from apnp.geometry.coastline import MapScale, border_lines, coast_lines
from apnp.plotting.field import Field, positions, read_field
from apnp.plotting.figures import check_path, save

Floats = NDArray[np.float64]

_PLATE = ccrs.PlateCarree()
_EDGE, _COAST, _BORDER = "0.4", "0.15", "0.35"
_CLOSE_DEGREES = 60.0
"""Maps that are narrower draw the finer coast, and borders."""


@dataclass(frozen=True)
class Panel:
    """One map of a figure.

    Attributes:
        heading: What stands above it.
        values: What is drawn, shape (rows, columns) of the field.
        low: Value at the lower end of the colour bar.
        high: Value at its upper end.
        colours: Name of the colour map.
        units: What stands below the colour bar.
    """

    heading: str
    values: Floats
    low: float
    high: float
    colours: str
    units: str


def map(
    ds: xr.Dataset,
    path: str | PathLike[str] | None = None,
    *,
    stations: xr.Dataset | None = None,
    title: str | None = None,
) -> Figure:
    """Draw a predicted field: mean on the left, standard deviation on the right.

    Coasts come from the package, never from a network. The globe is drawn in the
    Robinson projection, a region in an equal-area one about its centre (or on a plain
    grid where it is very wide). Cells marked extrapolated are hatched.

    Args:
        ds: Field with dims (time, lat, lon) or (lat, lon), one time: a variable, its
            `<name>_stderr`, optionally its `<name>_flag`. Latitudes may rise or fall;
            any longitude convention; a region may run across the date line. On a
            projected or curvilinear grid `lat` and `lon` are two-dimensional.
        path: Where to write the figure; its ending gives the format.
        stations: Station dataset, drawn as dots; if it holds the field's time, only
            the stations that reported then.
        title: Title of the figure, over that of the dataset; by default the latter (or
            the variable) and the date.

    Raises:
        DataError: If `ds` holds no such field, or more than one time.
        ConfigError: If `path` cannot be written.
    """
    check_path(path)
    field = read_field(ds)
    dots = None if stations is None else positions(stations, field)
    panels = (
        Panel("Predictive mean", field.mean, *_mean_colours(field.mean), field.units),
        Panel(
            "Predictive standard deviation", field.std, *_std_colours(field.std),
            field.units.replace("°C", "K"),  # a difference of temperatures
        ),
    )  # fmt: skip
    figure = draw(field, panels, dots, title or field.title)
    return save(figure, path)


def draw(
    field: Field,
    panels: Sequence[Panel],
    dots: tuple[Floats, Floats] | None,
    title: str,
    what: str = "stations",
) -> Figure:
    """Panels of the same cells side by side, with coasts, hatching and stations.

    Args:
        field: Whose cells, note and flags they are.
        panels: The maps, from the left.
        dots: Latitudes and longitudes of the context.
        title: Title of the figure.
        what: What the dots are.
    """
    projection = _projection(field)
    cells = field.mesh
    mesh = projection.transform_points(_PLATE, cells.lon, cells.lat)[..., :2]
    torn = (
        np.zeros(field.mean.shape, bool) if cells.straight else _torn(mesh, projection)
    )
    extent = np.ptp(mesh.reshape(-1, 2), axis=0)
    height = 2.0 + 6.2 * float(np.clip(extent[1] / extent[0], 0.35, 1.3))
    figure = Figure(figsize=(6.5 * len(panels), height), layout="constrained")
    handles: dict[str, Artist] = {}
    for column, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), column, projection=projection)
        drawn = axes.pcolormesh(
            mesh[..., 0], mesh[..., 1],
            np.ma.masked_where(torn | ~np.isfinite(panel.values), panel.values),
            cmap=panel.colours, vmin=panel.low, vmax=panel.high, rasterized=True,
            transform=projection,
        )  # fmt: skip
        handles |= _overlay(axes, field, mesh, dots, what)
        axes.set_title(panel.heading, fontsize=10)
        bar = figure.colorbar(
            drawn, ax=axes, orientation="horizontal",
            extend=_beyond(panel.values, panel.low, panel.high),
            fraction=0.05, pad=0.04, aspect=35, shrink=0.85,
        )  # fmt: skip
        bar.set_label(panel.units)
    known = field.note.lower() in title.lower()
    note = "" if known else f"\n{field.note}"
    figure.suptitle(title + note, fontsize=12)
    if handles:
        figure.legend(
            handles.values(), handles.keys(), loc="outside lower center",
            ncols=len(handles), fontsize=9, frameon=False,
        )  # fmt: skip
    return figure


def _projection(field: Field) -> ccrs.Projection:
    """A projection that fits the field's range."""
    west, south, east, north = field.mesh.box
    if field.mesh.right_round:
        if north - south > 120:
            return ccrs.Robinson()
        if north > 80 and south > 0:
            return ccrs.LambertAzimuthalEqualArea(0, 90)
        if south < -80 and north < 0:
            return ccrs.LambertAzimuthalEqualArea(0, -90)
        return _PLATE
    middle = (west + east) / 2
    if east - west > 120 or north - south > 120:
        return ccrs.PlateCarree(middle)
    return ccrs.LambertAzimuthalEqualArea(middle, (south + north) / 2)


def _overlay(
    axes: GeoAxes,
    field: Field,
    mesh: Floats,
    dots: tuple[Floats, Floats] | None,
    what: str,
) -> dict[str, Artist]:
    """Draw what lies on a panel; return the legend's entries."""
    limits = axes.get_xlim(), axes.get_ylim()
    entries: dict[str, Artist] = {}
    if field.extrapolated.any():
        _hatch(axes, mesh, field.extrapolated)
        entries["extrapolated"] = Patch(facecolor="none", edgecolor=_EDGE, hatch="////")
    _outlines(axes, field)
    if field.mesh.right_round:
        draw_lines(axes, _graticule(), "0.5", 0.3)
    else:  # gridlines with labels are slow to draw, and only a region has room for them
        grid = axes.gridlines(
            draw_labels=["left", "bottom"], linewidth=0.3, color="0.5"
        )
        grid.xlabel_style = grid.ylabel_style = {"size": 8}
    if dots is not None:
        lat, lon = dots
        x, y = axes.projection.transform_points(_PLATE, lon, lat)[:, :2].T
        (x0, x1), (y0, y1) = limits
        shown = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        number = int(shown.sum())
        size = 12 if number < 300 else 6 if number < 1000 else 2.5
        entries[f"{what} ({number})"] = axes.scatter(
            x[shown], y[shown], s=size, facecolor="white", edgecolor="black",
            linewidth=0.4 if number < 1000 else 0.25, zorder=5,
        )  # fmt: skip
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    return entries


def _outlines(axes: GeoAxes, field: Field) -> None:
    """Draw coasts, and on a map of less than 60 degrees borders between countries."""
    west, south, east, north = field.mesh.box
    spans = east - west, north - south
    if max(spans) < _CLOSE_DEGREES:
        borders = [np.asarray(c.coords) for c in border_lines().geoms]
        draw_lines(axes, borders, _BORDER, 0.35)
    scale: MapScale = "50m" if max(spans) < _CLOSE_DEGREES else "110m"
    coasts = [np.asarray(c.coords) for c in coast_lines(scale).geoms]
    draw_lines(axes, coasts, _COAST, 0.5)


def draw_lines(axes: GeoAxes, lines: list[Floats], colour: str, width: float) -> None:
    """Draw lines (n, 2) of longitude and latitude, cut where the projection is cut."""
    longest = np.ptp(axes.projection.x_limits) / 2
    pieces = []
    for line in lines:
        at = axes.projection.transform_points(_PLATE, line[:, 0], line[:, 1])[:, :2]
        jumps = np.flatnonzero(~(np.hypot(*np.diff(at, axis=0).T) < longest)) + 1
        pieces += [piece for piece in np.split(at, jumps) if len(piece) > 1]
    axes.add_collection(
        LineCollection(pieces, colors=colour, linewidths=width), autolim=False
    )


def _graticule() -> list[Floats]:
    """Meridians every 60 degrees and parallels every 30, finely divided."""
    lat, lon = np.arange(-90.0, 91, 2), np.arange(-180.0, 181, 2)
    meridians = [np.column_stack([0 * lat + x, lat]) for x in range(-120, 180, 60)]
    return meridians + [np.column_stack([lon, 0 * lon + y]) for y in range(-60, 90, 30)]


def _hatch(axes: GeoAxes, mesh: Floats, extrapolated: NDArray[np.bool_]) -> None:
    """Hatch the extrapolated cells, out to the outermost edges."""
    padded = np.pad(mesh, ((1, 1), (1, 1), (0, 0)), mode="edge")
    centre = (padded[:-1] + padded[1:]) / 2
    centre = (centre[:, :-1] + centre[:, 1:]) / 2
    axes.contourf(
        centre[..., 0], centre[..., 1], np.pad(extrapolated, 1, mode="edge") * 1.0,
        levels=[0.5, 1.5], colors="none", hatches=["////"], transform=axes.projection,
    )  # fmt: skip


def _torn(mesh: Floats, projection: ccrs.Projection) -> NDArray[np.bool_]:
    """Cells whose corners lie on both sides of where a projection is cut."""
    x = mesh[..., 0]
    four = np.stack([x[:-1, :-1], x[:-1, 1:], x[1:, :-1], x[1:, 1:]])
    return ~(np.ptp(four, axis=0) < np.ptp(projection.x_limits) / 2)


def _range(values: Floats) -> tuple[float, float]:
    """Lowest and highest value to tell apart: all but the outermost 1 % each side."""
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = np.percentile(known, [1, 99])
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _mean_colours(values: Floats) -> tuple[float, float, str]:
    """Blue to red about zero where values lie well on both sides of it, else a ramp."""
    low, high = _range(values)
    if min(-low, high) > 0.25 * max(-low, high):
        most = max(-low, high)
        return -most, most, "RdBu_r"
    return low, high, "viridis"


def _std_colours(values: Floats) -> tuple[float, float, str]:
    return *_range(values), "magma_r"


def _beyond(values: Floats, low: float, high: float) -> str:
    """On which sides values lie beyond the colour bar, as matplotlib calls it."""
    below, above = bool((values < low).any()), bool((values > high).any())
    return {(True, True): "both", (True, False): "min", (False, True): "max"}.get(
        (below, above), "neither"
    )
