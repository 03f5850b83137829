import numpy as np
import pytest

from apnp.data import read_stations
from apnp.errors import DataError

STATIONS = """\
EUROPEAN CLIMATE ASSESSMENT & DATASET (ECA&D)

 01- 05 STAID  : Station identifier

STAID,STANAME                                 ,CN,      LAT,       LON,HGHT

   11,KREMSMÜNSTER, OBERÖSTERREICH            ,AT  ,+48:03:18,+014:07:51,  382
   12,TIERRA                                  ,AR  ,-00:30:00,-068:15:36, -999
"""
HEADER = """\
EUROPEAN CLIMATE ASSESSMENT & DATASET (ECA&D), file created on: 16-11-2022

24-28 TG   : Mean temperature in 0.1 &#176;C

STAID, SOUID,    DATE,   TG, Q_TG
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "stations.txt").write_text(STATIONS, encoding="latin-1")
    (tmp_path / "TG_STAID000011.txt").write_text(
        HEADER
        + "    11, 55921,20130101,  -60,    0\n    11, 55921,20130102,  173,    1\n"
        "    11, 55921,20130103,-9999,    9\n    11, 55921,20130104,   85,    0\n"
    )
    (tmp_path / "TG_STAID000012.txt").write_text(
        HEADER + "    12, 55922,20130104,  251,    0\n"
    )
    return tmp_path


def test_values_quality_and_positions(folder):
    ds = read_stations(folder)
    assert ds["station"].values.tolist() == ["11", "12"]
    assert ds["station_name"].values[0] == "KREMSMÜNSTER, OBERÖSTERREICH"
    np.testing.assert_allclose(ds["lat"], [48 + 3 / 60 + 18 / 3600, -0.5])
    np.testing.assert_allclose(ds["lon"], [14 + 7 / 60 + 51 / 3600, -68.26])
    np.testing.assert_array_equal(ds["elevation"], [382, np.nan])
    np.testing.assert_allclose(
        ds["tas"], [[-6.0, np.nan, 8.5], [np.nan, np.nan, 25.1]], atol=1e-5
    )
    assert ds["tas_flag"].values[0].tolist() == [0, 2, 0]
    assert "non-commercial" in ds.attrs["license"]


def test_refusals(folder):
    path = folder / "TG_STAID000011.txt"
    with pytest.raises(
        DataError, match=r"no tasmax \(TX in ECA&D station file\); the file has .* TG,"
    ):
        read_stations(path, variable="tasmax")
    path.write_text(path.read_text()[:-20])
    with pytest.raises(DataError, match=r"line 9: 5 cells expected, 3 found"):
        read_stations(path)
    path.write_text(HEADER)
    with pytest.raises(DataError, match=r"no rows follow"):
        read_stations(path)


def test_real_files(real_data):
    ds = read_stations(real_data / "raw" / "ecad")
    assert ds.sizes["station"] == 4
    assert "659 values with a failed quality flag" in ds.attrs["quality_control"]
    athenry = ds["tas"].sel(station="11008")
    assert athenry.sel(time="2013-01-02").item() == pytest.approx(7.3)
