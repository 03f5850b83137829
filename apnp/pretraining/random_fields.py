"""Random fields in closed form: sums of cosines with random frequencies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CosineField:
    """An approximately Gaussian field with mean 0 and variance 1 in d dimensions.

        f(x) = sqrt(2 / k) sum_i cos(omega_i . x + phi_i)

    Over the random phases, mean and variance are exact; the distribution tends to a
    Gaussian as k grows (random Fourier features; Rahimi and Recht 2007).

    Attributes:
        frequencies: The omega_i in radians per unit of x, shape (k, d).
        phases: The phi_i in radians, shape (k,).
    """

    frequencies: Floats
    phases: Floats

    def __call__(self, x: Floats) -> Floats:
        """Values at points (n, d), shape (n,)."""
        angles = (x @ self.frequencies.T + self.phases).astype(np.float32)
        values = np.cos(angles).sum(-1, dtype=np.float64)
        return values * np.sqrt(2 / len(self.phases))


def matern_field(
    rng: np.random.Generator,
    lengthscales: Floats,
    smoothness: float,
    n_cosines: int = 64,
) -> CosineField:
    """A field with a Matern covariance, its frequencies drawn from the spectral law.

    The spectral density of the Matern family is a multivariate Student distribution
    with 2 `smoothness` degrees of freedom (Rasmussen and Williams 2006, equation
    4.15): `smoothness` 0.5 gives the exponential covariance.

    Args:
        rng: Draws frequencies and phases.
        lengthscales: Lengthscale along each axis, in units of x, shape (d,); or a
            matrix (d, d) with which frequencies of lengthscale 1 are multiplied from
            the right, for anisotropic fields.
        smoothness: The parameter nu, above 0.
        n_cosines: Number k of cosines.
    """
    scales = np.asarray(lengthscales, dtype=np.float64)
    d = len(scales)
    normal = rng.standard_normal((n_cosines, d))
    mixing = rng.chisquare(2 * smoothness, n_cosines) / (2 * smoothness)
    unit = normal / np.sqrt(mixing)[:, None]
    frequencies = unit @ scales if scales.ndim == 2 else unit / scales
    return CosineField(frequencies, rng.uniform(0, 2 * np.pi, n_cosines))


def stretched(lengthscale: float, direction: Floats, factor: float) -> Floats:
    """The matrix of `matern_field` for a lengthscale that is larger along an axis.

    Args:
        lengthscale: Lengthscale across the direction.
        direction: Unit vector, shape (d,).
        factor: The lengthscale along the direction, as a multiple of the other.
    """
    along = np.outer(direction, direction)
    return (np.eye(len(direction)) + (1 / factor - 1) * along) / lengthscale
