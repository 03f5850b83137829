"""Locations as a model sees them: on a plane about a centre, or on the sphere."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apnp.errors import ConfigError
from apnp.geometry.plane import LambertAzimuthal
from apnp.geometry.sphere import (
    EARTH_RADIUS_KM,
    great_circle_km,
    is_global,
    lat_lon,
    unit_vectors,
)
from apnp.inputs.gridded_covariates import KM_PER_UNIT

Floats = NDArray[np.float64]

GEOMETRIES = ("plane", "sphere")
_WIDEST_PLANE_KM = EARTH_RADIUS_KM * np.pi / 2


@dataclass(frozen=True)
class Projection:
    """Where places lie for a model, and the box of its training locations.

    Locations are `km / 1000` in Lambert's azimuthal equal-area plane about `centre`
    (`dx` = 2), or unit vectors (`dx` = 3).

    Attributes:
        geometry: "plane" or "sphere".
        centre: Latitude and longitude in degrees of the plane's centre, the mean
            direction of the training stations.
        low: Lower corner of the box of the training locations, `dx` numbers.
        high: Its upper corner.
        lattice_start: Where a lattice on the sphere starts: at the circular mean
            longitude of the context, so that every shift of longitude is exact, or at
            longitude zero, as for models made before.
    """

    geometry: str
    centre: tuple[float, float]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    lattice_start: str = "context"

    def __post_init__(self) -> None:
        if self.geometry not in GEOMETRIES:
            raise ConfigError(
                f"`geometry` is one of {', '.join(GEOMETRIES)}. Got {self.geometry!r}."
            )
        if self.lattice_start not in ("context", "zero"):
            raise ConfigError(
                f"`lattice_start` is context or zero. Got {self.lattice_start!r}."
            )
        if not np.isfinite(self.centre).all():
            raise ConfigError(f"`centre` must be finite. Got {self.centre}.")

    @classmethod
    def fit(cls, geometry: str, lat: ArrayLike, lon: ArrayLike) -> "Projection":
        """The projection about training stations in degrees, each (n,).

        Raises:
            ConfigError: If the region is too wide for a plane.
        """
        centre = middle(lat, lon)
        farthest = float(np.max(great_circle_km(lat, lon, *centre)))
        if geometry == "plane" and farthest > _WIDEST_PLANE_KM:
            raise ConfigError(
                f"The stations reach {farthest:.0f} km from their centre, too far for "
                f"a plane (at most {_WIDEST_PLANE_KM:.0f} km): set model.geometry to "
                "sphere."
            )
        return cls(geometry, centre).bounded(lat, lon)

    @property
    def dx(self) -> int:
        """Dimensions of a location."""
        return 2 if self.geometry == "plane" else 3

    @property
    def plane(self) -> LambertAzimuthal:
        """The map projection about the centre, in km."""
        return LambertAzimuthal(*self.centre)

    def locations(self, lat: ArrayLike, lon: ArrayLike) -> Floats:
        """Model locations (n, dx) of points in degrees, each (n,)."""
        if self.geometry == "sphere":
            return unit_vectors(lat, lon)
        return self.plane.project(lat, lon) / KM_PER_UNIT

    def box(self, x: NDArray) -> tuple[Floats, Floats]:
        """Centre and extent, each (dx,), of the domain of context locations (n, dx).

        On the plane the box of the locations, or the training region's where there is
        none; on the sphere the whole sphere, its lattice starting at the circular mean
        longitude of the context (zero where there is none).
        """
        if self.geometry == "sphere":
            centre = np.array([1.0, 0.0, 0.0])
            if self.lattice_start == "context" and len(x):
                east = x[:, :2].mean(axis=0)
                length = np.linalg.norm(east)
                if length > 1e-9:
                    centre[:2] = east / length
            return centre, np.full(3, 2.0)
        low, high = np.array(self.low), np.array(self.high)
        if len(x):
            low, high = x.min(axis=0), x.max(axis=0)
        return (low + high) / 2, high - low

    def bounded(self, lat: ArrayLike, lon: ArrayLike) -> "Projection":
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

    def adapted(self, lat: ArrayLike, lon: ArrayLike) -> tuple["Projection", bool]:
        """The projection for a context at points (n,), and `Domain.absolute`.

        A context whose middle lies in the box of the training stations is projected as
        in training. One that lies elsewhere has no known absolute location, and on the
        plane it is projected about its own middle.
        """
        if np.size(lat) == 0:
            return self, True
        centre = middle(lat, lon)
        x = self.locations(*centre)
        if (np.array(self.low) <= x).all() and (x <= np.array(self.high)).all():
            return self, True
        if self.geometry == "sphere":
            return self, False
        return replace(self, centre=centre).bounded(lat, lon), False


def middle(lat: ArrayLike, lon: ArrayLike) -> tuple[float, float]:
    """Latitude and longitude in degrees of the mean direction of points, each (n,)."""
    lat, lon = lat_lon(unit_vectors(lat, lon).mean(axis=0))
    return float(lat), float(lon)
