"""Terrain of the simulated Earth: real coasts, invented relief."""

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from apnp.data.simulate.bumps import Bumps, fibonacci_lattice
from apnp.geometry.coastline import is_land
from apnp.geometry.sphere import EARTH_RADIUS_KM, chord_to_km, lat_lon, unit_vectors

Floats = NDArray[np.float64]

HIGHEST_M = 5000.0

# Ridges: height in m, half width in km, then the crest as (lat, lon). Drawn by hand
# where the Earth has mountains, so that maps are readable; nobody measured them.
_RIDGES: tuple[tuple[float, float, tuple[tuple[float, float], ...]], ...] = (
    (
        2600,
        350,
        ((62, -135), (52, -118), (44, -111), (39, -106), (32, -106), (18, -98)),
    ),
    (800, 110, ((34, -84), (38, -80), (43, -73))),
    (3800, 200, ((9, -72), (0, -78), (-12, -75), (-20, -68), (-33, -70), (-52, -73))),
    (900, 250, ((-15, -45), (-21, -45))),
    (2900, 420, ((64, -46), (72, -40), (78, -42))),
    (2600, 130, ((44, 7), (46, 9), (47, 13))),
    (1600, 110, ((43, -2), (42.5, 2))),
    (1100, 120, ((37.3, -3), (40.5, -4))),
    (1300, 130, ((60, 8), (64, 14), (68, 18))),
    (1300, 120, ((49, 20), (46, 25), (43, 21), (41, 20))),
    (2000, 200, ((38, 33), (39, 41), (43, 43), (33, 49), (28, 57))),
    (1900, 130, ((15, 44), (20, 42))),
    (4800, 380, ((35, 72), (32, 80), (31, 88), (33, 92), (29, 96))),
    (2600, 220, ((40, 71), (42, 80), (48, 88), (51, 98))),
    (1200, 250, ((56, 115), (62, 135), (65, 145))),
    (800, 90, ((52, 58), (60, 59), (67, 64))),
    (1500, 80, ((35, 136), (37, 139.5))),
    (1600, 130, ((31, -7), (34, 0), (36, 8))),
    (2200, 200, ((14, 38.5), (8, 39), (0, 36), (-6, 35), (-14, 34))),
    (1700, 200, ((-29, 29), (-33, 22))),
    (800, 130, ((-18, 145), (-28, 152), (-37, 148))),
    (3000, 120, ((-4, 137), (-6, 145))),
    (1800, 80, ((-45, 168.5), (-42, 172.5))),
    (3500, 900, ((-85, 0), (-76, 40), (-80, 90), (-76, 120))),
)


def _crest(points: tuple[tuple[float, float], ...]) -> Floats:
    """Unit vectors about 10 km apart along the arcs that join the points."""
    ends = unit_vectors(*np.array(points, dtype=np.float64).T)
    step = np.linspace(0, 1, 400)[:, None]
    line = np.concatenate([a + step * (b - a) for a, b in pairwise(ends)])
    return line / np.linalg.norm(line, axis=1, keepdims=True)


@cache
def _land_around(spacing_km: float, radius_km: float) -> tuple[Bumps, Floats]:
    """Bumps of one size over the sphere, and 1 or 0: is their centre on land?"""
    centres = fibonacci_lattice(spacing_km)
    bumps = Bumps(centres, np.full(len(centres), radius_km))
    return bumps, is_land(*lat_lon(centres), "110m").astype(np.float64)


@dataclass(frozen=True)
class Terrain:
    """Land, relief and distance from the sea, as functions of place.

    All methods take unit vectors (n, 3) and return (n,).

    Attributes:
        seed: Fixes the hills and the ruggedness of the ridges.
    """

    seed: int

    def continentality(self, unit: Floats) -> Floats:
        """Share of land in [0, 1] within about 300 km: 0 at sea, 1 far inland."""
        bumps, land = _land_around(spacing_km=160.0, radius_km=600.0)
        return bumps.smooth(unit, land)

    @cached_property
    def _hills(self) -> tuple[Bumps, Floats, Bumps, Floats]:
        """Two random fields: broad highlands, and how rugged a ridge is."""
        rng = np.random.default_rng([self.seed, 1])
        fields: list = []
        for spacing, radius in ((400.0, 1000.0), (110.0, 260.0)):
            centres = fibonacci_lattice(spacing)
            fields += [Bumps(centres, np.full(len(centres), radius))]
            fields += [rng.standard_normal(len(centres))]
        return tuple(fields)

    @cached_property
    def _ridges(self) -> list[tuple[float, float, cKDTree]]:
        return [(h, w, cKDTree(_crest(points))) for h, w, points in _RIDGES]

    def relief(self, unit: Floats) -> Floats:
        """Height of the smooth ground in m, in [0, 5000]; 0 at sea and at the coast.

        inland (120 + highlands + (sum_ridges h^4)^(1/4) ruggedness), where a ridge is
        h = height exp(-(distance / width)^2), the highlands are the positive part of
        a random field times 350 m, the ruggedness is exp(0.3 field - 0.045), and
        `inland` rises from 0 at the coast to 1 about 100 km from it.
        """
        height = np.zeros(len(unit))
        land = np.flatnonzero(is_land(*lat_lon(unit), "110m"))
        if not len(land):
            return height
        x = unit[land]
        bumps, share = _land_around(spacing_km=50.0, radius_km=150.0)
        rise = np.clip(2 * bumps.smooth(x, share) - 1, 0, 1)
        inland = rise**2 * (3 - 2 * rise)
        ridges = np.zeros(len(x))
        for top, width, crest in self._ridges:
            chord, _ = crest.query(x, distance_upper_bound=4 * width / EARTH_RADIUS_KM)
            far = np.isinf(chord)
            away = chord_to_km(np.where(far, 0, chord)) / width
            ridges += np.where(far, 0, top * np.exp(-(away**2))) ** 4
        broad, broad_weight, rough, rough_weight = self._hills
        highland = 350 * np.maximum(broad.basis(x) @ broad_weight, 0)
        rugged = np.exp(0.3 * (rough.basis(x) @ rough_weight) - 0.045)
        ground = 120 + highland + ridges**0.25 * rugged
        height[land] = inland * np.minimum(ground, HIGHEST_M)
        return height

    def ruggedness(self, unit: Floats) -> Floats:
        """1 - exp(-relief / 1200 m), in [0, 1): 0 on plains, near 1 in mountains."""
        return 1 - np.exp(-self.relief(unit) / 1200.0)
