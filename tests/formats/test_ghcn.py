import gzip
import time

import numpy as np
import pytest

from apnp.data import read_stations
from apnp.errors import DataError

STATIONS = """\
ACW00011604  17.1167  -61.7833   10.1    ST JOHNS COOLIDGE FLD
AE000041196  25.3330   55.5170   34.0    SHARJAH INTER. AIRP            GSN     41196
AEM00041194  25.2550   55.3640 -999.9    DUBAI INTL                             41194
"""
A, B = "AE000041196", "AEM00041194"


def month(station, year_month, element, values):
    """A line of a .dly file; a value is an int or (int, quality flag)."""
    cells = []
    for day in range(31):
        value = values.get(day + 1, -9999)
        number, flag = value if isinstance(value, tuple) else (value, " ")
        cells.append(f"{number:5d} {flag}S" if number != -9999 else "-9999   ")
    return f"{station}{year_month}{element}{''.join(cells)}\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "ghcnd-stations.txt").write_text(STATIONS)
    return tmp_path


def test_daily_file(folder):
    (folder / "a.dly").write_text(
        month(A, "201902", "TMAX", {1: 305, 2: (-72, "I"), 28: 90, 29: 111})
        + month(A, "201902", "PRCP", {1: 9999})
        + month(A, "201903", "TMAX", {31: -105}).rstrip()[:-3] + "\n"
    )  # fmt: skip
    ds = read_stations(folder / "a.dly", variable="tasmax")
    days = ["2019-02-01", "2019-02-02", "2019-02-28", "2019-03-31"]
    assert ds["time"].values.astype("M8[D]").astype(str).tolist() == days
    np.testing.assert_allclose(ds["tasmax"][0], [30.5, np.nan, 9.0, -10.5], atol=1e-5)
    assert ds["tasmax_flag"].values[0].tolist() == [0, 2, 0, 0]
    assert "1 value with a failed quality flag" in ds.attrs["quality_control"]
    assert ds["elevation"].item() == 34.0
    assert ds["station_name"].item() == "SHARJAH INTER. AIRP"
    assert "positions from ghcnd-stations.txt" in ds.attrs["source"]


def test_mean_is_of_one_definition_at_each_station(folder):
    """A has more days with both extremes, B more with TAVG; neither mixes them."""
    (folder / "a.dly").write_text(
        month(A, "201901", "TMAX", {1: 200, 2: 210, 3: 250})
        + month(A, "201901", "TMIN", {1: 100, 2: (120, "G")})
        + month(A, "201901", "TAVG", {2: 155, 3: 160})
    )
    (folder / "b.dly").write_text(
        month(B, "201901", "TMAX", {1: 200, 2: 210})
        + month(B, "201901", "TMIN", {1: 100, 4: 120})
        + month(B, "201901", "TAVG", {1: 141, 3: 142, 4: 143})
    )
    ds = read_stations([folder / "a.dly", folder / "b.dly"])
    expected = [[15.0, np.nan, np.nan, np.nan], [14.1, np.nan, 14.2, 14.3]]
    np.testing.assert_allclose(ds["tas"].sel(station=[A, B]), expected, atol=1e-5)
    comment = "(TMAX + TMIN) / 2 at 1 station, TAVG at 1 station"
    assert ds["tas"].attrs["comment"] == comment
    assert ds["tas_flag"].sel(station=A).values[1] == 2
    only = read_stations(folder, columns={"tas": "TAVG"})
    assert only["tas"].sel(station=A).values[1] == pytest.approx(15.5)


