"""Gridded fields of the real files."""

import numpy as np

from apnp.data.gridded.variable import open_gridded

DAY = np.datetime64("2019-03-05")


def test_a_global_relief_is_read_at_known_places(real_data):
    field = open_gridded(real_data / "relief_0p25deg.nc", "elevation")
    assert field.height
    assert field.grid.periodic
    assert field.days is None
    lat = np.array([30.0, 46.2, 52.0, 0.0, 65.0, 65.0])
    lon = np.array([88.0, 7.5, 5.0, -30.0, 180.0, -180.0])
    tibet, alps, holland, ocean, east, west = field.grid.at(field.values(DAY), lat, lon)
    assert 4000 < tibet < 6000
    assert 1200 < alps < 3500
    assert 0 <= holland < 50
    assert ocean == 0
    assert east == west
    wide = field.grid.at(field.values(DAY, 200.0), lat, lon)
    assert 300 < wide[1] < alps
    assert wide[3] < 1.0


def test_hours_of_a_reanalysis_become_days(real_data):
    field = open_gridded(real_data / "era5_t2m_uk_201903.nc", "t2m")
    assert (field.days.size, field.height, field.units) == (31, False, "K")
    (london,) = field.grid.at(field.values(DAY), [51.5], [359.9])
    assert 270 < london < 290
