import numpy as np
import pytest
import xarray as xr

from apnp.cli import main
from apnp.data import from_arrays, write_stations


@pytest.fixture
def field(tmp_path):
    lat, lon = np.arange(40.5, 60), np.arange(0.5, 20)
    dims, shape = ("time", "lat", "lon"), (3, 20, 20)
    times = np.array(["2021-07-01", "2021-07-02", "2021-07-03"], "M8[ns]")
    ds = xr.Dataset(
        {
            "tas": (dims, np.random.default_rng(1).normal(10, 5, shape)),
            "tas_stderr": (dims, np.full(shape, 1.5)),
        },
        {"time": times, "lat": lat, "lon": lon},
    )
    ds["tas"].attrs["units"] = ds["tas_stderr"].attrs["units"] = "degC"
    path = tmp_path / "field.nc"
    ds.to_netcdf(path)
    return path


def test_draws_the_time_asked_for_with_the_stations_on_top(field, tmp_path, capsys):
    stations = from_arrays(
        "tas", [[1.0, 2.0], [3.0, 4.0]], station=["a", "b"], lat=[50.0, 45.0],
        lon=[5.0, 6.0], elevation=[10.0, 20.0],
        time=np.array(["2021-07-01", "2021-07-02"], "M8[ns]"),
    )  # fmt: skip
    write_stations(stations, tmp_path / "stations.nc")
    out = tmp_path / "map.png"
    args = ["plot", str(field), "--output", str(out), "--time", "2021-07-02"]
    assert main([*args, "--stations", str(tmp_path / "stations.nc")]) == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    assert "map.png" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], "one time; this field holds 3"),
        (["--time", "2022-01-01"], "0 of the field's 3 times, from 2021-07-01"),
        (["--time", "2021-07"], "3 of the field's 3 times"),
        (["--time", "soon"], "ISO date or time. Got 'soon'"),
    ],
)
def test_a_time_that_is_not_one_is_refused(field, tmp_path, capsys, more, message):
    out = tmp_path / "map.png"
    assert main(["plot", str(field), "--output", str(out), *more]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_files_that_are_no_field_are_refused(tmp_path, capsys):
    text = tmp_path / "notes.nc"
    text.write_text("not a field")
    for path, message in ((text, "notes.nc"), (tmp_path / "gone.nc", "gone.nc")):
        assert main(["plot", str(path), "--output", str(tmp_path / "map.png")]) == 2
        error = capsys.readouterr().err
        assert f"{message}: cannot be read as NetCDF" in error
        assert error.count("\n") == 1
