import numpy as np
import pytest

from apnp.errors import ConfigError
from apnp.geometry.station_blocks import StationSplit


def sphere(n, seed=0):
    rng = np.random.default_rng(seed)
    lat = np.rad2deg(np.arcsin(rng.uniform(-1, 1, n)))
    return lat, rng.uniform(-180, 180, n)


def test_shares_of_the_area_are_those_asked_for():
    part = StationSplit(validation=0.1, test=0.3, seed=3).assign(*sphere(40_000))
    assert np.mean(part == "test") == pytest.approx(0.3, abs=0.02)
    assert np.mean(part == "validation") == pytest.approx(0.1, abs=0.02)


def test_a_station_keeps_its_part_whatever_the_others_and_the_convention():
    split = StationSplit(seed=5)
    lat, lon = sphere(3000)
    part = split.assign(lat, lon)
    order = np.random.default_rng(1).permutation(3000)[:700]
    assert (split.assign(lat[order], lon[order]) == part[order]).all()
    assert (split.assign(lat, lon % 360) == part).all()
    assert (split.assign(lat, lon + 720) == part).all()
    assert (split.assign(lat.astype("f4"), lon.astype("f4")) == part).mean() > 0.999


def test_a_known_division_stays_as_it_is():
    lat, lon = [48.2, 59.9, -33.9, 1.3, -10], [16.4, 10.7, 151, 103.8, 30]
    assert StationSplit(seed=0).assign(lat, lon).tolist() == [
        "train", "train", "validation", "train", "validation",
    ]  # fmt: skip


def test_blocks_are_about_as_wide_as_asked_everywhere():
    split = StationSplit(block_km=250)
    lat, lon = sphere(400_000, seed=2)
    _, index, count = np.unique(
        split.blocks(lat, lon), axis=0, return_inverse=True, return_counts=True
    )
    area = count / 400_000 * 4 * np.pi * 6371.0**2
    away = np.abs(lat[np.unique(index, return_index=True)[1]]) < 85
    assert area[away].mean() == pytest.approx(250**2, rel=0.03)
    assert area.max() < 2 * 250**2


def test_stations_of_one_block_stay_together_across_the_date_line_and_at_poles():
    split = StationSplit(block_km=500)
    block = split.blocks([90, 90, 89.99], [10, -170, 10])
    assert (block[:, 0] == block[0, 0]).all()
    _, n = np.unique(
        split.blocks([12.0] * 2, [180.0, -180.0]), axis=0, return_counts=True
    )
    assert n.tolist() == [2]
    around = split.blocks([12.0] * 3, [0.0, 360.0, -1e-9])
    assert (around == around[0]).all()


def test_seeds_give_different_divisions():
    parts = [StationSplit(seed=s).assign(*sphere(2000)) for s in (0, 1)]
    agree = np.mean(parts[0] == parts[1])
    assert agree == pytest.approx(0.7**2 + 2 * 0.15**2, abs=0.06)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"block_km": 0}, r"`data.split.block_km` must be a number > 0 .* Got 0"),
        (
            {"validation": -0.1},
            r"`data.split.validation` must be a number >= 0 and <= 1. Got -0.1",
        ),
        ({"validation": 0.6, "test": 0.5}, r"their sum must be <= 1. Got 0.6 \+ 0.5"),
    ],
)
def test_refuses(change, message):
    with pytest.raises(ConfigError, match=message):
        StationSplit(**change)
