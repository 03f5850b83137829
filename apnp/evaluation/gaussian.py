"""What all baselines have in common: their predictions are Gaussian."""

from abc import ABC, abstractmethod

from apnp.observations import Floats, Sites
from apnp.scores import GaussianMarginals


class GaussianConditioned(ABC):
    """A predictor that has read its context and answers with Gaussians."""

    @abstractmethod
    def predict(self, sites: Sites) -> tuple[Floats, Floats]:
        """Mean and standard deviation (noise included) at sites, each (n,)."""

    def marginals(self, sites: Sites) -> GaussianMarginals:
        """The Gaussians at sites, which score themselves."""
        return GaussianMarginals(*self.predict(sites))
