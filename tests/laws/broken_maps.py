"""Maps that lack one property each: chunks, masks, nearest stations, draws.

Their laws are tests of `tests/unit/maps`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from breaking import Break, Method

from apnp.maps import predict_field
from apnp.maps.draws import Samples
from apnp.maps.extrapolation import Network
from apnp.maps.grid import Grid
from apnp.maps.predict_field import FieldPredictor

FOLDER = Path(__file__).parents[1] / "unit" / "maps"


@dataclass(frozen=True)
class OfMaps:
    """A break, and the name and file of the law that must notice it."""

    file: str
    law: str
    breaking: Break


def by_chunk(block: Method) -> Method:
    """Values that depend on how many rows are decoded at once."""

    def decoded(self, rows, height):
        found = block(self, rows, height)
        name = self.job.metadata.variable.name
        return found | {name: found[name] + 0.01 * (rows.stop - rows.start)}

    return decoded


def from_first_row(levels: Method) -> Method:
    """Draws of every chunk as if it were the first."""

    def drawn(self, time, grid, rows):
        return levels(self, time, grid, slice(0, rows.stop - rows.start))

    return drawn


def everywhere(kept_cells: Method) -> Method:
    """Leaves nothing out."""
    return lambda mask, rows, lat, lon: np.ones(len(lat), dtype=bool)


def of_first_rows(kept_cells: Method) -> Method:
    """The mask of the first rows at every chunk."""

    def kept(mask, rows, lat, lon):
        return kept_cells(mask, slice(0, rows.stop - rows.start), lat, lon)

    return kept


def of_all_times(distance: Method) -> Method:
    """To the nearest station of any time."""

    def nearest(self, rows, unit, tree, there):
        return distance(self, rows, unit, tree, there | True)

    return nearest


def upside_down(points: Method) -> Method:
    """Cells from the last row to the first."""

    def cells(self, rows):
        lat, lon = points(self, rows)
        return lat[::-1], lon

    return cells


def broken(file: str, law: str, method: str, how: Method, owner: Any, **given: Any):
    return OfMaps(f"test_{file}.py", f"test_{law}", Break(method, how, owner, given))


CASES = [
    broken(
        "predict_field", "chunked_equals_unchunked", "block", by_chunk, FieldPredictor
    ),
    broken(
        "predict_field", "draws_are_fields_of_their_own_in_chunks_of_any_size",
        "levels", from_first_row, Samples,
    ),
    broken(
        "predict_field", "the_sea_is_masked_and_flagged", "kept_cells", everywhere,
        predict_field,
    ),
    broken(
        "predict_field", "a_mask_may_be_an_array", "kept_cells", of_first_rows,
        predict_field,
    ),
    broken(
        "predict_field", "the_field_is_what_the_predictor_says_at_each_cell", "points",
        upside_down, Grid,
    ),
    broken(
        "extrapolation", "distances_are_to_the_nearest_station_of_that_time",
        "distance", of_all_times, Network, kept=0.5,
    ),
    broken(
        "draws", "numbers_of_a_row_are_its_own_whatever_rows_are_asked_for", "levels",
        from_first_row, Samples,
    ),
]  # fmt: skip
"""Breaks of what a map promises."""
