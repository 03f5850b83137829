"""Gridded fields as inputs: covariates at points, auxiliary sets on a grid."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from apnp.errors import CheckpointError, ConfigError, DataError
from apnp.geometry.lat_lon_grid import LatLonGrid
from apnp.observations import Sites

Floats = NDArray[np.float64]

KM_PER_UNIT = 1000.0
"""Kilometres in one unit of the plane's coordinates, the same for both axes."""
METRES_PER_UNIT = 1000.0
"""Metres of elevation in one unit of its covariate."""
_MOST_DAYS = 64
"""Training days, evenly spread, that the scaling of a field is taken from."""


class FieldSource(Protocol):
    """Where the values of a field come from.

    `path` is the file, `days` are datetime64[D] in rising order, or None where the
    field is the same on all days; `height` tells a height of the ground, in metres.
    """

    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def units(self) -> str: ...  # noqa: D102
    @property
    def grid(self) -> LatLonGrid: ...  # noqa: D102
    @property
    def days(self) -> NDArray[np.datetime64] | None: ...  # noqa: D102
    @property
    def height(self) -> bool: ...  # noqa: D102

    def values(self, time: np.datetime64, smooth_km: float = 0.0) -> Floats:
        """The field of a day, NaN = missing, averaged over a window or as it is."""
        ...

    def spread(self, time: np.datetime64, smooth_km: float) -> Floats:
        """How much the field of a day varies within a window, NaN = missing."""
        ...

    def coarsened(self, time: np.datetime64, km: float) -> tuple[LatLonGrid, Floats]:
        """Means of the field of a day over cells about `km` wide, and their grid."""
        ...

    def check_day(self, time: np.datetime64) -> None:
        """Refuse a time whose day there is not."""
        ...


@dataclass(frozen=True)
class FieldUse:
    """What a model does with a field.

    Attributes:
        covariate: Whether its values at stations and targets are covariates.
        auxiliary_km: Cells over which it is averaged for an auxiliary set; 0 = none.
        smooth_km: Gaussian windows over which it is averaged for more covariates.
    """

    covariate: bool = True
    auxiliary_km: float = 0.0
    smooth_km: tuple[float, ...] = ()


@dataclass(frozen=True)
class FieldScaling:
    """A field, and how it is scaled; made for JSON.

    Its covariates at a site are `(value - mean) / std` and the same of its averages
    over wider windows. Of a height of the ground they are, in kilometres, how far the
    site lies above it and above its averages, and how much it varies in each window:
    a valley, a summit, rugged ground.

    Attributes:
        name: Name of the variable.
        units: Its units.
        mean: Mean at the training stations, in these units (of a height: m).
        std: Standard deviation there, positive.
        daily: Whether each day has a field of its own.
        height: Whether it is the height of the ground.
        use: What the model does with it.
    """

    name: str
    units: str
    mean: float
    std: float
    daily: bool
    height: bool
    use: FieldUse

    @classmethod
    def fit(
        cls,
        source: FieldSource,
        use: FieldUse,
        lat: Floats,
        lon: Floats,
        times: NDArray[np.datetime64],
    ) -> "FieldScaling":
        """The scaling of a field at training stations (n,), on training days.

        Raises:
            DataError: If a day is not in the source, or no station is on the field.
            ConfigError: If its values there do not vary.
        """
        for time in times:
            source.check_day(time)
        steps = np.linspace(0, len(times) - 1, min(_MOST_DAYS, len(times)))
        chosen = times[steps.round().astype(int)] if source.days is not None else times
        n = len(chosen) if source.days is not None else 1
        found = [source.grid.at(source.values(t), lat, lon) for t in chosen[:n]]
        known = np.concatenate(found)
        known = known[np.isfinite(known)]
        if not known.size:
            raise DataError(
                f"The field {source.name} has no value at any of {len(lat)} training "
                f"stations: it covers {source.grid.lat[0]:g} to "
                f"{source.grid.lat[-1]:g} N, {source.grid.lon[0]:g} to "
                f"{source.grid.lon[-1]:g} E. Give a file that covers them."
            )
        if known.std() == 0:
            raise ConfigError(
                f"The field {source.name} is {known[0]:g} at every training station, "
                "which tells nothing: leave it out of data.covariates."
            )
        return cls(
            source.name, source.units, float(known.mean()), float(known.std()),
            source.days is not None, source.height, use,
        )  # fmt: skip

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "FieldScaling":
        """The scaling that `to_dict` wrote.

        Raises:
            CheckpointError: If a key is missing or unknown.
        """
        try:
            use = dict(record["use"])
            use["smooth_km"] = tuple(use["smooth_km"])
            return cls(**(record | {"use": FieldUse(**use)}))
        except (KeyError, TypeError) as error:
            raise CheckpointError(
                f"The record of a field is not understood: {error}."
            ) from error

    def to_dict(self) -> dict[str, Any]:
        """The scaling as JSON holds it."""
        return asdict(self)

    @property
    def n_covariates(self) -> int:
        """Number of covariates."""
        windows = len(self.use.smooth_km)
        own = 1 + windows + self.height * windows
        return own if self.use.covariate else 0

    def check(self, source: FieldSource) -> None:
        """Refuse a source of another kind than that of the training.

        Raises:
            DataError: Naming what differs.
        """
        for what, mine, other in (
            ("units", self.units or "none", source.units or "none"),
            ("a field a day", self.daily, source.days is not None),
            ("a height of the ground", self.height, source.height),
        ):
            if mine != other:
                raise DataError(
                    f"The field {self.name} of the training and this one differ in "
                    f"`{what}`: {mine} there and {other} here. Give the field in the "
                    "form it was trained with."
                )

    def covariates(
        self,
        source: FieldSource,
        lat: Floats,
        lon: Floats,
        elevation: Floats,
        time: np.datetime64,
    ) -> Floats:
        """Covariates at points on a day, NaN where missing, (n, n_covariates)."""
        if not self.use.covariate:
            return np.zeros((len(lat), 0))
        windows = (0.0, *self.use.smooth_km)
        means = [source.grid.at(source.values(time, km), lat, lon) for km in windows]
        if not self.height:
            return (np.stack(means, axis=-1) - self.mean) / self.std
        above = [np.asarray(elevation) - mean for mean in means]
        spreads = [
            source.grid.at(source.spread(time, km), lat, lon)
            for km in self.use.smooth_km
        ]
        return np.stack([*above, *spreads], axis=-1) / METRES_PER_UNIT

    def averaged(
        self, source: FieldSource, time: np.datetime64
    ) -> tuple[LatLonGrid, Floats]:
        """Scaled values of a day, averaged over cells of `auxiliary_km`, on their grid.

        NaN where missing.
        """
        grid, means = source.coarsened(time, self.use.auxiliary_km)
        return grid, (means - self.mean) / self.std


