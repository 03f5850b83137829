"""Predictive distributions at targets."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor


class Predictive(ABC):
    """A distribution over the values at `nt` targets of `b` tasks.

    Attributes:
        mean: Predictive mean, (b, nt, dy).
        variance: Predictive variance with observation noise, (b, nt, dy).
    """

    mean: Tensor
    variance: Tensor

    @abstractmethod
    def log_prob(self, y: Tensor, mask: Tensor) -> Tensor:
        """Log density of the observed values of each task, (b,)."""

    @abstractmethod
    def crps(self, y: Tensor) -> Tensor:
        """Continuous ranked probability score at each target, (b, nt, dy)."""

    @abstractmethod
    def quantile(self, p: float) -> Tensor:
        """The value that is not exceeded with probability `p`, (b, nt, dy)."""

    @abstractmethod
    def sample(self, k: int, generator: torch.Generator) -> Tensor:
        """`k` draws, (k, b, nt, dy)."""

    @abstractmethod
    def shifted(self, offset: Tensor) -> "Predictive":
        """The distribution of the value plus `offset` (b, nt, dy)."""


@dataclass(frozen=True)
class GaussianPredictive(Predictive):
    """Independent Gaussians at the targets."""

    mean: Float[Tensor, "b nt dy"]
    variance: Float[Tensor, "b nt dy"]

    def __post_init__(self) -> None:
        if self.mean.shape != self.variance.shape:
            raise ValueError(
                "`mean` and `variance` must have the same shape. Got "
                f"{tuple(self.mean.shape)} and {tuple(self.variance.shape)}."
            )

    def log_prob(
        self, y: Float[Tensor, "b nt dy"], mask: Bool[Tensor, "b nt dy"]
    ) -> Float[Tensor, "b"]:
        """Sum of the log densities of the observed values."""
        error = torch.where(mask, y, self.mean) - self.mean
        log_density = -0.5 * (
            error**2 / self.variance + torch.log(2 * math.pi * self.variance)
        )
        return torch.where(mask, log_density, 0.0).sum((-1, -2))

    def crps(self, y: Float[Tensor, "b nt dy"]) -> Float[Tensor, "b nt dy"]:
        """Closed form (Gneiting and Raftery 2007, equation 21)."""
        std = self.variance.sqrt()
        u = (y - self.mean) / std
        density = torch.exp(-0.5 * u**2) / math.sqrt(2 * math.pi)
        return std * (
            u * torch.special.erf(u / math.sqrt(2))
            + 2 * density
            - 1 / math.sqrt(math.pi)
        )

    def quantile(self, p: float) -> Tensor:
        """Mean plus the normal quantile times the standard deviation."""
        if not 0 < p < 1:
            raise ValueError(f"`p` is a probability in (0, 1). Got {p}.")
        level = torch.as_tensor(p, dtype=self.mean.dtype, device=self.mean.device)
        return self.mean + self.variance.sqrt() * torch.special.ndtri(level)

    def sample(self, k: int, generator: torch.Generator) -> Tensor:
        """Independent draws."""
        noise = torch.randn(
            k, *self.mean.shape, generator=generator, dtype=self.mean.dtype
        ).to(self.mean.device)
        return self.mean + self.variance.sqrt() * noise

    def shifted(self, offset: Tensor) -> "GaussianPredictive":
        """The same spread about a moved mean."""
        return GaussianPredictive(self.mean + offset, self.variance)
