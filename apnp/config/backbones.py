"""Settings of the architectures, a section each."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from apnp.ranges import Section, ranged

Attention = Literal["plain", "gaussian_bias", "te_tnp"]


@dataclass(frozen=True)
class LatticeConfig(Section):
    """The lattice of the latent.

    Attributes:
        shape: Number of nodes: along every axis on the plane and in a box, rows and
            columns on the sphere.
        spacing_km: Distance between neighbouring nodes; not used on the sphere.
    """

    section: ClassVar[str] = "model.backbone.*.lattice"
    shape: tuple[int, ...] = ranged((96, 192), least=1, most=20_000, count=(1, 4))
    spacing_km: float = ranged(50.0, above=0, most=20_000)


@dataclass(frozen=True, kw_only=True)
class LatticeModelConfig(Section):
    """What all models on a lattice have in common.

    Attributes:
        lengthscales: Initial lengthscales of the set convolutions, in cells of the
            lattice, longest first.
        drift: Fit a linear drift on elevation and location to the context of each
            task, and model what is left.
        kriging: Krige the values onto the lattice. Without it set convolutions alone
            analyse them.
        kriging_neighbours: Number of nearest stations that a node of the lattice is
            kriged from where a time has more than 512 stations; the cost then grows
            with their number. 0 = all stations; the cost grows with the cube of their
            number.
    """

    lengthscales: tuple[float, ...] = ranged((20.0, 8.0, 3.5, 1.6, 0.8), above=0)
    drift: bool = True
    kriging: bool = True
    kriging_neighbours: int = ranged(0, least=0, most=1_000)


@dataclass(frozen=True)
class ConvCNPConfig(LatticeModelConfig):
    """Set convolutions onto a lattice, and a U-Net or a CNN on it.

    Attributes:
        lattice: The lattice of the latent.
        channels: Channels at each level of the U-Net, finest first; a CNN uses the
            first value.
        blocks: Residual blocks at each level of the U-Net.
        kernel: Size of the convolution kernels, odd.
        net: The network on the lattice: a U-Net, or a plain residual CNN.
        depth: Residual blocks of the CNN.
        expansion: Factor by which the channels grow inside a residual block, and inside
            the perceptron at the nodes before them.
        read: Channels that a target reads, a linear mixture made once for all targets:
            the fast way to a million cells. With 0 every target reads all channels and
            passes them through a perceptron.
        embedded: Size of a learned embedding of a station's values, which is spread
            over the lattice alongside the values. 0 = none.
    """

    section: ClassVar[str] = "model.backbone.convcnp"
    lattice: LatticeConfig = field(default_factory=LatticeConfig)
    channels: tuple[int, ...] = ranged((32, 48, 64, 64), least=1, most=4096)
    blocks: tuple[int, ...] = ranged((1, 2, 2, 2), least=0, most=64)
    kernel: int = ranged(5, least=1, most=99)
    net: Literal["unet", "cnn"] = "unet"
    depth: int = ranged(8, least=1, most=256)
    expansion: int = ranged(2, least=1, most=64)
    read: int = ranged(0, least=0, most=4096)
    embedded: int = ranged(4, least=0, most=4096)


@dataclass(frozen=True)
class RelaxedConvCNPConfig(LatticeModelConfig):
    """A ConvCNP with a CNN whose convolutions are relaxed; plain with `form: strict`.

    Attributes:
        lattice: The lattice of the latent.
        channels: Channels of the CNN.
        depth: Its residual blocks, each relaxed by its own function of location.
        kernel: Size of the convolution kernels, odd.
    """

    section: ClassVar[str] = "model.backbone.relaxed_convcnp"
    lattice: LatticeConfig = field(default_factory=LatticeConfig)
    channels: int = ranged(32, least=1, most=4096)
    depth: int = ranged(8, least=1, most=256)
    kernel: int = ranged(7, least=1, most=99)


@dataclass(frozen=True)
class EquivCNPConfig(LatticeModelConfig):
    """Set convolutions onto a square lattice and a steerable CNN, or one on a line.

    Attributes:
        lattice: The lattice of the latent, square.
        rotations: Number of rotations in a full circle that the CNN keeps. Rotations by
            90 degrees are exact (180 where the number is even but no multiple of
            four); others hold as far as the lattice resolves the field.
        reflections: Keep reflections as well.
        channels: Steerable channels of the CNN: each is one channel per rotation and
            reflection. On a line, channels of a CNN with symmetric kernels.
        depth: Its residual blocks.
        kernel: Size of the convolution kernels, odd.
    """

    section: ClassVar[str] = "model.backbone.equivcnp"
    lattice: LatticeConfig = field(
        default_factory=lambda: LatticeConfig((96, 96), 100.0)
    )
    rotations: int = ranged(8, least=1, most=64)
    reflections: bool = True
    channels: int = ranged(12, least=1, most=1024)
    depth: int = ranged(4, least=1, most=256)
    kernel: int = ranged(7, least=1, most=99)


@dataclass(frozen=True, kw_only=True)
class PointModelConfig(Section):
    """What the models of tokens at points have in common.

    Attributes:
        width: Channels of tokens.
        lengthscales_km: Lengthscales at which distances are resolved, longest first.
    """

    width: int = ranged(64, least=1, most=8192)
    lengthscales_km: tuple[float, ...] = ranged(
        (2000.0, 800.0, 350.0, 150.0, 60.0), above=0
    )


@dataclass(frozen=True, kw_only=True)
class LocalTNPConfig(PointModelConfig):
    """Attention to, and kriging from, the nearest stations.

    Attributes:
        neighbours: Number of nearest stations that each target and each station reads.
        layers: Number of times that a target reads its neighbours.
        heads: Attention heads.
    """

    section: ClassVar[str] = "model.backbone.local_tnp"
    neighbours: int = ranged(32, least=1, most=10_000)
    layers: int = ranged(2, least=1, most=64)
    heads: int = ranged(8, least=1, most=256)


@dataclass(frozen=True, kw_only=True)
class TNPConfig(PointModelConfig):
    """Attention of all stations and targets to all stations.

    Attributes:
        layers: Number of times that a target reads the stations.
        heads: Attention heads.
        attention: How attention uses pairs of locations: by a Gaussian bias
            (`gaussian_bias`), by the network of the published equivariant TNP, which is
            slow (`te_tnp`), or not at all (`plain`, which without a group is the plain
            TNP).
    """

    section: ClassVar[str] = "model.backbone.tnp"
    layers: int = ranged(4, least=1, most=64)
    heads: int = ranged(4, least=1, most=256)
    attention: Attention = "gaussian_bias"


@dataclass(frozen=True, kw_only=True)
class PTTNPConfig(TNPConfig):
    """Attention through pseudo-tokens, a few stations far from one another.

    Attributes:
        pseudo: Largest number of pseudo-tokens.
    """

    section: ClassVar[str] = "model.backbone.pt_tnp"
    pseudo: int = ranged(64, least=1, most=10_000)


@dataclass(frozen=True, kw_only=True)
class RCNPConfig(PointModelConfig):
    """The mean over the stations of embeddings of their relations to a target.

    Attributes:
        layers: Hidden layers of the perceptron that embeds a relation.
        full: Relate pairs of stations to the target: the cost is multiplied by the
            number of stations.
    """

    section: ClassVar[str] = "model.backbone.rcnp"
    layers: int = ranged(2, least=1, most=64)
    full: bool = False


@dataclass(frozen=True)
class CNPConfig(Section):
    """The mean over the stations, without any symmetry; of the strict form only.

    Attributes:
        width: Channels of the mean and of both perceptrons.
        layers: Hidden layers of each perceptron.
    """

    section: ClassVar[str] = "model.backbone.cnp"
    width: int = ranged(128, least=1, most=8192)
    layers: int = ranged(3, least=1, most=64)


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
