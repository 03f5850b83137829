"""Proper scores of Gaussian predictions, and how scores are averaged and compared.

`y` is what was observed, `mean` and `std` the prediction (observation noise included);
all broadcast together, all in the units of the variable. Scores are negatively
oriented (less is better) but for the log density.

A score is averaged within a task first and over tasks afterwards, and compared only
on the same tasks: the standard errors here count tasks, not points, because points of
one task share its weather.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from apnp.observations import Scores

Floats = NDArray[np.float64]


def _standardise(y: ArrayLike, mean: ArrayLike, std: ArrayLike) -> tuple:
    y, mean, std = (np.asarray(v, dtype=np.float64) for v in (y, mean, std))
    if not (std > 0).all():
        raise ValueError(
            f"`std` must be above 0 everywhere. Got {std[~(std > 0)].flat[0]}."
        )
    return (y - mean) / std, std


def crps_gaussian(y: ArrayLike, mean: ArrayLike, std: ArrayLike) -> Floats:
    """Continuous ranked probability score of a Gaussian prediction.

    With z = (y - mean) / std: std * (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)).
    Gneiting and Raftery (2007), equation 21.
    """
    z, std = _standardise(y, mean, std)
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return std * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))


def log_density_gaussian(y: ArrayLike, mean: ArrayLike, std: ArrayLike) -> Floats:
    """Log density of a Gaussian prediction at `y`, in nats."""
    z, std = _standardise(y, mean, std)
    return -0.5 * z**2 - np.log(std) - 0.5 * np.log(2 * np.pi)


def pit_gaussian(y: ArrayLike, mean: ArrayLike, std: ArrayLike) -> Floats:
    """Probability integral transform: uniform on [0, 1] for calibrated predictions."""
    z, _ = _standardise(y, mean, std)
    return ndtr(z)


@dataclass(frozen=True)
class GaussianMarginals:
    """Gaussian predictions, which score themselves.

    Attributes:
        mean: Means, shape (n,).
        std: Standard deviations, shape (n,).
    """

    mean: Floats
    std: Floats

    def score(self, y: Floats) -> Scores:
        """Scores of the values observed, (n,)."""
        pit = pit_gaussian(y, self.mean, self.std)
        return Scores(
            crps_gaussian(y, self.mean, self.std),
            -log_density_gaussian(y, self.mean, self.std), pit, pit,
        )  # fmt: skip


def covered(pit: ArrayLike, level: float) -> NDArray[np.bool_]:
    """True where a value lies in the central interval of probability `level`.

    Args:
        pit: Probability integral transforms of the values.
        level: Probability of the interval.
    """
    if not 0 < level < 1:
        raise ValueError(f"`level` is a probability in (0, 1). Got {level}.")
    return np.abs(np.asarray(pit) - 0.5) <= level / 2


def mean_and_error(per_task: ArrayLike) -> tuple[float, float]:
    """Mean over tasks and its standard error (NaN for a single task)."""
    per_task = np.asarray(per_task, dtype=np.float64)
    n = per_task.size
    if n < 2:
        return float(per_task.mean()), float("nan")
    return float(per_task.mean()), float(per_task.std(ddof=1) / np.sqrt(n))


def paired_difference(a: ArrayLike, b: ArrayLike) -> tuple[float, float]:
    """Mean of a - b over the same tasks, and its standard error."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(
            "Scores are comparable only on the same tasks. "
            f"Got {a.shape} and {b.shape}."
        )
    return mean_and_error(a - b)


def paired_ratio(a: ArrayLike, b: ArrayLike) -> tuple[float, float]:
    """Ratio of the means of a and b over the same tasks, and its standard error.

    The error is that of the linearised ratio: of the mean of (a - ratio * b) divided
    by the mean of b (Cochran 1977, section 2.11).
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    ratio = float(a.mean() / b.mean())
    _, error = paired_difference(a, ratio * b)
    return ratio, error / abs(float(b.mean()))
