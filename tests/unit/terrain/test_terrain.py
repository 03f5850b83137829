"""The packaged relief: known places, its name, and how it was packed."""

import hashlib
import runpy
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import apnp.terrain
from apnp.data.gridded.variable import find_fields, open_gridded
from apnp.terrain import TERRAIN, gridded_path, is_terrain

DAY = np.datetime64("2020-01-01")
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def elevation():
    return open_gridded(TERRAIN, "elevation")


def test_known_heights_and_land(elevation):
    """Lhasa, the Dutch coast, the Greenland ice sheet, the Pacific."""
    lat, lon = np.array([29.7, 52.0, 72.0, 0.0]), np.array([91.1, 4.5, -38.0, -140.0])
    height = elevation.grid.at(elevation.values(DAY), lat, lon)
    assert height[0] > 4000
    assert height[1] < 20
    assert height[2] > 2800
    assert height[3] == 0
    land = open_gridded(TERRAIN, "land_fraction")
    share = land.grid.at(land.values(DAY), lat, lon)
    assert share[0] == share[2] == 1
    assert share[3] == 0
    area = np.cos(np.radians(land.grid.lat))
    mean = np.average(land.values(DAY).mean(axis=1), weights=area)
    assert mean == pytest.approx(0.29, abs=0.01)


def test_it_is_a_height_of_the_ground_in_metres_on_the_whole_globe(elevation):
    assert (elevation.units, elevation.height, elevation.days) == ("m", True, None)
    assert elevation.grid.periodic
    assert elevation.grid.shape == (720, 1440)
    assert 0 == elevation.values(DAY).min() < elevation.values(DAY).max() < 7000


def test_a_run_that_names_it_finds_it_from_any_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (found,) = find_fields({"elevation": TERRAIN})
    assert is_terrain(found.path)
    (tmp_path / TERRAIN).write_text("a file of the user's own")
    assert gridded_path("./terrain") == Path("terrain")
    assert gridded_path(TERRAIN).parent == Path(apnp.terrain.__file__).parent


def test_the_file_is_the_one_whose_making_is_written_down():
    content = gridded_path(TERRAIN).read_bytes()
    told = gridded_path(TERRAIN).with_name("PROVENANCE.md").read_text()
    assert hashlib.sha256(content).hexdigest() in told
    assert len(content) < 500_000


def test_packing_rounds_to_metres_and_drops_depths(tmp_path):
    packed = runpy.run_path(str(ROOT / "scripts/pack_terrain.py"))["packed"]
    lat, lon = np.array([1.0, -1.0]), np.array([0.0, 10.0])
    source = xr.Dataset(
        {
            "elevation": (("lat", "lon"), [[1234.4, -30.0], [0.6, 8000.0]]),
            "land_fraction": (("lat", "lon"), [[1.0, 0.0], [0.333, 0.5]]),
        },
        {"lat": lat, "lon": lon},
    )
    packed(source).to_netcdf(tmp_path / "t.nc")
    with xr.open_dataset(tmp_path / "t.nc") as made:
        assert made["lat"].values.tolist() == [-1, 1]
        assert made["elevation"].values.tolist() == [[1, 8000], [1234, 0]]
        np.testing.assert_allclose(
            made["land_fraction"], [[0.335, 0.5], [1.0, 0.0]], atol=1e-9
        )
    with pytest.raises(ValueError, match="land_fraction has missing"):
        packed(source.assign(land_fraction=source["land_fraction"] * np.nan))
