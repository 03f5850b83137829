"""The models of the studies of grids (Ashman 2024, sections 5.2 and 5.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from apnp.config import (
    BackboneConfig,
    ConvCNPConfig,
    EquivCNPConfig,
    FixedInputsConfig,
    LatticeConfig,
    ModelConfig,
    PTTNPConfig,
    RelaxedConvCNPConfig,
    TrainerConfig,
)
from apnp.errors import ConfigError
from apnp.experiments.entries import (
    PAPER_TRAINER,
    Entry,
    check_names,
    variants,
    with_likelihood,
)

_WIDTHS = (16.0, 6.0, 2.5, 1.0)
"""Initial widths of the set convolutions, in cells of the grid."""
_LENGTHS = (32.0, 12.0, 4.0, 1.5)
"""Lengths at which attention tells distances apart, in cells of the grid."""
_SCALE = 8.0
"""Shortest scale of Fourier features of location, in cells of the grid."""
_MARGIN = 8
"""Nodes of a lattice beyond the cells of a patch."""


@dataclass(frozen=True)
class Size:
    """How large the models of a grid are, and how they are trained.

    Attributes:
        backbone: The architectures, but for lattices and lengths.
        frequencies: Fourier features of location that fixed inputs read; without any
            they read the location itself, as published.
        tasks: Test tasks of each regime.
        trainer: How they are trained.
    """

    backbone: BackboneConfig
    frequencies: int
    tasks: int
    trainer: TrainerConfig


SIZES = {
    "small": Size(
        BackboneConfig(
            convcnp=ConvCNPConfig(channels=(16,), kernel=7, net="cnn", depth=4),
            relaxed_convcnp=RelaxedConvCNPConfig(channels=16, depth=4, kernel=7),
            equivcnp=EquivCNPConfig(rotations=4, channels=4, depth=4, kernel=7),
            pt_tnp=PTTNPConfig(pseudo=32, width=64, layers=4, heads=4),
        ),
        8, 400,
        replace(
            PAPER_TRAINER, max_steps=0, max_minutes=30.0, batch_size=8,
            learning_rate=3e-3, warmup=100, average=0.99, validation_every=100,
            validation_tasks=64, log_every=20, precision="32-true", accelerator="cpu",
            workers=0, threads=1,
        ),
    ),
    "paper": Size(
        BackboneConfig(
            # One block a level, down and up: nine, of 16 channels doubling to 256.
            convcnp=ConvCNPConfig(
                channels=(16, 32, 64, 128, 256), blocks=(1,) * 5, kernel=9
            ),
            # Relaxation is of convolutions that are all on one lattice.
            relaxed_convcnp=RelaxedConvCNPConfig(channels=64, depth=9, kernel=9),
            equivcnp=EquivCNPConfig(rotations=8, channels=16, depth=9, kernel=9),
            pt_tnp=PTTNPConfig(
                pseudo=128, width=128, layers=9, heads=8, attention="te_tnp"
            ),
        ),
        0, 16_000, PAPER_TRAINER,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Patch:
    """What models must know of the grid.

    Attributes:
        cells: Cells of a patch along each axis of space.
        cell: Length of one of them, in units of a location.
        axes: Dimensions of a location; beyond two there is no lattice.
    """

    cells: int
    cell: float
    axes: int = 2


_MODELS: dict[str, tuple[Any, Any, Any, str | None]] = {
    "ConvCNP(T)": ("convcnp", "translations", "strict", None),
    "ConvCNP(T~)": ("convcnp", "translations", "approximate", "ConvCNP(T)"),
    "RelaxedConvCNP(T~)": (
        "relaxed_convcnp", "translations", "approximate", "ConvCNP(T)"
    ),
    "EquivCNP(E)": ("equivcnp", "rigid_motions", "strict", None),
    "EquivCNP(E~)": ("equivcnp", "rigid_motions", "approximate", "EquivCNP(E)"),
    "PT-TNP": ("pt_tnp", "none", "strict", None),
    "PT-TNP(T)": ("pt_tnp", "translations", "strict", None),
    "PT-TNP(T~)": ("pt_tnp", "translations", "approximate", "PT-TNP(T)"),
}  # fmt: skip
NAMES = tuple(_MODELS)
UNCONSTRAINED = "PT-TNP"
"""The model that knows of no symmetry."""


def names_of(axes: int) -> tuple[str, ...]:
    """The models for a number of dimensions: beyond two, those with tokens."""
    return tuple(n for n in NAMES if axes == 2 or _MODELS[n][0] == "pt_tnp")


def entries(
    names: Sequence[str] | None,
    size: Size,
    patch: Patch,
    likelihood: Literal["gaussian", "mixture"] = "gaussian",
    ablations: Sequence[str] = (),
) -> list[Entry]:
    """The models of these names (all there are unless given), and variants of one.

    That one is the ConvCNP(T~), or in more than two dimensions the PT-TNP(T~).

    Raises:
        ConfigError: If a name is unknown.
    """
    there = names_of(patch.axes)
    check_names("--models", names or (), NAMES)
    absent = [name for name in names or () if name not in there]
    if absent:
        raise ConfigError(
            f"Locations of {patch.axes} axes have no lattice, which {absent[0]} needs: "
            f"--models takes {', '.join(there)}."
        )
    chosen = there if names is None else names
    made = [_entry(name, size, patch) for name in chosen]
    ablated = "ConvCNP(T~)" if patch.axes == 2 else "PT-TNP(T~)"
    made += variants(_entry(ablated, size, patch), ablations)
    return with_likelihood(made, likelihood)


def _entry(name: str, size: Size, patch: Patch) -> Entry:
    backbone, group, form, twin = _MODELS[name]
    of = size.backbone
    levels = len(of.convcnp.channels) if backbone == "convcnp" else 1
    step = 2 ** (levels - 1)
    nodes = -(-(patch.cells + _MARGIN) // step) * step
    grid: dict[str, Any] = {
        "lattice": LatticeConfig((nodes, nodes), patch.cell),
        "lengthscales": _WIDTHS, "drift": False,
    }  # fmt: skip
    lengths = tuple(patch.cell * length for length in _LENGTHS)
    attention = "plain" if group == "none" else of.pt_tnp.attention
    made = replace(
        of,
        name=backbone,
        convcnp=replace(of.convcnp, **grid),
        relaxed_convcnp=replace(of.relaxed_convcnp, **grid),
        equivcnp=replace(of.equivcnp, **grid),
        pt_tnp=replace(of.pt_tnp, lengthscales_km=lengths, attention=attention),
    )
    width = of.pt_tnp.width if backbone == "pt_tnp" else of.convcnp.channels[0]
    inputs = FixedInputsConfig(
        count=width, frequencies=size.frequencies, scale_km=_SCALE * patch.cell,
        width=width, edge_km=0.0, dropout=0.5,
    )  # fmt: skip
    model = ModelConfig(
        "box", group, form=form, backbone=made, fixed_inputs=inputs,
        likelihood="gaussian", coast=False,
    )  # fmt: skip
    return Entry(name, model, twin)
