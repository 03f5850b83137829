"""How the backbones of the table of laws are built: small, one a function."""

import math
from collections.abc import Callable
from typing import Any

import torch
from member import DW, DY
from torch import Tensor

from apnp.approx import ApproximatelyEquivariant, FixedInputs, Support
from apnp.backbones import (
    PTTNP,
    RCNP,
    TNP,
    Backbone,
    ConvCNP,
    EquivCNP,
    GriddedOptions,
    LocalTNP,
    RelaxedConvCNP,
    TokenLayers,
)
from apnp.backbones.tokens import AttentionKind
from apnp.framing import Framed, PoseSampling
from apnp.framing.learned import Sampling
from apnp.groups import (
    Group,
    LongitudeShifts,
    Product,
    RigidMotions,
    Rotations,
    SphereRotations,
    Translations,
    Trivial,
)
from apnp.likelihoods import HeteroscedasticGaussian
from apnp.model import NeuralProcess
from apnp.nn.cnn import CNN
from apnp.nn.drift import LinearDrift
from apnp.nn.lattice import Lattice, PlaneLattice, SphereLattice
from apnp.nn.steerable import PointGroup, ReflectionCNN, SteerableCNN
from apnp.nn.unet import UNet


def whole_group(group: Group, generator: torch.Generator, like: Tensor) -> Tensor:
    """Any element: the lattice moves with the domain, on the sphere its longitude."""
    return group.random(generator, like)


LATTICES: dict[str, tuple[Callable[[], Lattice], Group, tuple[int, ...]]] = {
    "line": (lambda: PlaneLattice((16,), 0.3), Translations(1), (4, 4, 6)),
    "plane": (lambda: PlaneLattice((8, 10), 0.4), Translations(2), (4, 6)),
    "box": (lambda: PlaneLattice((6, 4, 6), 0.6), Translations(3), (4, 5)),
    "sphere": (lambda: SphereLattice(6, 12), LongitudeShifts(), (4, 6)),
}


def convcnp(where: str, auxiliary_dy: tuple[int, ...] = (), **options: Any) -> ConvCNP:
    make, group, channels = LATTICES[where]
    lattice = make()
    net = UNet(channels, (1,) * len(channels), 3, len(lattice.shape), lattice.pad)
    made = GriddedOptions(auxiliary_dy, **options)
    return ConvCNP(lattice, group, DY, DW, net, (0.75, 2.0), made)


def convcnp_with_cnn(where: str, auxiliary_dy: tuple[int, ...] = ()) -> ConvCNP:
    make, group, _ = LATTICES[where]
    lattice = make()
    net = CNN(4, 2, 3, len(lattice.shape), lattice.pad)
    options = GriddedOptions(auxiliary_dy)
    return ConvCNP(lattice, group, DY, DW, net, (0.75, 2.0), options)


def relaxed(
    where: str, support: bool, auxiliary_dy: tuple[int, ...] = ()
) -> RelaxedConvCNP:
    convcnp = convcnp_with_cnn(where, auxiliary_dy)
    relaxations = [fixed_inputs(convcnp.group.dx, 1, support) for _ in range(2)]
    return RelaxedConvCNP(convcnp, relaxations)


def equivcnp(
    turns: PointGroup | None, auxiliary_dy: tuple[int, ...] = (), kriging: bool = True
) -> EquivCNP:
    """On the plane with these turns, or on the line."""
    net: ReflectionCNN | SteerableCNN
    if turns is None:
        lattice = PlaneLattice((14,), 0.3)
        net = ReflectionCNN(4, 2, 5, lattice.pad)
    else:
        lattice = PlaneLattice((8, 8), 0.4)
        net = SteerableCNN(4, 2, 5, turns, lattice.pad)
    options = GriddedOptions(auxiliary_dy, kriging)
    return EquivCNP(lattice, DY, DW, net, (0.75, 2.0), options)


