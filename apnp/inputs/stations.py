"""How stations become the inputs of a model, and its output physical values again."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from apnp.errors import CheckpointError
from apnp.inputs.auxiliary import plane_auxiliary, sphere_auxiliary
from apnp.inputs.covariates import SiteCovariates
from apnp.inputs.gridded_covariates import (
    FieldScaling,
    FieldSource,
    FieldUse,
    GriddedCovariates,
)
from apnp.inputs.history import HistorySettings, StationHistory
from apnp.inputs.projection import Projection
from apnp.inputs.scaling import ValueScaling
from apnp.observations import Archive, Observations, Sites
from apnp.types import Domain, GriddedField, PointSet

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StationInputs:
    """Locations, covariates and values as a model sees them; made for JSON.

    Attributes:
        projection: Locations, and the box of those of the training.
        scaling: Values.
        site: Covariates that follow from a place and a time.
        gridded: Covariates and auxiliary sets of gridded fields.
        known_sites: Latitude and longitude in degrees of the training stations that
            have fixed inputs of their own; none for other kinds of fixed inputs.
        history: What of a station's past is a covariate, if anything.
        memory: The stations' past; without one all history is unknown.
    """

    projection: Projection
    scaling: ValueScaling
    site: SiteCovariates = field(default_factory=SiteCovariates)
    gridded: GriddedCovariates = field(default_factory=GriddedCovariates)
    known_sites: tuple[tuple[float, float], ...] = ()
    history: HistorySettings | None = None
    memory: StationHistory | None = field(default=None, compare=False)

    @classmethod
    def fit(
        cls,
        geometry: str,
        lat: ArrayLike,
        lon: ArrayLike,
        value: ArrayLike,
        coast: bool = False,
        insolation: bool = False,
    ) -> "StationInputs":
        """The inputs of a training set.

        Args:
            geometry: "plane" or "sphere".
            lat: Latitudes of the training stations in degrees, shape (n,).
            lon: Their longitudes in degrees, any convention.
            value: Training values of any shape; NaN = missing.
            coast: Whether the signed distance to the coast is a covariate.
            insolation: Whether insolation is a covariate in place of the time of year.

        Raises:
            ConfigError: If the values do not vary, or the region is too wide for a
                plane.
        """
        scaling = ValueScaling.fit(value)
        projection = Projection.fit(geometry, lat, lon)
        return cls(projection, scaling, SiteCovariates(coast, insolation=insolation))

    @property
    def geometry(self) -> str:
        """ "plane" or "sphere"."""
        return self.projection.geometry

    @property
    def low(self) -> tuple[float, ...]:
        """Lower corner of the box of the training locations, `dx` numbers."""
        return self.projection.low

    @property
    def high(self) -> tuple[float, ...]:
        """Its upper corner."""
        return self.projection.high

    @property
    def mean(self) -> float:
        """The number subtracted from a value, in its units."""
        return self.scaling.mean

    @property
    def std(self) -> float:
        """What a value is divided by, in its units."""
        return self.scaling.std

    @property
    def coast(self) -> bool:
        """Whether the signed distance to the coast is a covariate."""
        return self.site.coast

    @property
    def insolation(self) -> bool:
        """Whether insolation is a covariate in place of the time of year."""
        return self.site.insolation

    @property
    def dx(self) -> int:
        """Dimensions of a location."""
        return self.projection.dx

    @property
    def dw(self) -> int:
        """Number of covariates."""
        return self.site.number + self.gridded.number + self.n_history

    @property
    def n_history(self) -> int:
        """Number of covariates of the history, the last ones."""
        return 0 if self.history is None else self.history.number

    @property
    def places(self) -> Floats:
        """Locations of the sites that have fixed inputs of their own, (m, dx)."""
        lat, lon = np.reshape(self.known_sites, (-1, 2)).T
        return self.projection.locations(lat, lon)

    @property
    def dy(self) -> int:
        """Number of variables."""
        return 1

    @property
    def auxiliary_dy(self) -> tuple[int, ...]:
        """Number of variables of each auxiliary set beside the context."""
        return self.gridded.auxiliary_dy

    def fitted(
        self,
        sources: Iterable[FieldSource],
        uses: Iterable[FieldUse],
        sites: Sites,
        times: NDArray[np.datetime64],
    ) -> "StationInputs":
        """The same with gridded fields (`GriddedCovariates.fit`)."""
        gridded = GriddedCovariates.fit(sources, uses, sites, times)
        return replace(self, gridded=gridded)

    def reading(self, sources: Iterable[FieldSource]) -> "StationInputs":
        """The same, with gridded fields that are read from these sources.

        Raises:
            ConfigError: If they are not the fields of the training.
            DataError: If one is of another kind.
        """
        return replace(self, gridded=self.gridded.reading(sources))

    def remembering(self, archive: Archive) -> "StationInputs":
        """The same, with the past of these stations; the same without any history."""
        if self.history is None:
            return self
        return replace(self, memory=StationHistory(self.history, archive))

    def forgetting(self) -> "StationInputs":
        """The same with all history unknown."""
        return replace(self, memory=None)

    def to_dict(self) -> dict[str, Any]:
        """The inputs as JSON holds them: in one level."""
        return {
            **asdict(self.projection), **asdict(self.scaling), **asdict(self.site),
            "fields": [each.to_dict() for each in self.gridded.fields],
            "known_sites": [[*each] for each in self.known_sites],
            "history": None if self.history is None else asdict(self.history),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "StationInputs":
        """The inputs that `to_dict` wrote.

        Raises:
            CheckpointError: If a field is missing or unknown.
        """
        older: dict[str, Any] = {
            "coast": False, "coast_scale": "110m", "insolation": False, "fields": [],
            "lattice_start": "zero",
            "known_sites": [], "history": None,
        }  # fmt: skip
        record = older | record  # runs older than these have none
        names = {kind: {f.name for f in fields(kind)} for kind in _FLAT}
        expected = {"fields", "known_sites", "history"}.union(*names.values())
        if set(record) != expected:
            raise CheckpointError(
                f"The record of inputs has the keys {', '.join(sorted(expected))}. Got "
                f"{', '.join(sorted(record)) or 'none'}."
            )
        plain = {k: tuple(v) if isinstance(v, list) else v for k, v in record.items()}
        own: dict[type, dict[str, Any]] = {
            kind: {k: plain[k] for k in keys} for kind, keys in names.items()
        }
        scalings = tuple(FieldScaling.from_dict(each) for each in record["fields"])
        return cls(
            Projection(**own[Projection]),
            ValueScaling(**own[ValueScaling]),
            SiteCovariates(**own[SiteCovariates]),
            GriddedCovariates(scalings),
            tuple((float(lat), float(lon)) for lat, lon in record["known_sites"]),
            HistorySettings.from_dict(record["history"]),
        )

    def covariates(self, sites: Sites) -> Floats:
        """Covariates of sites, (n, dw); NaN where a field or the past is unknown."""
        return np.concatenate(
            [self.site.terrain(sites.lat, sites.lon, sites.elevation),
             self.site.season(sites.lat, sites.time),
             *self.gridded.at(sites), self.past(sites)], axis=-1,
        )  # fmt: skip

    def past(self, sites: Sites) -> Floats:
        """Covariates of the history of sites, (n, n_history); NaN where unknown."""
        if self.memory is None:
            return np.full((len(sites), self.n_history), np.nan)
        return self.memory.at(sites)

    def auxiliary(
        self, domain: Domain, time: np.datetime64
    ) -> tuple[GriddedField, ...]:
        """The auxiliary sets of one task (b = 1) on a day, each of one variable.

        On the plane at nodes about the centre of the domain, in and around it; on the
        sphere at all nodes of the field.
        """
        read = self.gridded.fields, self.gridded.sources, time
        if self.geometry == "sphere":
            return sphere_auxiliary(*read)
        box = domain.centre[0].double().numpy(), domain.extent[0].double().numpy()
        return plane_auxiliary(*read, self.projection.plane, box)

    def point_set(self, observations: Observations) -> PointSet:
        """Observations as a float32 point set of one task (b = 1)."""
        sites = observations.sites
        return observed(
            _tensor(self.projection.locations(sites.lat, sites.lon)),
            _tensor(self.scaling.scale(observations.value)[:, None]),
            _tensor(self.covariates(sites)),
        )

    def targets(
        self, sites: Sites
    ) -> tuple[Float[Tensor, "1 n dx"], Float[Tensor, "1 n dw"], Tensor]:
        """Locations, covariates and the covariates' mask to decode at (b = 1)."""
        w = _tensor(self.covariates(sites))
        x = _tensor(self.projection.locations(sites.lat, sites.lon))
        return x, torch.nan_to_num(w), w.isfinite()

    def domain(self, context: Sites, absolute: bool = True) -> Domain:
        """The domain of one task (b = 1), from its observed context alone."""
        x = self.projection.locations(context.lat, context.lon)
        centre, extent = self.projection.box(x)
        return Domain(_tensor(centre), _tensor(extent), torch.tensor([absolute]))

    def without_targets(self, domain: Domain) -> Domain:
        """The domain of tasks that use no site's fixed inputs at their targets."""
        if not self.known_sites:
            return domain
        used = domain.absolute.new_zeros(len(domain.absolute), len(self.known_sites))
        return replace(domain, target_sites=used)

    def adapted(self, context: Sites) -> tuple["StationInputs", bool]:
        """The inputs to predict from a context with, and `Domain.absolute`.

        See `Projection.adapted`.
        """
        projection, absolute = self.projection.adapted(context.lat, context.lon)
        return replace(self, projection=projection), absolute


_FLAT = (Projection, ValueScaling, SiteCovariates)
"""Parts whose fields are those of the record."""


def observed(x: Tensor, y: Tensor, w: Tensor) -> PointSet:
    """Points whose values are observed, and their covariates where they are finite."""
    y_mask = torch.ones_like(y, dtype=torch.bool)
    return PointSet(x, y, torch.nan_to_num(w), y_mask, w.isfinite())


def _tensor(value: Floats) -> Tensor:
    """The array as float32 with a leading axis of one task."""
    return torch.from_numpy(np.asarray(value, dtype=np.float32))[None]
