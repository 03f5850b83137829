"""A linear drift on features, fitted to each task in closed form."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from apnp.nn.covariance import Covariance


class LinearDrift(nn.Module):
    """Bayesian linear regression whose prior mean is learned, its posterior exact.

    The mean of a task is beta . f with f = (1, features). The posterior mean

        beta = beta_0 + (F' C^-1 F + ridge I)^-1 F' C^-1 (y - F beta_0)

    (C the covariance of the observed values) is differentiable, so that a network
    learns what is left: the trick of regression kriging, inside. With no observation
    beta is the prior mean beta_0.

    Features are the constant, covariates, and trend functions of location. Only the
    first two have a prior mean other than zero: a trend that is expected before the
    data would break the symmetry.

    Args:
        n_covariates: Number of covariates.
        n_trend: Number of trend functions.
        dy: Number of variables.
        widths: Initial widths of the covariance, units of location.
        ridge: Prior precision of a coefficient.
    """

    def __init__(
        self,
        n_covariates: int,
        n_trend: int,
        dy: int,
        widths: Sequence[float],
        ridge: float = 0.1,
    ) -> None:
        super().__init__()
        self.n_covariates, self.n_trend = n_covariates, n_trend
        self.prior_mean = nn.Parameter(torch.zeros(dy, n_covariates + 1))
        self.covariance = Covariance(widths)
        self.ridge = ridge

    def fit(self, x: Tensor, features: Tensor, y: Tensor, mask: Tensor) -> Tensor:
        """Posterior coefficients (b, dy, k + 1).

        Args:
            x: Locations (b, n, dx).
            features: (b, n, k), covariates then trend functions, anything where no
                variable is observed.
            y: (b, n, dy), anything where unobserved.
            mask: (b, n, dy), True where observed.
        """
        prior_mean = nn.functional.pad(self.prior_mean, (0, self.n_trend))
        f = _with_constant(features)
        eye = self.ridge * torch.eye(f.shape[-1], dtype=f.dtype, device=f.device)
        coefficients = []
        for v, prior in enumerate(prior_mean):
            observed = mask[..., v : v + 1]
            own = torch.where(observed, f, 0.0)
            rest = torch.where(observed, y[..., v : v + 1], 0.0) - own @ prior[:, None]
            white = self.covariance.solve(
                x, observed[..., 0], torch.cat((own, rest), -1)
            )
            system = own.mT @ white
            gram, moment = system[..., :-1] + eye, system[..., -1:]
            coefficients.append(prior + torch.linalg.solve(gram, moment)[..., 0])
        return torch.stack(coefficients, dim=1)

    def forward(self, coefficients: Tensor, features: Tensor) -> Tensor:
        """The drift (b, n, dy) at points with `features` (b, n, k)."""
        return _with_constant(features) @ coefficients.mT


def _with_constant(features: Tensor) -> Tensor:
    return torch.cat((features.new_ones(*features.shape[:-1], 1), features), dim=-1)
