"""Heteroscedastic Gaussian likelihood."""

from torch import Tensor, nn

from apnp.likelihoods.predictive import GaussianPredictive
from apnp.nn.mlp import shrink


class HeteroscedasticGaussian(nn.Module):
    """A mean and a standard deviation for every target and variable.

    Before training the mean is the first `dy` channels. The standard deviation is what
    softplus makes of the next, or else about a fifth of the spread of the values.

    Args:
        d_in: Channels of the backbone.
        dy: Number of variables.
        floor: Smallest standard deviation, in scaled units, above zero.
        spread_guessed: Whether the backbone guesses the standard deviation.
    """

    def __init__(
        self, d_in: int, dy: int, floor: float = 0.01, spread_guessed: bool = False
    ) -> None:
        super().__init__()
        if floor <= 0:
            raise ValueError(f"`floor` is a spread, above zero. Got {floor}.")
        self.floor = floor
        self.head = shrink(nn.Linear(d_in, 2 * dy))
        if spread_guessed:
            nn.init.eye_(self.head.weight)
        else:
            nn.init.eye_(self.head.weight[:dy])
            nn.init.constant_(self.head.bias[dy:], -1.5)

    def forward(self, h: Tensor) -> GaussianPredictive:
        """Channels (b, nt, d_in) to Gaussians (b, nt, dy)."""
        mean, raw = self.head(h).chunk(2, dim=-1)
        std = self.floor + nn.functional.softplus(raw)
        return GaussianPredictive(mean, std**2)
