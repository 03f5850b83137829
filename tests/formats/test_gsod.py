import numpy as np
import pytest

from apnp.data import read_stations
from apnp.errors import DataError

HEADER = (
    '"STATION","DATE","LATITUDE","LONGITUDE","ELEVATION","NAME","TEMP",'
    '"TEMP_ATTRIBUTES","MAX","MAX_ATTRIBUTES","MIN","MIN_ATTRIBUTES","FRSHTT"'
)


def row(station, date, temp, high, low, position='"59.5","5.25","48.0"'):
    return (
        f'"{station}","{date}",{position},"SOME PLACE, NO","{temp}"," 4","{high}","*",'
        f'"{low}"," ","000000"'
    )


def write(path, *rows):
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def test_fahrenheit_and_missing(tmp_path):
    write(
        tmp_path / "01001499999.csv",
        row("01001499999", "2024-01-01", "  50.0", "  59.0", "9999.9"),
        row("01001499999", "2024-01-03", "9999.9", "  23.0", "  14.0"),
    )
    write(
        tmp_path / "b.csv",
        row("B", "2024-01-01", " -40.0", " -31.0", " -49.0", '"-75.5","-170.5",""'),
    )
    ds = read_stations(tmp_path)
    assert ds["station"].values.tolist() == ["01001499999", "B"]
    assert ds["station_name"].values[0] == "SOME PLACE, NO"
    np.testing.assert_array_equal(ds["elevation"], [48, np.nan])
    np.testing.assert_allclose(ds["tas"], [[10.0], [-40.0]], atol=1e-4)
    low = read_stations(tmp_path, variable="tasmin")
    assert low["time"].values.astype("M8[D]").astype(str).tolist() == [
        "2024-01-01", "2024-01-03",
    ]  # fmt: skip
    np.testing.assert_allclose(
        low["tasmin"], [[np.nan, -10.0], [-45.0, np.nan]], atol=1e-4
    )


def test_damage_is_refused(tmp_path):
    path = write(tmp_path / "a.csv", row("A", "2024-01-01", "warm", "1", "2"))
    with pytest.raises(DataError, match=r"line 2, column 'TEMP': 'warm' is not a n"):
        read_stations(path)


def test_real_files(real_data):
    ds = read_stations(real_data / "raw" / "gsod_csv")
    assert ds.sizes["station"] == 6
    jan_mayen = ds["tas"].sel(station="01001099999", time="2024-01-01")
    assert jan_mayen.item() == pytest.approx((26.6 - 32) / 1.8, abs=1e-4)
