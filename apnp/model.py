"""A neural process: a likelihood after a backbone, after a drift."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from apnp.backbones import Backbone
from apnp.likelihoods import Likelihood, Predictive
from apnp.nn.drift import LinearDrift
from apnp.types import AuxiliarySet, Domain, PointSet, Task


@dataclass(frozen=True)
class Encoding:
    """What a model keeps of a context: any number of targets may be read from it.

    Attributes:
        latent: The processed latent.
        coefficients: Coefficients of the drift, (b, dy, k + 1), if there is one.
    """

    latent: Any
    coefficients: Tensor | None


class NeuralProcess(nn.Module):
    """Context set and targets to a predictive distribution, in one pass.

    Args:
        backbone: The (approximately) equivariant map.
        likelihood: Channels at targets to a predictive distribution.
        drift: Linear regression of the values on the first covariates and on the
            trend functions of the backbone's group, subtracted from the context
            before the backbone and added to the prediction.
        std_inflation: Factor for predicted standard deviations.
        added_variance: Variance of Gaussian noise that is then added to every
            prediction, in scaled units.
    """

    def __init__(
        self,
        backbone: Backbone,
        likelihood: Likelihood,
        drift: LinearDrift | None = None,
        std_inflation: float = 1.0,
        added_variance: float = 0.0,
    ) -> None:
        super().__init__()
        if drift is not None and (
            drift.prior_mean.shape[0] != backbone.dy
            or drift.n_trend != backbone.group.n_trend
            or drift.n_covariates > backbone.dw
        ):
            raise ValueError(
                f"`drift` must have dy = {backbone.dy}, n_trend = "
                f"{backbone.group.n_trend} and n_covariates at most dw = "
                f"{backbone.dw}. Got {drift.prior_mean.shape[0]}, {drift.n_trend} and "
                f"{drift.n_covariates}."
            )
        self.backbone = backbone
        self.likelihood = likelihood
        self.drift = drift
        self.std_inflation = std_inflation
        self.added_variance = added_variance

    def encode(
        self,
        context: PointSet,
        domain: Domain,
        auxiliary: tuple[AuxiliarySet, ...] = (),
    ) -> Encoding:
        """Read the context, and the auxiliary sets beside it, once."""
        self.backbone.check_context(context, domain, auxiliary)
        coefficients = None
        if self.drift is not None:
            # A padded point may hold anything as its location.
            mask = context.y_mask.any(-1, keepdim=True)
            x = torch.where(mask, context.x, domain.centre[:, None])
            features = self._features(self.drift, x, context.w, context.w_mask, domain)
            known = context.w_mask[..., : self.drift.n_covariates].all(-1, keepdim=True)
            mask = context.y_mask & known
            coefficients = self.drift.fit(x, features, context.y, mask)
            rest = context.y - self.drift(coefficients, features)
            context = replace(context, y=rest)
        latent = self.backbone.encode(context, domain, auxiliary)
        return Encoding(self.backbone.process(latent), coefficients)

    def decode(
        self, encoding: Encoding, xt: Tensor, wt: Tensor, wt_mask: Tensor
    ) -> Predictive:
        """Predict at any targets (b, nt, dx) with covariates (b, nt, dw)."""
        return self.decode_channels(encoding, xt, wt, wt_mask)[0]

    def decode_channels(
        self, encoding: Encoding, xt: Tensor, wt: Tensor, wt_mask: Tensor
    ) -> tuple[Predictive, Tensor]:
        """As `decode`, and the backbone's channels, (b, nt, d_out)."""
        known = torch.where(wt_mask, wt, 0.0)
        inputs = torch.cat((known, wt_mask.to(wt.dtype)), dim=-1)
        channels = self.backbone.decode(encoding.latent, xt, inputs)
        predictive = self.likelihood(channels)
        if self.std_inflation != 1:
            predictive = predictive.widened(self.std_inflation)
        if self.added_variance:
            predictive = predictive.noised(self.added_variance)
        if self.drift is None:
            return predictive, channels
        domain = encoding.latent.domain
        features = self._features(self.drift, xt, wt, wt_mask, domain)
        moved = predictive.shifted(self.drift(encoding.coefficients, features))
        return moved, channels

    def forward(self, task: Task) -> Predictive:
        """Predict the targets of each task."""
        encoding = self.encode(task.context, task.domain, task.auxiliary)
        return self.decode(encoding, task.target.x, task.target.w, task.target.w_mask)

    def strict(self) -> "NeuralProcess":
        """The strictly equivariant component: the same weights, no fixed inputs."""
        return NeuralProcess(
            self.backbone.strict(), self.likelihood, self.drift,
            self.std_inflation, self.added_variance,
        )  # fmt: skip

    def recalibrated(self, factor: float, variance: float) -> "NeuralProcess":
        """The same weights, with wider predictions.

        Args:
            factor: What standard deviations are further multiplied by.
            variance: Variance that is then added, in scaled units.
        """
        made = NeuralProcess(
            self.backbone, self.likelihood, self.drift, self.std_inflation * factor,
            factor**2 * self.added_variance + variance,
        )  # fmt: skip
        return made.train(self.training)

    def _features(
        self, drift: LinearDrift, x: Tensor, w: Tensor, mask: Tensor, domain: Domain
    ) -> Tensor:
        known = torch.where(mask, w, 0.0)[..., : drift.n_covariates]
        return torch.cat((known, self.backbone.group.trend(x, domain.centre)), dim=-1)
