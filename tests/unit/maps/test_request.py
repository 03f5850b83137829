import numpy as np
import pytest
import xarray as xr

from apnp.errors import ConfigError
from apnp.maps.elevation import Relief, StationElevation
from apnp.maps.grid import Grid
from apnp.maps.request import FieldRequest
from apnp.output.cluster import Cluster
from apnp.output.field_output import FieldOutput

GRID = Grid.regular(5, (0, 40, 10, 50))


def stations(lon=(1.0, 9.0), title="Stations"):
    return xr.Dataset(
        coords={
            "lat": ("station", np.linspace(41, 48, len(lon))),
            "lon": ("station", np.array(lon)),
            "elevation": ("station", np.full(len(lon), 100.0)),
        },
        attrs={"title": title},
    )


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"mask": "ocean"}, "'land'.*'ocean'"),
        ({"mask": np.ones((3, 4))}, r"grid's shape \(2, 2\). Got \(3, 4\)"),
        ({"quantiles": (0.5, 1.0)}, "above 0 and below 1.*Got 1"),
        ({"quantiles": (0.0,)}, "above 0 and below 1"),
        ({"quantiles": (5, 95)}, "above 0 and below 1"),
        ({"quantiles": (float("nan"),)}, "above 0 and below 1"),
        ({"region": (0, 40, 10, 50)}, "goes with a resolution"),
    ],
)
def test_what_breaks_a_rule_is_refused_before_anything_is_read(asked, message):
    with pytest.raises(ConfigError, match=message):
        FieldRequest(**({"grid": GRID} | asked))


def test_a_mask_is_compared_with_the_cells_around_the_stations():
    request = FieldRequest(5.0, mask=np.ones((3, 4), dtype=bool))
    with pytest.raises(ConfigError, match=r"shape \(2, 2\). Got \(3, 4\)"):
        request.cells(stations(), spherical=False)


def test_quantiles_rise_each_once():
    assert FieldRequest(GRID, quantiles=[0.9, 0.1, 0.9]).quantiles == (0.1, 0.9)


@pytest.mark.parametrize(("spherical", "columns"), [(True, 36), (False, 32)])
def test_stations_around_the_globe_ask_for_it_on_the_sphere_alone(spherical, columns):
    around = stations(lon=np.arange(0.0, 330.0, 10.0))
    assert FieldRequest(10.0).cells(around, spherical).lon.size == columns


def test_elevation_is_of_the_terrain_or_of_stations_of_another_earth():
    assert isinstance(FieldRequest(GRID).ground(stations()), Relief)
    simulated = stations(title="SIMULATED stations")
    assert isinstance(FieldRequest(GRID).ground(simulated), StationElevation)
    assert isinstance(FieldRequest(GRID, elevation="terrain").ground(simulated), Relief)


def test_an_output_is_a_file_a_store_or_none(tmp_path):
    file, store = FieldOutput(tmp_path / "f.nc"), FieldOutput(tmp_path / "f.zarr")
    assert (file.file, file.store) == (tmp_path / "f.nc", None)
    assert (store.file, store.store) == (None, tmp_path / "f.zarr")
    assert (FieldOutput().file, FieldOutput().store) == (None, None)


def test_an_output_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"folder .*absent does not exist"):
        FieldOutput(tmp_path / "absent" / "f.nc")
    with pytest.raises(ConfigError, match=r"must end in .zarr. Got .*f.nc"):
        FieldOutput(tmp_path / "f.nc", Cluster(2))
