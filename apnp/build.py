"""From a model's configuration to the model."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import torch

from apnp.approx import (
    ApproximatelyEquivariant,
    FixedInputs,
    SiteVectors,
    SummedInputs,
    Support,
)
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
from apnp.config import LatticeConfig, ModelConfig, PointModelConfig
from apnp.errors import ConfigError
from apnp.framing import Framed, PoseSampling
from apnp.geometry.sphere import EARTH_RADIUS_KM
from apnp.groups import (
    Group,
    LongitudeShifts,
    Translations,
    named_group,
)
from apnp.inputs.coordinates import CoordinateInputs
from apnp.inputs.gridded_covariates import KM_PER_UNIT
from apnp.inputs.stations import StationInputs
from apnp.likelihoods import (
    GaussianMixture,
    HeteroscedasticGaussian,
    Likelihood,
    LowRankGaussian,
)
from apnp.model import NeuralProcess
from apnp.nn.cnn import CNN
from apnp.nn.drift import LinearDrift
from apnp.nn.lattice import Lattice, PlaneLattice, SphereLattice
from apnp.nn.steerable import PointGroup, ReflectionCNN, SteerableCNN
from apnp.nn.unet import UNet

Inputs = StationInputs | CoordinateInputs
"""What a model's inputs are."""

_NO_FRAMES = {
    "equivcnp": "keeps rigid motions by itself",
    "relaxed_convcnp": "has functions of location of its own",
}
"""Backbones that frames would add nothing to, or take the meaning from."""
_LINEAR = ("similarity", "special_linear", "affine")
"""Groups that frames alone give."""
_LATTICES = ("convcnp", "relaxed_convcnp", "equivcnp")
"""Backbones whose latent lies on a lattice."""
_N_DRIFT = 1
"""Covariates of the drift: elevation, the first."""
_DRIFT_KM = (2000.0, 800.0, 350.0, 160.0, 80.0)
"""Initial widths of the covariance by which the drift weighs its observations."""


def build_model(config: ModelConfig, inputs: Inputs) -> NeuralProcess:
    """The model, its weights drawn from torch's default generator.

    Args:
        config: What the model is.
        inputs: How stations become its inputs: dimensions, and the box of the training
            locations, where fixed inputs have their support.

    Raises:
        ConfigError: If the configuration describes no possible model.
    """
    if config.geometry != inputs.geometry:
        raise ConfigError(
            f"`model.geometry` is {config.geometry}, but the inputs are those of "
            f"a {inputs.geometry}."
        )
    if config.coast != inputs.coast:
        raise ConfigError(
            f"`model.coast` is {str(config.coast).lower()}, but the inputs are "
            f"{'with' if inputs.coast else 'without'} the distance to the coast."
        )
    if config.insolation != inputs.insolation:
        raise ConfigError(
            f"`model.insolation` is {str(config.insolation).lower()}, but the inputs "
            f"are {'with' if inputs.insolation else 'without'} it."
        )
    try:
        backbone = _backbone(config, inputs)
        if backbone.auxiliary_dy != inputs.auxiliary_dy:
            raise ConfigError(
                f"A {config.backbone.name} reads no auxiliary context sets: set `use` "
                "of data.covariates to covariate, or model.backbone.name to convcnp, "
                "relaxed_convcnp or equivcnp."
            )
        if config.form == "approximate":
            backbone = _approximate(config, inputs, backbone)
        likelihood = _likelihood(config, inputs, backbone)
        drift = _drift(config, inputs, backbone)
        return NeuralProcess(backbone, likelihood, drift)
    except ValueError as error:
        raise ConfigError(f"model: {error}") from error


def km_per_unit(geometry: str) -> float:
    """Kilometres in one unit of a location: a map unit, or the Earth's radius.

    In a box one: there lengths are given in the unit of the coordinates.
    """
    return {"plane": KM_PER_UNIT, "sphere": EARTH_RADIUS_KM, "box": 1.0}[geometry]


def _backbone(config: ModelConfig, inputs: Inputs) -> Backbone:
    made: dict[str, Callable[[ModelConfig, Inputs], Backbone]] = {
        "cnp": _cnp, "convcnp": _convcnp, "equivcnp": _equivcnp,
        "local_tnp": _local_tnp, "pt_tnp": _pt_tnp, "rcnp": _rcnp,
        "relaxed_convcnp": _relaxed_convcnp, "tnp": _tnp,
    }  # fmt: skip
    make = made[config.backbone.name]
    if config.group in _LINEAR:
        _group_inside(config)
    if config.symmetrise == "none":
        return make(config, inputs)
    if config.backbone.name in _NO_FRAMES:
        raise ConfigError(
            f"model.symmetrise: frames average a backbone that has no symmetry of its "
            f"own, or shifts alone. Got {config.backbone.name}, which "
            f"{_NO_FRAMES[config.backbone.name]}: set it to none, or take another "
            "`model.backbone.name`."
        )
    inside = replace(config, group=_group_inside(config))
    s, sampling = config.learned_frames, None
    if config.symmetrise == "learned":
        sampling = PoseSampling(s.sampling, s.count, s.width, s.noise)
    return Framed(make(inside, inputs), _group(config, inputs), sampling)