@pytest.mark.parametrize("header", [False, True])
def test_by_year(folder, header):
    rows = [
        f"{A},20190101,TMIN,140,,,S,",
        f"{A},20190101,TMAX,255,,,S,0700",
        f"{A},20190102,TMAX,260,,X,S,",
        f"{A},20190102,TMIN,150,,,S,",
        f"{A},20190101,PRCP,9999,,,S,",
        f"{B},20190102,TMAX,-9999,,,S,",
        f"{B},20190102,TMAX,-15,,,S,",
        "NA000000001,20190101,TMAX,300,,,S,",
    ]
    names = "ID,DATE,ELEMENT,DATA_VALUE,M_FLAG,Q_FLAG,S_FLAG,OBS_TIME"
    with gzip.open(folder / "2019.csv.gz", "wt") as file:
        file.write("\n".join([names, *rows] if header else rows) + "\n")
    ds = read_stations(folder / "2019.csv.gz")
    np.testing.assert_allclose(ds["tas"], [[19.75, np.nan]], atol=1e-5)
    assert ds["tas_flag"].values.tolist() == [[0, 2]]
    high = read_stations(folder / "2019.csv.gz", variable="tasmax")
    np.testing.assert_allclose(
        high["tasmax"].sel(station=[A, B]), [[25.5, np.nan], [np.nan, -1.5]], atol=1e-5
    )
    assert "(NA000000001, ...)" in high.attrs["quality_control"]
    assert "1 station of unknown elevation" in high.attrs["quality_control"]


def test_refusals(folder, tmp_path):
    good = month(A, "201901", "TMAX", {1: 200})
    (folder / "a.dly").write_text(good + good.replace("  200", " 2x00"))
    with pytest.raises(DataError, match=r"a\.dly, line 2: ' 2x00' is not a number"):
        read_stations(folder / "a.dly", variable="tasmax")
    (folder / "a.dly").write_text(good + good.replace("201901", "201913"))
    with pytest.raises(DataError, match=r"line 2: 201913 is not a year and month"):
        read_stations(folder / "a.dly", variable="tasmax")
    (folder / "a.dly").write_text(good)
    with pytest.raises(DataError, match=r"no values of TMIN.*here are TMAX"):
        read_stations(folder / "a.dly", variable="tasmin")
    (folder / "2019.csv").write_text(f"{A},20190101,TMIN,140,,,S,\n{A},2019,TMIN,x\n")
    with pytest.raises(DataError, match=r"2019\.csv: a line is not ID,YYYYMMDD"):
        read_stations(folder / "2019.csv", variable="tasmin")
    (folder / "ghcnd-stations.txt").write_text(STATIONS.splitlines()[0] + "\n")
    with pytest.raises(
        DataError, match=r"holds none of the 1 stations, e\.g\. 'AE0000"
    ):
        read_stations(folder / "a.dly", variable="tasmax")
    (folder / "ghcnd-stations.txt").unlink()
    with pytest.raises(DataError, match=r"hold no positions.*--station-list"):
        read_stations(folder / "a.dly", variable="tasmax")


def test_a_century_is_read_at_once(folder):
    rng = np.random.default_rng(0)
    with (folder / "a.dly").open("w") as file:
        for year in range(1900, 2000):
            for k in range(1, 13):
                for element, mean in (("TMAX", 200), ("TMIN", 90), ("TAVG", 140)):
                    days = rng.integers(-80, 80, 28) + mean
                    values = dict(enumerate(days.tolist(), start=1))
                    file.write(month(A, f"{year}{k:02d}", element, values))
    read_stations(folder / "a.dly", variable="tasmax")
    begin = time.perf_counter()
    ds = read_stations(folder / "a.dly")
    assert time.perf_counter() - begin < 1.0
    assert ds.sizes["time"] == 1200 * 28


def test_real_files(real_data):
    folder = real_data / "raw" / "ghcnd_dly"
    ds = read_stations(folder, variable="tasmax")
    assert sorted(ds["station"].values) == ["AE000041196", "EZM00011518"]
    assert "11 values with a failed quality flag" in ds.attrs["quality_control"]
    prague = ds["tasmax"].sel(station="EZM00011518")
    assert prague.sel(time="1940-01-02").item() == pytest.approx(-7.2)
    assert np.nanmax(ds["tasmax"]) < 50
