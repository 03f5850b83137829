"""What perfect inference predicts for tasks whose law is known, in float64.

Every oracle is a `Posterior`: independent mixtures of Gaussians at the targets, noise
included, which score the same values as a model.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from apnp.experiments.gibbs.gp import (
    GIBBS_CENTRES,
    GIBBS_LENGTHS,
    GIBBS_NOISE,
    FunctionDraw,
    GaussianProcess,
)
from apnp.experiments.gibbs.kernels import gibbs


@dataclass(frozen=True)
class Posterior:
    """Mixtures of k Gaussians at the targets, one by one.

    Attributes:
        log_weight: Logarithms of the weights, which sum to one over the components.
        centre: Means of the components.
        variance: Their variances, noise included.
    """

    log_weight: Float[Tensor, "k nt"]
    centre: Float[Tensor, "k nt"]
    variance: Float[Tensor, "k nt"]

    @property
    def mean(self) -> Float[Tensor, " nt"]:
        """Of the mixture."""
        return (self.log_weight.exp() * self.centre).sum(0)

    def log_density(self, y: Float[Tensor, " nt"]) -> Float[Tensor, " nt"]:
        """Log density of each value, in nats."""
        parts = (y - self.centre) ** 2 / self.variance + self.variance.log()
        parts = -0.5 * (parts + math.log(2 * math.pi))
        return torch.logsumexp(self.log_weight + parts, dim=0)

    def gaussian(self) -> "Posterior":
        """The single Gaussian at each target that scores best on average.

        It is the one of the mixture's mean and variance.
        """
        apart = (self.centre - self.mean) ** 2
        variance = (self.log_weight.exp() * (self.variance + apart)).sum(0)
        one = torch.zeros_like(self.mean)
        return Posterior(one[None], self.mean[None], variance[None])


def given_kind(process: GaussianProcess, draw: FunctionDraw) -> Posterior:
    """The exact posterior of one who knows of which kernel the function is."""
    mean, variance, _ = _condition(*_covariances(process, draw.kind, draw), draw.yc)
    return Posterior(torch.zeros_like(mean)[None], mean[None], variance[None])


def mixture(process: GaussianProcess, draw: FunctionDraw) -> Posterior:
    """The exact posterior: kernels weighed by how likely each makes the context.

    Of independent values; the kernels' prior shares are equal.
    """
    parts = [
        _condition(*_covariances(process, kind, draw), draw.yc)
        for kind in range(process.kinds)
    ]
    mean, variance, evidence = (torch.stack(p) for p in zip(*parts, strict=True))
    log_weight = torch.log_softmax(evidence, dim=0)[:, None].expand_as(mean)
    return Posterior(log_weight, mean, variance)


def unknown_break(draw: FunctionDraw) -> Posterior:
    """The exact posterior of one who reads no absolute location, of the Gibbs process.

    Seen from the centre of the domain the break of the training law lies uniformly in
    the range of the centres, with either lengthscale on either side: the best that a
    translation equivariant model can know. Between two neighbouring context points it
    is all the same to the context where the break lies, so that a sum over the gaps
    between them is exact; a target in a gap lies on either side in proportion.
    """
    low, high = GIBBS_CENTRES["in"]
    order = draw.xc[:, 0].argsort()
    xc, yc = (draw.xc - draw.centre)[order], draw.yc[order]
    xt = draw.xt - draw.centre
    edges = torch.cat((xc.new_tensor([low]), xc[:, 0], xc.new_tensor([high])))
    edges = edges.clamp(low, high)
    length = edges.diff()
    # A context point outside the range leaves a gap of no length and no weight.
    share = (edges[1:, None] - xt[:, 0]) / length.clamp(min=1e-300)[:, None]
    # By gap, then by the side of the target: left of the break, or right of it.
    share = share.clamp(0, 1)
    sides = torch.stack((share, 1 - share), dim=1)
    left = torch.arange(len(xc)) < torch.arange(len(length))[:, None]
    both = GIBBS_LENGTHS, GIBBS_LENGTHS[::-1]
    parts = [_broken(xc, yc, xt, left, *lengths) for lengths in both]
    mean, variance, evidence = (torch.stack(p) for p in zip(*parts, strict=True))
    prior = torch.log_softmax((evidence + length.log()).flatten(), dim=0)
    prior = prior.reshape(2, -1, 1, 1) + sides.log()
    flat = [part.flatten(0, 2) for part in (prior, mean, variance)]
    return Posterior(*flat)


def _broken(
    xc: Tensor, yc: Tensor, xt: Tensor, left: Tensor, one: float, two: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Posterior of every gap, with each target left of the break and right of it.

    Args:
        xc: Context, in order.
        yc: Values there.
        xt: Targets.
        left: Whether a point lies left of a gap's break, (gap, nc).
        one: Lengthscale left of the break.
        two: Lengthscale right of it.

    Returns:
        Mean and variance (gap, 2, nt), log evidence (gap,).
    """
    lengths = torch.where(left, one, two).to(xc)
    matrix = gibbs(xc[:, None], xc, lengths[..., None], lengths[:, None])
    matrix.diagonal(dim1=-2, dim2=-1).add_(GIBBS_NOISE**2)
    either = xt.new_tensor([one, two])
    cross = [gibbs(xc[:, None], xt, lengths[..., None], side) for side in either]
    nt = len(xt)
    prior = xt.new_full((2 * nt,), 1 + GIBBS_NOISE**2)
    mean, variance, evidence = _condition(matrix, torch.cat(cross, dim=-1), prior, yc)
    return mean.unflatten(-1, (2, nt)), variance.unflatten(-1, (2, nt)), evidence


def _covariances(
    process: GaussianProcess, kind: int, draw: FunctionDraw
) -> tuple[Tensor, Tensor, Tensor]:
    """Of the context with noise, of it with the targets, variances of the targets."""
    noise = process.noise**2
    matrix = process.covariance(kind, draw.xc, draw.xc)
    matrix.diagonal().add_(noise)
    cross = process.covariance(kind, draw.xc, draw.xt)
    return matrix, cross, process.variance(kind, draw.xt) + noise


def _condition(
    matrix: Tensor, cross: Tensor, prior: Tensor, y: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and variance at the targets, and the log density of the context."""
    factor = torch.linalg.cholesky(matrix)
    white = torch.linalg.solve_triangular(
        factor, torch.cat((cross, y[:, None].expand(*cross.shape[:-1], 1)), -1),
        upper=False,
    )  # fmt: skip
    by_target, by_value = white[..., :-1], white[..., -1:]
    mean = (by_target * by_value).sum(-2)
    variance = prior - by_target.square().sum(-2)
    half = factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    square = by_value.square().sum((-2, -1))
    evidence = -0.5 * square - half - 0.5 * len(y) * math.log(2 * math.pi)
    return mean, variance, evidence