def _group_inside(
    config: ModelConfig,
) -> Literal["default", "none", "rigid_motions"]:
    """What a backbone keeps of its own within frames."""
    name = config.backbone.name
    if config.group not in _LINEAR:
        return "default" if name == "convcnp" else "none"
    if name == "convcnp" or config.symmetrise != "frames":
        raise ConfigError(
            f"`model.group` {config.group} changes the distance of two points, so that "
            "frames alone keep it: set model.symmetrise to frames, and "
            "model.backbone.name to tnp, local_tnp, pt_tnp, rcnp or cnp."
        )
    return "none" if name == "cnp" else "rigid_motions"


def _drift(
    config: ModelConfig, inputs: Inputs, backbone: Backbone
) -> LinearDrift | None:
    """The drift of a lattice; a local TNP finds its own in each neighbourhood."""
    settings = config.backbone
    drifts = {
        "convcnp": settings.convcnp.drift,
        "relaxed_convcnp": settings.relaxed_convcnp.drift,
        "equivcnp": settings.equivcnp.drift,
    }
    if not drifts.get(settings.name, False):
        return None
    widths = [km / km_per_unit(config.geometry) for km in _DRIFT_KM]
    return LinearDrift(_N_DRIFT, backbone.group.n_trend, inputs.dy, widths)


def _likelihood(config: ModelConfig, inputs: Inputs, backbone: Backbone) -> Likelihood:
    made: dict[str, Callable[..., Likelihood]] = {
        "gaussian": HeteroscedasticGaussian,
        "low_rank": partial(LowRankGaussian, rank=config.rank),
        "mixture": partial(GaussianMixture, components=config.components),
    }
    return made[config.likelihood](
        backbone.d_out,
        inputs.dy,
        floor=config.floor,
        predicts_moments=backbone.predicts_moments,
    )


def _group(config: ModelConfig, inputs: Inputs) -> Group:
    return named_group(config.geometry, config.group, inputs.dx)


def _shifts(config: ModelConfig, inputs: Inputs) -> Group:
    group = _group(config, inputs)
    if not isinstance(group, (Translations, LongitudeShifts)):
        raise ConfigError(
            f"A ConvCNP keeps the default `model.group` of a {config.geometry} and no "
            f"other. Got {config.group}: take another `model.backbone.name`."
        )
    return group


def _lattice(config: ModelConfig, grid: LatticeConfig) -> Lattice:
    if config.geometry != "sphere":
        return PlaneLattice(grid.shape, grid.spacing_km / km_per_unit(config.geometry))
    if len(grid.shape) != 2:
        raise ConfigError(
            "A lattice on a sphere has rows and columns: `shape` is two numbers. Got "
            f"{list(grid.shape)}."
        )
    return SphereLattice(*grid.shape)


def _convcnp(config: ModelConfig, inputs: Inputs) -> Backbone:
    settings = config.backbone.convcnp
    group, lattice = _shifts(config, inputs), _lattice(config, settings.lattice)
    n_axes, kernel = len(lattice.shape), settings.kernel
    rest = kernel, n_axes, lattice.pad, settings.expansion
    net: UNet | CNN
    if settings.net == "unet":
        net = UNet(settings.channels, settings.blocks, *rest)
    else:
        net = CNN(settings.channels[0], settings.depth, *rest)
    options = GriddedOptions(
        inputs.auxiliary_dy, settings.kriging, settings.read, settings.embedded,
        settings.expansion, settings.kriging_neighbours,
    )  # fmt: skip
    return ConvCNP(
        lattice, group, inputs.dy, inputs.dw, net, settings.lengthscales, options
    )


def _relaxed_convcnp(config: ModelConfig, inputs: Inputs) -> Backbone:
    """Relaxed, or the ConvCNP inside where the form is strict."""
    settings = config.backbone.relaxed_convcnp
    group, lattice = _shifts(config, inputs), _lattice(config, settings.lattice)
    net = CNN(
        settings.channels, settings.depth, settings.kernel, len(lattice.shape),
        lattice.pad,
    )  # fmt: skip
    options = GriddedOptions(
        inputs.auxiliary_dy, settings.kriging, neighbours=settings.kriging_neighbours
    )
    convcnp = ConvCNP(
        lattice, group, inputs.dy, inputs.dw, net, settings.lengthscales, options
    )
    if config.form == "strict":
        return convcnp
    relaxations = [_fixed_inputs(config, inputs, dz=1, count=1) for _ in net.blocks]
    return RelaxedConvCNP(convcnp, relaxations)


