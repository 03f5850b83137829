"""Convolutional conditional neural process (Gordon 2020) on any lattice."""

from collections.abc import Sequence
from dataclasses import replace

from apnp.backbones.gridded import Gridded, GriddedOptions
from apnp.groups import Group
from apnp.nn.cnn import CNN
from apnp.nn.lattice import Lattice
from apnp.nn.unet import UNet, check_divisible, divisor
from apnp.types import Domain, LatticeLatent


class ConvCNP(Gridded):
    """Set convolutions onto a lattice, a U-Net or a CNN on it, and readings.

    Args:
        lattice: Where the latent lives.
        group: The symmetry that the lattice keeps.
        dy: Number of variables.
        dw: Number of covariates.
        net: The network on the lattice, with that lattice's padding.
        widths: Initial widths of the set convolutions and of the covariance, in cells
            of the lattice, widest first.
        options: What it does at points and nodes.
    """

    def __init__(
        self,
        lattice: Lattice,
        group: Group,
        dy: int,
        dw: int,
        net: UNet | CNN,
        widths: Sequence[float],
        options: GriddedOptions = GriddedOptions(),
    ) -> None:
        check_divisible(lattice.shape, net.levels)
        step = divisor(net.levels)
        lattice.check_paddable([g // step for g in lattice.shape], net.reach)
        super().__init__(lattice, group, dy, dw, net.width, widths, options)
        self.net, self.step = net, step

    def placed(self, domain: Domain) -> Lattice:
        """The lattice, or one with more nodes for a wider domain."""
        return self.lattice.covering(domain.extent, self.step)

    def process(self, latent: LatticeLatent) -> LatticeLatent:
        """The network on the lattice, and the mixture that targets read."""
        return replace(latent, z=self.mixed(self.net(latent.z)))
