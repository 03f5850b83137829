"""From a model's configuration to the model."""

from collections.abc import Callable
from functools import partial

from apnp.approx import ApproximatelyEquivariant, FixedInputs, Support
from apnp.backbones import TNP, Backbone, ConvCNP, LocalTNP
from apnp.config import ModelConfig
from apnp.errors import ConfigError
from apnp.groups import (
    Group,
    LongitudeShifts,
    RigidMotions,
    SphereRotations,
    Translations,
    Trivial,
)
from apnp.likelihoods import (
    BernoulliGamma,
    GaussianMixture,
    HeteroscedasticGaussian,
    Likelihood,
    LowRankGaussian,
)
from apnp.model import NeuralProcess
from apnp.nn.drift import LinearDrift
from apnp.nn.lattice import Lattice, PlaneLattice, SphereLattice
from apnp.tasks.representation import EARTH_RADIUS_KM, KM_PER_UNIT, Representation

GROUPS: dict[str, dict[str, Callable[[int], Group]]] = {
    "plane": {
        "translations": Translations,
        "rigid_motions": RigidMotions,
        "none": Trivial,
    },
    "sphere": {
        "longitude_shifts": lambda _: LongitudeShifts(),
        "rotations": lambda _: SphereRotations(),
        "none": Trivial,
    },
}
"""The groups of each geometry, the default one first."""
_N_DRIFT = 1
"""Covariates of the drift: elevation, the first."""
_DRIFT_KM = (2000.0, 800.0, 350.0, 160.0, 80.0)
"""Initial widths of the covariance by which the drift weighs its observations."""


def build_model(config: ModelConfig, representation: Representation) -> NeuralProcess:
    """The model, its weights drawn from torch's default generator.

    Args:
        config: What the model is.
        representation: What its inputs are: dimensions, and the box of the training
            locations, where fixed inputs have their support.

    Raises:
        ConfigError: If the configuration describes no possible model.
    """
    if config.geometry != representation.geometry:
        raise ConfigError(
            f"`model.geometry` is {config.geometry}, but the stations are represented "
            f"on a {representation.geometry}."
        )
    try:
        backbone = _backbone(config, representation)
        if config.form == "approximate":
            inputs = _fixed_inputs(config, representation, backbone.dz)
            backbone = ApproximatelyEquivariant(backbone, inputs)
        likelihood = _likelihood(config, representation, backbone)
        drift = _drift(config, representation, backbone)
        return NeuralProcess(backbone, likelihood, drift)
    except ValueError as error:
        raise ConfigError(f"model: {error}") from error


def km_per_unit(geometry: str) -> float:
    """Kilometres in one unit of a location: a map unit, or the Earth's radius."""
    return KM_PER_UNIT if geometry == "plane" else EARTH_RADIUS_KM


def _backbone(config: ModelConfig, representation: Representation) -> Backbone:
    made = {"convcnp": _convcnp, "local_tnp": _local_tnp, "tnp": _tnp}
    return made[config.backbone.name](config, representation)


def _drift(
    config: ModelConfig, representation: Representation, backbone: Backbone
) -> LinearDrift | None:
    """The drift of a ConvCNP; a local TNP finds its own in each neighbourhood."""
    settings = config.backbone
    if settings.name != "convcnp" or not settings.convcnp.drift:
        return None
    widths = [km / km_per_unit(config.geometry) for km in _DRIFT_KM]
    return LinearDrift(_N_DRIFT, backbone.group.n_trend, representation.dy, widths)


def _likelihood(
    config: ModelConfig, representation: Representation, backbone: Backbone
) -> Likelihood:
    made: dict[str, Callable[..., Likelihood]] = {
        "gaussian": HeteroscedasticGaussian,
        "low_rank": partial(LowRankGaussian, rank=config.rank),
        "mixture": partial(GaussianMixture, components=config.components),
        "bernoulli_gamma": BernoulliGamma,
    }
    likelihood = made[config.likelihood](
        backbone.d_out, representation.dy, floor=config.floor, guessed=backbone.guesses
    )
    if likelihood.bounded and representation.mean != 0:
        raise ConfigError(
            f"The likelihood {config.likelihood} takes values at or above zero, scaled "
            f"without a shift. Got a shift of {representation.mean:g}: begin a run of "
            "its own instead of one from a run with another likelihood."
        )
    return likelihood


def _group(config: ModelConfig, representation: Representation) -> Group:
    groups = GROUPS[config.geometry]
    if config.group != "default" and config.group not in groups:
        raise ConfigError(
            f"`model.group` is one of {', '.join(groups)} on a {config.geometry}. "
            f"Got {config.group}."
        )
    name = next(iter(groups)) if config.group == "default" else config.group
    return groups[name](representation.dx)


def _convcnp(config: ModelConfig, representation: Representation) -> Backbone:
    settings = config.backbone.convcnp
    group = _group(config, representation)
    if not isinstance(group, (Translations, LongitudeShifts)):
        raise ConfigError(
            f"A ConvCNP keeps the default `model.group` of a {config.geometry} and no "
            f"other. Got {config.group}: take another `model.backbone.name`."
        )
    grid = settings.lattice
    lattice: Lattice
    if config.geometry == "plane":
        lattice = PlaneLattice(grid.shape, grid.spacing_km / KM_PER_UNIT)
    else:
        lattice = SphereLattice(*grid.shape)
    return ConvCNP(
        lattice, group, representation.dy, representation.dw,
        settings.channels, settings.blocks, settings.kernel, settings.widths,
    )  # fmt: skip


def _local_tnp(config: ModelConfig, representation: Representation) -> Backbone:
    settings = config.backbone.local_tnp
    lengths = [km / km_per_unit(config.geometry) for km in settings.lengths_km]
    return LocalTNP(
        _group(config, representation), representation.dy, representation.dw, lengths,
        settings.neighbours, settings.width, settings.layers, settings.heads,
    )  # fmt: skip


def _tnp(config: ModelConfig, representation: Representation) -> Backbone:
    settings = config.backbone.tnp
    lengths = [km / km_per_unit(config.geometry) for km in settings.lengths_km]
    return TNP(
        _group(config, representation), representation.dy, representation.dw, lengths,
        settings.width, settings.layers, settings.heads, settings.pairs,
    )  # fmt: skip


def _fixed_inputs(
    config: ModelConfig, representation: Representation, dz: int
) -> FixedInputs:
    settings, unit = config.fixed_inputs, km_per_unit(config.geometry)
    support = Support(representation.low, representation.high, settings.edge_km / unit)
    return FixedInputs(
        representation.dx, dz, settings.count, unit / settings.scale_km,
        settings.width, support,
    )  # fmt: skip
