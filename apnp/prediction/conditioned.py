"""A model that has read its context, and what it says at sites, in CF units."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from apnp.errors import ConfigError
from apnp.inputs.stations import StationInputs
from apnp.likelihoods import Predictive
from apnp.likelihoods.predictive import inside
from apnp.maps.draws import Draw, Samples
from apnp.maps.predict_field import FieldCells
from apnp.model import Encoding, NeuralProcess
from apnp.observations import Floats, Scores, Sites
from apnp.prediction.autoregressive import ar_sample, joined, with_values
from apnp.prediction.height_errors import SpreadErrors
from apnp.prediction.horizon import check_reach
from apnp.prediction.sequential import sequential_draw
from apnp.types import AuxiliarySet, PointSet

Numbers = NDArray[np.intp]
_BLOCK = 8
"""Anchors that are drawn at once."""


@dataclass(frozen=True, eq=False)
class ModelMarginals:
    """Predictive distributions at n sites, which score themselves.

    Attributes:
        predictive: What the model says, of one task and one variable, scaled.
        inputs: What turns scaled values into units.
    """

    predictive: Predictive
    inputs: StationInputs

    @property
    def mean(self) -> Floats:
        """Means, (n,)."""
        return self.inputs.scaling.unscale(_array(self.predictive.mean))

    @property
    def std(self) -> Floats:
        """Standard deviations (noise included), (n,)."""
        std = _array(self.predictive.variance.sqrt())
        return self.inputs.scaling.unscale_std(std)

    def quantile(self, level: float) -> Floats:
        """The values not exceeded with a probability, (n,)."""
        return self.inputs.scaling.unscale(_array(self.predictive.quantile(level)))

    def scaled(self, value: Floats) -> Tensor:
        """Values in the units of the predictive distribution, (1, n, 1)."""
        return torch.from_numpy(self.inputs.scaling.scale(value))[None, :, None]

    def noised(self, std: Floats) -> "ModelMarginals":
        """With independent noise of these standard deviations, in units, (n,)."""
        scaled = torch.from_numpy(np.asarray(std) / self.inputs.std)
        variance = (scaled**2)[None, :, None].to(self.predictive.mean)
        return replace(self, predictive=self.predictive.noised(variance))

    def score(self, y: Floats) -> Scores:
        """Scores of the values observed, (n,).

        A CRPS scales with the standard deviation; a log density loses its logarithm.
        """
        law, std = self.predictive.double(), self.inputs.std
        scaled = self.scaled(y).to(law.mean.device)
        upto = _array(law.cdf(scaled))
        return Scores(
            crps=std * _array(law.crps(scaled)),
            nll=np.log(std) - _array(law.log_density(scaled)),
            below=upto,
            upto=upto,
            joint_nll=self._joint_nll(law, scaled),
        )

    def _joint_nll(self, law: Predictive, scaled: Tensor) -> float:
        """Of the values together, where the model says more of them than one by one."""
        if not law.n_shared:
            return float("nan")
        observed = torch.ones_like(scaled, dtype=torch.bool)
        each = -law.log_prob(scaled, observed)[0] / scaled.shape[1]
        return float(each + np.log(self.inputs.std))


@dataclass(frozen=True, eq=False)
class ConditionedModel:
    """A model that has read its context: it answers at any sites, in CF units.

    Attributes:
        process: The neural process.
        inputs: What turns sites into its inputs, for this context.
        context: The context, as the model sees it.
        encoding: What it keeps of the context.
        auxiliary: What it reads beside the context.
        height_errors: Errors of station heights, which widen what is said; None where
            all heights are known.
    """

    process: NeuralProcess
    inputs: StationInputs
    context: PointSet
    encoding: Encoding
    auxiliary: tuple[AuxiliarySet, ...] = ()
    height_errors: SpreadErrors | None = None

    def marginals(self, sites: Sites) -> "ModelMarginals":
        """The predictive distributions at sites, which score themselves.

        Raises:
            ConfigError: If a site lies too far from a plane's centre to be on it.
        """
        check_reach(self.inputs, sites.lat, sites.lon)
        with torch.inference_mode():
            predictive = self.process.decode(self.encoding, *self.inputs.targets(sites))
        found = ModelMarginals(predictive, self.inputs)
        if self.height_errors is None:
            return found
        return found.noised(self.height_errors.at(sites))

    def summary(
        self, sites: Sites, levels: Sequence[float] = (), noise: Floats | None = None
    ) -> tuple[Floats, Floats, Floats]:
        """Mean (n,), standard deviation (n,) with noise, and quantiles (levels, n).

        Args:
            sites: Where.
            levels: Levels of the quantiles.
            noise: Standard deviations of independent noise to add, in units, (n,).

        Raises:
            ConfigError: If a site lies too far from a plane's centre to be on it.
        """
        found = self.marginals(sites)
        if noise is not None and noise.any():
            found = found.noised(noise)
        quantiles = [found.quantile(level) for level in levels]
        return found.mean, found.std, np.reshape(quantiles, (len(levels), len(sites)))

    def predict(self, sites: Sites) -> tuple[Floats, Floats]:
        """Predictive mean and standard deviation (noise included), each (n,)."""
        found = self.marginals(sites)
        return found.mean, found.std

    def quantiles(self, sites: Sites, levels: Sequence[float]) -> Floats:
        """The values not exceeded with each probability, (levels, n)."""
        return self.summary(sites, levels)[2]

    def sampler(self, samples: Samples, cells: FieldCells) -> Draw:
        """What draws the field at the cells: one draw is one field in all of them.

        A likelihood of joint values draws them jointly. A backbone that says how errors
        go together draws cell after cell (`apnp.prediction.sequential`). For any other
        model values are drawn one after the other at the anchors, in blocks, and each
        draw is the mean given the context and these values. Such draws include the
        observation noise at the anchors alone (a field without noise cannot be had
        from the model), and far from every anchor they vary too little. They cost
        about as many passes as there are blocks, and one for each draw.

        Args:
            samples: How many, and of which seed.
            cells: The cells of the field.

        Raises:
            ConfigError: If a site lies too far from a plane's centre to be on it, or
                the model cannot leave out observation noise.
        """
        field = self.process.backbone.error_field(self.encoding.latent)
        joint = self.process.likelihood.n_shared > 0
        if not samples.noise and (joint or field is None):
            raise ConfigError(
                "Draws without observation noise need a local_tnp model with a "
                "likelihood of one value each; this one does not say which part "
                "of its errors is noise. Leave --samples-without-noise out."
            )
        if joint:
            return self._joint(samples.number, samples.shared(cells.time))
        if field is None:
            return self._anchored(samples, cells.anchors(samples.anchors))
        return sequential_draw(self, field, samples, cells)

    def _anchored(self, samples: Samples, anchors: Sites) -> Draw:
        check_reach(self.inputs, anchors.lat, anchors.lon)
        rng = samples.shared(anchors.time)
        generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
        target = self._unobserved(anchors)
        domain = self.encoding.latent.domain
        with torch.inference_mode():
            drawn = ar_sample(
                self.process, self.context, domain, target, samples.number,
                generator, _BLOCK, self.auxiliary,
            )  # fmt: skip
            encodings = [
                self.process.encode(
                    joined(self.context, with_values(target, y)), domain, self.auxiliary
                )
                for y in drawn
            ]
        fields = [replace(self, encoding=encoding) for encoding in encodings]

        def draw(sites: Sites, levels: Floats, numbers: Numbers) -> Floats:
            return np.stack([field.marginals(sites).mean for field in fields])

        return draw

    def _joint(self, number: int, rng: np.random.Generator) -> Draw:
        like = self.context.y
        numbers = rng.standard_normal((number, 1, self.process.likelihood.n_shared))
        shared = torch.as_tensor(numbers).to(like)

        def draw(sites: Sites, levels: Floats, numbers: Numbers) -> Floats:
            level = inside(torch.as_tensor(levels).to(like))[:, None, :, None]
            with torch.inference_mode():
                values = self.marginals(sites).predictive.realise(level, shared)
            drawn = values[:, 0, :, 0].double().cpu().numpy()
            return self.inputs.scaling.unscale(drawn)

        return draw

    def _unobserved(self, sites: Sites) -> PointSet:
        x, w, w_mask = self.inputs.targets(sites)
        y = x.new_zeros(*x.shape[:2], self.inputs.dy)
        return PointSet(x, y, w, torch.zeros_like(y, dtype=torch.bool), w_mask)


def _array(value: Tensor) -> Floats:
    """The one variable of the one task, (n,)."""
    return value[0, :, 0].double().cpu().numpy()
