"""The table of every backbone, strict and approximate, that must keep the laws."""

import math
from collections.abc import Callable
from typing import Any

import torch
from member import AUXILIARY_DY, DW, DY, Member
from torch import Tensor

from apnp.approx import ApproximatelyEquivariant, FixedInputs, Support
from apnp.backbones import (
    CNP,
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
from apnp.framing import Framed
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


FACTORIES: dict[str, tuple[str, Callable[[], Any]]] = {
    **{f"ConvCNP, {at}": (at, lambda at=at: convcnp(at)) for at in LATTICES},
    **{
        f"ConvCNP, {at}, approximate": (at, lambda at=at: approximate(at, False))
        for at in LATTICES
    },
    **{
        f"ConvCNP, {at}, approximate in a support": (
            at,
            lambda at=at: approximate(at, True),
        )
        for at in ("line", "plane", "sphere")
    },
    **{
        f"ConvCNP without kriging, {at}": (at, lambda at=at: convcnp(at, **UNKRIGED))
        for at in LATTICES
    },
    "ConvCNP read linearly, sphere": (
        "sphere",
        lambda: convcnp("sphere", read=3, embedded=0),
    ),
    "ConvCNP read linearly, plane, approximate": (
        "plane",
        lambda: approximate("plane", False, convcnp("plane", read=3)),
    ),
    "ConvCNP without kriging, sphere, auxiliary sets, approximate": (
        "sphere",
        lambda: approximate(
            "sphere", False, convcnp("sphere", AUXILIARY_DY, **UNKRIGED)
        ),
    ),
    "EquivCNP without kriging, line": ("E(1)", lambda: equivcnp(None, (), False)),
    **{
        f"ConvCNP with a CNN, {at}": (at, lambda at=at: convcnp_with_cnn(at))
        for at in LATTICES
    },
    **{
        f"RelaxedConvCNP, {at}, approximate": (at, lambda at=at: relaxed(at, False))
        for at in LATTICES
    },
    "RelaxedConvCNP, plane, approximate in a support": (
        "plane",
        lambda: relaxed("plane", True),
    ),
    "NeuralProcess, RelaxedConvCNP, plane, approximate": (
        "plane",
        lambda: process(relaxed("plane", False)),
    ),
    "EquivCNP, line": ("E(1)", lambda: equivcnp(None)),
    "EquivCNP, line, approximate": (
        "E(1)",
        lambda: approximate("line", False, equivcnp(None)),
    ),
    **{f"LocalTNP, {g}": (g, lambda g=g: local_tnp(g)) for g in GROUPS},
    **{
        f"LocalTNP, {g}, approximate": (
            g,
            lambda g=g: approximate(g, g == "plane", local_tnp(g)),
        )
        for g in VARIED
    },
    **{f"TNP, {g}": (g, lambda g=g: tnp(g)) for g in GROUPS},
    **{f"PTTNP, {g}": (g, lambda g=g: pt_tnp(g)) for g in GROUPS},
    **{
        f"{name}, {g}, published": (g, lambda g=g, made=made: made(g, "te_tnp"))
        for name, made in (("TNP", tnp), ("PTTNP", pt_tnp))
        for g in VARIED
    },
    "TNP, plain": ("no symmetry", lambda: tnp("no symmetry", "plain")),
    "PTTNP, plain": ("no symmetry", lambda: pt_tnp("no symmetry", "plain")),
    **{
        f"{name}, {g}, approximate": (
            g,
            lambda g=g, made=made: approximate(g, False, made(g)),
        )
        for name, made in (("TNP", tnp), ("PTTNP", pt_tnp))
        for g in VARIED
    },
    **{f"RCNP, {g}": (g, lambda g=g: rcnp(g)) for g in GROUPS},
    **{f"RCNP, {g}, full": (g, lambda g=g: rcnp(g, True)) for g in VARIED},
    **{
        f"RCNP, {g}, full {full}, approximate": (
            g,
            lambda g=g, full=full: approximate(g, g == "plane", rcnp(g, full)),
        )
        for g in VARIED
        for full in (False, True)
    },
    **{
        f"Framed TNP, {g}": (g, lambda g=g: framed(g))
        for g in (
            "line",
            "E(1)",
            "SE(2)",
            "E(2)",
            "SO(3)",
            "sphere",
            "time shifts",
            "E(2) and time shifts",
            "longitude and time shifts",
        )
    },
    **{
        f"Framed TNP, {g}, approximate": (
            g,
            lambda g=g: approximate(g, g == "E(2)", framed(g)),
        )
        for g in ("E(1)", "E(2)", "SO(3)")
    },
    "Framed CNP, E(2)": (
        "E(2)",
        lambda: framed("E(2)", lambda g: CNP(g.dx, DY, DW, width=8, layers=2)),
    ),
    "Framed ConvCNP, plane, auxiliary sets": (
        "plane",
        lambda: framed("plane", lambda _: convcnp("plane", AUXILIARY_DY)),
    ),
    "Framed ConvCNP, SE(2), approximate": (
        "SE(2)",
        lambda: approximate(
            "SE(2)", False, framed("SE(2)", lambda _: convcnp("plane"))
        ),
    ),
    "Framed ConvCNP, sphere, approximate": (
        "sphere",
        lambda: approximate(
            "sphere", False, framed("sphere", lambda _: convcnp("sphere"))
        ),
    ),
    "NeuralProcess, Framed TNP, E(2)": ("E(2)", lambda: process(framed("E(2)"))),
    "CNP": ("no symmetry", lambda: CNP(2, DY, DW, width=8, layers=2)),
    **{
        f"ConvCNP, {at}, auxiliary sets": (at, lambda at=at: convcnp(at, AUXILIARY_DY))
        for at in LATTICES
    },
    **{
        f"ConvCNP, {at}, auxiliary sets, approximate": (
            at,
            lambda at=at: approximate(at, False, convcnp(at, AUXILIARY_DY)),
        )
        for at in LATTICES
    },
    "RelaxedConvCNP, plane, auxiliary sets, approximate": (
        "plane",
        lambda: relaxed("plane", False, AUXILIARY_DY),
    ),
    "EquivCNP, line, auxiliary sets": ("E(1)", lambda: equivcnp(None, AUXILIARY_DY)),
    "NeuralProcess, sphere, auxiliary sets, approximate": (
        "sphere",
        lambda: process(approximate("sphere", False, convcnp("sphere", AUXILIARY_DY))),
    ),
    "NeuralProcess, LocalTNP, sphere, approximate": (
        "sphere",
        lambda: process(approximate("sphere", False, local_tnp("sphere"))),
    ),
    "NeuralProcess, line": ("line", lambda: process(convcnp("line"))),
    "NeuralProcess, plane, approximate": (
        "plane",
        lambda: process(approximate("plane", True)),
    ),
    "NeuralProcess, sphere, approximate": (
        "sphere",
        lambda: process(approximate("sphere", False)),
    ),
}


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


TURNS = {
    "C_4": PointGroup(4, mirrors=False), "D_4": PointGroup(4),
    "D_8": PointGroup(8), "D_6": PointGroup(6), "D_3": PointGroup(3),
    "C_2": PointGroup(2, mirrors=False), "C_3": PointGroup(3, mirrors=False),
}  # fmt: skip
STEERABLE: dict[str, tuple[PointGroup, Callable[[], Any]]] = {
    **{f"EquivCNP, {n}": (t, lambda t=t: equivcnp(t)) for n, t in TURNS.items()},
    "EquivCNP without kriging, D_4": (
        TURNS["D_4"],
        lambda: equivcnp(TURNS["D_4"], (), False),
    ),
    "EquivCNP, D_4, auxiliary sets": (
        TURNS["D_4"],
        lambda: equivcnp(TURNS["D_4"], AUXILIARY_DY),
    ),
    "EquivCNP, C_4, auxiliary sets, approximate": (
        TURNS["C_4"],
        lambda: approximate("plane", False, equivcnp(TURNS["C_4"], AUXILIARY_DY)),
    ),
    "EquivCNP, C_4, approximate in a support": (
        TURNS["C_4"],
        lambda: approximate("plane", True, equivcnp(TURNS["C_4"])),
    ),
    "NeuralProcess, EquivCNP, D_4, approximate": (
        TURNS["D_4"],
        lambda: process(approximate("plane", False, equivcnp(TURNS["D_4"]))),
    ),
}
MEMBERS = [
    Member(name, make, GROUPS[at], whole_group, 1e-10)
    for name, (at, make) in FACTORIES.items()
] + [
    Member(name, make, RigidMotions(2, turns.mirrors), exact_turns(turns), 1e-10)
    for name, (turns, make) in STEERABLE.items()
]

OF_TOKENS = ("TNP", "RCNP")
ON_A_SPHERE = [
    m
    for m in MEMBERS
    if "sphere" in m.name and not any(name in m.name for name in OF_TOKENS)
]

ROWS: dict[str, list[Member]] = {
    "member": MEMBERS,
    "loosened": [m for m in MEMBERS if m.approximate],
    "with_auxiliary": [m for m in MEMBERS if m.with_auxiliary],
    "spherical": ON_A_SPHERE,
}
"""The members that a law tests, by the name of its argument: all of them, those with
fixed inputs, those that read auxiliary sets, those with a lattice on the sphere."""
