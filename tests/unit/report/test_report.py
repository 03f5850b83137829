"""The page of `apnp report`: what is packed, escaped and refused."""

import base64
import json
import re
import zlib

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import apnp
from apnp.cli import main
from apnp.errors import ConfigError, DataError
from apnp.report import find_evaluation, write_report
from apnp.report.map_data import MISSING, map_data

NASTY = '</script><img src=x onerror=alert(1)> & "quotes"'


def field(times=("2021-07-01", "2021-07-02"), step=10.0):
    """A field whose mean is latitude plus a hundredth of longitude, per time."""
    lat, lon = np.arange(40.0, 61, step), np.arange(0.0, 31, step)
    mean = lat[:, None] + lon / 100 + np.arange(len(times))[:, None, None]
    mean[:, 0, 0] = np.nan
    flag = np.zeros(mean.shape, "i1")
    flag[:, -1, -1] = 1
    dims = ("time", "lat", "lon")
    return xr.Dataset(
        {
            "tas": (dims, mean, {"units": "degC", "long_name": "temperature"}),
            "tas_stderr": (dims, np.full(mean.shape, 1.5), {"units": "degC"}),
            "tas_flag": (
                dims, flag,
                {"flag_values": [0, 1], "flag_meanings": "interpolated extrapolated"},
            ),
        },
        {"time": np.array(times, "M8[ns]"), "lat": lat, "lon": lon},
        {"title": NASTY, "history": "made by a test"},
    )  # fmt: skip


def stations():
    return apnp.from_arrays(
        "tas", [[50.0, np.nan], [51.0, 52.0]], station=["<b>A</b>", "B"],
        lat=[50.0, 51.0], lon=[5.0, 361.0], elevation=[10, 20],
        time=["2021-07-01", "2021-07-02"],
    )  # fmt: skip


def unpacked(text, kind):
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), kind)


@pytest.fixture
def scores(tmp_path):
    folder = tmp_path / "run" / "evaluation"
    folder.mkdir(parents=True)
    pd.DataFrame(
        {"model": ["net & <b>", "kriging"], "crps": [1.25, 1.5], "coverage_90": 0.91}
    ).to_csv(folder / "summary.csv", index=False)
    pd.DataFrame({
        "model": ["net & <b>", "net & <b>", "kriging"], "station": ["A", "B", "C"],
        "lat": 50.0, "lon": 5.0, "elevation": 10.0, "crps": [1.0, 3.0, 9.0],
        "bias": 0.5,
    }).to_csv(folder / "per_station.csv", index=False)  # fmt: skip
    return tmp_path / "run"


def test_values_survive_the_packing():
    ds = field()
    data = json.loads(json.dumps(map_data(ds, stations())))
    assert data["times"] == ["2021-07-01", "2021-07-02"]
    layer = data["layers"][0]
    for time in (0, 1):
        packed = unpacked(layer["values"][time], "<i2")
        truth = ds.tas.values[time].ravel()
        known = np.isfinite(truth)
        assert (packed[~known] == MISSING).all()
        read = packed[known] * layer["scale"] + layer["offset"]
        np.testing.assert_allclose(read, truth[known], atol=layer["scale"])
        assert unpacked(data["extrapolated"][time], "i1").sum() == 1
    assert layer["scale"] < 1e-3
    assert (data["rows"][0], data["columns"][-1]) == (35, 35)


def test_stations_lie_in_the_longitudes_of_the_map_and_keep_their_gaps():
    first, second = map_data(field(), stations())["stations"]
    assert first == {"id": "<b>A</b>", "at": [50.0, 5.0], "values": [50.0, None]}
    assert second["at"] == [51.0, 1.0]


def test_a_page_is_one_file_whose_texts_are_escaped(tmp_path, scores):
    path = tmp_path / "report.html"
    write_report(
        path, field=field(), stations=stations(), evaluation=find_evaluation(scores)
    )
    page = path.read_text()
    assert "onerror=alert(1)>" not in page.replace("&gt;", "")
    assert "<b>" not in page
    assert "net &amp; &lt;b&gt;" in page
    assert not re.findall(r'src="(?!data:)', page)
    assert "default-src 'none'" in page
    data = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
    assert [s["id"] for s in data["worst"]] == ["B", "A"]
    assert "91.0 %" in page


def test_half_a_degree_of_the_globe_has_at_most_ten_megabytes(tmp_path):
    rng = np.random.default_rng(0)
    lat, lon = np.arange(-89.75, 90, 0.5), np.arange(-179.75, 180, 0.5)
    values = rng.normal(size=(1, lat.size, lon.size))
    dims = ("time", "lat", "lon")
    ds = xr.Dataset(
        {"tas": (dims, values), "tas_stderr": (dims, 1 + values**2)},
        {"time": np.array(["2021-07-01"], "M8[ns]"), "lat": lat, "lon": lon},
    )
    write_report(tmp_path / "globe.html", field=ds)  # noise: the worst to compress
    assert (tmp_path / "globe.html").stat().st_size < 10e6
    many = xr.concat(
        [ds.assign_coords(time=ds.time + np.timedelta64(i, "D")) for i in range(8)],
        "time",
    )
    with pytest.raises(DataError, match=r"MB; at most 10 MB .* --time"):
        write_report(tmp_path / "many.html", field=many)
    assert not (tmp_path / "many.html").exists()


def test_what_cannot_be_reported_is_refused(tmp_path, scores, capsys):
    with pytest.raises(ConfigError, match="Got neither"):
        write_report(tmp_path / "a.html")
    (scores / "evaluation" / "per_station.csv").write_text("model,lat\n")
    with pytest.raises(DataError, match=r"per_station\.csv: must have rows"):
        find_evaluation(scores)
    field().to_netcdf(tmp_path / "f.nc")
    for words, why in (
        ([str(tmp_path / "f.nc"), "--output", "a.png"], "must end in .html"),
        ([str(tmp_path / "none.nc"), "--output", "a.html"], "no such file"),
        ([str(tmp_path), "--output", "a.html"], "holds no scores"),
        ([str(tmp_path / "f.nc")] * 2 + ["--output", "a.html"], "at most one field"),
    ):
        assert main(["report", *words]) == 2
        assert why in capsys.readouterr().err


def test_the_command_writes_the_chosen_time(tmp_path, scores, monkeypatch):
    monkeypatch.chdir(tmp_path)
    field().to_netcdf("f.nc")
    words = ["report", "f.nc", str(scores), "--time", "2021-07-02"]
    assert main([*words, "--output", "r.html", "--title", "My <title>"]) == 0
    page = (tmp_path / "r.html").read_text()
    assert "<h1>My &lt;title&gt;</h1>" in page
    data = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
    assert data["map"]["times"] == ["2021-07-02"]
