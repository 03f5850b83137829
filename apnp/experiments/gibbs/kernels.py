"""Covariance functions of Gaussian processes, as gpytorch kernels in float64.

Sums, products and scalings of them are gpytorch's own: `+`, `*` and `scaled`.
"""

import math

import torch
from gpytorch.kernels import (
    Kernel,
    MaternKernel,
    PeriodicKernel,
    RBFKernel,
    ScaleKernel,
)
from torch import Tensor

from apnp.errors import ConfigError

SMOOTHNESS = (0.5, 1.5, 2.5)
"""Orders of the Matern kernels."""


def eq(lengthscale: float) -> Kernel:
    """exp(-|x - x'|^2 / 2 l^2)."""
    _check(lengthscale=lengthscale)
    return _fixed(RBFKernel(), lengthscale=lengthscale)


def matern(smoothness: float, lengthscale: float) -> Kernel:
    """The Matern kernel of order 1/2, 3/2 or 5/2.

    Raises:
        ConfigError: If it is of another order.
    """
    _check(lengthscale=lengthscale)
    if smoothness not in SMOOTHNESS:
        raise ConfigError(f"`smoothness` is one of {SMOOTHNESS}. Got {smoothness}.")
    return _fixed(MaternKernel(smoothness), lengthscale=lengthscale)


def periodic(period: float, lengthscale: float) -> Kernel:
    """exp(-2 sum_i sin^2(pi (x_i - x'_i) / p) / l^2)."""
    _check(period=period, lengthscale=lengthscale)
    # gpytorch divides by the length itself, not by its square.
    return _fixed(PeriodicKernel(), period_length=period, lengthscale=lengthscale**2)


def scaled(kernel: Kernel, variance: float) -> Kernel:
    """The kernel times a variance."""
    _check(variance=variance)
    return _fixed(ScaleKernel(kernel), outputscale=variance)


class Gibbs(Kernel):
    """The Gibbs kernel of unit variance whose lengthscale steps across x_1 = 0.

        k(x, x') = (2 l l' / (l^2 + l'^2))^(dx / 2) exp(-|x - x'|^2 / (l^2 + l'^2))

    with l that of x and l' that of x' (Gibbs 1997, section 3.10.3).

    Args:
        left: Lengthscale where the first coordinate is below zero.
        right: Lengthscale elsewhere.
    """

    is_stationary = False

    def __init__(self, left: float, right: float) -> None:
        super().__init__()
        _check(left=left, right=right)
        self.left, self.right = left, right

    def forward(
        self, x1: Tensor, x2: Tensor, diag: bool = False, **params: object
    ) -> Tensor:
        """(..., n, dx) and (..., m, dx) -> (..., n, m), or (..., n) of pairs."""
        one, two = self.lengths(x1), self.lengths(x2)
        if not diag:
            x1, x2 = x1[..., :, None, :], x2[..., None, :, :]
            one, two = one[..., :, None], two[..., None, :]
        return gibbs(x1, x2, one, two)

    def lengths(self, x: Tensor) -> Tensor:
        """Lengthscales at locations, (..., dx) -> (...)."""
        return torch.where(x[..., 0] < 0, self.left, self.right).to(x.dtype)


def gibbs(x1: Tensor, x2: Tensor, one: Tensor, two: Tensor) -> Tensor:
    """The Gibbs kernel at locations (..., dx) with lengthscales (...)."""
    rate = 1 / (one**2 + two**2)
    amplitude = (2 * one * two * rate) ** (x1.shape[-1] / 2)
    return amplitude * torch.exp(-rate * (x1 - x2).square().sum(-1))


def _fixed(kernel: Kernel, **values: float) -> Kernel:
    """The kernel in double precision with these hyperparameters, none of them learned.

    A bare number would be rounded to single precision on its way.
    """
    kernel = kernel.double()
    for name, value in values.items():
        setattr(kernel, name, torch.tensor(value, dtype=torch.float64))
    return kernel.requires_grad_(False)


def _check(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ConfigError(f"`{name}` is finite and above 0. Got {value}.")