@dataclass(frozen=True)
class GriddedCovariates:
    """The gridded fields that a model reads, and where their values come from.

    Attributes:
        fields: The fields, and how they are scaled.
        sources: Where their values come from, in the same order; no part of the record.
    """

    fields: tuple[FieldScaling, ...] = ()
    sources: tuple[FieldSource, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def fit(
        cls,
        sources: Iterable[FieldSource],
        uses: Iterable[FieldUse],
        sites: Sites,
        times: NDArray[np.datetime64],
    ) -> "GriddedCovariates":
        """Fields scaled at the training stations.

        Args:
            sources: The fields.
            uses: What the model does with each.
            sites: The training stations.
            times: The training days.

        Raises:
            DataError: If a field has not all days, or is nowhere at a station.
            ConfigError: If it does not vary.
        """
        sources = tuple(sources)
        scalings = tuple(
            FieldScaling.fit(source, use, sites.lat, sites.lon, times)
            for source, use in zip(sources, uses, strict=True)
        )
        return cls(scalings, sources)

    @property
    def number(self) -> int:
        """Number of covariates."""
        return sum(each.n_covariates for each in self.fields)

    @property
    def auxiliary_dy(self) -> tuple[int, ...]:
        """Number of variables of each auxiliary set beside the context."""
        return tuple(1 for each in self.fields if each.use.auxiliary_km)

    def reading(self, sources: Iterable[FieldSource]) -> "GriddedCovariates":
        """The same fields, read from these sources.

        Raises:
            ConfigError: If they are not the fields of the training.
            DataError: If one is of another kind.
        """
        return GriddedCovariates(self.fields, matched(self.fields, sources))

    def check_days(self, times: NDArray[np.datetime64]) -> None:
        """Refuse times on whose day a field has no values.

        Raises:
            DataError: Naming the file and the days there are.
        """
        for source in self.sources:
            for time in times:
                source.check_day(time)

    def at(self, sites: Sites) -> list[Floats]:
        """Covariates of each field at sites, (n, its number), NaN where missing."""
        return [
            each.covariates(source, sites.lat, sites.lon, sites.elevation, sites.time)
            for each, source in zip(self.fields, self.sources, strict=True)
        ]

    def on_days(
        self, sites: Sites, times: NDArray[np.datetime64]
    ) -> list[NDArray[np.float32]]:
        """Covariates of each field at sites, whatever their time.

        Each (days, n, its number), with one day where all are the same.
        """
        found = []
        for k, each in enumerate(self.fields):
            days = times if each.daily else times[:1]
            values = [self.at(replace(sites, time=t))[k] for t in days]
            found.append(np.stack(values).astype(np.float32))
        return found


def matched(
    scalings: Iterable[FieldScaling], sources: Iterable[FieldSource]
) -> tuple[FieldSource, ...]:
    """The sources in the order of the scalings, each checked.

    Raises:
        ConfigError: If they do not name the same fields.
        DataError: If one is of another kind.
    """
    scalings, there = list(scalings), {source.name: source for source in sources}
    wanted = [scaling.name for scaling in scalings]
    if sorted(wanted) != sorted(there):
        raise ConfigError(
            f"The model reads the fields {', '.join(wanted) or 'none'}, and is given "
            f"{', '.join(there) or 'none'}: name the fields it was trained with "
            "(data.covariates, or --covariates), or train another."
        )
    for scaling in scalings:
        scaling.check(there[scaling.name])
    return tuple(there[name] for name in wanted)
