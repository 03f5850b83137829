"""Figures of functions of one coordinate, and of how far models are from a ceiling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.plotting.figures import check_path, save

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Band:
    """A predictive mean and standard deviation along a line.

    Attributes:
        mean: Means, shape (n,).
        std: Standard deviations, same shape.
    """

    mean: Floats
    std: Floats


@dataclass(frozen=True)
class Panel:
    """One task, and what is predicted for it.

    Attributes:
        title: What it shows.
        x: Where predictions are drawn, in order, shape (n,).
        bands: Predictions by name; the first is filled, the others are outlines.
        context: Locations and values of the context, (nc,) each.
    """

    title: str
    x: Floats
    bands: Mapping[str, Band]
    context: tuple[Floats, Floats]


def bands(
    panels: Sequence[Sequence[Panel]], path: str | PathLike[str] | None = None
) -> Figure:
    """Draw means and bands of two standard deviations, one row of panels a model.

    Args:
        panels: Rows of as many panels each.
        path: Where to write the figure; its ending gives the format.

    Raises:
        DataError: If there is no panel.
        ConfigError: If `path` cannot be written.
    """
    check_path(path)
    if not panels or not panels[0]:
        raise DataError("A figure of bands needs a panel. Got none.")
    rows, columns = len(panels), len(panels[0])
    figure = Figure(figsize=(4.2 * columns, 2.6 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes_row, row in zip(grid, panels, strict=True):
        for axes, panel in zip(axes_row, row, strict=True):
            _draw(axes, panel)
    grid[0, 0].legend(fontsize=8, frameon=False)
    return save(figure, path)


def _draw(axes: Axes, panel: Panel) -> None:
    for k, (name, band) in enumerate(panel.bands.items()):
        low, high = band.mean - 2 * band.std, band.mean + 2 * band.std
        colour = f"C{k}"
        axes.plot(panel.x, band.mean, color=colour, linewidth=1.3, label=name)
        if k == 0:
            axes.fill_between(panel.x, low, high, color=colour, alpha=0.2, linewidth=0)
        else:
            axes.plot(panel.x, low, color=colour, linewidth=0.7, linestyle="--")
            axes.plot(panel.x, high, color=colour, linewidth=0.7, linestyle="--")
    axes.plot(*panel.context, "k.", markersize=4)
    axes.set_title(panel.title, fontsize=9)


def learning(
    curves: Mapping[str, tuple[Floats, Floats]],
    level: float | None,
    path: str | PathLike[str] | None = None,
) -> Figure:
    """Draw validation scores against the time of training.

    Args:
        curves: Minutes and log-likelihoods in nats per target by name, (n,) each.
        level: The ceiling; None = it is not known.
        path: Where to write the figure; its ending gives the format.

    Raises:
        DataError: If there is no curve.
        ConfigError: If `path` cannot be written.
    """
    check_path(path)
    if not curves:
        raise DataError("A figure of learning needs a curve. Got none.")
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, curve in curves.items():
        axes.plot(*curve, linewidth=1.2, label=name)
    if level is not None:
        axes.axhline(level, color="k", linewidth=0.8, linestyle="--", label="ceiling")
    worst = min(float(np.median(score)) for _, score in curves.values())
    best = max(float(score.max()) for _, score in curves.values())
    most = best if level is None else level
    axes.set(xlabel="minutes", ylabel="validation, nats per target")
    axes.set_ylim(min(worst, most - 0.01), most + max(0.1 * (most - worst), 0.01))
    axes.legend(fontsize=8, frameon=False)
    return save(figure, path)


def ceiling(
    gaps: Mapping[str, Mapping[str, tuple[float, float]]],
    path: str | PathLike[str] | None = None,
) -> Figure:
    """Draw by how much the log-likelihood of each model stays below a ceiling.

    Args:
        gaps: For each panel's title the mean difference to the ceiling and its
            standard error by model, in nats per target.
        path: Where to write the figure; its ending gives the format.

    Raises:
        DataError: If there is no model.
        ConfigError: If `path` cannot be written.
    """
    check_path(path)
    if not gaps or not all(gaps.values()):
        raise DataError("A figure of gaps needs a model. Got none.")
    most = max(map(len, gaps.values()))
    size = (5.2 * len(gaps), 1.2 + 0.35 * most)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(1, len(gaps), squeeze=False)
    for axes, (title, by_model) in zip(grid[0], gaps.items(), strict=True):
        names = sorted(by_model, key=lambda name: by_model[name][0])
        centre, error = np.array([by_model[name] for name in names]).T
        axes.barh(names, centre, xerr=2 * error, color="C0", height=0.6)
        axes.axvline(0, color="k", linewidth=0.8)
        axes.set(xlabel="nats per target above the ceiling (± 2 s.e.)", title=title)
        axes.tick_params(labelsize=8)
    return save(figure, path)
