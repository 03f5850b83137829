"""Terrain of the stations of a network, computed once for all days."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apnp.inputs.covariates import SiteCovariates
from apnp.observations import Floats
from apnp.prediction import TrainedModel

_ROUND = 1e7
"""Places that agree to this part of a degree are one."""


@dataclass(frozen=True)
class RememberedTerrain(SiteCovariates):
    """Covariates of sites whose distance to the coast is known for some places.

    The search of the nearest coast costs more than a prediction, and a station's does
    not change. Places that are not known are looked up as before.

    Attributes:
        key: Places as sorted whole numbers, (n,).
        inland: Their covariates of the coast, (n, 2).
    """

    key: NDArray[np.complex128] = field(default_factory=lambda: np.empty(0, complex))
    inland: Floats = field(default_factory=lambda: np.empty((0, 2)))

    @classmethod
    def of(
        cls, covariates: SiteCovariates, lat: Floats, lon: Floats
    ) -> "RememberedTerrain":
        """The covariates, with the coast of these places (n,) in degrees."""
        key, first = np.unique(_keys(lat, lon), return_index=True)
        lat, lon = np.asarray(lat)[first], np.asarray(lon)[first]
        inland = covariates.terrain(lat, lon, np.zeros(len(first)))[:, 1:]
        return cls(
            covariates.coast, covariates.coast_scale, covariates.insolation,
            key, inland,
        )  # fmt: skip

    def terrain(self, lat: ArrayLike, lon: ArrayLike, elevation: ArrayLike) -> Floats:
        """Covariates that do not change with time, of points, (n, number - 2)."""
        if not self.coast or not len(self.key):
            return super().terrain(lat, lon, elevation)
        asked = _keys(lat, lon)
        place = np.minimum(np.searchsorted(self.key, asked), len(self.key) - 1)
        if (self.key[place] != asked).any():
            return super().terrain(lat, lon, elevation)
        plain = SiteCovariates().terrain(lat, lon, elevation)
        return np.concatenate([plain, self.inland[place]], axis=-1)


def remembering(model: TrainedModel, lat: Floats, lon: Floats) -> TrainedModel:
    """The model, which answers the same, and faster at these places (n,)."""
    inputs = model.inputs
    site = RememberedTerrain.of(inputs.site, lat, lon)
    return replace(model, inputs=replace(inputs, site=site))


def _keys(lat: ArrayLike, lon: ArrayLike) -> NDArray[np.complex128]:
    """Places as complex whole numbers, which sort by latitude, then longitude."""
    lat, lon = (np.asarray(a, dtype=np.float64) for a in (lat, lon))
    return np.round(lat * _ROUND) + 1j * np.round(lon * _ROUND)
