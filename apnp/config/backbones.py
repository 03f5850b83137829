"""Settings of the architectures, a section each."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class LatticeConfig:
    """The lattice of the latent.

    Attributes:
        shape: Number of nodes: along every axis on the plane and in a box, rows and
            columns on the sphere.
        spacing_km: Distance of neighbouring nodes; not on the sphere.
    """

    shape: tuple[int, ...] = (96, 192)
    spacing_km: float = 50.0


@dataclass(frozen=True)
class ConvCNPConfig:
    """Set convolutions onto a lattice, and a U-Net or a CNN on it.

    Attributes:
        lattice: The lattice of the latent.
        channels: Channels at each level of the U-Net, finest first; a CNN has the
            first of them.
        blocks: Residual blocks at each level of the U-Net.
        kernel: Size of the convolution kernels.
        widths: Initial widths of the set convolutions, in cells of the lattice, widest
            first.
        drift: Take a linear drift on elevation and location off the context, task by
            task.
        kriging: Krige the values onto the lattice. Without it they are analysed by set
            convolutions alone; with neither it nor a drift, whose costs grow with the
            cube of the number of stations, the cost grows with their number.
        net: The network on the lattice: a U-Net, or a plain residual CNN.
        depth: Residual blocks of the CNN.
        expansion: Times as many channels inside a residual block, and inside the
            perceptron at the nodes before them.
        read: Channels that a target reads, a linear mixture made once for all targets:
            the fast way to a million cells. Zero for all channels, and a perceptron at
            every target.
        embedded: Numbers that a station's values are embedded by, spread over the
            lattice beside them.
    """

    lattice: LatticeConfig = field(default_factory=LatticeConfig)
    channels: tuple[int, ...] = (32, 48, 64, 64)
    blocks: tuple[int, ...] = (1, 2, 2, 2)
    kernel: int = 5
    widths: tuple[float, ...] = (20.0, 8.0, 3.5, 1.6, 0.8)
    drift: bool = True
    kriging: bool = True
    net: Literal["unet", "cnn"] = "unet"
    depth: int = 8
    expansion: int = 2
    read: int = 0
    embedded: int = 4


@dataclass(frozen=True)
class RelaxedConvCNPConfig:
    """A ConvCNP with a CNN whose convolutions are relaxed; `form: strict` is without.

    Attributes:
        lattice: The lattice of the latent.
        channels: Channels of the CNN.
        depth: Its residual blocks, each relaxed by a function of location of its own.
        kernel: Size of the convolution kernels.
        widths: Initial widths of the set convolutions, in cells of the lattice, widest
            first.
        drift: Take a linear drift on elevation and location off the context, task by
            task.
        kriging: Krige the values onto the lattice. Without it they are analysed by set
            convolutions alone; with neither it nor a drift, whose costs grow with the
            cube of the number of stations, the cost grows with their number.
    """

    lattice: LatticeConfig = field(default_factory=LatticeConfig)
    channels: int = 32
    depth: int = 8
    kernel: int = 7
    widths: tuple[float, ...] = (20.0, 8.0, 3.5, 1.6, 0.8)
    drift: bool = True
    kriging: bool = True


@dataclass(frozen=True)
class EquivCNPConfig:
    """Set convolutions onto a square lattice and a steerable CNN, or one on a line.

    Attributes:
        lattice: The lattice of the latent, as many nodes along x as along y.
        turns: Number of turns to a circle that the CNN keeps: to rounding those by 90
            degrees (180 if it is even but no multiple of four), others as far as the
            lattice resolves the field.
        mirrors: Keep mirror images as well.
        fields: Fields of the CNN, each of one channel a turn and mirror image; on a
            line the channels of a CNN whose kernels are their own mirror images.
        depth: Its residual blocks.
        kernel: Size of the convolution kernels.
        widths: Initial widths of the set convolutions, in cells of the lattice, widest
            first.
        drift: Take a linear drift on elevation and location off the context, task by
            task.
        kriging: Krige the values onto the lattice. Without it they are analysed by set
            convolutions alone; with neither it nor a drift, whose costs grow with the
            cube of the number of stations, the cost grows with their number.
    """

    lattice: LatticeConfig = field(
        default_factory=lambda: LatticeConfig((96, 96), 100.0)
    )
    turns: int = 8
    mirrors: bool = True
    fields: int = 12
    depth: int = 4
    kernel: int = 7
    widths: tuple[float, ...] = (20.0, 8.0, 3.5, 1.6, 0.8)
    drift: bool = True
    kriging: bool = True


@dataclass(frozen=True)
class LocalTNPConfig:
    """Attention to, and kriging from, the nearest stations.

    Attributes:
        neighbours: Number of stations that a target reads, and a station of others.
        width: Channels of tokens.
        layers: Number of times that a target reads its neighbours.
        heads: Heads of each reading.
        lengths_km: Initial lengths of the covariance, longest first.
    """

    neighbours: int = 32
    width: int = 64
    layers: int = 2
    heads: int = 8
    lengths_km: tuple[float, ...] = (2000.0, 800.0, 350.0, 150.0, 60.0)


@dataclass(frozen=True)
class TNPConfig:
    """Attention of all stations and targets to all stations.

    Attributes:
        width: Channels of tokens.
        layers: Number of times that a target reads the stations.
        heads: Heads of each reading.
        lengths_km: Lengths at which distances are told apart.
        attention: How attention knows of pairs of places: by Gaussian windows, or by
            the network of the published equivariant TNP, which is slow; `plain` knows
            nothing of them, and without a group it is the plain TNP.
    """

    width: int = 64
    layers: int = 4
    heads: int = 4
    lengths_km: tuple[float, ...] = (2000.0, 800.0, 350.0, 150.0, 60.0)
    attention: Literal["plain", "windows", "published"] = "windows"


@dataclass(frozen=True)
class PTTNPConfig:
    """Attention by way of pseudo-tokens, a few stations far from one another.

    Attributes:
        pseudo: Largest number of pseudo-tokens.
        width: Channels of tokens.
        layers: Number of times that a target reads the pseudo-tokens.
        heads: Heads of each reading.
        lengths_km: Lengths at which distances are told apart.
        attention: How attention knows of pairs of places, as of the TNP.
    """

    pseudo: int = 64
    width: int = 64
    layers: int = 4
    heads: int = 4
    lengths_km: tuple[float, ...] = (2000.0, 800.0, 350.0, 150.0, 60.0)
    attention: Literal["plain", "windows", "published"] = "windows"


@dataclass(frozen=True)
class RCNPConfig:
    """The mean over the stations of what relates each to the target.

    Attributes:
        width: Channels of tokens and of the perceptron of a relation.
        layers: Hidden layers of that perceptron.
        lengths_km: Lengths at which distances are told apart.
        full: Relate pairs of stations to the target: as many times the cost as there
            are stations.
    """

    width: int = 64
    layers: int = 2
    lengths_km: tuple[float, ...] = (2000.0, 800.0, 350.0, 150.0, 60.0)
    full: bool = False


@dataclass(frozen=True)
class CNPConfig:
    """The mean over the stations, without any symmetry; of the strict form only.

    Attributes:
        width: Channels of the mean and of both perceptrons.
        layers: Hidden layers of each perceptron.
    """

    width: int = 128
    layers: int = 3


@dataclass(frozen=True)
class BackboneConfig:
    """The strictly equivariant network.

    Attributes:
        name: The architecture; of the sections below the one of this name is used.
        convcnp: Settings of the ConvCNP.
        relaxed_convcnp: Settings of the RelaxedConvCNP.
        equivcnp: Settings of the EquivCNP.
        local_tnp: Settings of the local TNP.
        pt_tnp: Settings of the PT-TNP.
        tnp: Settings of the TNP.
        rcnp: Settings of the RCNP.
        cnp: Settings of the CNP.
    """

    name: Literal[
        "cnp", "convcnp", "equivcnp", "local_tnp",
        "pt_tnp", "rcnp", "relaxed_convcnp", "tnp",
    ] = "local_tnp"  # fmt: skip
    convcnp: ConvCNPConfig = field(default_factory=ConvCNPConfig)
    relaxed_convcnp: RelaxedConvCNPConfig = field(default_factory=RelaxedConvCNPConfig)
    equivcnp: EquivCNPConfig = field(default_factory=EquivCNPConfig)
    local_tnp: LocalTNPConfig = field(default_factory=LocalTNPConfig)
    pt_tnp: PTTNPConfig = field(default_factory=PTTNPConfig)
    tnp: TNPConfig = field(default_factory=TNPConfig)
    rcnp: RCNPConfig = field(default_factory=RCNPConfig)
    cnp: CNPConfig = field(default_factory=CNPConfig)
