"""An atom at zero and a gamma law above it: rain and its like."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from apnp.likelihoods.likelihood import Likelihood
from apnp.likelihoods.predictive import Independent, checked_level
from apnp.nn.mlp import shrink

_SHARPNESS = 4.0
"""Of the softplus that makes a mean positive: means above one are as they were."""
_LEAST_VARIATION = 0.1
"""Least ratio of standard deviation to mean: it bounds the shape from above."""
_LEAST_SHAPE = 0.1
"""Least shape: those below have quantiles too small to write down."""
_MOST_VARIATION = 100.0
"""Greatest ratio: it keeps the probability of zero from one."""
_LEAST_SHARE = 0.01
"""Least share of the variation that is the atom's, and that is not."""


@dataclass(frozen=True)
class BernoulliGammaPredictive(Independent):
    """Zero with some probability, else gamma distributed; independent at the targets.

    The density is that of the mixed measure: the probability of zero at zero, a
    density above.

    Attributes:
        dry: Probability of zero, in (0, 1).
        shape: Shape of the gamma law, above zero.
        rate: Its rate, above zero.
    """

    dry: Float[Tensor, "b nt dy"]
    shape: Float[Tensor, "b nt dy"]
    rate: Float[Tensor, "b nt dy"]
    mean: Tensor = field(init=False)
    variance: Tensor = field(init=False)

    def __post_init__(self) -> None:
        wet, amount = 1 - self.dry, self.shape / self.rate
        variance = wet * amount**2 * (1 / self.shape + self.dry)
        object.__setattr__(self, "mean", wet * amount)
        object.__setattr__(self, "variance", variance)

    def log_density(
        self, y: Float[Tensor, "*k b nt dy"]
    ) -> Float[Tensor, "*k b nt dy"]:
        """Log probability of zero, log density above.

        Raises:
            ValueError: If a value lies below zero.
        """
        positive = self._positive(y)
        x = self.rate * positive
        above = self.shape * x.log() - x - torch.lgamma(self.shape) - positive.log()
        return torch.where(y > 0, torch.log1p(-self.dry) + above, self.dry.log())

    def cdf(self, y: Float[Tensor, "*k b nt dy"]) -> Float[Tensor, "*k b nt dy"]:
        """The atom, and of the gamma law what lies below."""
        positive = torch.where(y > 0, y, 1.0)
        below = torch.where(y > 0, gamma_cdf(self.shape, self.rate * positive), 0.0)
        return torch.where(y >= 0, self.dry + (1 - self.dry) * below, 0.0)

    def quantile(self, p: float | Tensor) -> Tensor:
        """Zero up to the atom's probability, then of the gamma law."""
        level = checked_level(p, self.mean)
        rest = ((level - self.dry) / (1 - self.dry)).detach().cpu()
        shape = self.shape.detach().cpu().expand(rest.shape)
        # Torch has no inverse of the incomplete gamma function.
        from scipy.special import gammaincinv  # slow to load

        x = gammaincinv(shape.double().numpy(), rest.clamp(min=0.0).double().numpy())
        return torch.as_tensor(x, dtype=level.dtype, device=level.device) / self.rate

    def realise(
        self, level: Float[Tensor, "k b nt dy"], shared: Float[Tensor, "k b 0"]
    ) -> Float[Tensor, "k b nt dy"]:
        """The quantiles at the levels."""
        return self.quantile(level)

    def crps(self, y: Float[Tensor, "b nt dy"]) -> Float[Tensor, "b nt dy"]:
        """Closed form: E|Y - y| - E|Y - Y'| / 2, each from its parts dry and wet.

        For the gamma law alone they are those of Scheuerer and Möller (2015, section
        3.2). With the probability d of zero and w = 1 - d,

            E|Y - y| = d y + w E|X - y|,
            E|Y - Y'| = w^2 E|X - X'| + 2 d w E X.
        """
        dry, wet = self.dry, 1 - self.dry
        amount = self.shape / self.rate
        positive = self._positive(y)
        x = self.rate * positive
        below = gamma_cdf(self.shape, x)
        # A gamma law of the next shape lies lower by one term.
        term = torch.exp(self.shape * x.log() - x - torch.lgamma(self.shape + 1))
        far = positive * (2 * below - 1) - amount * (2 * (below - term) - 1)
        log_beta = torch.lgamma(self.shape) - torch.lgamma(self.shape + 0.5)
        apart = torch.exp(-log_beta) / (self.rate * torch.pi**0.5)
        far = torch.where(y > 0, far, amount)
        return dry * y + wet * far - wet**2 * apart - dry * wet * amount

    def at_atom(self, y: Tensor) -> Tensor:
        """Where it is dry."""
        return y == 0

    def widened(self, factor: float) -> "BernoulliGammaPredictive":
        """The same distribution: zero is a bound, and stays where it is."""
        return self

    def shifted(self, offset: Tensor) -> "BernoulliGammaPredictive":
        """Refused: an atom at zero cannot be moved.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            "A distribution of values at or above zero cannot be moved. Build the "
            "model without a drift."
        )

    def _positive(self, y: Tensor) -> Tensor:
        """The values above zero, one elsewhere."""
        if (y < 0).any():
            raise ValueError(
                "A bernoulli_gamma likelihood takes values at or above zero, scaled "
                f"without a shift. Got {y.min().item():g}."
            )
        return torch.where(y > 0, y, 1.0)


class BernoulliGamma(Likelihood):
    """A probability of zero and a gamma law above it, for every target and variable.

    Three numbers are read: mean m and standard deviation s of the value, dry or wet,
    and the share g of the squared variation v = (s / m)^2 that the atom makes. Then

        probability of zero = g v / (1 + v),   shape = 1 / ((1 - g) v),

    and whatever the three are, mean and variance are m and s^2. Where g is too small
    for a shape of 0.1, it is raised; s lies between about a tenth of m and a hundred m.
    Values are scaled without a shift: zero is zero.

    Args:
        d_in: Channels of the backbone.
        dy: Number of variables.
        floor: Smallest mean and standard deviation, in scaled units, above zero.
        predicts_moments: Whether the first `dy` channels are the mean, which softplus
            makes
            positive, and the next what softplus makes the standard deviation; the
            share is read off the others.
    """

    bounded = True

    def __init__(
        self, d_in: int, dy: int, floor: float = 0.01, predicts_moments: bool = False
    ) -> None:
        super().__init__()
        if floor <= 0:
            raise ValueError(f"`floor` is a spread, above zero. Got {floor}.")
        self.dy, self.floor, self.predicts_moments = dy, floor, predicts_moments
        self.head = None if predicts_moments else shrink(nn.Linear(d_in, 2 * dy))
        if self.head is not None:
            nn.init.eye_(self.head.weight[:dy])
        self.share = shrink(nn.Linear(d_in - 2 * dy * predicts_moments, dy))

    def forward(self, h: Tensor) -> BernoulliGammaPredictive:
        """Channels (b, nt, d_in) to distributions of (b, nt, dy)."""
        channels = h[..., : 2 * self.dy] if self.head is None else self.head(h)
        centre, raw = channels.chunk(2, dim=-1)
        mean = self.floor + nn.functional.softplus(centre, beta=_SHARPNESS)
        std = self.floor + nn.functional.softplus(raw)
        std = torch.hypot(std, _LEAST_VARIATION * mean)
        variation = (std / mean).clamp(max=_MOST_VARIATION) ** 2
        rest = torch.sigmoid(-self.share(h[..., 2 * self.dy * self.predicts_moments :]))
        rest = _LEAST_SHARE + (1 - 2 * _LEAST_SHARE) * rest
        # v (1 - g), the inverse of the shape.
        inverse = rest * variation.clamp(max=1 / _LEAST_SHAPE)
        dry = (variation - inverse) / (1 + variation)
        amount = mean / (1 - dry)
        return BernoulliGammaPredictive(dry, 1 / inverse, 1 / (inverse * amount))


class _GammaCdf(Function):
    """`torch.special.gammainc`, which knows no derivative in its first argument."""

    @staticmethod
    def forward(ctx, shape: Tensor, x: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(shape, x)
        return torch.special.gammainc(shape, x)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        shape, x = ctx.saved_tensors
        density = torch.exp((shape - 1) * x.log() - x - torch.lgamma(shape))
        # Differences in double precision: 1e-4 apart they are good to eight digits;
        # torch's own, `_standard_gamma_grad`, is less exact, and private.
        a, z = shape.double(), x.double()
        step = 1e-4 * a
        rise = torch.special.gammainc(a + step, z) - torch.special.gammainc(a - step, z)
        return gradient * (rise / (2 * step)).to(shape), gradient * density


def gamma_cdf(shape: Tensor, x: Tensor) -> Tensor:
    """Probability that a standard gamma variable is at most `x`, elementwise.

    Args:
        shape: Shapes above zero.
        x: Values above zero, of the same size.
    """
    return _GammaCdf.apply(*torch.broadcast_tensors(shape, x))
