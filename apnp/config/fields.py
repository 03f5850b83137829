"""Which gridded fields accompany the stations."""

from dataclasses import dataclass
from typing import Literal

from apnp.errors import ConfigError


@dataclass(frozen=True)
class GriddedFieldConfig:
    """A variable of a NetCDF file on latitude and longitude.

    A field without time is the same on all days; one with time has a value for each
    day of the stations, the mean of its times on that day. Missing values are masked.

    Attributes:
        path: The file, or "terrain" for the relief and land fraction of the package
            (variables elevation and land_fraction).
        variable: Name of the variable in it.
        use: Its values at stations and targets are covariates (of any backbone), or it
            is a stream beside the context (of a ConvCNP and its kin), or both. A
            height of the ground tells how far a place lies above it.
        smooth_km: Standard deviations of Gaussian windows, in km: the field averaged
            over each is one more covariate, and of a height of the ground its spread
            there, which is how rugged it is.
        stream_km: Size of the cells over which a stream is averaged.
    """

    path: str
    variable: str
    use: Literal["covariate", "stream", "both"] = "covariate"
    smooth_km: tuple[float, ...] = ()
    stream_km: float = 100.0

    def __post_init__(self) -> None:
        if not self.stream_km > 0 or any(not km > 0 for km in self.smooth_km):
            raise ConfigError(
                "`stream_km` and `smooth_km` of data.fields are lengths above 0. Got "
                f"{self.stream_km} and {list(self.smooth_km)}."
            )
        if self.smooth_km and self.use == "stream":
            raise ConfigError(
                f"`smooth_km` of the field {self.variable} is about covariates, and "
                "its `use` is stream: leave it out, or set use to both."
            )
