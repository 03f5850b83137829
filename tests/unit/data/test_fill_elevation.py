"""Elevations from the packaged terrain."""

import numpy as np
import pytest

from apnp.data import from_arrays, read_stations
from apnp.data.fill_elevation import (
    fill_elevation,
    fill_unmeasured_network,
    terrain_height,
)


def network(elevation):
    """Denver, a valley in Valais, and Omaha."""
    return from_arrays(
        "tas", np.ones((3, 1)), station=["a", "b", "c"], lat=[39.7, 46.2, 41.3],
        lon=[-105.0, 7.4, -96.0], elevation=elevation, time=["2021-07-01"],
    )  # fmt: skip


def test_only_unknown_elevations_are_filled_and_the_note_counts_them():
    ds = network([1600.0, np.nan, np.nan])
    filled = fill_elevation(ds)
    height, _ = terrain_height(ds["lat"].values, ds["lon"].values)
    np.testing.assert_allclose(filled["elevation"], [1600.0, *height[1:]])
    assert "2 of 3 stations have no elevation" in filled.attrs["filled_elevation"]
    assert filled["elevation"].attrs == ds["elevation"].attrs
    assert np.isnan(ds["elevation"].values[1:]).all()
    assert fill_elevation(filled) is filled


def test_a_station_in_the_mountains_is_less_certain_than_one_in_the_plains():
    height, std = terrain_height(np.array([46.2, 41.3]), np.array([7.4, -96.0]))
    assert 1200 < height[0] < 2800
    assert height[1] == pytest.approx(350, abs=60)
    assert std[0] > 350 > 60 > std[1] > 20


def test_training_and_evaluation_fill_networks_without_any_elevation_alone():
    some, none = network([1600.0, np.nan, 330.0]), network([np.nan] * 3)
    assert fill_unmeasured_network(some) is some
    assert np.isfinite(fill_unmeasured_network(none)["elevation"]).all()


def test_a_table_without_an_elevation_column_is_read_and_filled(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("station,time,lat,lon,tas\na,2021-07-01,39.7,-105.0,20.5\n")
    filled = fill_elevation(read_stations([path]))
    assert filled["elevation"].values[0] == pytest.approx(1700, abs=250)
