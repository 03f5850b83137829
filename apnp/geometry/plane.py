"""Maps from the sphere to a plane in kilometres."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apnp.geometry.sphere import EARTH_RADIUS_KM, wrap_longitude

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LambertAzimuthal:
    """Lambert azimuthal equal-area projection of the sphere about a centre.

    With p the centre's latitude and d the difference in longitude,
    k = sqrt(2 / (1 + sin p sin lat + cos p cos lat cos d)),
    x = R k cos lat sin d,  y = R k (cos p sin lat - sin p cos lat cos d).
    Areas are kept, and lengths near the centre; both axes are in km. The antipode of
    the centre has no image. Source: Snyder, Map Projections: A Working Manual (USGS
    Professional Paper 1395, 1987), section 24.

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
        phi = np.radians(np.asarray(lat, dtype=np.float64))
        lam = np.radians(wrap_longitude(np.subtract(lon, self.lon)))
        sin_p, cos_p = np.sin(np.radians(self.lat)), np.cos(np.radians(self.lat))
        along = sin_p * np.sin(phi) + cos_p * np.cos(phi) * np.cos(lam)
        if np.any(1 + along < 1e-14):
            raise ValueError(
                f"The antipode of the centre ({self.lat}, {self.lon}) has no image in "
                "an azimuthal projection: drop it, or centre the plane on your region."
            )
        k = EARTH_RADIUS_KM * np.sqrt(2 / (1 + along))
        x = k * np.cos(phi) * np.sin(lam)
        y = k * (cos_p * np.sin(phi) - sin_p * np.cos(phi) * np.cos(lam))
        return np.stack(np.broadcast_arrays(x, y), -1)

    def inverse(self, xy: ArrayLike) -> tuple[Floats, Floats]:
        """Latitude and longitude in degrees, in [-180, 180), of (..., 2) points in km.

        Raises:
            ValueError: If a point lies outside the image, the disc of radius 2 R.
        """
        x, y = np.moveaxis(np.asarray(xy, dtype=np.float64), -1, 0) / EARTH_RADIUS_KM
        rho2 = x**2 + y**2
        if np.any(rho2 > 4 * (1 + 1e-12)):
            raise ValueError(
                f"The plane ends {2 * EARTH_RADIUS_KM:.0f} km from its centre. Got a "
                f"point at {EARTH_RADIUS_KM * np.sqrt(rho2.max()):.0f} km."
            )
        # With c the angle from the centre: rho = 2 sin(c/2), so sin c = rho * root.
        cos_c, root = 1 - rho2 / 2, np.sqrt(np.clip(1 - rho2 / 4, 0, 1))
        sin_p, cos_p = np.sin(np.radians(self.lat)), np.cos(np.radians(self.lat))
        east = x * root
        north = cos_p * cos_c - sin_p * y * root
        up = sin_p * cos_c + cos_p * y * root
        lat = np.degrees(np.arctan2(up, np.hypot(east, north)))
        return lat, wrap_longitude(self.lon + np.degrees(np.arctan2(east, north)))
