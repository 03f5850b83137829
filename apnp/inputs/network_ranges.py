"""The kinds of networks a model has learned from, and how another one departs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from apnp.geometry.sphere import chord_to_km, nearest_chord, unit_vectors
from apnp.observations import Sites

_MEASURES = {
    "stations": "number of stations",
    "spacing_km": "median distance to the nearest station (km)",
    "spread_km": "median distance from the centre (km)",
    "height_m": "median elevation (m)",
    "highest_m": "highest station (m)",
    "latitude": "median latitude, north or south (degrees)",
}


@dataclass(frozen=True)
class NetworkRanges:
    """The least and the largest value of each measure of the networks learned from.

    The measures are those of `measures`. Of the number of stations only the least
    counts: many stations are many of the same kind where their spacing is known.

    Attributes:
        bounds: Least and largest value by the measure's name.
    """

    bounds: Mapping[str, tuple[float, float]]

    @classmethod
    def of(cls, networks: Iterable[Sites]) -> "NetworkRanges":
        """The ranges of some networks, at least one of them.

        Raises:
            ValueError: If there is none.
        """
        rows = [list(measures(sites).values()) for sites in networks]
        if not rows:
            raise ValueError("`networks` must hold at least one network. Got none.")
        low, high = np.min(rows, axis=0), np.max(rows, axis=0)
        pairs = zip(low.tolist(), high.tolist(), strict=True)
        return cls(dict(zip(_MEASURES, pairs, strict=True)))

    @classmethod
    def from_dict(cls, record: Mapping[str, Iterable[float]]) -> "NetworkRanges":
        """The ranges that `to_dict` wrote.

        Raises:
            ValueError: If the record holds no pair of rising finite numbers for each
                measure.
        """
        bounds = {name: tuple(map(float, record[name])) for name in _MEASURES}
        for name, pair in bounds.items():
            if len(pair) != 2 or not -np.inf < pair[0] <= pair[1] < np.inf:
                raise ValueError(f"the range of {name} is no pair of rising numbers")
        return cls(bounds)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, list[float]]:
        """The ranges as JSON holds them."""
        return {name: list(pair) for name, pair in self.bounds.items()}

    def departures(self, sites: Sites) -> list[str]:
        """Where a network lies outside the ranges, a phrase each; empty if nowhere.

        Args:
            sites: Its stations; without any there is nothing to say.
        """
        if not len(sites):
            return []
        found = []
        for name, value in measures(sites).items():
            low, high = self.bounds[name]
            beyond = value < low or (value > high and name != "stations")
            if beyond:
                found.append(
                    f"{_MEASURES[name]} {value:.4g}, learned from {low:.4g} to "
                    f"{high:.4g}"
                )
        return found


def measures(sites: Sites) -> dict[str, float]:
    """What tells networks apart, by name; one or more stations.

    The number of stations; the median distance to the nearest other station and that
    to the centre, in km; the median and the largest elevation, in metres; the median
    distance from the equator, in degrees.
    """
    unit = unit_vectors(sites.lat, sites.lon).reshape(-1, 3)
    centre = unit.mean(0)
    length = float(np.linalg.norm(centre))
    spread = np.zeros(len(unit))
    if length > 0:
        spread = chord_to_km(np.linalg.norm(unit - centre / length, axis=-1))
    nearest = np.zeros(1)
    if len(unit) > 1:
        nearest = chord_to_km(nearest_chord(unit))
    values = (
        len(unit), np.median(nearest), np.median(spread), np.median(sites.elevation),
        np.max(sites.elevation), np.median(np.abs(sites.lat)),
    )  # fmt: skip
    return {name: float(v) for name, v in zip(_MEASURES, values, strict=True)}
