from pathlib import Path

import netCDF4
import numpy as np
import pytest
from compliance_checker.runner import CheckSuite, ComplianceChecker

from apnp.data import from_arrays, read_stations, summarise, write_stations
from apnp.errors import DataError


def stations(times, **attrs):
    values = np.array([[1.25, np.nan, 3.5], [-60.1, 7.0, np.nan]])
    return from_arrays(
        "tas", values, station=["010", "Ünit"], lat=[10.123456789, -89.5],
        lon=[179.5, -180.0], elevation=[np.nan, 2835.1], time=times, cell_method=(
            "time: point"), station_name=["Reykjavík", ""], flag=[[0, 2, 0], [0, 0, 3]],
        attrs={"license": "none", "quality_control": "1 ship dropped", **attrs},
        variable_attrs={"comment": "made up"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "times",
    [
        ["1899-12-31", "2021-07-02", "2021-07-04"],
        ["2021-07-01T05:53:01", "2021-07-01T05:53:02", "2021-07-02"],
    ],
)
def test_what_is_written_is_read_again(tmp_path, times):
    ds = stations(times)
    write_stations(ds, tmp_path / "a.nc")
    again = read_stations(tmp_path / "a.nc")
    assert again.drop_attrs().identical(ds.drop_attrs())
    assert again["tas"].attrs == ds["tas"].attrs
    assert again.attrs["license"] == "none"
    kept = "1 ship dropped; 1 station of unknown elevation kept without it"
    assert again.attrs["quality_control"] == kept
    assert "stations written" in again.attrs["history"]
    write_stations(again, tmp_path / "a.nc")
    third = read_stations(tmp_path / "a.nc")
    assert third.attrs["quality_control"] == kept
    assert len(third.attrs["history"].splitlines()) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["a.nc"]


@pytest.mark.parametrize(
    "times",
    [
        ["2021-07-01", "2021-07-02", "2021-07-04"],
        ["2021-07-01T05:53", "2021-07-02", "2021-07-03"],
    ],
)
def test_written_file_passes_the_cf_checks(tmp_path, times):
    path = tmp_path / "a.nc"
    write_stations(stations(times), path)
    CheckSuite.load_all_available_checkers()
    passed, errors = ComplianceChecker.run_checker(
        str(path), ["cf:1.11"], 0, "strict", output_filename=str(tmp_path / "report"),
        output_format="text",
    )  # fmt: skip
    assert passed, Path(tmp_path / "report").read_text()
    assert not errors
    with netCDF4.Dataset(path) as file:
        assert file["lat"].ncattrs().count("_FillValue") == 0
        assert file["tas"].dimensions == ("station", "time")


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a.nc"
    path.write_text("precious")
    ds = stations(["2021-07-01", "2021-07-02", "2021-07-04"])
    with pytest.raises(DataError, match="must increase"):
        write_stations(ds.isel(time=[1, 0, 2]), path)
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(DataError, match=r"cannot be written \(.*full"):
        write_stations(ds, path)
    assert path.read_text() == "precious"
    assert [p.name for p in tmp_path.iterdir()] == ["a.nc"]
    with pytest.raises(DataError, match="cannot be written"):
        write_stations(ds, tmp_path / "nowhere" / "a.nc")


def test_a_report_of_nothing_gives_way_to_a_report(tmp_path):
    days = ["2021-07-01", "2021-07-02", "2021-07-04"]
    write_stations(stations(days, quality_control="nothing dropped"), tmp_path / "a.nc")
    again = read_stations(tmp_path / "a.nc")
    kept = "1 station of unknown elevation kept without it"
    assert again.attrs["quality_control"] == kept


def test_a_network_around_the_earth_has_no_western_end():
    around = from_arrays(
        "tas", np.zeros((10, 1)), station=range(10), lat=np.zeros(10),
        lon=np.arange(10) * 36.0, elevation=np.zeros(10), time=["2021-07-01"],
    )  # fmt: skip
    assert "all around" in summarise(around)
    assert "36.00 to -36.00 degrees east" in summarise(
        around.isel(station=slice(1, 10))
    )


def test_summary_names_the_essentials():
    text = summarise(stations(["2021-07-01", "2021-07-02", "2021-07-04"]))
    for part in (
        "2", "3, 2021-07-01 to 2021-07-04, every 1.5 d with 1 gap", "-89.50 to 10.12",
        "179.50 to -180.00 degrees east, across the date line", "unknown at 1",
        "4; 33.3% missing", "-60.1 to 7.0, median 2.4 degC", "1 ship dropped",
        "time: point; made up", "none",
    ):  # fmt: skip
        assert part in text, text
