import numpy as np
import pytest

from apnp.data import read_stations, write_stations
from apnp.errors import ConfigError, DataError

NAMES = "station,time,lat,lon,elevation,tas\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.csv").write_text(
        f"{NAMES}A,2021-07-02,46.5,7.5,1500,12.5\nA,2021-07-04,46.5,7.5,1500,14.5\n"
    )
    (tmp_path / "b.csv").write_text(
        f"{NAMES}B,2021-07-01,10.5,-7.5,15,21.5\nA,2021-07-01,46.5,7.5,1500,11.5\n"
    )
    return tmp_path


EXPECTED = [[11.5, 12.5, 14.5], [21.5, np.nan, np.nan]]


def check(ds):
    days = ["2021-07-01", "2021-07-02", "2021-07-04"]
    assert ds["time"].values.astype("M8[D]").astype(str).tolist() == days
    np.testing.assert_array_equal(ds["tas"].sel(station=["A", "B"]), EXPECTED)
    np.testing.assert_array_equal(ds["lat"].sel(station=["A", "B"]), [46.5, 10.5])


def test_files_of_one_format_are_joined(folder):
    check(read_stations([folder / "a.csv", folder / "b.csv"]))
    check(read_stations([folder / "b.csv", str(folder / "a.csv")]))


def test_files_of_several_formats_are_joined(folder):
    write_stations(read_stations(folder / "b.csv"), folder / "b.nc")
    ds = read_stations([folder / "a.csv", folder / "b.nc"])
    check(ds)
    assert "a.csv" in ds.attrs["source"]
    assert "b.csv" in ds.attrs["source"]


def test_a_folder_may_hold_more_than_readings(folder):
    (folder / "README.md").write_text("# Station files, by date\n\nMany, and more.\n")
    (folder / "stations.csv").write_text("station,lat,lon\nA,46.5,7.5\n")
    (folder / "empty.csv").write_text("")
    check(read_stations(folder))
    with pytest.raises(DataError, match=r"README\.md: unknown format"):
        read_stations([folder / "a.csv", folder / "README.md"])


def test_values_of_two_kinds_are_not_mixed(folder):
    (folder / "b.csv").write_text(
        f"{NAMES}B,2021-07-01T06:00,10.5,-7.5,15,21.5\nB,2021-07-01T09:00,10.5,-7.5,15,1\n"
    )
    write_stations(read_stations(folder / "b.csv"), folder / "b.nc")
    with pytest.raises(
        DataError,
        match=r"different kinds: daily values \(time: mean\).*a.csv; readings at.*b.nc",
    ):
        read_stations([folder / "a.csv", folder / "b.nc"])


def test_files_of_other_units_are_joined(folder):
    fahrenheit = (
        f"{NAMES}B,2021-07-01,10.5,-7.5,15,70.7\nA,2021-07-01,46.5,7.5,1500,52.7\n"
    )
    (folder / "b.csv").write_text(fahrenheit.replace("tas", "tas_degF"))
    ds = read_stations(folder)
    np.testing.assert_allclose(ds["tas"].sel(station=["A", "B"]), EXPECTED, atol=1e-5)


def test_a_file_an_hour_is_not_daily(folder):
    for k in (6, 9):
        (folder / f"{k}.csv").write_text(
            f"{NAMES}B,2021-07-01T{k:02d}:00,10.5,-7.5,15,{k}.5\n"
        )
    ds = read_stations([folder / "6.csv", folder / "9.csv"])
    assert ds["tas"].attrs["cell_methods"] == "time: point"
    assert ds["tas"].values.tolist() == [[6.5, 9.5]]


def test_too_many_cells_are_refused(folder, monkeypatch):
    monkeypatch.setattr("apnp.data.assemble.MOST_CELLS", 5)
    with pytest.raises(DataError, match=r"2 stations at 3 different times .*--daily"):
        read_stations(folder)


def test_arguments_are_checked(folder):
    with pytest.raises(ConfigError, match=r"`paths` names no file"):
        read_stations([])
    with pytest.raises(
        ConfigError, match=r"`units` maps tas, elevation .* Got 'tasmax'"
    ):
        read_stations(folder, units={"tasmax": "K"})
    with pytest.raises(ConfigError, match=r"Unknown variable 'rain'"):
        read_stations(folder, variable="rain")
