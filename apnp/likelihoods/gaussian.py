"""Heteroscedastic Gaussian likelihood."""

import torch
from torch import Tensor, nn

from apnp.likelihoods.likelihood import Likelihood
from apnp.likelihoods.predictive import GaussianPredictive
from apnp.nn.mlp import shrink


class HeteroscedasticGaussian(Likelihood):
    """A mean and a standard deviation for every target and variable.

    They are read off the channels by a linear layer; before training the mean is the
    first `dy` channels, the standard deviation about a fifth of the spread of the
    values. Where the backbone guesses both, nothing is left to learn: a weight near one
    between its mean and ours would shake all predictions at every step of training.

    Args:
        d_in: Channels of the backbone.
        dy: Number of variables.
        floor: Smallest standard deviation, in scaled units, above zero.
        predicts_moments: Whether the first `dy` channels are the mean, and the next
            what
            softplus makes the standard deviation.
    """

    def __init__(
        self, d_in: int, dy: int, floor: float = 0.01, predicts_moments: bool = False
    ) -> None:
        super().__init__()
        if floor <= 0:
            raise ValueError(f"`floor` is a spread, above zero. Got {floor}.")
        self.floor, self.dy = floor, dy
        self.head = None if predicts_moments else shrink(nn.Linear(d_in, 2 * dy))
        if self.head is not None:
            nn.init.eye_(self.head.weight[:dy])
            nn.init.constant_(self.head.bias[dy:], -1.5)

    def forward(self, h: Tensor) -> GaussianPredictive:
        """Channels (b, nt, d_in) to Gaussians (b, nt, dy)."""
        # Every number for all targets in a row: so they are found and used faster.
        if self.head is None:
            channels = h[..., : 2 * self.dy].mT.contiguous()
        else:
            weight = self.head.weight.expand(len(h), -1, -1)
            channels = torch.baddbmm(self.head.bias[:, None], weight, h.mT)
        mean, raw = channels.mT.chunk(2, dim=-1)
        std = self.floor + nn.functional.softplus(raw)
        return GaussianPredictive(mean, std**2)
