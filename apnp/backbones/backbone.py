"""The contract that every architecture keeps."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from apnp.groups import Group
from apnp.types import Domain, Field, PointSet


class Backbone(nn.Module, ABC):
    """A map from a context set to channels at targets, equivariant under `group`.

    Moving context, domain and targets together by any element of the group leaves the
    channels as they are.

    Attributes:
        group: The group of symmetries that the backbone keeps.
        dz: Channels of the latent at its sites, where fixed inputs enter.
        d_out: Channels that `decode` returns.
    """

    group: Group
    dz: int
    d_out: int

    def strict(self) -> "Backbone":
        """The strictly equivariant component: itself, unless it says otherwise."""
        return self

    @abstractmethod
    def encode(self, context: PointSet, domain: Domain) -> Field:
        """Read the context; never sees target locations."""

    @abstractmethod
    def process(self, latent: Field) -> Field:
        """The equivariant map of the latent."""

    @abstractmethod
    def decode(self, latent: Field, xt: Tensor, wt: Tensor) -> Tensor:
        """Read the latent at targets: (b, nt, dx), (b, nt, k) -> (b, nt, d_out)."""
