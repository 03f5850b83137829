"""What an experiment is: its data, its model, its training.

The defaults are the recommended settings for daily station data: a configuration that
names its station file and its days needs nothing else.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from apnp.config.backbones import BackboneConfig
from apnp.config.covariates import GriddedCovariateConfig, HistoryConfig
from apnp.errors import ConfigError
from apnp.geometry.station_blocks import StationSplit
from apnp.ranges import LARGEST_SEED, Section, ranged

Symmetry = Literal[
    "translations", "rigid_motions", "mirror", "turns", "east_shifts", "north_shifts",
    "longitude_shifts", "rotations", "similarity", "special_linear", "affine",
]  # fmt: skip
"""Names of candidate symmetries; each geometry has some of them."""
DEFAULT_MINUTES = 55.0
"""Minutes of training where neither steps nor minutes are given."""


@dataclass(frozen=True)
class AugmentConfig(Section):
    """Training tasks moved by random elements of a group; validation never is.

    Attributes:
        group: The group, by the names of `trainer.regularise`; `none` moves nothing.
        share: Probability that a task is moved.
        size: How far, 0 to 1. Shifts: their standard deviation is a quarter of the
            longest side of the training region times this. Turns: up to half a circle
            times this, either way. Stretches: a ratio of up to 3 of their two axes,
            and lengths changed by up to a factor of 2, to the power of this. Mirror
            images have no size.
    """

    section: ClassVar[str] = "data.augment"
    group: Symmetry | Literal["none"] = "none"
    share: float = ranged(1.0, least=0, most=1)
    size: float = ranged(1.0, least=0, most=1)


@dataclass(frozen=True)
class DataConfig(Section):
    """The stations, and the tasks drawn from them.

    Attributes:
        path: Station file or files, of any format that `apnp data convert` reads.
        variable: Name of the variable to predict.
        columns: Columns of a table, `name: column`, where they are not recognised.
        units: Units of a table's columns, `name: units`.
        station_list: File with the stations' positions, where the format needs one.
        region: West, south, east and north in degrees: other stations are left out of
            training and validation. West > east crosses the date line.
        split: Blocks of stations kept for validation and test.
        train_times: Days to train on, `A/B` (both included) or one day. By default all
            days that validation and test do not name.
        validation_times: Days for model selection. By default the training days, whose
            validation stations are others.
        test_times: Days that training never reads.
        context: Least and largest number of context stations in a task.
        targets: Largest number of target stations in a training task.
        gaps: Share of the training tasks whose targets are the stations of discs of 50
            to 350 km without any context, as in held-out blocks; those of other tasks
            stand among the context stations.
        validation_context: Numbers of context stations in validation tasks; by default
            four from `context`'s least to its largest.
        covariates: Gridded covariates, such as orography.
        history: What each station has shown before the predicted day.
        augment: Random motions of training tasks.
    """

    section: ClassVar[str] = "data"
    path: str | list[str] = ""
    variable: str = "tas"
    columns: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    station_list: str | None = None
    region: tuple[float, float, float, float] | None = ranged(
        None, least=-360, most=360, count=(4, 4)
    )
    split: StationSplit = field(default_factory=StationSplit)
    train_times: str | None = None
    validation_times: str | None = None
    test_times: str | None = None
    context: tuple[int, int] = ranged((20, 1000), least=1, most=10**6, count=(2, 2))
    targets: int = ranged(300, least=1, most=10**6)
    gaps: float = ranged(0.0, least=0, most=1)
    validation_context: tuple[int, ...] = ranged(
        (), least=1, most=10**6, count=(0, 1000)
    )
    covariates: list[GriddedCovariateConfig] = field(default_factory=list)
    history: HistoryConfig = field(default_factory=HistoryConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.region and not -90 <= self.region[1] < self.region[3] <= 90:
            raise ConfigError(
                "`data.region` must be west, south, east, north in degrees, with "
                f"-90 <= south < north <= 90. Got {list(self.region)}."
            )
        if self.context[0] > self.context[1]:
            raise ConfigError(
                "`data.context` must be the least and the largest number of context "
                f"stations, in this order. Got {list(self.context)}."
            )
        names = [each.variable for each in self.covariates]
        if len(set(names)) < len(names):
            raise ConfigError(
                "`data.covariates` must name each variable once. "
                f"Got {', '.join(names)}."
            )


@dataclass(frozen=True)
class FixedInputsConfig(Section):
    """What is learned of absolute location; of the approximate form only.

    Attributes:
        kind: `functions` of location, which act in the whole training region; vectors
            at the training stations (`sites`), which act within `radius_km` of each; or
            `both`. Sites need a backbone whose latent lies at points: local_tnp, tnp,
            pt_tnp or rcnp.
        radius_km: Distance from a training station at which its vector ends. It acts
            fully up to half of it.
        site_dropout: Share of the sites that a training task does without: in its
            context, and at its targets.
        count: Number of fixed inputs.
        frequencies: Number of Fourier features of location; with 0 the fixed inputs are
            a perceptron of the location itself.
        scale_km: Shortest scale of those features.
        width: Width of their perceptron.
        support: Where they act: in the training region, or everywhere.
        edge_km: Width over which they decay outside the training region; 0 is a hard
            edge, which is visible in maps.
        dropout: Probability that a training task does without functions of location;
            with `sites` alone it is not used.
    """

    section: ClassVar[str] = "model.fixed_inputs"
    kind: Literal["functions", "sites", "both"] = "functions"
    radius_km: float = ranged(2.0, above=0, most=1000)
    site_dropout: tuple[float, float] = ranged(
        (0.3, 0.5), least=0, most=1, count=(2, 2)
    )
    count: int = ranged(16, least=1, most=4096)
    frequencies: int = ranged(16, least=0, most=4096)
    scale_km: float = ranged(500.0, above=0)
    width: int = ranged(64, least=1, most=8192)
    support: Literal["region", "everywhere"] = "region"
    edge_km: float = ranged(100.0, least=0)
    dropout: float = ranged(0.5, least=0, most=1)


@dataclass(frozen=True)
class LearnedFramesConfig(Section):
    """Frames that a network chooses; of `symmetrise: learned` only.

    Attributes:
        sampling: `learned` poses, each with a learned weight; a single `canonical` one
            (under mirror images, that and its image); or `uniform`, turned by equal
            steps about the mean of the context, with equal weights.
        count: Number of poses, mirror images not counted. Time is in proportion to it.
        width: Channels of the network that chooses them.
        noise: Standard deviation of noise in what that network reads of a station,
            in training alone. It lets poses of symmetric contexts differ.
    """

    section: ClassVar[str] = "model.learned_frames"
    sampling: Literal["learned", "uniform", "canonical"] = "learned"
    count: int = ranged(4, least=1, most=1024)
    width: int = ranged(32, least=1, most=4096)
    noise: float = ranged(0.0, least=0, most=100)


@dataclass(frozen=True)
class ModelConfig(Section):
    """The neural process.

    Attributes:
        geometry: Where stations lie: on a map plane (`plane`) or on the sphere
            (`sphere`); `box` is bare coordinates of any dimension, in whose unit all
            lengths named `km` here are then given.
        group: The symmetry. On the plane and in a box `translations` (the default
            there), `rigid_motions` or `none`; on the sphere `longitude_shifts` (the
            default there), `rotations` or `none`. On the plane frames
            (`symmetrise`) also give `similarity` (rigid motions and changes of
            scale), `special_linear` (linear maps that keep areas) and `affine` (all
            linear maps), each with shifts.
        insolation: Give the model the insolation above the atmosphere (a function of
            latitude and day) and its change as covariates, in place of the sine and
            cosine of the time of year, which differ between the hemispheres.
        symmetrise: Keep the group by the architecture (`none`), or by averaging over
            frames of the context: then the architecture need not keep it, and any
            backbone can have any group that has frames. The moments of the context give
            the frames (`frames`), or a network chooses them (`learned`).
        form: Strictly equivariant, or with fixed inputs that break the symmetry.
        backbone: The strictly equivariant network.
        fixed_inputs: Learned functions of absolute location.
        likelihood: Family of the predictive distribution: independent Gaussians, one
            joint Gaussian of low rank, or mixtures of Gaussians.
        coast: Use the distance to the coast as a covariate.
        floor: Smallest standard deviation, as a share of the training values' standard
            deviation.
        rank: Rank of the joint Gaussian (`low_rank` only).
        components: Number of Gaussians in a mixture (`mixture` only).
        learned_frames: The network that chooses frames (`symmetrise: learned` only).
    """

    section: ClassVar[str] = "model"
    geometry: Literal["plane", "sphere", "box"] = "sphere"
    group: Literal[
        "default", "none", "translations", "rigid_motions",
        "longitude_shifts", "rotations", "similarity", "special_linear", "affine",
    ] = "default"  # fmt: skip
    symmetrise: Literal["none", "frames", "learned"] = "none"
    form: Literal["strict", "approximate"] = "strict"
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    fixed_inputs: FixedInputsConfig = field(default_factory=FixedInputsConfig)
    likelihood: Literal["gaussian", "low_rank", "mixture"] = "mixture"
    coast: bool = True
    insolation: bool = False
    floor: float = ranged(0.01, above=0, most=1)
    rank: int = ranged(16, least=1, most=4096)
    components: int = ranged(3, least=2, most=256)
    learned_frames: LearnedFramesConfig = field(default_factory=LearnedFramesConfig)


@dataclass(frozen=True)
class TrainerConfig(Section):
    """How a model is trained.

    Attributes:
        max_steps: Number of steps after which training ends; 0 = no such limit.
        max_minutes: Minutes after which training ends, validation included; 0 = no
            limit. By default 55, or no limit where `max_steps` is set. The learning
            rate falls to zero towards whichever limit comes first.
        batch_size: Tasks per step, over all processes together.
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
        regularise: Candidate symmetries: the loss has a penalty for each that the model
            departs from. On the plane and in a box `translations`, `rigid_motions` and
            `mirror` (of the first coordinate), in two dimensions also `turns` about the
            origin, `east_shifts` and `north_shifts`; on the sphere `longitude_shifts`,
            `rotations` and `mirror` (at the equator).
        regularise_strength: Strength of each penalty at first, in nats a value; 0 = the
            loss without penalties.
        regularise_tuned_at: Share of training after which strengths are tuned, once:
            each is divided by (level / smallest level)^power.
        regularise_power: That power; 0 = strengths stay as they are.
        regularise_form: Penalty of forbidden weights (`structural`), of the change of
            predictions of moved tasks (`functional`, twice the time of a step), or the
            first where every group has it (`auto`).
        clone: A trained run whose predictions the model learns to repeat, at the
            training contexts and without the values of targets. The model takes the
            inputs of that run.
        clone_share: Share of training in which it does; then it learns from observed
            targets.
        clone_moves: What moves tasks meanwhile: elements of the group of the clone's
            teacher (`teacher`), of another group, or nothing (`none`).
    """

    section: ClassVar[str] = "trainer"
    max_steps: int = ranged(0, least=0)
    max_minutes: float = ranged(None, least=0)
    batch_size: int = ranged(2, least=1, most=65_536)
    learning_rate: float = ranged(2e-3, above=0, most=10)
    warmup: int = ranged(50, least=0)
    weight_decay: float = ranged(1e-4, least=0, most=10)
    gradient_clip: float = ranged(0.5, above=0)
    loss: Literal["nll", "crps"] = "nll"
    average: float = ranged(0.995, least=0, below=1)
    validation_every: int = ranged(250, least=1)
    validation_tasks: int = ranged(32, least=1, most=10**6)
    patience: int = ranged(0, least=0)
    monitor: Literal["crps", "nll"] = "crps"
    save_minutes: float = ranged(5.0, least=0)
    log_every: int = ranged(10, least=1)
    seed: int = ranged(0, least=0, most=LARGEST_SEED)
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps"] = "auto"
    devices: int | Literal["auto"] = ranged(1, least=1, most=1024)
    num_nodes: int = ranged(1, least=1, most=4096)
    workers: int = ranged(0, least=0, most=1024)
    threads: int = ranged(0, least=0, most=1024)
    regularise: list[Symmetry] = field(default_factory=list)
    regularise_strength: float = ranged(1.0, least=0, most=10**6)
    regularise_tuned_at: float = ranged(0.25, least=0, most=1)
    regularise_power: float = ranged(2.0, least=0, most=10)
    regularise_form: Literal["auto", "structural", "functional"] = "auto"
    clone: str | None = None
    clone_share: float = ranged(1.0, above=0, most=1)
    clone_moves: Symmetry | Literal["teacher", "none"] = "teacher"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_minutes is None:
            minutes = DEFAULT_MINUTES if self.max_steps == 0 else 0.0
            object.__setattr__(self, "max_minutes", minutes)
        if self.max_steps == 0 and self.max_minutes == 0:
            raise ConfigError(
                "Training needs an end: `trainer.max_steps` or `trainer.max_minutes` "
                "must be > 0. Got 0 for both."
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

    def __post_init__(self) -> None:
        if not self.run.strip():
            raise ConfigError("`run` must name a folder. Got an empty text.")
