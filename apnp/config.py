"""Typed configuration: what an experiment is, read from YAML and dotted overrides."""

import io
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from jsonargparse import ArgumentError, ArgumentParser

from apnp.data.splits import StationSplit
from apnp.errors import ConfigError

Record = TypeVar("Record")


@dataclass(frozen=True)
class DataConfig:
    """The stations, and the tasks drawn from them.

    Attributes:
        path: Station file or files, of any format that `apnp data convert` reads.
        variable: Name of the variable to predict.
        columns: Columns of a table, `name: column`, where they are not recognised.
        units: Units of a table's columns, `name: units`.
        station_list: File with the stations' positions, where the format needs one.
        split: Blocks of stations kept for validation and test.
        train_times: Days to train on, `A/B` (both included) or one day.
        validation_times: Days to choose the model on.
        test_times: Days that no training ever sees; for the record.
        context: Least and largest number of context stations in a task.
        targets: Largest number of target stations in a training task.
        validation_context: Numbers of context stations in validation tasks; without
            any, four from `context`'s least to its largest.
    """

    path: str | list[str] = ""
    variable: str = "tas"
    columns: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    station_list: str | None = None
    split: StationSplit = field(default_factory=StationSplit)
    train_times: str | None = None
    validation_times: str | None = None
    test_times: str | None = None
    context: tuple[int, int] = (20, 800)
    targets: int = 500
    validation_context: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if any(n < 1 for n in self.validation_context):
            raise ConfigError(
                "`data.validation_context` are numbers of stations above 0. Got "
                f"{list(self.validation_context)}."
            )


@dataclass(frozen=True)
class LatticeConfig:
    """The lattice of the latent.

    Attributes:
        shape: Number of nodes: along x and y on the plane, rows and columns on the
            sphere.
        spacing_km: Distance of neighbouring nodes; on the plane only.
    """

    shape: tuple[int, int] = (96, 192)
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
        net: The network on the lattice: a U-Net, or a plain residual CNN.
        depth: Residual blocks of the CNN.
    """

    lattice: LatticeConfig = field(default_factory=LatticeConfig)
    channels: tuple[int, ...] = (32, 48, 64, 64)
    blocks: tuple[int, ...] = (1, 2, 2, 2)
    kernel: int = 5
    widths: tuple[float, ...] = (20.0, 8.0, 3.5, 1.6, 0.8)
    drift: bool = True
    net: Literal["unet", "cnn"] = "unet"
    depth: int = 8


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
    """

    lattice: LatticeConfig = field(default_factory=LatticeConfig)
    channels: int = 32
    depth: int = 8
    kernel: int = 7
    widths: tuple[float, ...] = (20.0, 8.0, 3.5, 1.6, 0.8)
    drift: bool = True


