"""A model that has read its context, and what it says at sites, in CF units."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from apnp.errors import ConfigError
from apnp.geometry.sphere import EARTH_RADIUS_KM, great_circle_km
from apnp.likelihoods import Predictive
from apnp.model import Encoding, NeuralProcess
from apnp.observations import Floats, Scores, Sites
from apnp.tasks.representation import Representation


@dataclass(frozen=True, eq=False)
class ModelMarginals:
    """Predictive distributions at n sites, which score themselves.

    Attributes:
        predictive: What the model says, of one task and one variable, scaled.
        representation: What turns scaled values into units.
    """

    predictive: Predictive
    representation: Representation

    @property
    def mean(self) -> Floats:
        """Means, (n,)."""
        return self.representation.unscale(_array(self.predictive.mean))

    @property
    def std(self) -> Floats:
        """Standard deviations (noise included), (n,)."""
        std = _array(self.predictive.variance.sqrt())
        return self.representation.unscale_std(std)

    def quantile(self, level: float) -> Floats:
        """The values not exceeded with a probability, (n,)."""
        return self.representation.unscale(_array(self.predictive.quantile(level)))

    def score(self, y: Floats) -> Scores:
        """Scores of the values observed, (n,).

        A CRPS scales with the standard deviation; a log density loses its logarithm,
        a probability does not.
        """
        law, std = self.predictive.double(), self.representation.std
        scaled = torch.from_numpy(self.representation.scale(y))[None, :, None]
        scaled = scaled.to(law.mean.device)
        log_density, upto = law.log_density(scaled), law.cdf(scaled)
        at_atom = law.at_atom(scaled)
        units = torch.where(at_atom, 0.0, np.log(std))
        mass = torch.where(at_atom, log_density.exp(), 0.0)
        return Scores(
            crps=std * _array(law.crps(scaled)),
            nll=_array(units - log_density),
            below=_array(upto - mass),
            upto=_array(upto),
        )


@dataclass(frozen=True, eq=False)
class ConditionedModel:
    """A model that has read its context: it answers at any sites, in CF units.

    Attributes:
        process: The neural process.
        representation: What turns sites into its inputs, for this context.
        encoding: What it keeps of the context.
    """

    process: NeuralProcess
    representation: Representation
    encoding: Encoding

    def marginals(self, sites: Sites) -> "ModelMarginals":
        """The predictive distributions at sites, which score themselves.

        Raises:
            ConfigError: If a site lies too far from a plane's centre to be on it.
        """
        self._check_reach(sites)
        with torch.inference_mode():
            predictive = self.process.decode(
                self.encoding, *self.representation.targets(sites)
            )
        return ModelMarginals(predictive, self.representation)

    def summary(
        self, sites: Sites, levels: Sequence[float] = ()
    ) -> tuple[Floats, Floats, Floats]:
        """Mean (n,), standard deviation (n,) with noise, and quantiles (levels, n).

        Raises:
            ConfigError: If a site lies too far from a plane's centre to be on it.
        """
        found = self.marginals(sites)
        quantiles = [found.quantile(level) for level in levels]
        return found.mean, found.std, np.reshape(quantiles, (len(levels), len(sites)))

    def predict(self, sites: Sites) -> tuple[Floats, Floats]:
        """Predictive mean and standard deviation (noise included), each (n,)."""
        found = self.marginals(sites)
        return found.mean, found.std

    def quantiles(self, sites: Sites, levels: Sequence[float]) -> Floats:
        """The values not exceeded with each probability, (levels, n)."""
        return self.summary(sites, levels)[2]

    def _check_reach(self, sites: Sites) -> None:
        if self.representation.geometry != "plane" or not len(sites):
            return
        lat, lon = self.representation.centre
        farthest = great_circle_km(sites.lat, sites.lon, lat, lon).max()
        if farthest > EARTH_RADIUS_KM * np.pi / 2:
            raise ConfigError(
                f"This model sees a plane about {lat:.1f} N {lon:.1f} E, and is asked "
                f"for a place {farthest:.0f} km away, beyond the horizon of that "
                "plane. Give a smaller `region`, or use a model for the sphere."
            )


def _array(value: Tensor) -> Floats:
    """The one variable of the one task, (n,)."""
    return value[0, :, 0].double().cpu().numpy()
