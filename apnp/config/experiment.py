"""What an experiment is: its data, its model, its training."""

from dataclasses import dataclass, field
from typing import Literal

from apnp.config.backbones import BackboneConfig
from apnp.config.fields import GriddedFieldConfig
from apnp.errors import ConfigError
from apnp.geometry.station_blocks import StationSplit


@dataclass(frozen=True)
class DataConfig:
    """The stations, and the tasks drawn from them.

    Attributes:
        path: Station file or files, of any format that `apnp data convert` reads.
        variable: Name of the variable to predict.
        columns: Columns of a table, `name: column`, where they are not recognised.
        units: Units of a table's columns, `name: units`.
        station_list: File with the stations' positions, where the format needs one.
        region: West, south, east and north in degrees: stations elsewhere are left
            out of training and validation. East is west of west across the date line.
        split: Blocks of stations kept for validation and test.
        train_times: Days to train on, `A/B` (both included) or one day.
        validation_times: Days to choose the model on.
        test_times: Days that no training ever sees; for the record.
        context: Least and largest number of context stations in a task.
        targets: Largest number of target stations in a training task.
        validation_context: Numbers of context stations in validation tasks; without
            any, four from `context`'s least to its largest.
        fields: Gridded fields that accompany the stations.
    """

    path: str | list[str] = ""
    variable: str = "tas"
    columns: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    station_list: str | None = None
    region: tuple[float, float, float, float] | None = None
    split: StationSplit = field(default_factory=StationSplit)
    train_times: str | None = None
    validation_times: str | None = None
    test_times: str | None = None
    context: tuple[int, int] = (20, 800)
    targets: int = 500
    validation_context: tuple[int, ...] = ()
    fields: list[GriddedFieldConfig] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.region and not -90 <= self.region[1] < self.region[3] <= 90:
            raise ConfigError(
                "`data.region` is west, south, east, north in degrees, south below "
                f"north in [-90, 90]. Got {list(self.region)}."
            )
        names = [each.variable for each in self.fields]
        if len(set(names)) < len(names):
            raise ConfigError(
                f"`data.fields` names each variable once. Got {', '.join(names)}."
            )
        if any(n < 1 for n in self.validation_context):
            raise ConfigError(
                "`data.validation_context` are numbers of stations above 0. Got "
                f"{list(self.validation_context)}."
            )


@dataclass(frozen=True)
class FixedInputsConfig:
    """Learned functions of absolute location; of the approximate form only.

    Attributes:
        count: Number of fixed inputs.
        frequencies: Number of Fourier features of location; with none they are a
            perceptron of the location itself.
        scale_km: Shortest scale of those features.
        width: Width of their perceptron.
        support: Where they act: in the training region, or everywhere.
        edge_km: Width over which they vanish outside the training region; 0 cuts them
            off, and maps show the step.
        dropout: Probability that a training task does without them.
    """

    count: int = 16
    frequencies: int = 16
    scale_km: float = 500.0
    width: int = 64
    support: Literal["region", "everywhere"] = "region"
    edge_km: float = 100.0
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if not self.scale_km > 0:
            raise ConfigError(
                "`model.fixed_inputs.scale_km` is a length above 0. "
                f"Got {self.scale_km}."
            )
        if self.frequencies < 0:
            raise ConfigError(
                "`model.fixed_inputs.frequencies` is a number, at least 0. "
                f"Got {self.frequencies}."
            )


@dataclass(frozen=True)
class ModelConfig:
    """The neural process.

    Attributes:
        geometry: Where stations lie: a map plane, or the sphere; or a box of bare
            coordinates of any dimension, in whose unit all lengths are then given that
            are named `km` here.
        group: The symmetry. On the plane and in a box `translations` (the default
            there), `rigid_motions` or `none`; on the sphere `longitude_shifts` (the
            default there), `rotations` or `none`.
        coast: Give the model the distance to the coast as a covariate.
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

    geometry: Literal["plane", "sphere", "box"] = "sphere"
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
    coast: bool = False
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
