"""What every likelihood is."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from apnp.likelihoods.predictive import Predictive


class Likelihood(nn.Module, ABC):
    """Channels at targets to a predictive distribution.

    Attributes:
        n_shared: `n_shared` of its predictives; above zero, their draws are coherent.
    """

    n_shared: int = 0

    @abstractmethod
    def forward(self, h: Tensor) -> Predictive:
        """Channels (b, nt, d_in) to distributions of (b, nt, dy)."""
