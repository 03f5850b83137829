"""Fields on the sphere as finite sums of bumps, known everywhere in closed form."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.spatial import cKDTree

from apnp.geometry.sphere import EARTH_RADIUS_KM, km_to_chord

Floats = NDArray[np.float64]


def fibonacci_lattice(spacing_km: float) -> Floats:
    """Unit vectors (k, 3) that cover the sphere evenly, about `spacing_km` apart."""
    k = round(4 * np.pi * (EARTH_RADIUS_KM / spacing_km) ** 2)
    index = np.arange(k) + 0.5
    z, turn = 1 - 2 * index / k, np.pi * (1 + np.sqrt(5)) * index
    r = np.sqrt(1 - z**2)
    return np.stack([r * np.cos(turn), r * np.sin(turn), z], -1)


@dataclass(frozen=True)
class Bumps:
    """Bumps b_k(x) = (1 - (|x - c_k| / r_k)^2)^3, zero beyond r_k, |.| the chord.

    Attributes:
        centres: Unit vectors, shape (k, 3).
        radius_km: Reach of each bump, shape (k,); at least 1.5 spacings of the centres,
            so that every point of the sphere lies within several bumps.
    """

    centres: Floats
    radius_km: Floats

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.centres)

    def _values(self, unit: Floats) -> csr_array:
        """b_k(x_n), shape (n, k)."""
        radius = km_to_chord(self.radius_km)
        pairs = cKDTree(unit).sparse_distance_matrix(
            self._tree, float(radius.max()), output_type="ndarray"
        )
        near = (pairs["v"] / radius[pairs["j"]]) ** 2
        inside = near < 1
        row, column = pairs["i"][inside], pairs["j"][inside]
        value = (1 - near[inside]) ** 3
        return csr_array((value, (row, column)), shape=(len(unit), len(radius)))

    def basis(self, unit: Floats) -> csr_array:
        """b_k(x) / sqrt(sum_k b_k(x)^2), shape (n, k): weights N(0, 1) give variance 1.

        With independent unit normal weights the field's correlation is `basis(x) @
        basis(x').T`, exactly.
        """
        values = self._values(unit)
        return diags_array(1 / np.sqrt(values.multiply(values).sum(1))) @ values

    def smooth(self, unit: Floats, at_centres: Floats) -> Floats:
        """Mean of values given at the centres, weighted by the bumps, shape (n,)."""
        values = self._values(unit)
        return (values @ at_centres) / values.sum(1)