GROUPS: dict[str, Group] = {
    **{name: group for name, (_, group, _) in LATTICES.items()},
    "E(1)": RigidMotions(1),
    "E(2)": RigidMotions(2),
    "SE(2)": RigidMotions(2, mirrors=False),
    "SO(2)": Rotations(),
    "SO(3)": SphereRotations(),
    "time shifts": Translations(3, dims=(2,)),
    "longitude and time shifts": Product(LongitudeShifts(), Translations(1)),
    "E(2) and time shifts": Product(RigidMotions(2), Translations(1)),
    "no symmetry": Trivial(2),
}

LENGTHS = (2.0, 0.7)
UNKRIGED = {"kriging": False}
VARIED = ("plane", "sphere", "E(2)", "SO(3)", "E(2) and time shifts")
"""Groups under which the variants of a model of points are tested; its plain form is
tested under all of them, and what a group leaves of pairs is the same for both."""


def local_tnp(group: str) -> LocalTNP:
    """Three neighbours: the fourth of the four observed points bounds them."""
    return LocalTNP(GROUPS[group], DY, DW, LENGTHS, 3, width=8, layers=2, heads=2)


def tnp(group: str, attention: AttentionKind = "gaussian_bias") -> TNP:
    return TNP(GROUPS[group], DY, DW, LENGTHS, TokenLayers(8, 2, 2, attention))


def pt_tnp(group: str, attention: AttentionKind = "gaussian_bias") -> PTTNP:
    """Three pseudo-tokens of the four observed points."""
    return PTTNP(GROUPS[group], DY, DW, LENGTHS, 3, TokenLayers(8, 2, 2, attention))


def rcnp(group: str, full: bool = False) -> RCNP:
    return RCNP(GROUPS[group], DY, DW, LENGTHS, width=8, layers=2, full=full)


def framed(group: str, inner: Callable[[Group], Backbone] | None = None) -> Framed:
    """A model without any symmetry, averaged over frames."""
    plain = Trivial(GROUPS[group].dx)
    if inner is None:
        layers = TokenLayers(8, 2, 2, "plain")
        return Framed(TNP(plain, DY, DW, LENGTHS, layers), GROUPS[group])
    return Framed(inner(plain), GROUPS[group])


def learned(
    group: str,
    inner: Callable[[Group], Backbone] | None = None,
    kind: Sampling = "learned",
) -> Framed:
    """The same, averaged over three learned frames."""
    sampling = PoseSampling(kind, 3, width=8)
    return Framed(framed(group, inner).backbone, GROUPS[group], sampling)


def approximate(
    where: str, support: bool, backbone: Backbone | None = None
) -> ApproximatelyEquivariant:
    backbone = backbone or convcnp(where)
    fixed = fixed_inputs(backbone.group.dx, backbone.dz, support)
    return ApproximatelyEquivariant(backbone, fixed)


def fixed_inputs(dx: int, dz: int, support: bool) -> FixedInputs:
    box = Support((-0.9,) * dx, (0.6,) * dx, edge=0.8) if support else None
    return FixedInputs(dx, dz, 3, 0.3, 8, box, n_frequencies=4)


def process(backbone: Backbone) -> NeuralProcess:
    moments = {"predicts_moments": backbone.predicts_moments}
    likelihood = HeteroscedasticGaussian(backbone.d_out, DY, **moments)
    drift = LinearDrift(1, backbone.group.n_trend, DY, LENGTHS)
    return NeuralProcess(backbone, likelihood, drift)


def exact_turns(
    turns: PointGroup,
) -> Callable[[Group, torch.Generator, Tensor], Tensor]:
    """Any shift, after a turn of the group that maps square cells to square cells."""

    def draw(group: Group, generator: torch.Generator, like: Tensor) -> Tensor:
        sizes = (math.gcd(turns.number, 4), turns.order // turns.number)
        n, m = (int(torch.randint(k, (1,), generator=generator)) for k in sizes)
        quarter = torch.tensor([[0.0, -1.0], [1.0, 0.0]]).to(like)
        mirror = torch.tensor([[1.0, 0.0], [0.0, -1.0]]).to(like)
        turn = torch.linalg.matrix_power(quarter, 4 // sizes[0] * n)
        turn = turn @ torch.linalg.matrix_power(mirror, m)
        shift = torch.randn(2, generator=generator, dtype=torch.float64)
        return torch.cat((turn.flatten(), 3.0 * shift.to(like)))

    return draw
