"""Predictive distributions at targets."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor


class Predictive(ABC):
    """A distribution over the values at `nt` targets of `b` tasks.

    All but `log_prob` and `realise` speak of the values one by one: of the marginals.

    Attributes:
        mean: Predictive mean, (b, nt, dy).
        variance: Predictive variance with observation noise, (b, nt, dy).
        n_shared: Numbers that all values of a draw share; 0 = values are independent.
    """

    mean: Tensor
    variance: Tensor
    n_shared: int = 0

    @abstractmethod
    def log_prob(self, y: Tensor, mask: Tensor) -> Tensor:
        """Joint log density of the observed values of each task, (b,)."""

    @abstractmethod
    def log_density(self, y: Tensor) -> Tensor:
        """Log density of each value alone, (b, nt, dy)."""

    @abstractmethod
    def cdf(self, y: Tensor) -> Tensor:
        """Probability of at most `y`, (b, nt, dy)."""

    @abstractmethod
    def quantile(self, p: float | Tensor) -> Tensor:
        """The least value that is not exceeded with probability `p`, (b, nt, dy).

        Args:
            p: A probability in (0, 1), or one for each value, (..., b, nt, dy).
        """

    def at_score(self, z: Float[Tensor, "*k b nt dy"]) -> Float[Tensor, "*k b nt dy"]:
        """The values that are exceeded as a standard normal number exceeds `z`."""
        return self.quantile(inside(torch.special.ndtr(z)))

    @abstractmethod
    def crps(self, y: Tensor) -> Tensor:
        """Continuous ranked probability score at each target, (b, nt, dy)."""

    @abstractmethod
    def realise(self, level: Tensor, shared: Tensor) -> Tensor:
        """The draws that random numbers make, (k, b, nt, dy).

        Args:
            level: Independent uniform numbers in (0, 1), (k, b, nt, dy).
            shared: Independent standard normal ones, (k, b, n_shared).
        """

    @abstractmethod
    def shifted(self, offset: Tensor) -> "Predictive":
        """The distribution of the value plus `offset` (b, nt, dy)."""

    @abstractmethod
    def widened(self, factor: float) -> "Predictive":
        """The distribution of the mean plus `factor` times the value's deviation."""

    @abstractmethod
    def noised(self, variance: Tensor | float) -> "Predictive":
        """The distribution of the value plus independent Gaussian noise.

        Args:
            variance: Variance of the noise: one, or one for each value (b, nt, dy).
        """

    def double(self) -> "Predictive":
        """The same distribution in double precision."""
        made = [f.name for f in fields(self) if f.init]  # type: ignore[arg-type]
        values = {name: getattr(self, name).double() for name in made}
        return replace(self, **values)  # type: ignore[type-var]

    def sample(self, k: int, generator: torch.Generator) -> Tensor:
        """`k` draws, (k, b, nt, dy)."""
        if k < 1:
            raise ValueError(f"`k` is a number of draws above zero. Got {k}.")
        dtype, device = self.mean.dtype, self.mean.device
        level = torch.rand(k, *self.mean.shape, generator=generator, dtype=dtype)
        shared = torch.randn(
            k, len(self.mean), self.n_shared, generator=generator, dtype=dtype
        )
        return self.realise(inside(level).to(device), shared.to(device))


class Independent(Predictive):
    """Values that are independent given the context."""

    def log_prob(
        self, y: Float[Tensor, "b nt dy"], mask: Bool[Tensor, "b nt dy"]
    ) -> Float[Tensor, "b"]:  # noqa: F821
        """Sum of the log densities of the observed values."""
        log_density = self.log_density(torch.where(mask, y, self.mean))
        return torch.where(mask, log_density, 0.0).sum((-1, -2))


@dataclass(frozen=True)
class GaussianPredictive(Independent):
    """Independent Gaussians at the targets."""

    mean: Float[Tensor, "b nt dy"]
    variance: Float[Tensor, "b nt dy"]

    def __post_init__(self) -> None:
        if self.mean.shape != self.variance.shape:
            raise ValueError(
                "`mean` and `variance` must have the same shape. Got "
                f"{tuple(self.mean.shape)} and {tuple(self.variance.shape)}."
            )

    def log_density(
        self, y: Float[Tensor, "*k b nt dy"]
    ) -> Float[Tensor, "*k b nt dy"]:
        """Of the normal law."""
        error = y - self.mean
        return -0.5 * (
            error**2 / self.variance + torch.log(2 * math.pi * self.variance)
        )

    def cdf(self, y: Float[Tensor, "*k b nt dy"]) -> Float[Tensor, "*k b nt dy"]:
        """Of the normal law."""
        return torch.special.ndtr((y - self.mean) / self.variance.sqrt())

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

    def quantile(self, p: float | Tensor) -> Tensor:
        """Mean plus the normal quantile times the standard deviation."""
        level = checked_level(p, self.mean)
        return self.mean + self.variance.sqrt() * torch.special.ndtri(level)

    def at_score(self, z: Float[Tensor, "*k b nt dy"]) -> Float[Tensor, "*k b nt dy"]:
        """Mean plus `z` standard deviations."""
        return self.mean + self.variance.sqrt() * z

    def realise(
        self, level: Float[Tensor, "k b nt dy"], shared: Float[Tensor, "k b 0"]
    ) -> Float[Tensor, "k b nt dy"]:
        """The quantiles at the levels."""
        return self.quantile(level)

    def widened(self, factor: float) -> "GaussianPredictive":
        """The same mean; the standard deviation times `factor`."""
        return GaussianPredictive(self.mean, factor**2 * self.variance)

    def noised(self, variance: Tensor | float) -> "GaussianPredictive":
        """The sum of the variances."""
        return GaussianPredictive(self.mean, self.variance + variance)

    def shifted(self, offset: Tensor) -> "GaussianPredictive":
        """The same spread about a moved mean."""
        return GaussianPredictive(self.mean + offset, self.variance)


def checked_level(p: float | Tensor, like: Tensor) -> Tensor:
    """Probabilities as a tensor of the type of `like`.

    Raises:
        ValueError: If one does not lie between 0 and 1.
    """
    level = torch.as_tensor(p, dtype=like.dtype, device=like.device)
    wrong = ~((level > 0) & (level < 1))
    if wrong.any():
        raise ValueError(
            f"`p` is a probability in (0, 1). Got {level[wrong][0].item():g}."
        )
    return level


def inside(level: Tensor) -> Tensor:
    """Uniform numbers in [0, 1] kept off its ends, where quantiles are infinite."""
    eps = torch.finfo(level.dtype).eps
    return level.clamp(eps, 1 - eps)
