"""The table of every backbone, strict and approximate, that must keep the laws."""

from collections.abc import Callable
from typing import Any

from builders import (
    GROUPS,
    LATTICES,
    UNKRIGED,
    VARIED,
    approximate,
    convcnp,
    convcnp_with_cnn,
    equivcnp,
    exact_turns,
    framed,
    learned,
    local_tnp,
    process,
    pt_tnp,
    rcnp,
    relaxed,
    tnp,
    whole_group,
)
from member import AUXILIARY_DY, DW, DY, Member

from apnp.backbones import CNP
from apnp.groups import RigidMotions
from apnp.nn.steerable import PointGroup

FRAMED_GROUPS = (
    "line", "E(1)", "SE(2)", "E(2)", "SO(3)", "sphere", "time shifts",
    "E(2) and time shifts", "longitude and time shifts",
)  # fmt: skip
"""All groups that have frames."""

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
    **{
        f"ConvCNP kriging from three stations, {at}": (
            at,
            lambda at=at: convcnp(at, neighbours=3, whole=0),
        )
        for at in ("plane", "sphere")
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
    **{f"Framed TNP, {g}": (g, lambda g=g: framed(g)) for g in FRAMED_GROUPS},
    **{
        f"Learned frames of a TNP, {g}": (g, lambda g=g: learned(g))
        for g in FRAMED_GROUPS
    },
    "Learned frames of a TNP, E(2), approximate": (
        "E(2)",
        lambda: approximate("E(2)", True, learned("E(2)")),
    ),
    "Learned frames of a LocalTNP, SE(2)": (
        "SE(2)",
        lambda: learned("SE(2)", lambda g: local_tnp("no symmetry")),
    ),
    "Learned frames of a ConvCNP, SE(2), approximate": (
        "SE(2)",
        lambda: approximate(
            "SE(2)", False, learned("SE(2)", lambda _: convcnp("plane"))
        ),
    ),
    **{
        f"Learned frames of a CNP, {kind}, {g}": (
            g,
            lambda g=g, kind=kind: learned(
                g, lambda inside: CNP(inside.dx, DY, DW, width=8, layers=2), kind
            ),
        )
        for kind, g in (("canonical", "E(2)"), ("uniform", "SO(3)"))
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
