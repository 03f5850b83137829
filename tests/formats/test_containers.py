"""CF files in gzip and Zarr stores; folders that hold them."""

import gzip

import numpy as np
import pytest
import xarray as xr

from apnp.data import read_stations
from apnp.errors import DataError


def dataset():
    return xr.Dataset(
        {
            "tas": (("station", "time"), [[11.5, 12.5]], {"units": "K"}),
            "lat": ("station", [46.5], {"units": "degrees_north"}),
            "lon": ("station", [7.5], {"units": "degrees_east"}),
        },
        {"time": ("time", [0, 1], {"units": "days since 2021-07-01"})},
    ).assign_coords(station=[7])  # fmt: skip


def check(path):
    ds = read_stations(path, units={"tas": "degC"})
    assert ds["station"].values.tolist() == ["7"]
    np.testing.assert_allclose(ds["tas"], [[11.5, 12.5]])


def test_netcdf_in_gzip(tmp_path):
    dataset().to_netcdf(tmp_path / "a.nc")
    packed = gzip.compress((tmp_path / "a.nc").read_bytes())
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.nc.gz").write_bytes(packed)
    check(tmp_path / "b" / "a.nc.gz")
    check(tmp_path / "b")
    (tmp_path / "c.nc.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match=r"c.nc.gz: cannot be read"):
        read_stations(tmp_path / "c.nc.gz")


@pytest.mark.parametrize("version", [2, 3])
def test_zarr_stores(tmp_path, version):
    pytest.importorskip("zarr")
    path = tmp_path / "in" / "a.zarr"
    dataset().to_zarr(path, zarr_format=version, consolidated=version == 2)
    check(path)
    check(tmp_path / "in")
    for name in ("zarr.json", ".zmetadata", ".zgroup"):
        if (path / name).exists():
            (path / name).write_text("{")
    with pytest.raises(DataError, match=r"a.zarr"):
        read_stations(path)
