"""Maximum likelihood for an exponential covariance with a nugget and a drift."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.optimize import minimize

Floats = NDArray[np.float64]

_LOG_RANGE = np.log([1.0, 30_000.0])
_LOG_RATIO = np.log([1e-6, 1e4])
_STARTS = np.log([(r, g) for r in (40, 150, 500, 1500, 5000) for g in (0.01, 0.1, 1.0)])
_STAGES = (250, 800, 3000)


def fit_exponential(
    distance: Floats, drift: Floats, value: Floats, minimum_std: float
) -> tuple[float, float, float]:
    """Sill, range and nugget of greatest likelihood.

    The values are Gaussian with mean drift @ beta and covariance
    sill * exp(-distance / range) + nugget * I. Coefficients and sill are profiled out;
    the range and the ratio nugget / sill are searched in log space, from a grid of
    starts on a random subset of the stations to all of them (a random 3000 at most).
    The sill is the unbiased RSS / (n - p) in the end, rather than RSS / n.

    Args:
        distance: Distances between the stations, shape (n, n), zero diagonal.
        drift: Columns of the drift, shape (n, p), of full rank, p < n.
        value: Values, shape (n,).
        minimum_std: Bounds the standard deviation of the residuals from below, so that
            constant values have a likelihood.

    Returns:
        Sill, range in the units of `distance`, nugget.
    """
    n, p = drift.shape
    order = np.random.default_rng(0).permutation(n)
    starts = _STARTS
    for size in sorted({min(s, n) for s in _STAGES}):
        keep = order[:size]
        likelihood = ProfileLikelihood(
            distance[np.ix_(keep, keep)], drift[keep], value[keep], minimum_std
        )
        starts = minimize(
            likelihood.with_gradient, min(starts, key=likelihood), jac=True,
            method="L-BFGS-B", bounds=(_LOG_RANGE, _LOG_RATIO),
            options={"ftol": 1e-7, "gtol": 1e-2},
        ).x[None]  # fmt: skip
    log_range, log_ratio = starts[0]
    sill = likelihood.sill(starts[0]) * size / (size - p)
    return sill, float(np.exp(log_range)), float(sill * np.exp(log_ratio))


@dataclass(frozen=True)
class ProfileLikelihood:
    """Negative log likelihood of (log range, log(nugget / sill)), constants dropped."""

    distance: Floats
    drift: Floats
    value: Floats
    minimum_std: float

    def __call__(self, theta: Floats) -> float:
        """The negative log likelihood, for the best sill and coefficients."""
        return self._solve(theta)[0]

    def sill(self, theta: Floats) -> float:
        """The sill of greatest likelihood."""
        return self._solve(theta)[1]

    def with_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """The negative log likelihood and its gradient.

        With V the covariance over the sill and r = V^-1 (y - drift beta), the
        derivative by any parameter is (tr(V^-1 dV) - r' dV r / sill) / 2.
        """
        loss, sill, factor, residual, correlation = self._solve(theta)
        range_, ratio = np.exp(theta)
        slope = correlation
        slope *= self.distance
        slope /= range_
        weight = solve_triangular(factor, residual, lower=True, trans="T")
        inverse, _ = dpotri(factor, lower=1, overwrite_c=1)  # its lower triangle
        trace = 2 * np.vdot(inverse.T, slope)
        by_range = trace - weight @ slope @ weight / sill
        by_ratio = ratio * (np.trace(inverse) - weight @ weight / sill)
        return loss, 0.5 * np.array([by_range, by_ratio])

    def _solve(self, theta: Floats) -> tuple[float, float, Floats, Floats, Floats]:
        """Loss, sill, Cholesky factor, whitened residual, correlations."""
        n = self.value.size
        range_, ratio = np.exp(theta)
        correlation = np.exp(self.distance / -range_)
        covariance = np.array(correlation, order="F")
        covariance[np.diag_indices(n)] += ratio
        factor, info = dpotrf(covariance, lower=1, clean=1, overwrite_a=1)
        if info:
            raise np.linalg.LinAlgError(
                f"The covariance with range {range_} and nugget ratio {ratio} is "
                f"singular at row {info}."
            )
        both = np.column_stack([self.drift, self.value])
        white = solve_triangular(factor, both, lower=True, check_finite=False)
        drift, value = white[:, :-1], white[:, -1]
        residual = value - drift @ np.linalg.lstsq(drift, value)[0]
        sill = residual @ residual / n + self.minimum_std**2
        loss = 0.5 * n * np.log(sill) + np.log(np.diagonal(factor)).sum()
        return loss, sill, factor, residual, correlation
