import gzip

import numpy as np
import pandas as pd
import pytest

from apnp.data import from_table, read_stations
from apnp.errors import ConfigError, DataError

CANONICAL = """station,time,lat,lon,elevation,tas
007,2021-07-01,46.5,7.5,1500,12.25
007,2021-07-02,46.5,7.5,1500,
B,2021-07-01,-10.25,359.5,,25.5
B,2021-07-02,-10.25,359.5,,24.5
"""
VALUES = np.array([[12.25, np.nan], [25.5, 24.5]])


def write(path, text):
    if path.suffix == ".gz":
        with gzip.open(path, "wt") as file:
            file.write(text)
    else:
        path.write_text(text)
    return path


def check(ds):
    assert ds["station"].values.tolist() == ["007", "B"]
    assert ds["lon"].values.tolist() == [7.5, -0.5]
    np.testing.assert_array_equal(ds["elevation"], [1500, np.nan])
    np.testing.assert_allclose(ds["tas"], VALUES, atol=1e-5)
    assert ds["time"].values[1] == np.datetime64("2021-07-02")


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.csv.gz"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_canonical_columns(tmp_path, name, delimiter):
    text = CANONICAL.replace(",", delimiter)
    check(read_stations(write(tmp_path / name, text)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_text_of_any_encoding(tmp_path, encoding, end):
    text = CANONICAL.replace("007", "Ås").replace("tas", "Höhe_degF")
    (tmp_path / "a.csv").write_bytes(text.replace("\n", end).encode(encoding))
    ds = read_stations(tmp_path / "a.csv", columns={"tas": "Höhe_degF"})
    assert ds["station"].values.tolist() == ["Ås", "B"]
    assert ds["tas"].values[1, 1] == pytest.approx((24.5 - 32) / 1.8, abs=1e-5)


def test_parquet(tmp_path):
    frame = pd.DataFrame(
        {
            "stationName": ["007", "007", "B", "B"],
            "timeObs": pd.to_datetime(["2021-07-01", "2021-07-02"] * 2),
            "latitude": np.float32([46.5, 46.5, -10.25, -10.25]),
            "longitude": [7.5, 7.5, 359.5, 359.5],
            "elevation": [1500.0, 1500.0, np.nan, np.nan],
            "temperature": np.float32([12.25, np.nan, 25.5, 24.5]) + 273.15,
        }
    )
    frame.to_parquet(tmp_path / "a.parquet")
    check(read_stations(tmp_path / "a.parquet", units={"tas": "K"}))
    check(from_table(frame, units={"tas": "K"}))


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ID,Date,Latitude,Longitude,Elev_m,Tmean_degC", VALUES),
        ("wban,date,lat,long,altitude,temp_f", VALUES * 1.8 + 32),
        ("STAID,DATE,LATITUDE,LONGITUDE,HGHT,t2m [K]", VALUES + 273.15),
        ("Station ID,Valid time,lat (deg),lon (deg),height,air temperature", VALUES),
    ],
)
def test_usual_spellings_and_units_in_names(tmp_path, header, value):
    rows = [line.rsplit(",", 1)[0] for line in CANONICAL.splitlines()[1:]]
    cells = ["" if np.isnan(v) else f"{v:.4f}" for v in value.ravel()]
    lines = [header, *(f"{r},{c}" for r, c in zip(rows, cells, strict=True))]
    path = write(tmp_path / "a.csv", "\n".join(lines))
    np.testing.assert_allclose(read_stations(path)["tas"], VALUES, atol=1e-4)


def test_the_user_names_columns_and_units(tmp_path):
    text = CANONICAL.replace("tas", "x").replace("lat", "phi").replace("12.25", "54.05")
    path = write(tmp_path / "a.csv", text)
    ds = read_stations(path, columns={"tas": "x", "lat": "phi"}, units={"tas": "degF"})
    np.testing.assert_allclose(ds["tas"].values[0, 0], 12.25, atol=1e-5)
    with pytest.raises(DataError, match=r"no column 'y' \(asked for as tas\).*phi"):
        read_stations(path, columns={"tas": "y", "lat": "phi"})
    path = write(tmp_path / "b.csv", text.replace(",x", ",shelter_f"))
    named = read_stations(path, columns={"tas": "shelter_f", "lat": "phi"})
    np.testing.assert_array_equal(named["tas"], ds["tas"])
    path = tmp_path / "a.csv"
    with pytest.raises(ConfigError, match=r"Got 'temperature'"):
        read_stations(path, columns={"temperature": "x"})
    with pytest.raises(DataError, match=r"unknown units 'furlong'"):
        read_stations(
            path, columns={"tas": "x", "lat": "phi"}, units={"tas": "furlong"}
        )


def test_a_stated_degC_comes_before_other_units(tmp_path):
    text = "id,date,lat,lon,tmax_f,tmax_c\nA,2021-07-01,1.5,2.5,50.0,10.5\n"
    ds = read_stations(write(tmp_path / "a.csv", text), variable="tasmax")
    assert ds["tasmax"].item() == 10.5


