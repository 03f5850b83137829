"""Tables that are read or refused with a doubt said: units, ids, positions, columns."""

import numpy as np
import pytest

from apnp.data import read_stations
from apnp.errors import DataError

HEAD = "station,time,lat,lon,elevation,tas"


def write(tmp_path, *lines, **options):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_stations(path, **options)


def rows(value=lambda s, d: 10 + s + d / 4, n=4, lat=46.25, **station):
    return [
        f"{station.get('name', 'S{}').format(s)},2021-04-{d + 10},{lat + s},7.5,{s}00,"
        f"{value(s, d)}"
        for s in range(n) for d in range(6)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("units", "of"),
    [("Cel", lambda t: t), ("ºC", lambda t: t), ("℃", lambda t: t), ("C°", lambda t: t),
     ("kelvins", lambda t: t + 273.15), ("℉", lambda t: 1.8 * t + 32),
     ("1/10 degC", lambda t: 10 * t), ("1/100 °C", lambda t: 100 * t)],
)  # fmt: skip
def test_spellings_of_units(tmp_path, units, of):
    lines = rows(lambda s, d: round(of(10 + s + d / 4), 4))
    ds = write(tmp_path, HEAD + f" ({units})", *lines)
    np.testing.assert_allclose(ds["tas"].values[2, 3], 12.75, atol=1e-3)


def test_feet_as_a_prime_and_metres_above_the_sea(tmp_path):
    for name, first in (("elev '", 60.96), ("elevation (m amsl)", 200.0)):
        ds = write(tmp_path, HEAD.replace("elevation", name), *rows())
        assert ds["elevation"].sel(station="S2").item() == pytest.approx(first)
    ds = write(tmp_path, HEAD.replace("elevation", "elev_dm"), *rows())
    assert "'elev_dm' is not understood" in ds.attrs["assumptions"]


def test_one_station_in_other_units_is_named(tmp_path):
    lines = rows(lambda s, d: 10 + s + d / 4 + 273.15 * (s == 1))
    with pytest.raises(DataError, match=r"1 station of 4 \(S1\).*look like K.*`units`"):
        write(tmp_path, HEAD, *lines)


def test_degc_in_a_column_that_says_degf_is_doubted(tmp_path):
    lines = [line.replace("-04-", "-07-") for line in rows(lambda s, d: 22 + s + d / 4)]
    ds = write(tmp_path, HEAD.replace("tas", "tas_degF"), *lines)
    said = ds.attrs["quality_control"]
    assert "WARNING" in said
    assert "below what is usual there at that season: they may be in degC" in said


def test_words_for_missing_are_ids_where_one_place_has_them(tmp_path):
    lines = [line.replace("S1", "NA").replace("S2", "-").replace("S3", "-")
             for line in rows()]  # fmt: skip
    ids = write(tmp_path, HEAD, *lines)["station"].values.tolist()
    assert ids == ["S0", "NA", "48.2500,7.5000", "49.2500,7.5000"]


def test_ids_that_a_spreadsheet_made_floats(tmp_path):
    ds = write(tmp_path, HEAD, *rows(name="10{}.0"))
    assert ds["station"].values.tolist() == ["100", "101", "102", "103"]


def test_columns_that_could_be_the_variable_too_are_named(tmp_path):
    lines = [f"{line},{k}" for k, line in enumerate(rows())]
    ds = write(tmp_path, HEAD.replace("tas", "temp,temperature"), *lines)
    assert "not from temperature: --columns tas=NAME" in ds.attrs["assumptions"]


def test_impossible_positions_say_what_they_are(tmp_path):
    with pytest.raises(
        DataError, match=r"lat from 46250 to 46253 .*\[-90, 90\].*--columns lat=NAME"
    ):
        write(tmp_path, HEAD, *rows(lat=46250))


def test_degrees_and_minutes_written_like_decimals_are_doubted(tmp_path):
    lines = [f"S{s},2021-07-01,{40 + s}.{(7 * s) % 60:02d},7.{(11 * s) % 60:02d},9,15"
             for s in range(12)]  # fmt: skip
    ds = write(tmp_path, HEAD, *lines)
    assert "may be degrees and minutes" in ds.attrs["quality_control"]
    ds = write(tmp_path, HEAD, *lines, "T,2021-07-01,53.75,8.10,9,15")
    assert "degrees and minutes" not in ds.attrs["quality_control"]


