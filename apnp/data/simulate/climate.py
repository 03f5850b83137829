"""The law of the simulated climate. Fixed before any model saw it, never tuned."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, diags_array

from apnp.data.simulate.bumps import Bumps, fibonacci_lattice
from apnp.data.simulate.terrain import Terrain
from apnp.geometry.coastline import is_land
from apnp.geometry.sphere import lat_lon, unit_vectors

Floats = NDArray[np.float64]

_MEMORY_DAYS = 40
_CHUNK_DAYS = 60


def day_numbers(time: ArrayLike) -> NDArray[np.int64]:
    """Days since 1970-01-01 of datetime64 or ISO text, same shape; hours are cut."""
    return np.asarray(time, dtype="datetime64[D]").astype(np.int64)


@dataclass(frozen=True)
class _Weather:
    """One scale of weather: its bumps, its memory, its stream of random numbers."""

    bumps: Bumps
    memory: float
    stream: tuple[int, int]

    def weights(self, days: NDArray[np.int64]) -> Floats:
        """Weights of consecutive days, (t, k): unit normals, correlation memory^lag.

        w(d) = sum_j a^j e(d - j) / norm over the last 40 days, each day's e drawn from
        (seed, stream, day) alone: any day can be had without those before it.
        """
        drawn = np.arange(days[0] - _MEMORY_DAYS + 1, days[-1] + 1)
        fresh = np.stack([self._draw(day) for day in drawn])
        decay = self.memory ** np.arange(_MEMORY_DAYS)
        decay /= np.linalg.norm(decay)
        lag = days[:, None] - drawn
        known = (lag >= 0) & (lag < _MEMORY_DAYS)
        return np.where(known, decay[np.where(known, lag, 0)], 0) @ fresh

    def _draw(self, day: int) -> Floats:
        rng = np.random.default_rng([*self.stream, int(day) + 1_000_000])
        return rng.standard_normal(len(self.bumps.centres))


@dataclass(frozen=True)
class SimulatedClimate:
    """Daily mean temperature over a simulated Earth, known everywhere, in degC.

    T(x, h, day) = drift(x, h, day) + weather(x, day) + local(x); a station adds
    independent normal noise with standard deviation `noise_std`. With the climate's
    fixed parts (coasts, relief, drift) given, T is a Gaussian process, and
    `covariance` is its exact covariance over space on any one day: kriging with
    `drift`, `covariance` and `noise_std` is the best possible prediction from one day.

    - Weather is the sum of a synoptic and a mesoscale field. Each is a finite sum of
      bumps whose reach depends on where they stand (synoptic 2000 km over sea, 1400
      over land, 1000 in mountains; mesoscale 500, 450, 300), with normal weights that
      remember the day before (autocorrelation 0.75 and 0.5 a day), scaled to the
      standard deviation of `_amplitudes`: about 3 K inland, less at sea, less in the
      tropics, most in mountains.
    - Local effects are a field fixed in time with a correlation length of about 80 km
      and a standard deviation of 1 K on land; no covariate tells them.

    Coasts are real (Natural Earth); everything else is invented.

    Attributes:
        seed: Fixes hills, local effects and the weather of every day.
    """

    seed: int = 0

    noise_std: float = 0.5

    @cached_property
    def _terrain(self) -> Terrain:
        return Terrain(self.seed)

    @cached_property
    def _synoptic(self) -> _Weather:
        bumps = self._bumps(450.0, sea_km=2000.0, land_km=1400.0, mountain_km=1000.0)
        return _Weather(bumps, 0.75, (self.seed, 2))

    @cached_property
    def _mesoscale(self) -> _Weather:
        bumps = self._bumps(150.0, sea_km=500.0, land_km=450.0, mountain_km=300.0)
        return _Weather(bumps, 0.5, (self.seed, 3))

    @cached_property
    def _local(self) -> tuple[Bumps, Floats]:
        centres = fibonacci_lattice(45.0)
        weights = np.random.default_rng([self.seed, 4]).standard_normal(len(centres))
        return Bumps(centres, np.full(len(centres), 95.0)), weights

    def _bumps(
        self, spacing_km: float, *, sea_km: float, land_km: float, mountain_km: float
    ) -> Bumps:
        centres = fibonacci_lattice(spacing_km)
        land = self._terrain.continentality(centres)
        rugged = self._terrain.ruggedness(centres)
        radius = sea_km + (land_km - sea_km) * land
        return Bumps(centres, radius + (mountain_km - radius) * rugged)

    def is_land(self, lat: ArrayLike, lon: ArrayLike) -> NDArray[np.bool_]:
        """Whether points in degrees are on land."""
        return is_land(lat, lon, "110m")

    def relief(self, lat: ArrayLike, lon: ArrayLike) -> Floats:
        """Height in m of the smooth ground at points in degrees; 0 at sea."""
        unit = unit_vectors(lat, lon)
        return self._terrain.relief(unit.reshape(-1, 3)).reshape(unit.shape[:-1])

    def drift(
        self, lat: ArrayLike, lon: ArrayLike, elevation: ArrayLike, time: ArrayLike
    ) -> Floats:
        """The expected temperature in degC.

        With c the continentality, s = |sin lat| and w = the season in [-1, 1] (1 in
        the depth of winter, on 20 January plus 20 (1 - c) days in the north, half a
        year later in the south, fading within 8 degrees of the equator):

            27 - 46 s^2.6 + 3 (1 - c) sin^2(2 lat)     annual mean at sea level
            - w (1 + s^1.2 (5 + 15 c))                 season
            + (-6.5 + 1.25 s^2 (1 + w)) h / km         lapse rate, weaker in winter

        Args:
            lat: Latitudes in degrees, shape (n,).
            lon: Longitudes in degrees, shape (n,).
            elevation: Heights in m, shape (n,).
            time: One time, or several of shape (t,).

        Returns:
            Shape (n,) for one time, (t, n) for several.
        """
        inland = self._terrain.continentality(unit_vectors(lat, lon))
        return self._drift(np.asarray(lat, dtype=np.float64), inland, elevation, time)

    @staticmethod
    def _drift(
        lat: Floats, inland: Floats, elevation: ArrayLike, time: ArrayLike
    ) -> Floats:
        phi, s = np.radians(lat), np.abs(np.sin(np.radians(lat)))
        since = day_numbers(time)[..., None] - day_numbers("2000-01-20")
        phase = 2 * np.pi * (since - 20 * (1 - inland)) / 365.2425
        winter = np.cos(phase) * np.tanh(lat / 8)
        mean = 27 - 46 * s**2.6 + 3 * (1 - inland) * np.sin(2 * phi) ** 2
        season = -winter * (1 + s**1.2 * (5 + 15 * inland))
        lapse = -6.5 + 1.25 * s**2 * (1 + winter)
        return mean + season + lapse * np.asarray(elevation) / 1000

    def _amplitudes(
        self, unit: Floats, inland: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Standard deviations in K of the synoptic, mesoscale and local fields.

        With c the continentality, r the ruggedness and q = 0.5 at the equator rising
        to 1 at 60 degrees: q (1.7 + 1.8 c), sqrt(q) (0.4 + c + r) and c.
        """
        lat, _ = lat_lon(unit)
        q = 0.5 + 0.5 * np.sin(np.radians(np.minimum(1.5 * np.abs(lat), 90))) ** 2
        rugged = self._terrain.ruggedness(unit)
        return q * (1.7 + 1.8 * inland), np.sqrt(q) * (0.4 + inland + rugged), inland

    def _bases(self, unit: Floats, inland: Floats) -> list[csr_array]:
        """Scaled bases of the three fields at points: each field is basis @ weights."""
        bumps = self._synoptic.bumps, self._mesoscale.bumps, self._local[0]
        scales = self._amplitudes(unit, inland)
        return [
            diags_array(scale) @ field.basis(unit)
            for scale, field in zip(scales, bumps, strict=True)
        ]

    def truth(
        self, lat: ArrayLike, lon: ArrayLike, elevation: ArrayLike, time: ArrayLike
    ) -> Floats:
        """The true temperature in degC, without noise; shapes as for `drift`."""
        unit = unit_vectors(lat, lon)
        inland = self._terrain.continentality(unit)
        synoptic, mesoscale, local = self._bases(unit, inland)
        value = self._drift(np.asarray(lat, dtype=np.float64), inland, elevation, time)
        value += local @ self._local[1]
        days = day_numbers(time)
        rows = value.reshape(days.size, len(unit))
        wanted = days.ravel()
        for start in np.unique(wanted // _CHUNK_DAYS) * _CHUNK_DAYS:
            (here,) = np.nonzero((wanted >= start) & (wanted < start + _CHUNK_DAYS))
            chunk = np.arange(wanted[here].min(), wanted[here].max() + 1)
            for basis, scale in (
                (synoptic, self._synoptic),
                (mesoscale, self._mesoscale),
            ):
                weights = scale.weights(chunk)[wanted[here] - chunk[0]]
                rows[here] += (basis @ weights.T).T
        return rows.reshape(value.shape)

    def covariance(
        self, lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike
    ) -> Floats:
        """Covariance in K^2 of weather and local effects on one day, (n1, n2).

        Noise is not in it: add noise_std^2 on the diagonal for observations.
        """
        first, second = (
            self._bases(unit, self._terrain.continentality(unit))
            for unit in (unit_vectors(lat1, lon1), unit_vectors(lat2, lon2))
        )
        parts = [(a @ b.T).toarray() for a, b in zip(first, second, strict=True)]
        return parts[0] + parts[1] + parts[2]

    def variance(self, lat: ArrayLike, lon: ArrayLike) -> Floats:
        """The variance of weather and local effects on one day, K^2, shape (n,)."""
        unit = unit_vectors(lat, lon)
        stds = self._amplitudes(unit, self._terrain.continentality(unit))
        return np.sum(np.square(stds), axis=0)