def test_mean_of_extremes(tmp_path):
    text = "id,date,lat,lon,tmax_f,tmin_f\nA,2021-07-01,1.5,2.5,59.0,41.0\n"
    ds = read_stations(write(tmp_path / "a.csv", text))
    assert ds["tas"].item() == pytest.approx(10.0, abs=1e-5)
    assert ds["tas"].attrs["comment"] == "(tmax_f + tmin_f) / 2"
    assert ds["tas"].attrs["cell_methods"] == "time: mean"


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("20210701", "2021-07-01"),
        ("2021070118", "2021-07-01T18"),
        ("2021-07-01T18:30:00Z", "2021-07-01T18:30"),
        ("2021-07-01 18:30+02:00", "2021-07-01T16:30"),
    ],
)
def test_times_are_utc(tmp_path, time, expected):
    text = f"station,time,lat,lon,tas\nA,{time},1.5,2.5,10.5\n"
    ds = read_stations(write(tmp_path / "a.csv", text))
    assert ds["time"].values[0] == np.datetime64(expected)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("25.5", "warm", r"line 4, column 'tas': 'warm' is not a number"),
        ("2021-07-02,46", "soon,46", r"line 3, column 'time': 'soon' is not a time"),
        ("2021-07-02,46", ",46", r"line 3, column 'time': '' is not a time"),
        ("-10.25", "10X", r"column 'lat': '10X' is not a number"),
        ("25.5", "25,5", r"line 4: 7 fields where 6 are named"),
        ("tas", "rain", r"no column for 'tas' found.*rain.*--columns tas=NAME"),
        ("lat", "phi", r"no columns for lat and lon found.*--station-list"),
    ],
)
def test_refusals_name_line_and_column(tmp_path, old, new, message):
    text = CANONICAL.replace(old, new, 1)
    with pytest.raises(DataError, match=message):
        read_stations(write(tmp_path / "a.csv", text))


def test_a_table_without_rows_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"has no rows"):
        read_stations(write(tmp_path / "a.csv", CANONICAL.splitlines()[0]))


def test_codes_for_missing_are_missing_not_impossible(tmp_path):
    text = CANONICAL.replace("24.5", "-9999").replace("25.5", "-999.9")
    ds = read_stations(
        write(tmp_path / "a.csv", text + "B,2021-07-03,-10.25,359.5,,1\n")
    )
    assert int(np.isfinite(ds["tas"]).sum()) == 2
    assert "outside" not in ds.attrs["quality_control"]


@pytest.mark.parametrize(
    ("name", "codes", "kept"),
    [
        ("tas_flag", ["0", "1", "", "good"], [True, False, True, True]),
        ("qc", ["S", "passed", "NA", "7"], [False, True, True, False]),
    ],
)
def test_failed_quality_flags_are_dropped_and_counted(tmp_path, name, codes, kept):
    text = CANONICAL.replace("1500,\n", "1500,3.5\n").splitlines()
    lines = [
        f"{text[0]},{name}",
        *(f"{t},{c}" for t, c in zip(text[1:], codes, strict=True)),
    ]
    ds = read_stations(write(tmp_path / "a.csv", "\n".join(lines)))
    assert np.isfinite(ds["tas"].values).ravel().tolist() == kept
    assert (ds["tas_flag"].values.ravel() == 2).tolist() == [not k for k in kept]
    assert f"{kept.count(False)} value" in ds.attrs["quality_control"]


def test_positions_from_a_separate_list(tmp_path):
    readings = write(
        tmp_path / "a.csv", "wban,date,tmax_f\n003,20210701,50\n4,20210701,68\n"
    )
    stations = write(
        tmp_path / "s.csv", "wban,lon,lat,elev,isd_name\n003,7.5,46.5,1500,X\n"
    )
    ds = read_stations(readings, variable="tasmax", station_list=stations)
    assert ds["station"].values.tolist() == ["003"]
    assert ds["station_name"].values.tolist() == ["X"]
    assert ds["tasmax"].item() == pytest.approx(10.0)
    assert (
        "1 station not in the station list dropped (4, ...)"
        in (ds.attrs["quality_control"])
    )


def test_a_table_without_ids_names_stations_by_position():
    frame = pd.DataFrame(
        {
            "time": ["2021-07-01"] * 2,
            "lat": [1.5, 3.5],
            "lon": [2.5, 2.5],
            "tas": [5, 6.0],
        }
    )
    assert from_table(frame)["station"].values.tolist() == [
        "1.5000,2.5000", "3.5000,2.5000",
    ]  # fmt: skip
    blank = from_table(frame.assign(station=["", "B"]))
    assert blank["station"].values.tolist() == ["1.5000,2.5000", "B"]


def test_real_global_file(real_data):
    path = real_data / "global_daily_2011-07-01_08.csv.gz"
    ds = read_stations(path)
    assert dict(ds.sizes) == {"station": 8739, "time": 8}
    assert "2 stations at exactly 0N 0E" in ds.attrs["quality_control"]
    minimum = read_stations(path, variable="tasmin")
    assert (
        "36 values outside [-90, 60] degC dropped" in minimum.attrs["quality_control"]
    )


def test_real_american_file(real_data):
    path = real_data / "usa_tmax_1990_1993.csv.gz"
    ds = read_stations(path, variable="tasmax")
    assert dict(ds.sizes) == {"station": 137, "time": 1461}
    assert int(np.isnan(ds["elevation"]).sum()) == 5
    listed = read_stations(
        path, variable="tasmax", columns={"tasmax": "tmax_f"}, units={"tasmax": "degF"}
    )
    np.testing.assert_allclose(listed["tasmax"], ds["tasmax"], atol=0.006)


def test_real_airport_reports(real_data):
    path = real_data / "raw" / "metar" / "2020-01.parquet"
    with pytest.raises(DataError, match=r"values look like K"):
        read_stations(path)
    ds = read_stations(path, units={"tas": "K"})
    assert ds["tas"].attrs["cell_methods"] == "time: point"
    assert "19 values with a failed quality flag" in ds.attrs["quality_control"]
