"""Figures of patches of a grid: what was known, what was predicted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.plotting.figures import check_path, save

Floats = NDArray[np.floating]

STD = "standard deviation"
"""The panel that has a scale of colours of its own."""


@dataclass(frozen=True)
class PatchRow:
    """One row of panels.

    Attributes:
        title: What it shows.
        panels: Values (rows, columns) by heading; NaN = not known, None = no panel.
    """

    title: str
    panels: Mapping[str, Floats | None]


def patches(
    rows: Sequence[PatchRow], path: str | PathLike[str] | None = None
) -> Figure:
    """Draw patches of one grid, all but standard deviations in the same colours.

    The first row of the grid is drawn at the bottom.

    Args:
        rows: Rows with the same headings.
        path: Where to write the figure; its ending gives the format.

    Raises:
        DataError: If there is no panel.
        ConfigError: If `path` cannot be written.
    """
    check_path(path)
    if not rows or not rows[0].panels:
        raise DataError("A figure of patches needs a panel. Got none.")
    headings = list(rows[0].panels)
    figure = Figure(
        figsize=(2.1 * len(headings) + 0.6, 2.2 * len(rows) + 0.3), layout="constrained"
    )
    grid = figure.subplots(len(rows), len(headings), squeeze=False)
    means = [r.panels[h] for r in rows for h in headings if h != STD]
    stds = [r.panels[h] for r in rows for h in headings if h == STD]
    for axes_row, row in zip(grid, rows, strict=True):
        for axes, heading in zip(axes_row, headings, strict=True):
            values = row.panels[heading]
            axes.set(xticks=[], yticks=[])
            if values is None:
                axes.sharex(axes_row[0])
                axes.sharey(axes_row[0])
                axes.set_aspect("equal")
                axes.spines[:].set_visible(False)
                continue
            low, high = _ends(stds) if heading == STD else _ends(means)
            drawn = axes.imshow(
                values, origin="lower", vmin=low, vmax=high,
                cmap="magma_r" if heading == STD else "viridis",
            )  # fmt: skip
            if heading in (headings[0], STD):
                figure.colorbar(drawn, ax=axes, shrink=0.8)
        axes_row[0].set_ylabel(row.title, fontsize=9)
    for axes, heading in zip(grid[0], headings, strict=True):
        axes.set_title(heading, fontsize=9)
    return save(figure, path)


def _ends(values: Sequence[Floats | None]) -> tuple[float, float]:
    """Lowest and highest of all values that are known."""
    known = [v[np.isfinite(v)] for v in values if v is not None]
    every = np.concatenate(known) if known else np.zeros(0)
    return (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)
