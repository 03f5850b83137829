"""How far stations reach: the distance of cells to the nearest, and what is beyond."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from apnp.geometry.sphere import (
    chord_to_km,
    nearest_chord,
    nearest_km,
    unit_vectors,
)
from apnp.maps.flags import EXTRAPOLATED, HEIGHT_MARGIN_M
from apnp.native import search
from apnp.observations import Floats, Sites

KEPT_CELLS = 2**23
"""Cells whose nearest stations a network remembers, at most: 64 MB."""
_SAME = 1e-12
"""Chord of places that are one: some micrometres."""


@dataclass(frozen=True, eq=False)
class Network:
    """All places observed at any of many times; it remembers which are near a cell.

    At each time most of them are observed, so that a cell's nearest is nearly always
    one of the same two. Where it is neither, it is searched for among those observed:
    distances are exact.

    Attributes:
        places: Their unit vectors, every place once, (n, 3).
        kept_cells: Cells that are remembered, at most; 0 where there is one time.
    """

    places: Floats
    kept_cells: int = KEPT_CELLS
    _two: dict[tuple[int, int], NDArray[np.int32]] = field(
        default_factory=dict, repr=False
    )

    @classmethod
    def of(cls, lat: Floats, lon: Floats, times: int) -> "Network":
        """Of places in degrees, each (n,), observed at a number of times."""
        unit = np.unique(unit_vectors(lat, lon).reshape(-1, 3), axis=0)
        return cls(unit, KEPT_CELLS if times > 1 and len(unit) > 1 else 0)

    def observed(self, others: Floats) -> NDArray[np.bool_]:
        """Which of its places are among others (m, 3), but for rounding, (n,)."""
        if not len(others):
            return np.zeros(len(self.places), dtype=bool)
        nearest = others[search(others, self.places, 1)[:, 0]]
        return np.linalg.norm(self.places - nearest, axis=-1) < _SAME

    def distance(
        self, rows: slice, unit: Floats, others: Floats, there: NDArray[np.bool_]
    ) -> Floats:
        """Great-circle distance to the nearest place observed at a time, in km, (n,).

        Args:
            rows: What the cells are remembered by: rows of a grid, always the same.
            unit: Unit vectors of the cells of these rows, (n, 3).
            others: The places observed at that time, (m, 3).
            there: What `observed` says of them.
        """
        two = self._remembered(rows, unit)
        if two is None:
            return nearest_km(others, unit)
        nearest = np.where(there[two[:, 0]], two[:, 0], two[:, 1])
        distance = chord_to_km(np.linalg.norm(unit - self.places[nearest], axis=-1))
        lost = ~there[nearest]
        distance[lost] = nearest_km(others, unit[lost])
        return distance

    def _remembered(self, rows: slice, unit: Floats) -> NDArray[np.int32] | None:
        """The two places nearest to each cell, (n, 2); None where there is no room."""
        key = rows.start, rows.stop
        if key not in self._two:
            # A copy: threads may add to it meanwhile.
            cells = len(unit) + sum(len(each) for each in [*self._two.values()])
            if cells > self.kept_cells:
                return None
            self._two[key] = search(self.places, unit, 2).astype(np.int32)
        return self._two[key]


@dataclass(frozen=True, eq=False)
class Support:
    """How far the stations of a context may be trusted to reach.

    Attributes:
        places: Their unit vectors, (n, 3).
        limit_km: The distance that 99 % of them keep to their nearest neighbour; 0
            where there are fewer than two.
        lowest: Elevation in metres below which a prediction is extrapolated.
        highest: Elevation in metres above which it is.
        network: The stations of all times, theirs among them.
        there: Which stations of the network they are, (n,).
    """

    places: Floats
    limit_km: float
    lowest: float
    highest: float
    network: Network
    there: NDArray[np.bool_]

    @classmethod
    def of(cls, context: Sites, network: Network) -> "Support":
        """The support of context stations, all of which are in the network."""
        places = unit_vectors(context.lat, context.lon).reshape(-1, 3)
        limit, lowest, highest = 0.0, np.inf, -np.inf
        if len(context) > 1:
            limit = float(np.quantile(chord_to_km(nearest_chord(places)), 0.99))
        if len(context):
            lowest = context.elevation.min() - HEIGHT_MARGIN_M
            highest = context.elevation.max() + HEIGHT_MARGIN_M
        return cls(places, limit, lowest, highest, network, network.observed(places))

    def judge(
        self, rows: slice, unit: Floats, elevation: Floats
    ) -> tuple[Floats, NDArray[np.int8]]:
        """Distance to the nearest station in km, and the flag, each (n,).

        Args:
            rows: Rows of the grid.
            unit: Unit vectors of their cells, (n, 3).
            elevation: Their elevation in metres, (n,).
        """
        distance = self.network.distance(rows, unit, self.places, self.there)
        beyond = (distance > self.limit_km) | (elevation < self.lowest)
        beyond |= elevation > self.highest
        return distance, np.where(beyond, EXTRAPOLATED, 0).astype(np.int8)