@pytest.mark.parametrize(
    ("cell", "message"),
    [("12 C", "Write numbers alone"), ("warm", "Leave a missing value blank"),
     ("1,234", "14 fields|fields where 6")],
)  # fmt: skip
def test_cells_that_are_no_numbers_have_a_way_out(tmp_path, cell, message):
    with pytest.raises(DataError, match=message):
        write(tmp_path, HEAD, *rows()[:-1], f"S3,2021-07-06,49.25,7.5,300,{cell}")


@pytest.mark.parametrize("word", ["#N/A", "N/D", "?", "unknown", "..."])
def test_words_for_missing(tmp_path, word):
    ds = write(tmp_path, HEAD, *rows()[:-1], f"S3,2021-04-15,49.25,7.5,300,{word}")
    assert int(ds["tas"].isnull().sum()) == 1


def test_text_with_zero_bytes_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join((HEAD, *rows())).encode("utf-16-le"))
    with pytest.raises(DataError, match=r"zero bytes.*Save it as UTF-8"):
        read_stations(path)


EUROPE = [(47.0, 8.5, 560), (46.5, 9.9, 1700), (47.4, 10.99, 2300), (48.1, 11.5, 520),
          (50.1, 8.7, 110), (52.5, 13.4, 40), (43.3, 5.4, 20), (40.4, -3.7, 660),
          (45.8, 6.87, 3000), (47.27, 11.4, 580), (41.9, 12.5, 50)]  # fmt: skip


def places(swapped=False, heights=True):
    return [
        f"S{k},2021-07-{day},{lon if swapped else lat},{lat if swapped else lon},"
        f"{height if heights else ''},{25 - height / 160 + day / 10:.2f}"
        for k, (lat, lon, height) in enumerate(EUROPE)
        for day in (11, 12)
    ]


@pytest.mark.parametrize("heights", [True, False])
def test_exchanged_latitude_and_longitude_are_doubted(tmp_path, heights):
    head = "station,time,lat,lon,elevation,tas"
    ds = write(tmp_path, head, *places(swapped=True, heights=heights))
    said = ds.attrs["quality_control"]
    assert "latitude and longitude of" in said
    assert "probably exchanged" in said
    assert ("elevations differ" if heights else "of the 11 places are on land") in said
    ds = write(tmp_path, head, *places(heights=heights))
    assert "exchanged" not in ds.attrs["quality_control"]


def test_buoys_at_sea_are_not_doubted_for_land_elsewhere(tmp_path):
    lines = [
        f"B{k},2021-07-11,{36 + k / 10},{16 + k / 3:.3f},0,22.5" for k in range(12)
    ]
    ds = write(tmp_path, HEAD, *lines)
    assert "exchanged" not in ds.attrs["quality_control"]


def test_positions_in_radians_are_refused(tmp_path):
    lines = [
        f"S{k},2021-07-11,{np.radians(lat):.6f},{np.radians(lon):.6f},{height},20.5"
        for k, (lat, lon, height) in enumerate(EUROPE)
    ]
    with pytest.raises(DataError, match=r"11 positions.*probably radians.*57.29578"):
        write(tmp_path, HEAD, *lines)
    with pytest.raises(DataError, match=r"2 positions.*probably radians"):
        write(tmp_path, HEAD, *lines[:2])
    buoys = ["B1,2021-07-11,0.0,0.5,0,26.5", "B2,2021-07-11,1.0,0.5,0,26.5"]
    ds = write(tmp_path, HEAD, *buoys)
    assert "WARNING: all 2 positions" in ds.attrs["quality_control"]


def test_one_repeated_value_among_the_others_is_doubted(tmp_path):
    def value(s, d):
        return 9.9 if (s + 3 * d) % 10 == 0 else round(5 + 0.37 * s + 1.3 * d, 1)

    lines = rows(value, n=40)
    said = write(tmp_path, HEAD, *lines).attrs["quality_control"]
    assert "the value 9.9 of tas occurs 24 times" in said
    assert "(--missing 9.9), and is kept" in said
    ds = write(tmp_path, HEAD, *lines, missing=[9.9])
    assert "occurs" not in ds.attrs["quality_control"]
    assert np.isnan(ds["tas"].sel(station="S0").values[0])
