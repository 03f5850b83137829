"""Fixed sites as a model sees them, with elevations that may be misreported."""

import numpy as np
import torch
from numpy.typing import NDArray

from apnp.inputs.stations import StationInputs, observed
from apnp.observations import Sites
from apnp.types import Domain, PointSet, Task

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_RAISED_M = 1000.0


class SiteInputs:
    """Locations and covariates of many sites, computed once.

    Args:
        inputs: Turns sites into model inputs.
        lat: Latitudes in degrees, shape (n,).
        lon: Longitudes in degrees, any convention, shape (n,).
        elevation: Heights in metres, finite, shape (n,).

    Attributes:
        x: Model locations of the sites, (n, dx), float32.
        elevation: Their heights in metres, (n,).
        ground: Heights of the relief at the sites in metres, (n,); their own heights
            where the model has no relief.
    """

    def __init__(
        self,
        inputs: StationInputs,
        lat: Floats,
        lon: Floats,
        elevation: Floats,
    ) -> None:
        self.inputs = inputs
        self.x = inputs.projection.locations(lat, lon).astype(np.float32)
        self.elevation = np.asarray(elevation, dtype=np.float64)
        self.ground = self.elevation
        sites = Sites(lat, lon, elevation, np.datetime64("2000-01-01"))
        for source in inputs.gridded.sources:
            if source.height:
                self.ground = source.grid.at(source.values(sites.time), lat, lon)
        self._lat = sites.lat
        self._w = inputs.covariates(sites).astype(np.float32)
        self._slope = _elevation_slope(inputs, sites)
        first = inputs.site.terrain(lat[:1], lon[:1], elevation[:1]).shape[-1]
        self._season = slice(first, first + 2)

    def task(
        self,
        time: np.datetime64,
        context: tuple[Indices, Floats, Floats],
        target: tuple[Indices, Floats, Floats],
    ) -> Task:
        """The task (b = 1) of observations at some of the sites on a day.

        Args:
            time: The day.
            context: Numbers of the sites, values in CF units, and the metres by which
                reported elevations are too high, each (k,).
            target: The same of the targets.
        """
        centre, extent = self.inputs.projection.box(self.x[context[0]])
        domain = Domain(
            torch.from_numpy(np.float32(centre))[None],
            torch.from_numpy(np.float32(extent))[None],
            torch.tensor([True]),
        )
        points = [self._points(time, *each) for each in (context, target)]
        return Task(points[0], points[1], domain)

    def _points(
        self, time: np.datetime64, index: Indices, value: Floats, raised_m: Floats
    ) -> PointSet:
        w = self._w[index] + raised_m[:, None] * self._slope
        w[:, self._season] = self.inputs.site.season(self._lat[index], time)
        y = self.inputs.scaling.scale(value).astype(np.float32)
        return observed(
            torch.from_numpy(self.x[index])[None],
            torch.from_numpy(y)[None, :, None],
            torch.from_numpy(w.astype(np.float32))[None],
        )


def _elevation_slope(inputs: StationInputs, sites: Sites) -> Floats:
    """Change of each covariate per metre of elevation, (dw,): all are linear in it."""
    some = sites.take(np.arange(min(len(sites), 64)))
    higher = Sites(some.lat, some.lon, some.elevation + _RAISED_M, some.time)
    difference = inputs.covariates(higher) - inputs.covariates(some)
    return np.nanmean(difference, axis=0) / _RAISED_M
