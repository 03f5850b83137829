"""Relaxed convolutional neural process: convolutions that weigh where they look."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn

from apnp.backbones.backbone import Backbone
from apnp.backbones.convcnp import ConvCNP
from apnp.nn.cnn import CNN
from apnp.types import AuxiliarySet, Domain, LatticeLatent, PointSet


class RelaxedConvCNP(Backbone[LatticeLatent]):
    """A ConvCNP each of whose convolutions is relaxed by a function of location.

    Layer l takes the contribution of the input position v times 1 + t_l(v): a relaxed
    group convolution with one bank of filters (Wang 2022), the baseline of Ashman 2024.
    Inputs are weighed, not outputs. The map is jointly equivariant in the data and the
    t_l. Where a task's `domain.absolute` is False they are zero and the ConvCNP is
    left.

    Args:
        convcnp: A ConvCNP with a CNN.
        relaxations: For every block of the CNN a map t_l of locations (..., dx) to
            one number (..., 1).
    """

    def __init__(self, convcnp: ConvCNP, relaxations: Sequence[nn.Module]) -> None:
        super().__init__()
        if not isinstance(convcnp.net, CNN):
            raise ValueError(
                "`convcnp` must have a CNN, whose convolutions are all on one lattice. "
                f"Got a {type(convcnp.net).__name__}."
            )
        if len(relaxations) != len(convcnp.net.blocks):
            raise ValueError(
                "`relaxations` are as many as the blocks of the CNN, "
                f"{len(convcnp.net.blocks)}. Got {len(relaxations)}."
            )
        self.convcnp = convcnp
        self.relaxations = nn.ModuleList(relaxations)
        self.group = convcnp.group
        self.dy, self.dw = convcnp.dy, convcnp.dw
        self.dz, self.d_out = convcnp.dz, convcnp.d_out
        self.auxiliary_dy = convcnp.auxiliary_dy
        self.exact = f"{convcnp.exact}, without relaxation"

    def strict(self) -> ConvCNP:
        """The ConvCNP, with the same weights."""
        return self.convcnp

    def encode(
        self,
        context: PointSet,
        domain: Domain,
        auxiliary: tuple[AuxiliarySet, ...] = (),
    ) -> LatticeLatent:
        """The ConvCNP's own encoding."""
        return self.convcnp.encode(context, domain, auxiliary)

    def process(self, latent: LatticeLatent) -> LatticeLatent:
        """The CNN, each of its convolutions with its own weight of every node."""
        known = latent.domain.absolute.reshape(-1, *(1,) * (latent.sites.ndim - 1))
        gains = [(1 + known * t(latent.sites)).movedim(-1, 1) for t in self.relaxations]
        z = self.convcnp.net(latent.z, gains)
        return replace(latent, z=self.convcnp.mixed(z))

    def decode(
        self, latent: LatticeLatent, xt: Tensor, wt: Tensor, et: Tensor | None = None
    ) -> Tensor:
        """The ConvCNP's own reading."""
        return self.convcnp.decode(latent, xt, wt, et)
