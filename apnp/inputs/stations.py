"""How stations become the inputs of a model, and its output physical values again."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from apnp.errors import CheckpointError, ConfigError
from apnp.geometry.coastline import MapScale, coast_distance_km
from apnp.geometry.plane import LambertAzimuthal
from apnp.geometry.sphere import (
    EARTH_RADIUS_KM,
    great_circle_km,
    is_global,
    lat_lon,
    unit_vectors,
)
from apnp.inputs.gridded_covariates import (
    KM_PER_UNIT,
    METRES_PER_UNIT,
    FieldScaling,
    FieldSource,
    FieldUse,
    matched,
    plane_streams,
    sphere_streams,
)
from apnp.observations import Observations, Sites
from apnp.types import Domain, GriddedField, PointSet

Floats = NDArray[np.float64]

GEOMETRIES = ("plane", "sphere")
COAST_KM = np.array([50.0, 500.0])
"""Distances inland at which the covariates of the coast level out."""
DAYS_PER_YEAR = 365.2425
_WIDEST_PLANE_KM = EARTH_RADIUS_KM * np.pi / 2


@dataclass(frozen=True)
class StationInputs:
    """Locations, covariates and values as a model sees them; made for JSON.

    Locations are `km / 1000` in Lambert's azimuthal equal-area plane about `centre`
    (`dx` = 2), or unit vectors (`dx` = 3). Covariates (`dw` = 3) are elevation in
    kilometres and sine and cosine of the time of year; with `coast` two more, which
    are how far inland a place lies, and at the end those of gridded fields. Values are
    `(value - mean) / std` (`dy` = 1), with a mean of zero where zero is a bound.

    Attributes:
        geometry: "plane" or "sphere".
        centre: Latitude and longitude in degrees of the plane's centre, the mean
            direction of the training stations.
        low: Lower corner of the box of the training locations, `dx` numbers.
        high: Its upper corner.
        mean: Mean of the training values, in the variable's CF units, or zero.
        std: Their standard deviation, same units, positive.
        coast: Whether the signed distance to the coast is a covariate.
        coast_scale: Scale of the map whose coast it is.
        fields: Gridded fields that the model reads.
        sources: Where their values come from; no part of the record.
    """

    geometry: str
    centre: tuple[float, float]
    low: tuple[float, ...]
    high: tuple[float, ...]
    mean: float
    std: float
    coast: bool = False
    coast_scale: MapScale = "50m"
    fields: tuple[FieldScaling, ...] = ()
    sources: tuple[FieldSource, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.geometry not in GEOMETRIES:
            raise ConfigError(
                f"`geometry` is one of {', '.join(GEOMETRIES)}. Got {self.geometry!r}."
            )
        if not (
            np.isfinite([self.mean, self.std, *self.centre]).all() and self.std > 0
        ):
            raise ConfigError(
                "`mean`, `std` and `centre` must be finite and `std` positive. Got "
                f"{self.mean}, {self.std} and {self.centre}."
            )

    @classmethod
    def fit(
        cls,
        geometry: str,
        lat: ArrayLike,
        lon: ArrayLike,
        value: ArrayLike,
        bounded: bool = False,
        coast: bool = False,
    ) -> "StationInputs":
        """The representation of a training set.

        Args:
            geometry: "plane" or "sphere".
            lat: Latitudes of the training stations in degrees, shape (n,).
            lon: Their longitudes in degrees, any convention.
            value: Training values of any shape; NaN = missing.
            bounded: Whether values lie at or above zero, and zero stays zero: they
                are scaled without a shift.
            coast: Whether the signed distance to the coast is a covariate.

        Raises:
            ConfigError: If the values do not vary, or lie below zero where they may
                not, or the region is too wide for a plane.
        """
        values = np.asarray(value, dtype=np.float64)
        values = values[np.isfinite(values)]
        if values.size < 2 or values.std() == 0:
            raise ConfigError(
                f"Values are scaled by their spread, and the {values.size} training "
                "values have none: check data.train_times and data.variable."
            )
        centre = middle(lat, lon)
        farthest = float(np.max(great_circle_km(lat, lon, *centre)))
        if geometry == "plane" and farthest > _WIDEST_PLANE_KM:
            raise ConfigError(
                f"The stations reach {farthest:.0f} km from their centre, too far for "
                f"a plane (at most {_WIDEST_PLANE_KM:.0f} km): set model.geometry to "
                "sphere."
            )
        if bounded and values.min() < 0:
            raise ConfigError(
                "This `model.likelihood` takes values at or above zero. The least "
                f"training value is {values.min():g}: take another likelihood."
            )
        scale = 0.0 if bounded else float(values.mean()), float(values.std())
        return cls(geometry, centre, (), (), *scale, coast)._bounded(lat, lon)

    @property
    def dx(self) -> int:
        """Dimensions of a location."""
        return 2 if self.geometry == "plane" else 3

    @property
    def dw(self) -> int:
        """Number of covariates."""
        own = 5 if self.coast else 3
        return own + sum(each.n_covariates for each in self.fields)

    @property
    def dy(self) -> int:
        """Number of variables."""
        return 1

    @property
    def stream_dy(self) -> tuple[int, ...]:
        """Number of variables of each stream beside the context."""
        return tuple(1 for each in self.fields if each.use.stream_km)

    def fitted(
        self,
        sources: Iterable[FieldSource],
        uses: Iterable[FieldUse],
        sites: Sites,
        times: NDArray[np.datetime64],
    ) -> "StationInputs":
        """The representation with gridded fields, scaled at the training stations.

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
        return replace(self, fields=scalings, sources=sources)

    def reading(self, sources: Iterable[FieldSource]) -> "StationInputs":
        """The representation that takes its gridded fields from these sources.

        Raises:
            ConfigError: If they are not the fields of the training.
            DataError: If one is of another kind.
        """
        return replace(self, sources=matched(self.fields, sources))

    def check_days(self, times: NDArray[np.datetime64]) -> None:
        """Refuse times on whose day a field has no values.

        Raises:
            DataError: Naming the file and the days there are.
        """
        for source in self.sources:
            for time in times:
                source.check_day(time)

    def to_dict(self) -> dict[str, Any]:
        """The representation as JSON holds it."""
        kept = {f.name: getattr(self, f.name) for f in fields(self)}
        del kept["sources"]
        return kept | {"fields": [each.to_dict() for each in self.fields]}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "StationInputs":
        """The representation that `to_dict` wrote.

        Raises:
            CheckpointError: If a field is missing or unknown.
        """
        older: dict[str, Any] = {"coast": False, "coast_scale": "110m", "fields": []}
        record = older | record  # runs older than these have none
        names = {f.name for f in fields(cls)} - {"sources"}
        if set(record) != names:
            raise CheckpointError(
                f"A representation has the fields {', '.join(sorted(names))}. Got "
                f"{', '.join(sorted(record)) or 'none'}."
            )
        corners = {name: tuple(record[name]) for name in ("centre", "low", "high")}
        scalings = tuple(FieldScaling.from_dict(each) for each in record["fields"])
        return cls(**(record | corners | {"fields": scalings}))

    def locations(self, lat: ArrayLike, lon: ArrayLike) -> Floats:
        """Model locations (n, dx) of points in degrees, each (n,)."""
        if self.geometry == "sphere":
            return unit_vectors(lat, lon)
        return LambertAzimuthal(*self.centre).project(lat, lon) / KM_PER_UNIT

    def covariates(self, sites: Sites) -> Floats:
        """Covariates of sites, (n, dw); NaN where a field has no value."""
        return np.concatenate(
            [self.terrain(sites.lat, sites.lon, sites.elevation),
             np.broadcast_to(time_of_year(sites.time), (len(sites), 2)),
             *self._field_covariates(sites)], axis=-1,
        )  # fmt: skip

    def field_covariates(
        self, sites: Sites, times: NDArray[np.datetime64]
    ) -> list[NDArray[np.float32]]:
        """Covariates of each field at sites, whatever their time.

        Each (days, n, its number), with one day where all are the same.
        """
        found = []
        for k, each in enumerate(self.fields):
            days = times if each.daily else times[:1]
            found.append(
                np.stack(
                    [self._field_covariates(replace(sites, time=t))[k] for t in days]
                ).astype(np.float32)
            )
        return found

    def _field_covariates(self, sites: Sites) -> list[Floats]:
        return [
            each.covariates(source, sites.lat, sites.lon, sites.elevation, sites.time)
            for each, source in zip(self.fields, self.sources, strict=True)
        ]

    def streams(self, domain: Domain, time: np.datetime64) -> tuple[GriddedField, ...]:
        """The streams of one task (b = 1) on a day, each of one variable.

        On the plane at nodes about the centre of the domain, in and around it; on the
        sphere at all nodes of the field.
        """
        if self.geometry == "sphere":
            return sphere_streams(self.fields, self.sources, time)
        box = domain.centre[0].double().numpy(), domain.extent[0].double().numpy()
        plane = LambertAzimuthal(*self.centre)
        return plane_streams(self.fields, self.sources, time, plane, box)

    def terrain(self, lat: ArrayLike, lon: ArrayLike, elevation: ArrayLike) -> Floats:
        """Covariates that do not change with time, first those of points, (n, dw - 2).

        Elevation in kilometres, and how far inland: the distance d to the coast as
        tanh(d / 50 km) and tanh(d / 500 km), below zero on the sea.
        """
        height = np.asarray(elevation, dtype=np.float64)[:, None] / METRES_PER_UNIT
        if not self.coast:
            return height
        inland = coast_distance_km(lat, lon, self.coast_scale)[:, None]
        return np.concatenate([height, np.tanh(inland / COAST_KM)], axis=-1)

    def scale(self, value: ArrayLike) -> Floats:
        """Values in physical units, as the model sees them."""
        return (np.asarray(value, dtype=np.float64) - self.mean) / self.std

    def unscale(self, value: ArrayLike) -> Floats:
        """Scaled values (means, quantiles) in physical units."""
        return np.asarray(value, dtype=np.float64) * self.std + self.mean

    def unscale_std(self, std: ArrayLike) -> Floats:
        """Scaled standard deviations in physical units: scaled, never shifted."""
        return np.asarray(std, dtype=np.float64) * self.std

    def point_set(self, observations: Observations) -> PointSet:
        """Observations as a float32 point set of one task (b = 1)."""
        sites = observations.sites
        return observed(
            _tensor(self.locations(sites.lat, sites.lon)),
            _tensor(self.scale(observations.value)[:, None]),
            _tensor(self.covariates(sites)),
        )

    def targets(
        self, sites: Sites
    ) -> tuple[Float[Tensor, "1 n dx"], Float[Tensor, "1 n dw"], Tensor]:
        """Locations, covariates and the covariates' mask to decode at (b = 1)."""
        w = _tensor(self.covariates(sites))
        x = _tensor(self.locations(sites.lat, sites.lon))
        return x, torch.nan_to_num(w), w.isfinite()

    def box(self, x: NDArray) -> tuple[Floats, Floats]:
        """Centre and extent, each (dx,), of the domain of context locations (n, dx).

        On the plane the box of the locations, or the training region's where there is
        none; on the sphere the whole sphere, its lattice starting at longitude zero.
        """
        if self.geometry == "sphere":
            return np.array([1.0, 0.0, 0.0]), np.full(3, 2.0)
        low, high = np.array(self.low), np.array(self.high)
        if len(x):
            low, high = x.min(axis=0), x.max(axis=0)
        return (low + high) / 2, high - low

    def domain(self, context: Sites, absolute: bool = True) -> Domain:
        """The domain of one task (b = 1), from its observed context alone."""
        centre, extent = self.box(self.locations(context.lat, context.lon))
        return Domain(_tensor(centre), _tensor(extent), torch.tensor([absolute]))

    def adapted(self, context: Sites) -> tuple["StationInputs", bool]:
        """The representation to predict from a context with, and `Domain.absolute`.

        A context whose middle lies in the box of the training stations is represented
        as in training. One that lies elsewhere has no known absolute location, and on
        the plane it is projected about its own middle.
        """
        if len(context) == 0:
            return self, True
        lat, lon = middle(context.lat, context.lon)
        x = self.locations(lat, lon)
        if (np.array(self.low) <= x).all() and (x <= np.array(self.high)).all():
            return self, True
        if self.geometry == "sphere":
            return self, False
        there = replace(self, centre=(lat, lon))
        return there._bounded(context.lat, context.lon), False

    def _bounded(self, lat: ArrayLike, lon: ArrayLike) -> "StationInputs":
        """The same with the box of these points, all of a sphere if they surround it.

        Within the box of a global network there is no place beyond its stations: a
        gap of an ocean is none, and its middle may lie anywhere.
        """
        x = self.locations(lat, lon)
        if self.geometry == "sphere" and is_global(lon):
            x = np.array([[-1.0] * 3, [1.0] * 3])
        return replace(
            self, low=tuple(x.min(axis=0).tolist()), high=tuple(x.max(axis=0).tolist())
        )


def observed(x: Tensor, y: Tensor, w: Tensor) -> PointSet:
    """Points whose values are observed, and their covariates where they are finite."""
    y_mask = torch.ones_like(y, dtype=torch.bool)
    return PointSet(x, y, torch.nan_to_num(w), y_mask, w.isfinite())


def time_of_year(time: ArrayLike) -> Floats:
    """Sine and cosine of the time of year, (..., 2), of datetime64 of shape (...)."""
    day = np.asarray(time, dtype="datetime64[s]")
    elapsed = (day - day.astype("datetime64[Y]")) / np.timedelta64(1, "D")
    angle = 2 * np.pi * elapsed / DAYS_PER_YEAR
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


def middle(lat: ArrayLike, lon: ArrayLike) -> tuple[float, float]:
    """Latitude and longitude in degrees of the mean direction of points, each (n,)."""
    lat, lon = lat_lon(unit_vectors(lat, lon).mean(axis=0))
    return float(lat), float(lon)


def _tensor(value: Floats) -> Tensor:
    """The array as float32 with a leading axis of one task."""
    return torch.from_numpy(np.asarray(value, dtype=np.float32))[None]
