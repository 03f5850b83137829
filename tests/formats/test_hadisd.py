import gzip

import netCDF4
import numpy as np
import pytest

from apnp.data import read_stations
from apnp.errors import DataError


def write(path, values, hours=None, **position):
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("time", len(values))
        file.createDimension("coordinate_length", 1)
        file.createDimension("long_character_length", 12)
        place = {"latitude": 61.5, "longitude": -5.25, "elevation": 230.0} | position
        for name, value in place.items():
            file.createVariable(name, "f8", ("coordinate_length",))[:] = value
        station = file.createVariable("station_id", "S1", ("long_character_length",))
        station[:] = np.frombuffer(b"012340-99999", "S1")
        time = file.createVariable("time", "f8", ("time",))
        time.units = "hours since 1931-01-01 00:00"
        time[:] = 789000.0 + np.arange(len(values)) if hours is None else hours
        data = file.createVariable("temperatures", "f8", ("time",), fill_value=-1e30)
        data.units = "degrees_Celsius"
        data.missing_value = -1e30
        data.flagged_value = -2e30
        data[:] = values
        file.createVariable("quality_control_flags", "f8", ("time",))
        file.createVariable("flagged_obs", "f8", ("time",))[:] = 45.0
        file.createVariable("dewpoints", "f8", ("time",))[:] = -30.0
    return path


@pytest.mark.parametrize("zipped", [False, True])
def test_missing_and_flagged_values_are_left_out(tmp_path, zipped):
    path = write(tmp_path / "hadisd.nc", [5.5, -1e30, -2e30, -0.25])
    if zipped:
        data = gzip.compress(path.read_bytes())
        path.unlink()
        path = tmp_path / "hadisd.nc.gz"
        path.write_bytes(data)
    ds = read_stations(path)
    assert ds["station"].values.tolist() == ["012340-99999"]
    place = [ds[k].item() for k in ("lat", "lon", "elevation")]
    assert place == [61.5, -5.25, 230.0]
    start = np.datetime64("1931-01-01T00", "h") + 789000
    assert ds["time"].values.tolist() == [
        (start + h).astype("datetime64[ns]").item() for h in (0, 3)
    ]
    np.testing.assert_allclose(ds["tas"], [[5.5, -0.25]], atol=1e-6)
    assert ds["tas"].attrs["cell_methods"] == "time: point"
    assert "1 value flagged by HadISD dropped" in ds.attrs["quality_control"]


def test_another_variable_by_name(tmp_path):
    path = write(tmp_path / "hadisd.nc", [5.5, 6.5])
    ds = read_stations(path, columns={"tas": "dewpoints"})
    np.testing.assert_allclose(ds["tas"], [[-30.0, -30.0]])
    with pytest.raises(DataError, match=r"no variable 'nothing'"):
        read_stations(path, columns={"tas": "nothing"})


def test_refusals(tmp_path):
    path = write(tmp_path / "hadisd.nc", [5.5, 6.5])
    with pytest.raises(DataError, match=r"instants, no tasmax.*--daily max"):
        read_stations(path, variable="tasmax")
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(DataError, match=r"hadisd.nc: cannot be read as NetCDF"):
        read_stations(path)
    with pytest.raises(DataError, match=r"cannot be read as times"):
        read_stations(write(tmp_path / "b.nc", [5.5], hours=[1e30]))