def _equivcnp(config: ModelConfig, inputs: Inputs) -> Backbone:
    if config.geometry == "sphere":
        raise ConfigError(
            "An EquivCNP keeps turns of a plane; a lattice on a sphere has none of its "
            f"own. Got model.geometry {config.geometry}: set it to plane, or take "
            "another `model.backbone.name`."
        )
    if config.group not in ("default", "rigid_motions"):
        raise ConfigError(
            "An EquivCNP keeps `model.group` rigid_motions, its default, and no other. "
            f"Got {config.group}: take another `model.backbone.name`."
        )
    settings = config.backbone.equivcnp
    grid = settings.lattice
    lattice = PlaneLattice(grid.shape, grid.spacing_km / km_per_unit(config.geometry))
    net: SteerableCNN | ReflectionCNN
    sizes = settings.channels, settings.depth, settings.kernel
    if inputs.dx == 1:
        net = ReflectionCNN(*sizes, lattice.pad)
    else:
        turns = PointGroup(settings.rotations, settings.reflections)
        net = SteerableCNN(*sizes, turns, lattice.pad)
    options = GriddedOptions(
        inputs.auxiliary_dy, settings.kriging, neighbours=settings.kriging_neighbours
    )
    return EquivCNP(lattice, inputs.dy, inputs.dw, net, settings.lengthscales, options)


def _local_tnp(config: ModelConfig, inputs: Inputs) -> Backbone:
    s = config.backbone.local_tnp
    same = _of_points(config, inputs, s)
    return LocalTNP(*same, s.neighbours, s.width, s.layers, s.heads)


def _tnp(config: ModelConfig, inputs: Inputs) -> Backbone:
    s = config.backbone.tnp
    same = _of_points(config, inputs, s)
    return TNP(*same, TokenLayers(s.width, s.layers, s.heads, s.attention))


def _pt_tnp(config: ModelConfig, inputs: Inputs) -> Backbone:
    s = config.backbone.pt_tnp
    same = _of_points(config, inputs, s)
    layers = TokenLayers(s.width, s.layers, s.heads, s.attention)
    return PTTNP(*same, s.pseudo, layers)


def _rcnp(config: ModelConfig, inputs: Inputs) -> Backbone:
    s = config.backbone.rcnp
    return RCNP(*_of_points(config, inputs, s), s.width, s.layers, s.full)


def _of_points(
    config: ModelConfig, inputs: Inputs, settings: PointModelConfig
) -> tuple[Group, int, int, list[float]]:
    """What all models of tokens at points take: group, dimensions, lengthscales."""
    unit = km_per_unit(config.geometry)
    lengths = [km / unit for km in settings.lengthscales_km]
    group = _group(config, inputs)
    return group, inputs.dy, inputs.dw, lengths


def _cnp(config: ModelConfig, inputs: Inputs) -> Backbone:
    settings = config.backbone.cnp
    if config.group not in ("default", "none"):
        raise ConfigError(
            "A CNP reads absolute locations and keeps no symmetry: its `model.group` "
            f"is none. Got {config.group}: take another `model.backbone.name`."
        )
    return CNP(
        inputs.dx, inputs.dy, inputs.dw,
        settings.width, settings.layers,
    )  # fmt: skip


def _approximate(config: ModelConfig, inputs: Inputs, backbone: Backbone) -> Backbone:
    """The backbone with its fixed inputs."""
    name, kind = config.backbone.name, config.fixed_inputs.kind
    if kind != "functions" and name in _LATTICES:
        raise ConfigError(
            f"`model.fixed_inputs.kind` {kind} gives vectors to stations, and a {name} "
            "has sites at the nodes of a lattice: set it to functions, or "
            "model.backbone.name to local_tnp, tnp, pt_tnp or rcnp."
        )
    if kind != "functions" and config.symmetrise != "none":
        raise ConfigError(
            f"`model.fixed_inputs.kind` {kind} gives vectors to stations where they "
            "stand, and frames move locations: set model.symmetrise to none."
        )
    if name == "relaxed_convcnp":  # it has functions of location of its own
        return backbone
    count = config.fixed_inputs.count
    if kind == "functions":
        functions = _fixed_inputs(config, inputs, backbone.dz, count)
        return ApproximatelyEquivariant(backbone, functions)
    if isinstance(inputs, CoordinateInputs) or not inputs.known_sites:
        raise ConfigError(
            f"`model.fixed_inputs.kind` {kind} needs training stations, and these "
            "inputs know none: set it to functions."
        )
    places = torch.from_numpy(inputs.places).float()
    radius = config.fixed_inputs.radius_km / km_per_unit(config.geometry)
    sites = SiteVectors(places, backbone.dz, radius)
    if kind == "sites":
        return ApproximatelyEquivariant(backbone, sites)
    functions = _fixed_inputs(config, inputs, backbone.dz, count)
    return ApproximatelyEquivariant(backbone, SummedInputs(functions, sites))


def _fixed_inputs(
    config: ModelConfig, inputs: Inputs, dz: int, count: int
) -> FixedInputs:
    settings, unit = config.fixed_inputs, km_per_unit(config.geometry)
    support = None
    if settings.support == "region":
        edge = settings.edge_km / unit
        support = Support(inputs.low, inputs.high, edge)
    return FixedInputs(
        inputs.dx, dz, count, unit / settings.scale_km,
        settings.width, support, settings.frequencies,
    )  # fmt: skip
