import numpy as np
import pytest

from apnp.data import Daily, read_stations
from apnp.errors import DataError

HISTORY = """\
USAF   WBAN  STATION NAME                  CTRY ST CALL  LAT     LON      ELEV(M)

007018 99999 WXPOD 7018                                  +00.000 +000.000 +7018.0
010014 99999 SOERSTOKKEN                   NO            +59.792 -005.341 +0048.8
"""
HISTORY_CSV = """\
"USAF","WBAN","STATION NAME","CTRY","STATE","ICAO","LAT","LON","ELEV(M)","BEGIN","END"
"010014","99999","SOERSTOKKEN","NO","","ENSO","+59.792","-005.341","+0048.8","1986","2018"
"""


def hour(time, tenths):
    return f"{time} {tenths:5d} -9999 10025    50   120     4 -9999     1\n"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "010014-99999-2018"
    path.write_text(
        hour("2018 01 01 23", -16) + hour("2018 01 02 00", -9999)
        + hour("2018 01 02 06", 55)
    )  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("name", "text"), [("isd-history.txt", HISTORY), ("isd-history.csv", HISTORY_CSV)]
)
def test_hours_in_tenths(path, name, text):
    (path.parent / name).write_text(text)
    ds = read_stations(path)
    assert ds["station"].item() == "010014-99999"
    assert (ds["lat"].item(), ds["lon"].item()) == (59.792, -5.341)
    assert ds["elevation"].item() == 48.8
    assert ds["station_name"].item() == "SOERSTOKKEN"
    np.testing.assert_allclose(ds["tas"], [[-1.6, 5.5]], atol=1e-5)
    assert ds["time"].values[1] == np.datetime64("2018-01-02T06")
    assert ds["tas"].attrs["cell_methods"] == "time: point"


def test_refusals(path):
    with pytest.raises(DataError, match=r"hold no positions.*--station-list"):
        read_stations(path)
    with pytest.raises(DataError, match=r"no tasmax. Make it with --daily max"):
        read_stations(path, variable="tasmax")
    other = path.rename(path.parent / "oslo")
    with pytest.raises(DataError, match=r"called USAF-WBAN-YEAR"):
        read_stations(other)


def test_real_files(real_data):
    ds = read_stations(real_data / "raw" / "isd_lite")
    first = ds["tas"].sel(station="010010-99999", time="2018-01-01T00")
    assert first.item() == pytest.approx(-1.6)
    listed = real_data / "raw" / "isd_lite" / "isd-history_excerpt.txt"
    same = read_stations(real_data / "raw" / "isd_lite", station_list=listed)
    np.testing.assert_allclose(same["lat"], ds["lat"], atol=2e-3)
    high = read_stations(real_data / "raw" / "isd_lite", daily=Daily("max"))
    assert high["tasmax"].attrs["cell_methods"] == "time: maximum"
