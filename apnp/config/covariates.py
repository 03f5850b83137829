"""Which gridded covariates, and which history, accompany the stations."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from apnp.errors import ConfigError
from apnp.ranges import Section, ranged


@dataclass(frozen=True)
class GriddedCovariateConfig(Section):
    """A variable of a NetCDF file on latitude and longitude.

    A covariate without time is the same on all days; one with time has a value for
    each day of the stations, the mean of its times on that day. Missing values are
    masked.

    Attributes:
        path: The file, or `terrain` for the elevation and the land fraction that come
            with the package (variables `elevation` and `land_fraction`).
        variable: Name of the variable in it.
        use: `covariate`: its values at stations and targets are covariates (of any
            backbone); `auxiliary`: it is an auxiliary context set (of a ConvCNP and
            other models on a lattice); or `both`. An elevation enters as the height of
            a site above it.
        smooth_km: Standard deviations of Gaussian windows, km: the average over each
            window is one more covariate, and for an elevation its standard deviation in
            the window as well.
        auxiliary_km: Size of the cells over which an auxiliary context set is averaged.
    """

    section: ClassVar[str] = "data.covariates"
    path: str
    variable: str
    use: Literal["covariate", "auxiliary", "both"] = "covariate"
    smooth_km: tuple[float, ...] = ranged((), above=0, most=20_000, count=(0, 16))
    auxiliary_km: float = ranged(100.0, above=0, most=20_000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.smooth_km and self.use == "auxiliary":
            raise ConfigError(
                f"`data.covariates`: `smooth_km` of {self.variable} requires `use: "
                "covariate` or `use: both`. Got `use: auxiliary`: leave smooth_km out, "
                "or set use to both."
            )


@dataclass(frozen=True)
class HistoryConfig(Section):
    """What a station has shown before the predicted day, relative to its neighbours.

    It comes from the station file itself, in training and in prediction. Places that
    are no station, and stations without earlier days, have none.

    Attributes:
        days: Number of days before the predicted day that are read; 0 = no history.
        last: Number of latest values that are read one by one.
        neighbours: Nearest stations whose weighted mean a value is compared with.
        dropout: Share of the stations whose history a training task does without: in
            its context, and among its targets.
    """

    section: ClassVar[str] = "data.history"
    days: int = ranged(0, least=0, most=3660)
    last: int = ranged(3, least=0, most=60)
    neighbours: int = ranged(12, least=1, most=256)
    dropout: tuple[float, float] = ranged((0.3, 0.5), least=0, most=1, count=(2, 2))
