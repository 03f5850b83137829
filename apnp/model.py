"""A neural process: a likelihood after a backbone, after a drift."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from apnp.backbones import Backbone
from apnp.likelihoods import Predictive
from apnp.nn.drift import LinearDrift
from apnp.types import Domain, Field, PointSet, Task


@dataclass(frozen=True)
class Encoding:
    """What a model keeps of a context: any number of targets may be read from it.

    Attributes:
        latent: The processed latent.
        coefficients: Coefficients of the drift, (b, dy, k + 1), if there is one.
    """

    latent: Field
    coefficients: Tensor | None


class NeuralProcess(nn.Module):
    """Context set and targets to a predictive distribution, in one pass.

    Args:
        backbone: The (approximately) equivariant map.
        likelihood: Channels at targets to a predictive distribution.
        drift: Linear regression of the values on the first `n_drift` covariates, taken
            off the context before the backbone and put back on the prediction.
        n_drift: Number of covariates that the drift uses.
    """

    def __init__(
        self,
        backbone: Backbone,
        likelihood: nn.Module,
        drift: LinearDrift | None = None,
        n_drift: int = 1,
    ) -> None:
        super().__init__()
        made_for = (backbone.dy, min(n_drift, backbone.dw) + 1)
        if drift is not None and drift.prior_mean.shape != made_for:
            raise ValueError(
                f"`drift` must have dy = {backbone.dy} variables and n_drift = "
                f"{n_drift} features, at most dw = {backbone.dw}. Got "
                f"{drift.prior_mean.shape[0]} and {drift.prior_mean.shape[1] - 1}."
            )
        self.backbone = backbone
        self.likelihood = likelihood
        self.drift = drift
        self.n_drift = n_drift

    def encode(self, context: PointSet, domain: Domain) -> Encoding:
        """Read the context once."""
        self.backbone.check_context(context, domain)
        coefficients = None
        if self.drift is not None:
            features = self._features(context.w, context.w_mask)
            known = context.w_mask[..., : self.n_drift].all(-1, keepdim=True)
            mask = context.y_mask & known
            coefficients = self.drift.fit(features, context.y, mask)
            rest = context.y - self.drift(coefficients, features)
            context = replace(context, y=rest)
        latent = self.backbone.process(self.backbone.encode(context, domain))
        return Encoding(latent, coefficients)

    def decode(
        self, encoding: Encoding, xt: Tensor, wt: Tensor, wt_mask: Tensor
    ) -> Predictive:
        """Predict at any targets (b, nt, dx) with covariates (b, nt, dw)."""
        known = torch.where(wt_mask, wt, 0.0)
        inputs = torch.cat((known, wt_mask.to(wt.dtype)), dim=-1)
        predictive = self.likelihood(self.backbone.decode(encoding.latent, xt, inputs))
        if self.drift is None:
            return predictive
        features = self._features(wt, wt_mask)
        return predictive.shifted(self.drift(encoding.coefficients, features))

    def forward(self, task: Task) -> Predictive:
        """Predict the targets of each task."""
        encoding = self.encode(task.context, task.domain)
        return self.decode(encoding, task.target.x, task.target.w, task.target.w_mask)

    def strict(self) -> "NeuralProcess":
        """The strictly equivariant component: the same weights, no fixed inputs."""
        backbone = self.backbone.strict()
        return NeuralProcess(backbone, self.likelihood, self.drift, self.n_drift)

    def _features(self, w: Tensor, mask: Tensor) -> Tensor:
        return torch.where(mask, w, 0.0)[..., : self.n_drift]
