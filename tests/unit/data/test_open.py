import numpy as np
import pytest
import xarray as xr

from apnp.data import from_arrays, read_stations, write_stations
from apnp.data.open import open_stations
from apnp.errors import DataError

ROOT_ATTRIBUTES = {"quality_control": "nothing dropped", "title": "Made up"}


def stations(**attrs):
    rng = np.random.default_rng(4)
    values = rng.normal(10, 4, (5, 3))
    values[1, 2] = np.nan
    return from_arrays(
        "tas", values, station=list("abcde"), lat=rng.uniform(-60, 60, 5),
        lon=rng.uniform(-180, 179, 5), elevation=[3.0, 14, 159, np.nan, 26],
        time=np.arange("2021-07-01", "2021-07-04", dtype="M8[D]"),
        attrs=ROOT_ATTRIBUTES | attrs,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["nc", "zarr"])
def test_values_are_those_that_reading_gives_and_wait_in_the_file(tmp_path, kind):
    path = tmp_path / f"stations.{kind}"
    write_stations(stations(), tmp_path / "stations.nc")
    read = read_stations(tmp_path / "stations.nc")
    if kind == "zarr":
        plain = read.assign_coords(station=np.asarray(read.station.values, dtype="U8"))
        plain.to_zarr(path, zarr_format=2)
    ds = open_stations(path, "tas")
    assert not ds.tas.variable._in_memory
    assert ds.tas.sel(time="2021-07-02").values.shape == (5,)
    for name in ("station", "lat", "lon", "elevation", "time", "tas", "tas_flag"):
        assert name in ds
        np.testing.assert_array_equal(ds[name].values, read[name].values)
    assert ds.tas.attrs["cell_methods"] == read.tas.attrs["cell_methods"]
    ds.close()


def test_other_files_are_left_to_the_readers(tmp_path):
    ds = stations()
    del ds.attrs["quality_control"]
    write_stations(ds, tmp_path / "unchecked.nc")
    (tmp_path / "table.csv").write_text("station,time,lat,lon,elevation,tas\n")
    for name in ("unchecked.nc", "table.csv", "absent.nc"):
        assert open_stations(tmp_path / name, "tas") is None
    write_stations(stations(), tmp_path / "checked.nc")
    assert open_stations(tmp_path / "checked.nc", "tasmax") is None


def test_a_zarr_store_of_anything_else_is_read_whole(tmp_path):
    xr.Dataset({"a": ("x", [1.0])}).to_zarr(tmp_path / "a.zarr", zarr_format=2)
    assert open_stations(tmp_path / "a.zarr", "tas") is None


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "cut.nc").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    with pytest.raises(DataError, match="cannot be opened"):
        open_stations(tmp_path / "cut.nc", "tas")
