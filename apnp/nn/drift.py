"""A linear drift on covariates, fitted to each task in closed form."""

import torch
from torch import Tensor, nn


class LinearDrift(nn.Module):
    """Bayesian linear regression whose prior is learned and posterior is exact.

    The mean of a task is beta . f with f = (1, features). The posterior mean

        beta = beta_0 + (F' M F + Lambda)^-1 F' M (y - F beta_0)

    (M the mask, Lambda the prior precision relative to the noise) is differentiable,
    so that a network learns what is left: the trick of regression kriging, inside.
    With no observation beta is the prior mean.

    Args:
        n_features: Number of features, the constant not counted.
        dy: Number of variables.
    """

    def __init__(self, n_features: int, dy: int) -> None:
        super().__init__()
        self.prior_mean = nn.Parameter(torch.zeros(dy, n_features + 1))
        self.log_precision = nn.Parameter(torch.zeros(n_features + 1))

    def fit(self, features: Tensor, y: Tensor, mask: Tensor) -> Tensor:
        """Posterior coefficients (b, dy, k + 1).

        Args:
            features: (b, n, k), anything where no variable is observed.
            y: (b, n, dy), anything where unobserved.
            mask: (b, n, dy), True where observed.
        """
        y = torch.where(mask, y, 0.0)
        f = _with_constant(torch.where(mask.any(-1, keepdim=True), features, 0.0))
        m = mask.to(f.dtype).mT
        left = m[..., None] * f[:, None]
        gram = left.mT @ f[:, None] + torch.diag(self.log_precision.exp())
        residual = y.mT - self.prior_mean @ f.mT
        moment = (left * residual[..., None]).sum(-2)
        return self.prior_mean + torch.linalg.solve(gram, moment)

    def forward(self, coefficients: Tensor, features: Tensor) -> Tensor:
        """The drift (b, n, dy) at points with `features` (b, n, k)."""
        return _with_constant(features) @ coefficients.mT


def _with_constant(features: Tensor) -> Tensor:
    return torch.cat((torch.ones_like(features[..., :1]), features), dim=-1)
