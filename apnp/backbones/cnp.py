"""Conditional neural process (Garnelo 2018): a deep set, without any symmetry."""

from dataclasses import replace

import torch
from torch import Tensor

from apnp.backbones.backbone import Backbone
from apnp.backbones.tokens import check_sizes, inputs_of, known, masked_mean
from apnp.groups import Trivial
from apnp.nn.mlp import first_weight, mlp
from apnp.types import AuxiliarySet, Domain, PointSet, Tokens


class CNP(Backbone[Tokens]):
    """One vector for a context: the mean of what a perceptron makes of its points.

    A second perceptron reads it at a target's location and covariates. Locations are
    absolute, so the vector lies nowhere: there are no sites for fixed inputs, and there
    would be nothing for them to add.

    Args:
        dx: Dimensions of a location.
        dy: Number of variables.
        dw: Number of covariates.
        width: Channels of the vector and of both perceptrons.
        layers: Hidden layers of each perceptron.
    """

    has_sites = False

    def __init__(
        self, dx: int, dy: int, dw: int, width: int = 128, layers: int = 3
    ) -> None:
        super().__init__()
        check_sizes(None, width=width, layers=layers)
        self.group, self.dy, self.dw = Trivial(dx), dy, dw
        self.dz = self.d_out = width
        self.embed = mlp(dx + 2 * dy + 2 * dw, width, width, hidden=layers)
        self.readout = mlp(width + dx + 2 * dw, width, width, hidden=layers)

    def location_weights(self) -> list[Tensor]:
        """The first layers' columns of a point's, and of a target's, location."""
        dx, width = self.group.dx, self.dz
        point, target = first_weight(self.embed), first_weight(self.readout)
        return [point[:, :dx], target[:, width : width + dx]]

    def encode(
        self,
        context: PointSet,
        domain: Domain,
        auxiliary: tuple[AuxiliarySet, ...] = (),
    ) -> Tokens:
        """What the perceptron makes of each context point."""
        self.check_context(context, domain, auxiliary)
        points = known(context, domain)
        z = self.embed(torch.cat((points.x, inputs_of(points)), dim=-1))
        return Tokens(z, points.x, points.y_mask.any(-1), points, domain)

    def process(self, latent: Tokens) -> Tokens:
        """Their mean, as one token; the domain's centre stands for its place."""
        z = masked_mean(latent.z[:, None], latent.mask)
        return replace(
            latent,
            z=z,
            sites=latent.domain.centre[:, None],
            mask=latent.mask.any(-1, keepdim=True),
        )

    def decode(
        self, latent: Tokens, xt: Tensor, wt: Tensor, et: Tensor | None = None
    ) -> Tensor:
        """Read the token at each target's location and covariates."""
        self.check_targets(latent, xt, wt)
        context = latent.z.expand(-1, xt.shape[1], -1)
        return self.readout(torch.cat((context, xt, wt), dim=-1))
