"""A linear drift on features, fitted to each task in closed form."""

import torch
from torch import Tensor, nn


class LinearDrift(nn.Module):
    """Bayesian linear regression whose prior mean is learned, its posterior exact.

    The mean of a task is beta . f with f = (1, features). The posterior mean

        beta = beta_0 + (F' M F + ridge I)^-1 F' M (y - F beta_0)

    (M the mask) is differentiable, so that a network learns what is left: the trick of
    regression kriging, inside. With no observation beta is the prior mean beta_0.

    Features are the constant, covariates, and trend functions of location. Only the
    first two have a prior mean other than zero: a trend that is expected before the
    data would break the symmetry.

    Args:
        n_covariates: Number of covariates.
        n_trend: Number of trend functions.
        dy: Number of variables.
        ridge: Prior precision of a coefficient over the precision of an observation.
    """

    def __init__(
        self, n_covariates: int, n_trend: int, dy: int, ridge: float = 0.3
    ) -> None:
        super().__init__()
        self.n_covariates, self.n_trend = n_covariates, n_trend
        self.prior_mean = nn.Parameter(torch.zeros(dy, n_covariates + 1))
        self.ridge = ridge

    def fit(self, features: Tensor, y: Tensor, mask: Tensor) -> Tensor:
        """Posterior coefficients (b, dy, k + 1).

        Args:
            features: (b, n, k), covariates then trend functions, anything where no
                variable is observed.
            y: (b, n, dy), anything where unobserved.
            mask: (b, n, dy), True where observed.
        """
        prior_mean = nn.functional.pad(self.prior_mean, (0, self.n_trend))
        y = torch.where(mask, y, 0.0)
        f = _with_constant(torch.where(mask.any(-1, keepdim=True), features, 0.0))
        m = mask.to(f.dtype).mT
        left = m[..., None] * f[:, None]
        prior = self.ridge * torch.eye(f.shape[-1], dtype=f.dtype, device=f.device)
        residual = y.mT - prior_mean @ f.mT
        moment = (left * residual[..., None]).sum(-2)
        return prior_mean + torch.linalg.solve(left.mT @ f[:, None] + prior, moment)

    def forward(self, coefficients: Tensor, features: Tensor) -> Tensor:
        """The drift (b, n, dy) at points with `features` (b, n, k)."""
        return _with_constant(features) @ coefficients.mT


def _with_constant(features: Tensor) -> Tensor:
    return torch.cat((features.new_ones(*features.shape[:-1], 1), features), dim=-1)
