"""Mixture of Gaussians at each target."""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from apnp.likelihoods.gaussian import HeteroscedasticGaussian
from apnp.likelihoods.likelihood import Likelihood
from apnp.likelihoods.predictive import Independent, checked_level, inside
from apnp.nn.mlp import shrink

_REACH = 0.6
"""Outermost component before training, in standard deviations from the mean."""
_STRETCH = 3.0
"""Bound of the logarithm by which a component is wider or narrower than the others."""
_STEP = 1e-5
"""Last step of Newton's method, as a share of the least spread: what is left is its
square."""
_HALVINGS = 64
"""Of the bracket of a quantile: to the last digit of a double."""


@dataclass(frozen=True)
class MixturePredictive(Independent):
    """Independent mixtures of k Gaussians at the targets.

    Attributes:
        log_weight: Logarithms of the weights, which sum to one.
        centre: Means of the components.
        spread: Their standard deviations, above zero.
    """

    log_weight: Float[Tensor, "b nt dy k"]
    centre: Float[Tensor, "b nt dy k"]
    spread: Float[Tensor, "b nt dy k"]
    mean: Tensor = field(init=False)
    variance: Tensor = field(init=False)

    def __post_init__(self) -> None:
        weight = self.log_weight.exp()
        mean = (weight * self.centre).sum(-1)
        apart = self.centre - mean[..., None]
        variance = (weight * (self.spread**2 + apart**2)).sum(-1)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "variance", variance)

    def log_density(
        self, y: Float[Tensor, "*k b nt dy"]
    ) -> Float[Tensor, "*k b nt dy"]:
        """Of the mixture."""
        u = (y[..., None] - self.centre) / self.spread
        parts = -0.5 * u**2 - self.spread.log() - 0.5 * math.log(2 * math.pi)
        return torch.logsumexp(self.log_weight + parts, dim=-1)

    def cdf(self, y: Float[Tensor, "*k b nt dy"]) -> Float[Tensor, "*k b nt dy"]:
        """Mean of the components' by their weights."""
        parts = torch.special.ndtr((y[..., None] - self.centre) / self.spread)
        return (self.log_weight.exp() * parts).sum(-1)

    def quantile(self, p: float | Tensor) -> Tensor:
        """By bisection between the least and the greatest of the components'."""
        level = checked_level(p, self.mean)
        level = level.expand(torch.broadcast_shapes(level.shape, self.mean.shape))
        with torch.no_grad():
            ends = self.centre + self.spread * torch.special.ndtri(level)[..., None]
            low, high = ends.amin(-1), ends.amax(-1)
            for _ in range(_HALVINGS):
                middle = 0.5 * (low + high)
                enough = self.cdf(middle) >= level
                low = torch.where(enough, low, middle)
                high = torch.where(enough, middle, high)
            return high

    def at_score(self, z: Float[Tensor, "*k b nt dy"]) -> Float[Tensor, "*k b nt dy"]:
        """By Newton's method on the normal scale, kept between the components'.

        In double precision, with the tail that is the lighter one: far out a
        probability is no longer told from one.
        """
        law = MixturePredictive(
            self.log_weight.double(), self.centre.double(), self.spread.double()
        )
        wanted = z.double()
        side = torch.where(wanted > 0, -1.0, 1.0).to(wanted)
        ends = law.centre + law.spread * wanted[..., None]
        low, high = ends.amin(-1), ends.amax(-1)
        y = (law.mean + law.variance.sqrt() * wanted).clamp(low, high)
        wanted, limit = side * wanted, _STEP * law.spread.amin()
        # Sums over a short last axis are slow: one component after the other.
        parts = list(
            zip(
                *(each.unbind(-1) for each in (law.log_weight.exp(), law.centre,
                                               law.spread)),
                strict=True,
            )
        )  # fmt: skip
        for _ in range(_HALVINGS):
            us = [(y - centre) / spread for _, centre, spread in parts]
            below = torch.zeros_like(y)
            slope = torch.zeros_like(y)
            for (weight, _, _), u in zip(parts, us, strict=True):
                below += weight * torch.special.ndtr(side * u)
            score = torch.special.ndtri(below)
            for (weight, _, spread), u in zip(parts, us, strict=True):
                slope += weight / spread * torch.exp(-0.5 * (u**2 - score**2))
            enough = side * (score - wanted) >= 0
            high, low = torch.where(enough, y, high), torch.where(enough, low, y)
            moved = y + side * (wanted - score) / slope
            inner = (moved >= low) & (moved <= high)
            moved = torch.where(inner, moved, 0.5 * (low + high))
            farthest, y = (moved - y).abs().max(), moved
            if farthest <= limit:
                break
        return y.to(z.dtype)

    def realise(
        self, level: Float[Tensor, "k b nt dy"], shared: Float[Tensor, "k b 0"]
    ) -> Float[Tensor, "k b nt dy"]:
        """The level chooses a component, and within its share that one's quantile."""
        weight = self.log_weight.exp()
        upper = weight.cumsum(-1)
        chosen = (level[..., None] > upper[..., :-1]).sum(-1, keepdim=True)

        def of_chosen(parts: Tensor) -> Tensor:
            return parts.expand(*level.shape, -1).gather(-1, chosen)[..., 0]

        rest = (level - of_chosen(upper - weight)) / of_chosen(weight)
        noise = torch.special.ndtri(inside(rest))
        return of_chosen(self.centre) + of_chosen(self.spread) * noise

    def crps(self, y: Float[Tensor, "b nt dy"]) -> Float[Tensor, "b nt dy"]:
        """Closed form (Grimit et al. 2006, equation 5)."""
        weight = self.log_weight.exp()
        far = _mean_distance(y[..., None] - self.centre, self.spread)
        apart = _mean_distance(
            self.centre[..., :, None] - self.centre[..., None, :],
            torch.hypot(self.spread[..., :, None], self.spread[..., None, :]),
        )
        pairs = weight[..., :, None] * weight[..., None, :]
        return (weight * far).sum(-1) - 0.5 * (pairs * apart).sum((-1, -2))

    def widened(self, factor: float) -> "MixturePredictive":
        """Components with width and distance from the mean multiplied by `factor`."""
        mean = self.mean[..., None]
        centre = mean + factor * (self.centre - mean)
        return MixturePredictive(self.log_weight, centre, factor * self.spread)

    def noised(self, variance: Tensor | float) -> "MixturePredictive":
        """Every component with the noise added to its variance."""
        added = torch.as_tensor(variance).to(self.spread)
        if added.ndim:
            added = added[..., None]
        spread = (self.spread**2 + added).sqrt()
        return MixturePredictive(self.log_weight, self.centre, spread)

    def shifted(self, offset: Tensor) -> "MixturePredictive":
        """The same components about moved means."""
        centre = self.centre + offset[..., None]
        return MixturePredictive(self.log_weight, centre, self.spread)