@dataclass(frozen=True)
class EquivCNPConfig:
    """Set convolutions onto a square lattice and a steerable CNN; on the plane only.

    Attributes:
        lattice: The lattice of the latent, as many nodes along x as along y.
        turns: Number of turns to a circle that the CNN keeps: to rounding those by 90
            degrees (180 if it is even but no multiple of four), others as far as the
            lattice resolves the field.
        mirrors: Keep mirror images as well.
        fields: Fields of the CNN, each of one channel a turn and mirror image.
        depth: Its residual blocks.
        kernel: Size of the convolution kernels.
        widths: Initial widths of the set convolutions, in cells of the lattice, widest
            first.
        drift: Take a linear drift on elevation and location off the context, task by
            task.
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


@dataclass(frozen=True)
class FixedInputsConfig:
    """Learned functions of absolute location; of the approximate form only.

    Attributes:
        count: Number of fixed inputs.
        scale_km: Shortest scale that they may hold.
        width: Width of their perceptron.
        edge_km: Width over which they vanish outside the training region.
        dropout: Probability that a training task does without them.
    """

    count: int = 16
    scale_km: float = 500.0
    width: int = 64
    edge_km: float = 100.0
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if not self.scale_km > 0:
            raise ConfigError(
                "`model.fixed_inputs.scale_km` is a length above 0. "
                f"Got {self.scale_km}."
            )


@dataclass(frozen=True)
class ModelConfig:
    """The neural process.

    Attributes:
        geometry: Where stations lie: a map plane, or the sphere.
        group: The symmetry. On the plane `translations` (the default there),
            `rigid_motions` or `none`; on the sphere `longitude_shifts` (the default
            there), `rotations` or `none`.
        form: Strictly equivariant, or with fixed inputs that break the symmetry.
        backbone: The strictly equivariant network.
        fixed_inputs: Learned functions of absolute location.
        likelihood: Family of the predictive distribution: independent Gaussians, one
            joint Gaussian of low rank, mixtures of Gaussians, or, for values at or
            above zero, an atom at zero and a gamma law above.
        floor: Smallest standard deviation, as a share of the training values' spread.
        rank: Rank of the joint Gaussian (`low_rank` alone).
        components: Number of Gaussians in a mixture (`mixture` alone).
    """

    geometry: Literal["plane", "sphere"] = "sphere"
    group: Literal[
        "default", "none", "translations", "rigid_motions",
        "longitude_shifts", "rotations",
    ] = "default"  # fmt: skip
    form: Literal["strict", "approximate"] = "approximate"
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    fixed_inputs: FixedInputsConfig = field(default_factory=FixedInputsConfig)
    likelihood: Literal["gaussian", "low_rank", "mixture", "bernoulli_gamma"] = (
        "gaussian"
    )
    floor: float = 0.01
    rank: int = 16
    components: int = 3


@dataclass(frozen=True)
class TrainerConfig:
    """How a model is trained.

    Attributes:
        max_steps: Number of steps after which training ends; 0 = no such limit.
        max_minutes: Minutes after which it ends, validation included; 0 = no limit.
        batch_size: Tasks a step, over all processes together.
        learning_rate: Largest learning rate.
        warmup: Steps over which the learning rate rises to it.
        weight_decay: Weight decay of AdamW.
        gradient_clip: Largest norm of the gradient.
        loss: Negative log-likelihood, or CRPS, per target value.
        average: Decay of the moving average of weights that is validated and kept;
            0 = none.
        validation_every: Steps between validations.
        validation_tasks: Number of validation tasks.
        patience: Validations without a better score before training ends; 0 = never.
        monitor: The validation score that chooses the best checkpoint.
        save_minutes: Minutes between saves besides those after each validation.
        log_every: Steps between lines of metrics.csv.
        seed: Draws initial weights and tasks.
        precision: Number format, as Lightning names it.
        accelerator: Kind of device, as Lightning names it.
        devices: Number of devices, or "auto".
        num_nodes: Number of machines.
        workers: Processes that prepare tasks; 0 = none.
        threads: Threads of one process; 0 = as many as the machine offers.
    """

    max_steps: int = 20_000
    max_minutes: float = 0.0
    batch_size: int = 8
    learning_rate: float = 1e-3
    warmup: int = 100
    weight_decay: float = 1e-4
    gradient_clip: float = 0.5
    loss: Literal["nll", "crps"] = "nll"
    average: float = 0.0
    validation_every: int = 250
    validation_tasks: int = 32
    patience: int = 0
    monitor: Literal["crps", "nll"] = "crps"
    save_minutes: float = 5.0
    log_every: int = 10
    seed: int = 0
    precision: str = "32-true"
    accelerator: str = "auto"
    devices: int | Literal["auto"] = 1
    num_nodes: int = 1
    workers: int = 0
    threads: int = 0

    def __post_init__(self) -> None:
        if self.max_steps <= 0 and self.max_minutes <= 0:
            raise ConfigError(
                "Training needs an end: set trainer.max_steps or trainer.max_minutes "
                "above 0."
            )
        for name in ("batch_size", "validation_every", "validation_tasks", "log_every"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"`trainer.{name}` is a number above 0. Got {getattr(self, name)}."
                )
        for name in ("learning_rate", "gradient_clip"):
            if not getattr(self, name) > 0:
                raise ConfigError(
                    f"`trainer.{name}` lies above 0. Got {getattr(self, name)}."
                )
        if not 0 <= self.average < 1:
            raise ConfigError(
                "`trainer.average` is the decay of a moving average, so lies in "
                f"[0, 1). Got {self.average}."
            )


@dataclass(frozen=True)
class Config:
    """One experiment.

    Attributes:
        run: Folder that training writes.
        data: The stations, and the tasks drawn from them.
        model: The neural process.
        trainer: How it is trained.
    """

    run: str = "runs/run"
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)


def parser(prog: str = "apnp train", description: str | None = None) -> ArgumentParser:
    """The parser of YAML files (`--config`) and dotted overrides."""
    made = ArgumentParser(prog=prog, description=description, exit_on_error=False)
    made.add_argument("--config", action="config", help="YAML file; may be repeated")
    made.add_class_arguments(Config)
    return made


def parse(made: ArgumentParser, argv: Sequence[str]) -> tuple[Config, dict[str, Any]]:
    """The configuration in `argv`, and the arguments that are none of it.

    Raises:
        ConfigError: If a key is unknown or a value has the wrong type.
    """
    try:
        with redirect_stderr(io.StringIO()):
            given = made.parse_args(list(argv)).as_dict()
    except (ArgumentError, TypeError, ValueError, OSError) as error:
        raise ConfigError(
            f"{' '.join(str(error).split())} (--print_config shows every key)"
        ) from error
    names = {f.name for f in fields(Config)}
    rest = {k: v for k, v in given.items() if k not in names and k != "config"}
    return _build(Config, {k: given[k] for k in names}), rest


def from_dict(record: dict[str, Any]) -> Config:
    """The configuration that `to_dict` wrote.

    Raises:
        ConfigError: If a key is unknown or a value has the wrong type.
    """
    made = parser()
    try:
        given = made.parse_object(record).as_dict()
    except (ArgumentError, TypeError, ValueError) as error:
        raise ConfigError(" ".join(str(error).split())) from error
    return _build(Config, {f.name: given[f.name] for f in fields(Config)})


def to_dict(config: Config) -> dict[str, Any]:
    """The configuration as JSON and YAML hold it."""
    return _plain(asdict(config))


def to_yaml(config: Config) -> str:
    """Every key with its value, in the order of the classes."""
    return yaml.safe_dump(to_dict(config), sort_keys=False)


def read_yaml(path: Path) -> Config:
    """The configuration in a file that `to_yaml` wrote.

    Raises:
        ConfigError: If it is absent or breaks a rule.
    """
    return parse(parser(), ["--config", str(path)])[0]


def _build(kind: type[Record], values: dict[str, Any]) -> Record:
    made = {}
    for f in fields(kind):  # type: ignore[arg-type]
        if isinstance(f.type, type) and is_dataclass(f.type):
            made[f.name] = _build(f.type, values[f.name])
        else:
            made[f.name] = values[f.name]
    return kind(**made)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, tuple) else value
