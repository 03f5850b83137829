"""Equivariant convolutional neural process: the ConvCNP for turns and mirrors."""

from collections.abc import Sequence
from dataclasses import replace

from apnp.backbones.gridded import Gridded, GriddedOptions
from apnp.groups import RigidMotions
from apnp.nn.lattice import Lattice, PlaneLattice
from apnp.nn.steerable import ReflectionCNN, SteerableCNN
from apnp.types import Domain, LatticeLatent


class EquivCNP(Gridded):
    """Isotropic set convolutions and readings, a steerable CNN between them.

    It keeps rigid motions of the line or the plane (Kawano 2021; Holderrieth 2021),
    with mirrors if the network does: on the plane its lattice is square, whatever the
    domain. Turns that do not map the lattice onto itself are kept as far as it resolves
    the fields. Fixed inputs and covariates are scalars: they enter before the network.

    Args:
        lattice: Where the latent lives, with as many nodes along either axis.
        dy: Number of variables.
        dw: Number of covariates.
        net: The network on the lattice, with that lattice's padding.
        widths: Initial widths of the set convolutions and of the covariance, in cells
            of the lattice, widest first.
        options: What it does at points and nodes.
    """

    def __init__(
        self,
        lattice: PlaneLattice,
        dy: int,
        dw: int,
        net: SteerableCNN | ReflectionCNN,
        widths: Sequence[float],
        options: GriddedOptions = GriddedOptions(),
    ) -> None:
        if len(lattice.shape) != net.n_axes:
            raise ValueError(
                f"`lattice` must have the axes of the network, {net.n_axes}. Got "
                f"{len(lattice.shape)}: a line takes mirrored kernels, a plane "
                "steerable ones."
            )
        if len(set(lattice.shape)) > 1:
            raise ValueError(
                "The lattice of an EquivCNP has as many nodes along either axis, for "
                f"quarter turns. Got {lattice.shape}: take {max(lattice.shape)} along "
                "both."
            )
        group = RigidMotions(net.n_axes, net.mirrors)
        super().__init__(lattice, group, dy, dw, net.width, widths, options)
        self.net, self.exact = net, net.exact

    def placed(self, domain: Domain) -> Lattice:
        """A square lattice that holds the domain, however it is turned."""
        side = domain.extent.amax(-1, keepdim=True)
        return self.lattice.covering(side.expand_as(domain.extent), 1)

    def process(self, latent: LatticeLatent) -> LatticeLatent:
        """The network on the lattice."""
        return replace(latent, z=self.net(latent.z))
