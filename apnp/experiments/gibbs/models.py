"""The models of the 1-D study of Ashman 2024, section 5.1, as configurations."""

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
    RelaxedConvCNPConfig,
    TNPConfig,
    TrainerConfig,
)
from apnp.experiments.entries import (
    PAPER_TRAINER,
    Entry,
    check_names,
    variants,
    with_likelihood,
)

_LENGTHS = (4.0, 1.0, 0.3, 0.1)
"""Lengths at which attention tells distances apart, units of `x`."""
_WIDTHS = (2.0, 0.5, 0.15, 0.05)
"""Initial widths of the set convolutions, units of `x`."""
_LATTICE = 8.0
"""Length of the lattice: the targets' interval, and one unit more on either side."""
ABLATED = "ConvCNP(T~)"
"""The model of the ablations."""


@dataclass(frozen=True)
class Size:
    """How large the models of the study are, and how they are trained.

    Attributes:
        channels: Channels of the convolutional models, and number of fixed inputs.
        depth: Their residual blocks.
        kernel: Nodes of their kernels.
        per_unit: Nodes of their lattice in one unit of `x`.
        width: Channels of the transformers' tokens.
        layers: Their layers.
        heads: Their heads.
        attention: How equivariant attention knows of pairs.
        frequencies: Fourier features of location that the fixed inputs of the
            convolutional models read.
        scale: Their shortest scale, units of `x`.
        tasks: Test tasks in distribution, and as many out of it.
        bank: Training tasks drawn ahead.
        trainer: How they are trained.
    """

    channels: int
    depth: int
    kernel: int
    per_unit: int
    width: int
    layers: int
    heads: int
    attention: Literal["gaussian_bias", "te_tnp"]
    frequencies: int
    scale: float
    tasks: int
    bank: int
    trainer: TrainerConfig


SIZES = {
    "small": Size(
        32, 5, 61, 16, 64, 4, 4, "gaussian_bias", 16, 0.5, 2000, 500_000,
        replace(
            PAPER_TRAINER, max_steps=0, max_minutes=30.0, learning_rate=3e-3,
            warmup=200, average=0.998, validation_every=500, validation_tasks=256,
            log_every=20, precision="32-true", accelerator="cpu", workers=0, threads=1,
        ),
    ),
    "paper": Size(
        64, 9, 21, 46, 128, 9, 8, "te_tnp", 0, 2.0, 40_000, 1_000_000, PAPER_TRAINER
    ),
}  # fmt: skip


_MODELS: dict[str, tuple[Any, Any, Any, str | None]] = {
    "TNP": ("tnp", "none", "strict", None),
    "TNP(T)": ("tnp", "translations", "strict", None),
    "TNP(T~)": ("tnp", "translations", "approximate", "TNP(T)"),
    "ConvCNP(T)": ("convcnp", "translations", "strict", None),
    "ConvCNP(T~)": ("convcnp", "translations", "approximate", "ConvCNP(T)"),
    "RelaxedConvCNP(T~)": (
        "relaxed_convcnp", "translations", "approximate", "ConvCNP(T)"
    ),
    "EquivCNP(E)": ("equivcnp", "rigid_motions", "strict", None),
    "EquivCNP(E~)": ("equivcnp", "rigid_motions", "approximate", "EquivCNP(E)"),
}  # fmt: skip
NAMES = tuple(_MODELS)


def entries(
    names: Sequence[str],
    size: Size,
    likelihood: Literal["gaussian", "mixture"] = "gaussian",
    ablations: Sequence[str] = (),
) -> list[Entry]:
    """The models of these names, and the variants of `ABLATED` that are asked for.

    Raises:
        ConfigError: If a name is unknown.
    """
    check_names("--models", names, NAMES)
    made = [_entry(name, size) for name in names]
    made += variants(_entry(ABLATED, size), ablations)
    return with_likelihood(made, likelihood)


def _entry(name: str, size: Size) -> Entry:
    backbone, group, form, twin = _MODELS[name]
    equivariant = group != "none"
    lattice = LatticeConfig((round(_LATTICE * size.per_unit),), 1 / size.per_unit)
    widths = tuple(size.per_unit * width for width in _WIDTHS)
    grid: dict[str, Any] = {
        "kernel": size.kernel,
        "depth": size.depth,
        "lengthscales": widths,
        "drift": False,
        "kriging": False,
    }
    made = BackboneConfig(
        name=backbone,
        convcnp=ConvCNPConfig(lattice, (size.channels,), net="cnn", **grid),
        relaxed_convcnp=RelaxedConvCNPConfig(lattice, size.channels, **grid),
        equivcnp=EquivCNPConfig(lattice, channels=size.channels, **grid),
        tnp=TNPConfig(
            width=size.width, layers=size.layers, heads=size.heads,
            lengthscales_km=_LENGTHS,
            attention=size.attention if equivariant else "plain",
        ),
    )  # fmt: skip
    inputs = _fixed_inputs(backbone == "tnp", size)
    model = ModelConfig(
        "box", group, form=form, backbone=made, fixed_inputs=inputs,
        likelihood="gaussian", coast=False,
    )  # fmt: skip
    return Entry(name, model, twin)


def _fixed_inputs(transformer: bool, size: Size) -> FixedInputsConfig:
    """A perceptron of the location, and of some Fourier features of it."""
    width = size.width if transformer else size.channels
    return FixedInputsConfig(
        count=width,
        frequencies=4 if transformer else size.frequencies,
        scale_km=2.0 if transformer else size.scale,
        width=width,
        edge_km=0.0,
        dropout=0.5 if transformer else 0.1,
    )
