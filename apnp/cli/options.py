"""The options of every verb, typed, as its functions take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Region = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class StationOptions:
    """Which station files are read, and how.

    Attributes:
        stations: Files or folders.
        columns: Columns of a table by name.
        units: Units of columns by name.
        variable: Name of the variable.
        station_list: File of the stations' positions.
        day: The 24 hours that daily values stand for.
        missing: Numbers that stand for missing values, a tuple for each argument.
        good_flags: Quality codes that are good, separated by commas.
    """

    stations: Sequence[str]
    columns: dict[str, str]
    units: dict[str, str]
    variable: str
    station_list: str | None
    day: str | None
    missing: Sequence[tuple[float, ...]]
    good_flags: str | None


@dataclass(frozen=True, kw_only=True)
class ReadOptions(StationOptions):
    """`apnp data summary`."""

    time: str | None
    daily: Literal["mean", "max", "min"] | None
    min_obs: int | None
    day_start: int | None


@dataclass(frozen=True, kw_only=True)
class ConvertOptions(ReadOptions):
    """`apnp data convert`."""

    output: str


@dataclass(frozen=True, kw_only=True)
class SmokeOptions:
    """`apnp data smoke`."""

    runs: int
    seed: int
    workers: int
    output: str


@dataclass(frozen=True, kw_only=True)
class AdaptOptions(StationOptions):
    """`apnp adapt`."""

    output: str
    minutes: float
    checkpoint: str


@dataclass(frozen=True, kw_only=True)
class PredictOptions(StationOptions):
    """`apnp predict`; an empty `variable` is that of the model."""

    checkpoint: str
    time: str
    grid: str | None
    region: tuple[float, ...] | None
    points: str | None
    elevation: str | None
    covariates: Sequence[str]
    mask: Literal["land"] | None
    quantiles: tuple[float, ...] | None
    samples: int | None
    seed: int
    anchors: int
    samples_without_noise: bool
    no_fixed_inputs: bool
    no_recalibration: bool
    output: str | None
    workers: int | None
    scheduler: str | None
    zarr_format: int
    map: str | None

    @property
    def is_store(self) -> bool:
        """Whether a Zarr store is to be written."""
        return str(self.output or "").endswith(".zarr")


@dataclass(frozen=True, kw_only=True)
class NetworkOptions(StationOptions):
    """What the verbs for the care of a network share.

    An empty `variable` is that of the model.
    """

    checkpoint: str
    covariates: Sequence[str]
    time: str | None


@dataclass(frozen=True, kw_only=True)
class CheckOptions(NetworkOptions):
    """`apnp check`."""

    limit: float
    output: str | None
    report: str | None
    map: str | None


@dataclass(frozen=True, kw_only=True)
class FillOptions(NetworkOptions):
    """`apnp fill`."""

    output: str
    draws: int
    seed: int
    no_history: bool
    max_distance: float


@dataclass(frozen=True, kw_only=True)
class PlaceOptions(NetworkOptions):
    """`apnp place`."""

    number: int | None
    remove: int | None
    grid: str
    candidates: str | None
    region: Region | None
    exclude: Sequence[Region]
    min_distance: float
    days: int
    elevation: str | None
    output: str
    map: str | None


@dataclass(frozen=True, kw_only=True)
class InfluenceOptions(NetworkOptions):
    """`apnp influence`."""

    station: str | None
    grid: str
    output: str
    map: str | None


@dataclass(frozen=True, kw_only=True)
class TaskOptions(StationOptions):
    """Which tasks a model is judged on, as `evaluate` and `symmetry` have them."""

    checkpoint: str | None
    covariates: Sequence[str]
    time: str | None
    context: int
    tasks: int
    seed: int
    output: str | None


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(TaskOptions):
    """`apnp evaluate`."""

    beside: Sequence[str]
    at: Literal["unseen", "known"]
    hold_out: str | None
    context_pool: Literal["outside", "all"]
    region: Region | None
    no_fixed_inputs: bool
    no_recalibration: bool
    baselines: str | None
    field: str | None
    gaps: Literal["random", "blocks", "stations"] | None


@dataclass(frozen=True, kw_only=True)
class SymmetryOptions(TaskOptions):
    """`apnp symmetry`."""

    checkpoint: str
    groups: Sequence[str]
    grid: str | None
    elevation: str | None
    map: str | None


@dataclass(frozen=True, kw_only=True)
class PlotOptions(StationOptions):
    """`apnp plot`."""

    field: str
    output: str
    time: str | None
    title: str | None


@dataclass(frozen=True, kw_only=True)
class ReportOptions(StationOptions):
    """`apnp report`."""

    sources: Sequence[str]
    output: str
    time: str | None
    title: str | None


@dataclass(frozen=True, kw_only=True)
class StudyOptions:
    """`apnp experiment`: what all studies share."""

    study: str
    size: str
    models: Sequence[str] | None
    ablation: Sequence[str]
    likelihood: Literal["gaussian", "mixture"]
    seeds: Sequence[int]
    minutes: float | None
    steps: int | None
    learning_rate: float | None
    tasks: int | None
    devices: int
    only: str | None
    output: str


@dataclass(frozen=True, kw_only=True)
class AnisotropicOptions(StudyOptions):
    """`apnp experiment anisotropic-gp`."""

    layout: Literal["stretched", "square"]


@dataclass(frozen=True, kw_only=True)
class GibbsOptions(StudyOptions):
    """`apnp experiment gibbs-1d`."""

    bank: int | None


@dataclass(frozen=True, kw_only=True)
class RoadsOptions(GibbsOptions):
    """`apnp experiment roads`."""

    distinct: int


@dataclass(frozen=True, kw_only=True)
class ScaleOptions(RoadsOptions):
    """`apnp experiment scale`."""

    widths: Sequence[int] | None
    budgets: Sequence[int] | None


@dataclass(frozen=True, kw_only=True)
class SmokeStudyOptions(StudyOptions):
    """`apnp experiment smoke`."""

    data: str
    patch: int | None


@dataclass(frozen=True, kw_only=True)
class EnvironmentOptions(StudyOptions):
    """`apnp experiment environment`."""

    data: Sequence[str]
    out_data: Sequence[str] | None
    axes: int
    patch: int | None
    elevation: str | None
    land: bool
    every: int
    train_region: Region
    out_region: Region
    train_time: str
    validation_time: str | None
    test_time: str
    out_time: str | None
