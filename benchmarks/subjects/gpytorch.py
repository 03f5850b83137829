"""GPyTorch: an exact Gaussian process on the sphere with a linear mean."""

from dataclasses import dataclass

import gpytorch
import torch
from cases import Case, Points
from torch import Tensor

from apnp.geometry.sphere import unit_vectors
from subjects.kriging import covariates, sites
from subjects.subject import Subject, Work

STEPS = 20
"""Steps of Adam on the marginal likelihood."""
CHUNK = 8192


class _Process(gpytorch.models.ExactGP):
    """Exponential covariance of chord length; mean linear in the covariates."""

    def __init__(self, x: Tensor, y: Tensor, noise: gpytorch.likelihoods.Likelihood):
        super().__init__(x, y, noise)
        self.mean = gpytorch.means.LinearMean(2)
        matern = gpytorch.kernels.MaternKernel(nu=0.5, active_dims=(0, 1, 2))
        self.covariance = gpytorch.kernels.ScaleKernel(matern)

    def forward(self, x: Tensor) -> gpytorch.distributions.MultivariateNormal:
        """The prior."""
        return gpytorch.distributions.MultivariateNormal(
            self.mean(x[..., 3:]), self.covariance(x)
        )


def _inputs(x: Tensor) -> Tensor:
    """Unit vectors and covariates, (n, 5)."""
    where = sites(x)
    both = (unit_vectors(where.lat, where.lon), covariates(where))
    return torch.cat([torch.from_numpy(part) for part in both], -1).float()


@dataclass(frozen=True)
class ExactProcess(Subject):
    """Fitted in the setup by a few steps on its marginal likelihood."""

    name: str = "gpytorch"
    package: str = "gpytorch"

    def does(self, case: Case) -> bool:
        """Kriging."""
        return case.model == "kriging"

    def setup(self, case: Case, points: Points) -> Work:
        """The fit."""
        noise = gpytorch.likelihoods.GaussianLikelihood()
        x, y = _inputs(points.xc), points.yc[0, :, 0]
        model = _Process(x, y, noise)
        likelihood = gpytorch.mlls.ExactMarginalLogLikelihood(noise, model)
        optimiser = torch.optim.Adam(model.parameters(), 0.1)
        for _ in range(STEPS):
            optimiser.zero_grad()
            (-likelihood(model(x), y)).backward()
            optimiser.step()
        model.eval()
        noise.eval()
        wanted = _inputs(points.xt)

        def predict() -> list[tuple[Tensor, Tensor]]:
            with torch.no_grad(), gpytorch.settings.fast_pred_var():
                laws = [noise(model(part)) for part in wanted.split(CHUNK)]
                return [(law.mean, law.stddev) for law in laws]

        return Work(sum(p.numel() for p in model.parameters()), predict=predict)


SUBJECTS = [ExactProcess()]
