"""Splits of stations into training, validation and test parts, in spatial blocks."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apnp.errors import ConfigError
from apnp.geometry.sphere import EARTH_RADIUS_KM
from apnp.ranges import LARGEST_SEED, Section, ranged

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class StationSplit(Section):
    """A division of the Earth into blocks, each of which belongs to one part.

    Bands of latitude about `block_km` high are cut into equal cells about `block_km`
    wide. The part of a cell follows from the cell and the seed alone, so a station
    falls in the same part in every file and whatever other stations there are.

    Attributes:
        block_km: Side of a block in kilometres.
        validation: Share of the blocks that go to validation.
        test: Share of the blocks that go to the test.
        seed: Draws another division.
    """

    section: ClassVar[str] = "data.split"
    block_km: float = ranged(300.0, above=0, most=40_100)
    validation: float = ranged(0.15, least=0, most=1)
    test: float = ranged(0.15, least=0, most=1)
    seed: int = ranged(0, least=0, most=LARGEST_SEED)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.validation + self.test > 1:
            raise ConfigError(
                "`data.split.validation` and `data.split.test` are shares of the same "
                "blocks: their sum must be <= 1. "
                f"Got {self.validation} + {self.test}."
            )

    def blocks(self, lat: ArrayLike, lon: ArrayLike) -> NDArray[np.int64]:
        """Band and cell of every station, shape (station, 2).

        Longitudes may follow any convention. Coordinates are rounded to 0.0001
        degrees, so that single precision does not move a station.
        """
        lat = np.round(np.asarray(lat, dtype=np.float64), 4)
        lon = np.round(np.asarray(lon, dtype=np.float64) % 360, 4)
        half_turn_km = np.pi * EARTH_RADIUS_KM
        n_bands = max(1, round(half_turn_km / self.block_km))
        band = np.clip(np.floor((lat + 90) / 180 * n_bands), 0, n_bands - 1)
        middle = np.deg2rad((band + 0.5) / n_bands * 180 - 90)
        n_cells = np.maximum(
            1, np.round(2 * half_turn_km * np.cos(middle) / self.block_km)
        )
        cell = np.floor(lon / 360 * n_cells) % n_cells
        return np.stack([band, cell], axis=-1).astype(np.int64)

    def draws(self, lat: ArrayLike, lon: ArrayLike) -> NDArray[np.float64]:
        """A number in [0, 1) for every station, the same for all in a block.

        The numbers of different blocks are independent and uniform; they follow from
        the block and the seed.
        """
        band, cell = self.blocks(lat, lon).T
        return _uniform(band, cell, self.seed)

    def assign(self, lat: ArrayLike, lon: ArrayLike) -> NDArray[np.str_]:
        """The part of every station: 'train', 'validation' or 'test'.

        Args:
            lat: Latitudes in degrees north, shape (station,).
            lon: Longitudes in degrees east, shape (station,), any convention.
        """
        draw = self.draws(lat, lon)
        index = np.where(
            draw < self.test, 2, np.where(draw < self.test + self.validation, 1, 0)
        )
        return np.asarray(PARTS)[index]


def _uniform(band: NDArray, cell: NDArray, seed: int) -> NDArray[np.float64]:
    """A uniform number in [0, 1) for every (band, cell, seed), always the same.

    The mixing function is SplitMix64 (Steele, Lea and Flood 2014, section 5), applied
    once for each of the three numbers.
    """
    state = np.zeros(band.shape, dtype=np.uint64)
    for number in (np.uint64(seed % 2**64), band.astype(np.uint64), cell.astype("u8")):
        state = (state ^ number) + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) / 2.0**53
