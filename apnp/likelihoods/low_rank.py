"""Joint Gaussian likelihood: a diagonal and a factor of low rank."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from apnp.likelihoods.gaussian import HeteroscedasticGaussian
from apnp.likelihoods.likelihood import Likelihood
from apnp.likelihoods.predictive import GaussianPredictive, Predictive
from apnp.nn.mlp import shrink

_OWN_SHARE = 0.01
"""Share of a variance that no other value has part in: it bounds the conditioning."""


@dataclass(frozen=True)
class LowRankPredictive(Predictive):
    """One Gaussian over all values of a task: covariance diag(own) + F F^T.

    Attributes:
        mean: Means.
        own: Variances that belong to each value alone, above zero.
        factor: F, of which all values of a task share the r columns.
    """

    mean: Float[Tensor, "b nt dy"]
    own: Float[Tensor, "b nt dy"]
    factor: Float[Tensor, "b nt dy r"]

    def __post_init__(self) -> None:
        variance = self.own + self.factor.square().sum(-1)
        object.__setattr__(self, "variance", variance)
        object.__setattr__(self, "n_shared", self.factor.shape[-1])

    @property
    def marginals(self) -> GaussianPredictive:
        """The values one by one."""
        return GaussianPredictive(self.mean, self.variance)

    def log_prob(
        self, y: Float[Tensor, "b nt dy"], mask: Bool[Tensor, "b nt dy"]
    ) -> Float[Tensor, "b"]:  # noqa: F821
        """Joint log density of the observed values, the others integrated out.

        By the identity of Woodbury and the lemma of determinants: O(n r^2) for n
        values, the capacitance 1 + F^T diag(own)^-1 F being r x r.
        """
        kind = torch.promote_types(self.mean.dtype, torch.float32)
        # A product in half precision would not be positive definite.
        with torch.autocast(self.mean.device.type, enabled=False):
            mean, own = self.mean.to(kind), self.own.to(kind)
            error = torch.where(mask, y.to(kind) - mean, 0.0).flatten(1)
            own = torch.where(mask, own, 1.0).flatten(1)
            factor = torch.where(mask[..., None], self.factor.to(kind), 0.0).flatten(
                1, 2
            )
            white = factor / own[..., None]
            capacitance = factor.mT @ white
            capacitance = capacitance + torch.eye(self.n_shared).to(capacitance)
            root = torch.linalg.cholesky(capacitance)
            common = torch.linalg.solve_triangular(
                root, white.mT @ error[..., None], upper=False
            )
            quadratic = (error**2 / own).sum(-1) - common.square().sum((-1, -2))
            determinant = own.log().sum(-1)
            determinant = determinant + 2 * root.diagonal(dim1=-2, dim2=-1).log().sum(
                -1
            )
            number = mask.sum((-1, -2)).to(kind)
            return -0.5 * (quadratic + determinant + number * math.log(2 * math.pi))

    def log_density(self, y: Tensor) -> Tensor:
        """Of each value alone."""
        return self.marginals.log_density(y)

    def cdf(self, y: Tensor) -> Tensor:
        """Of each value alone."""
        return self.marginals.cdf(y)

    def quantile(self, p: float | Tensor) -> Tensor:
        """Of each value alone."""
        return self.marginals.quantile(p)

    def crps(self, y: Tensor) -> Tensor:
        """Of each value alone."""
        return self.marginals.crps(y)

    def realise(
        self, level: Float[Tensor, "k b nt dy"], shared: Float[Tensor, "k b r"]
    ) -> Float[Tensor, "k b nt dy"]:
        """Mean, plus the factor times what is shared, plus each value's own noise."""
        common = torch.einsum("bndr,kbr->kbnd", self.factor, shared)
        return self.mean + common + self.own.sqrt() * torch.special.ndtri(level)

    def widened(self, factor: float) -> "LowRankPredictive":
        """The same mean and correlations; standard deviations times `factor`."""
        return LowRankPredictive(self.mean, factor**2 * self.own, factor * self.factor)

    def noised(self, variance: Tensor | float) -> "LowRankPredictive":
        """The noise belongs to each value alone."""
        return LowRankPredictive(self.mean, self.own + variance, self.factor)

    def shifted(self, offset: Tensor) -> "LowRankPredictive":
        """The same covariance about a moved mean."""
        return LowRankPredictive(self.mean + offset, self.own, self.factor)


class LowRankGaussian(Likelihood):
    """A joint Gaussian over all targets and variables of a task.

    Means and variances are those of `HeteroscedasticGaussian`. A linear layer reads
    features a (r numbers a value) off the channels, and two values with standard
    deviations s and s' have the covariance

        0.99 s s' a.a' / sqrt((1 + a.a) (1 + a'.a')),

    so that features say how values are correlated and never how widely they spread.
    Before training they are small: values are almost independent. Values are alike as
    far as their channels are: where a backbone knows no absolute location, two targets
    of like surroundings are correlated however far apart they lie.

    Args:
        d_in: Channels of the backbone.
        dy: Number of variables.
        rank: Number of columns of the factor, r.
        floor: Smallest standard deviation, in scaled units, above zero.
        predicts_moments: Whether the first `dy` channels are the mean, and the next
            what
            softplus makes the standard deviation; features are read off the others.
    """

    def __init__(
        self,
        d_in: int,
        dy: int,
        rank: int = 16,
        floor: float = 0.01,
        predicts_moments: bool = False,
    ) -> None:
        super().__init__()
        if rank < 1:
            raise ValueError(f"`rank` is a number of columns above zero. Got {rank}.")
        self.dy, self.n_shared, self.predicts_moments = dy, rank, predicts_moments
        self.marginal = HeteroscedasticGaussian(d_in, dy, floor, predicts_moments)
        self.features = shrink(nn.Linear(d_in - 2 * dy * predicts_moments, dy * rank))

    def forward(self, h: Tensor) -> LowRankPredictive:
        """Channels (b, nt, d_in) to a joint Gaussian of (b, nt, dy)."""
        marginal = self.marginal(h)
        features = self.features(h[..., 2 * self.dy * self.predicts_moments :])
        features = features.unflatten(-1, (self.dy, self.n_shared))
        length = 1 + features.square().sum(-1, keepdim=True)
        factor = (
            features * ((1 - _OWN_SHARE) * marginal.variance[..., None] / length).sqrt()
        )
        own = marginal.variance - factor.square().sum(-1)
        return LowRankPredictive(marginal.mean, own, factor)
