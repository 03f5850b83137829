"""Maps from the sphere to a plane in kilometres."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Proj

from apnp.geometry.sphere import EARTH_RADIUS_KM, wrap_longitude

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LambertAzimuthal:
    """Lambert azimuthal equal-area projection of the sphere about a centre.

    Areas are kept, and lengths near the centre; both axes are in km. The antipode of
    the centre has no image. It is PROJ's `laea` (Snyder, Map Projections:
    A Working Manual, USGS Professional Paper 1395, 1987, section 24).

    Attributes:
        lat: Latitude of the centre in degrees, in [-90, 90].
        lon: Longitude of the centre in degrees, any convention.
    """

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not -90 <= self.lat <= 90:
            raise ValueError(
                f"`lat` of the centre lies in [-90, 90] degrees. Got {self.lat}."
            )
        if not np.isfinite(self.lon):
            raise ValueError(f"`lon` of the centre must be finite. Got {self.lon}.")

    def project(self, lat: ArrayLike, lon: ArrayLike) -> Floats:
        """Points in degrees, which broadcast to (...), as (..., 2) east, north in km.

        Raises:
            ValueError: If a point is the antipode of the centre.
        """
        lon, lat = np.broadcast_arrays(
            np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        )
        xy = np.stack(_laea(self.lat, self.lon)(lon % 360, lat), axis=-1)
        radius = np.hypot(xy[..., 0], xy[..., 1])
        if not np.all(radius < 2 * EARTH_RADIUS_KM * (1 - 1e-14)):
            raise ValueError(
                f"The antipode of the centre ({self.lat}, {self.lon}) has no image in "
                "an azimuthal projection: drop it, or centre the plane on your region."
            )
        return xy

    def inverse(self, xy: ArrayLike) -> tuple[Floats, Floats]:
        """Latitude and longitude in degrees, in [-180, 180), of (..., 2) points in km.

        Raises:
            ValueError: If a point lies outside the image, the disc of radius 2 R.
        """
        x, y = np.moveaxis(np.asarray(xy, dtype=np.float64), -1, 0)
        radius = np.hypot(x, y)
        if np.any(radius > 2 * EARTH_RADIUS_KM * (1 + 1e-12)):
            raise ValueError(
                f"The plane ends {2 * EARTH_RADIUS_KM:.0f} km from its centre. Got a "
                f"point at {radius.max():.0f} km."
            )
        lon, lat = _laea(self.lat, self.lon)(x, y, inverse=True)
        return np.asarray(lat), wrap_longitude(lon)


@lru_cache(maxsize=256)
def _laea(lat: float, lon: float) -> Proj:
    """PROJ's projection; the sphere in km, not an ellipsoid."""
    return Proj(proj="laea", lat_0=lat, lon_0=lon, R=EARTH_RADIUS_KM, units="m")
