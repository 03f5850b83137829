"""GPyTorch: an exact Gaussian process on the sphere with a linear mean."""

from dataclasses import dataclass

import gpytorch
import numpy as np
import torch
from cases import Case, Points
from torch import Tensor

from apnp.geometry.sphere import unit_vectors
from apnp.observations import Observations, Sites
from subjects.kriging import covariates, sites
from subjects.subject import Subject, Work

STEPS = 20
"""Steps of Adam on the marginal likelihood."""
CHUNK = 8192
Noise = gpytorch.likelihoods.GaussianLikelihood


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


def _inputs(where: Sites) -> Tensor:
    """Unit vectors and covariates, (n, 5)."""
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
        model, noise = _fitted(_inputs(sites(points.xc)), points.yc[0, :, 0])
        wanted = _inputs(sites(points.xt))
        size = sum(p.numel() for p in model.parameters())
        return Work(size, predict=lambda: _predicted(model, noise, wanted))


def _fitted(x: Tensor, y: Tensor) -> tuple[_Process, Noise]:
    """The process, and its noise, after a few steps on the marginal likelihood."""
    noise = Noise()
    model = _Process(x, y, noise)
    likelihood = gpytorch.mlls.ExactMarginalLogLikelihood(noise, model)
    optimiser = torch.optim.Adam(model.parameters(), 0.1)
    for _ in range(STEPS):
        optimiser.zero_grad()
        (-likelihood(model(x), y)).backward()
        optimiser.step()
    model.eval()
    noise.eval()
    return model, noise


def _predicted(
    model: _Process, noise: Noise, wanted: Tensor
) -> list[tuple[Tensor, Tensor]]:
    """Mean and standard deviation, a chunk at a time."""
    with torch.no_grad(), gpytorch.settings.fast_pred_var():
        laws = [noise(model(part)) for part in wanted.split(CHUNK)]
        return [(law.mean, law.stddev) for law in laws]


@dataclass(frozen=True)
class GPyTorchExact:
    """The same as a predictor of stations."""

    name: str = "gpytorch, exact"

    def condition(self, context: Observations) -> "GPyTorchConditioned":
        """Fit it to scaled values."""
        value = torch.from_numpy(np.asarray(context.value, dtype=np.float32))
        mean, std = value.mean(), value.std()
        fitted = _fitted(_inputs(context.sites), (value - mean) / std)
        return GPyTorchConditioned(*fitted, float(mean), float(std))


@dataclass(frozen=True)
class GPyTorchConditioned:
    """Fitted."""

    model: _Process
    noise: Noise
    centre: float
    scale: float

    def predict(self, where: Sites) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation."""
        parts = _predicted(self.model, self.noise, _inputs(where))
        mean, std = (torch.cat(each).numpy() for each in zip(*parts, strict=True))
        return self.centre + self.scale * mean, self.scale * std


SUBJECTS = [ExactProcess()]
