"""Calibration figures: how often predicted intervals hold what came."""

from os import PathLike

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.plotting.figures import check_path, save

_BINS = 20


def calibration(
    pit_by_model: dict[str, NDArray[np.float64]],
    path: str | PathLike[str] | None = None,
) -> Figure:
    """Draw coverage of central intervals and the histogram of PIT values, by model.

    The PIT of an observation y is the predictive distribution function at y. It is
    uniform if predictions are calibrated, and the central interval of probability p
    holds the observations with abs(2 PIT - 1) <= p. Source: Gneiting, Balabdaoui and
    Raftery (2007), J. R. Stat. Soc. B 69, section 3.1.

    Args:
        pit_by_model: PIT values in [0, 1] by name of the model, each of shape (n,).
        path: Where to write the figure; its ending gives the format.

    Raises:
        DataError: If there is no model, or a model has no value or one outside [0, 1].
        ConfigError: If `path` cannot be written.
    """
    check_path(path)
    if not pit_by_model:
        raise DataError(
            "A calibration figure needs the PIT values of a model. Got none."
        )
    for name, pit in pit_by_model.items():
        if (
            not np.size(pit)
            or not ((np.asarray(pit) >= 0) & (np.asarray(pit) <= 1)).all()
        ):
            raise DataError(
                f"PIT values lie in [0, 1]; those of {name!r} ({np.size(pit)} values) "
                "are none or do not. Give the predictive distribution function at each "
                "observation."
            )
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    nominal = np.linspace(0, 1, 101)
    left.plot([0, 1], [0, 1], color="0.6", linewidth=1, label="calibrated")
    right.axhline(1, color="0.6", linewidth=1, label="calibrated")
    for name, pit in pit_by_model.items():
        left.plot(nominal, coverage(pit, nominal), linewidth=1.5, label=name)
        share, edges = np.histogram(pit, _BINS, (0, 1), density=True)
        right.stairs(share, edges, linewidth=1.5, label=name)
    left.set(
        xlabel="nominal coverage of the central interval", ylabel="observed coverage",
        xlim=(0, 1), ylim=(0, 1), title="Reliability", aspect="equal",
    )  # fmt: skip
    right.set(
        xlabel="PIT",
        ylabel="density",
        xlim=(0, 1),
        ylim=(0, None),
        title="PIT histogram",
    )
    left.legend(fontsize=9, frameon=False)
    return save(figure, path)


def coverage(
    pit: NDArray[np.float64], nominal: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of observations within each central interval, shape of `nominal`."""
    # Rounding must not push a value on the edge of an interval out of it.
    within = np.sort(np.abs(2 * np.asarray(pit, dtype=np.float64) - 1))
    return np.searchsorted(within, nominal + 1e-12, side="right") / within.size