def _mean_distance(mean: Tensor, std: Tensor) -> Tensor:
    """E|X| of a Gaussian X."""
    u = mean / std
    density = torch.exp(-0.5 * u**2) / math.sqrt(2 * math.pi)
    return mean * torch.special.erf(u / math.sqrt(2)) + 2 * std * density


class GaussianMixture(Likelihood):
    """A mixture of Gaussians for every target and variable.

    About the mean and standard deviation of `HeteroscedasticGaussian` a linear layer
    places the components: their weights, their distances in standard deviations, their
    widths. Before training the mixture has about that mean and that variance, its
    components side by side, for alike they would stay alike.

    Args:
        d_in: Channels of the backbone.
        dy: Number of variables.
        components: Number of Gaussians, K.
        floor: Smallest standard deviation of a component, in scaled units, above zero.
        predicts_moments: Whether the first `dy` channels are the mean, and the next
            what
            softplus makes the standard deviation; components are read off the others.
    """

    def __init__(
        self,
        d_in: int,
        dy: int,
        components: int = 3,
        floor: float = 0.01,
        predicts_moments: bool = False,
    ) -> None:
        super().__init__()
        if components < 2:
            raise ValueError(
                "`components` of a mixture are two or more (one is the gaussian "
                f"likelihood). Got {components}."
            )
        self.dy, self.components, self.floor = dy, components, floor
        self.predicts_moments = predicts_moments
        self.marginal = HeteroscedasticGaussian(d_in, dy, floor, predicts_moments)
        self.place = shrink(
            nn.Linear(d_in - 2 * dy * predicts_moments, 3 * dy * components)
        )
        steps = torch.linspace(-_REACH, _REACH, components)
        width = 0.5 * math.log(1 - steps.square().mean().item())
        bias = torch.stack((0 * steps, steps, torch.full_like(steps, width)))
        with torch.no_grad():
            self.place.bias.copy_(bias.expand(dy, 3, components).flatten())

    def forward(self, h: Tensor) -> MixturePredictive:
        """Channels (b, nt, d_in) to mixtures (b, nt, dy)."""
        marginal = self.marginal(h)
        raw = self.place(h[..., 2 * self.dy * self.predicts_moments :])
        raw = raw.unflatten(-1, (self.dy, 3, self.components))
        logit, step, stretch = raw.unbind(-2)
        std = marginal.variance.sqrt()[..., None]
        stretch = _STRETCH * torch.tanh(stretch / _STRETCH)
        spread = self.floor + (std - self.floor) * torch.exp(stretch)
        centre = marginal.mean[..., None] + std * step
        return MixturePredictive(torch.log_softmax(logit, dim=-1), centre, spread)
