"""Tables as people write them: units, codes, commas, preambles, types."""

import gzip

import numpy as np
import pandas as pd
import pytest

from apnp.data import from_table, read_stations
from apnp.errors import DataError

HEAD = "station,time,lat,lon,elevation,tas"


def write(tmp_path, *lines, name="a.csv"):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return path


def one(tmp_path, head, row, **options):
    """The dataset of one row."""
    return read_stations(write(tmp_path, head, row), **options)


@pytest.mark.parametrize(
    ("name", "asked", "metres"),
    [
        ("elevation_ft", {}, 304.8), ("elev (ft)", {}, 304.8), ("Alt [m]", {}, 1000),
        ("elevation", {"elevation": "feet"}, 304.8), ("altitude_m", {}, 1000),
        ("elevation", {}, 1000),
    ],
)  # fmt: skip
def test_units_of_elevation(tmp_path, name, asked, metres):
    ds = one(tmp_path, HEAD.replace("elevation", name), "A,2021-07-01,46,7,1000,9.5",
             units=asked)  # fmt: skip
    assert ds["elevation"].item() == pytest.approx(metres)


def test_a_column_height_is_no_elevation(tmp_path):
    head = HEAD.replace("elevation", "height")
    ds = one(tmp_path, head, "A,2021-07-01,46,7,2,9.5")
    assert np.isnan(ds["elevation"].item())
    assert "--columns elevation=height" in ds.attrs["assumptions"]
    ds = one(tmp_path, head, "A,2021-07-01,46,7,1200,9.5",
             columns={"elevation": "height"})  # fmt: skip
    assert ds["elevation"].item() == 1200


def test_unknown_units_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"'furlong' of elevation; .*--units elevation"):
        one(tmp_path, HEAD.replace("elevation", "elevation (furlong)"),
            "A,2021-07-01,46,7,2,9.5")  # fmt: skip


@pytest.mark.parametrize(
    ("name", "columns", "celsius"),
    [
        ("tmpf", {}, 10.0), ("tmpc", {}, 50.0), ("temp (degrees F)", {}, 10.0),
        ("tmpf", {"tas": "tmpf", "time": "time"}, 10.0),
        ("air_temperature [kelvin]", {}, -223.15),
    ],
)  # fmt: skip
def test_units_that_only_the_name_tells(tmp_path, name, columns, celsius):
    text = [HEAD.replace("tas", name), "A,2021-07-01,46,7,100,50"]
    if celsius < -90:
        text[1] = text[1].replace(",50", ",290")
        celsius = 16.85
    ds = read_stations(write(tmp_path, *text), columns=columns)
    assert ds["tas"].item() == pytest.approx(celsius, abs=1e-4)


def rows(values, start="2021-01-01", lat=46.0):
    days = pd.date_range(start, periods=len(values))
    return [
        f"A,{d:%Y-%m-%d},{lat},7,300,{v}" for d, v in zip(days, values, strict=True)
    ]


def test_units_that_do_not_fit_the_season_are_warned_of(tmp_path):
    winter = [37.0, 36.0, 32.0, 33.5, 30.0]
    ds = read_stations(write(tmp_path, HEAD, *rows(winter)))
    assert "WARNING" in ds.attrs["quality_control"]
    assert "may be in degF (--units)" in ds.attrs["quality_control"]
    stated = read_stations(write(tmp_path, HEAD, *rows(winter)), units={"tas": "degC"})
    assert "WARNING" not in stated.attrs["quality_control"]
    july = read_stations(write(tmp_path, HEAD, *rows(winter, "2021-07-01")))
    assert "WARNING" not in july.attrs["quality_control"]


@pytest.mark.parametrize("code", [-99.9, 99.9, -60.5, 888.0])
def test_a_repeated_value_far_outside_the_rest_is_a_code(tmp_path, code):
    values = np.random.default_rng(3).normal(8, 3, 200).round(1)
    values[::17] = code
    path = write(tmp_path, HEAD, *rows(values))
    with pytest.raises(
        DataError, match=rf"a.csv: the value {code:g} .*12 times.*--missing {code:g}"
    ):
        read_stations(path)
    ds = read_stations(path, missing=[code])
    kept = np.delete(values, np.arange(0, 200, 17))
    np.testing.assert_allclose(ds["tas"][0], kept, atol=1e-5)


def test_a_cold_spell_is_no_code(tmp_path):
    values = [*np.linspace(-5, 10, 40), -20.0, -20.0, -20.0]
    assert read_stations(write(tmp_path, HEAD, *rows(values))).sizes["time"] == 43


def test_a_height_like_a_code_is_unknown(tmp_path):
    lines = [f"S{k},2021-07-01,{46 + k},7,{h},9" for k, h in enumerate([300, -99, 800])]
    ds = read_stations(write(tmp_path, HEAD, *lines))
    assert np.isnan(ds["elevation"]).values.tolist() == [False, True, False]
    assert "elevation -99 at 1 station (S1)" in ds.attrs["quality_control"]
    ds = read_stations(write(tmp_path, HEAD, *lines), missing=[-99, 800])
    assert np.isnan(ds["elevation"]).values.tolist() == [False, True, True]


CODES = "A,2021-07-0{},46,7,100,{},{}"


@pytest.mark.parametrize(
    ("codes", "good", "kept"),
    [
        ("1110114", None, "1110110"), ("1111111", None, "1111111"),
        ("0000100", None, "1111011"), ("1112311", None, "1111011"),
        ("0000990", ["0", "9"], "1111111"), ("1110114", ["0", "1"], "1111110"),
        ("GGGBGGG", None, "1110111"), ("VVVVSVV", ["V"], "1111011"),
    ],
)  # fmt: skip
def test_quality_codes(tmp_path, codes, good, kept):
    lines = [CODES.format(k + 1, k, c) for k, c in enumerate(codes)]
    path = write(tmp_path, HEAD + ",tas_qc", *lines)
    ds = read_stations(path, good_flags=good)
    days = ds["time"].dt.day.values[np.isfinite(ds["tas"].values[0])] - 1
    assert days.tolist() == [k for k, c in enumerate(kept) if c == "1"]
    assert "quality column tas_qc" in ds.attrs["assumptions"]
    every = read_stations(path, columns={"qc": ""})
    assert int(np.isfinite(every["tas"]).sum()) == 7
    assert "ignored: tas_qc" in every.attrs["assumptions"]


def test_codes_of_no_known_scheme_are_refused_with_a_way_out(tmp_path):
    lines = [CODES.format(k + 1, k, "XXXYX"[k]) for k in range(5)]
    path = write(tmp_path, HEAD + ",tas_flag", *lines)
    with pytest.raises(
        DataError, match=r"'tas_flag'.*x \(4\).*--good-flags x.*qc=none"
    ):
        read_stations(path)
    assert read_stations(path, good_flags=["x"]).sizes["time"] == 5


def test_extremes_have_quality_codes_of_their_own(tmp_path):
    head = "station,time,lat,lon,tmax,tmax_qc,tmin,tmin_qc"
    lines = ["A,2021-07-01,46,7,20,0,10,0", "A,2021-07-02,46,7,22,0,30,1"]
    path = write(tmp_path, head, *lines)
    assert np.isfinite(read_stations(path)["tas"]).values.tolist() == [[True, False]]
    assert read_stations(path, variable="tasmax").sizes["time"] == 2


def test_a_flag_column_that_is_ignored_is_named(tmp_path):
    ds = one(tmp_path, HEAD + ",rain_flag", "A,2021-07-01,46,7,100,9.5,7")
    assert "ignored: rain_flag (--columns qc=NAME" in ds.attrs["assumptions"]


def test_a_row_of_units(tmp_path):
    lines = ["station,time,latitude,longitude,elevation,air_temperature",
             ",UTC,degrees_north,degrees_east,ft,degree_F",
             "A,2021-07-01T06:00:00Z,46,7,1000,50"]  # fmt: skip
    ds = read_stations(write(tmp_path, *lines))
    assert ds["tas"].item() == pytest.approx(10)
    assert ds["elevation"].item() == pytest.approx(304.8)


@pytest.mark.parametrize(
    "before",
    [["# a network", "# units: degC, m"], ["% made by hand"],
     ["Network of a valley", ""],
     ["// a,b"], ["Station data; version 2", "Contact: nobody"], ["#"]],
)  # fmt: skip
def test_preambles_are_skipped_and_told(tmp_path, before):
    path = write(tmp_path, *before, HEAD, "A,2021-07-01,46,7,100,9.5",
                 "# a comment", "A,2021-07-02,46,7,100,8.5")  # fmt: skip
    ds = read_stations(path)
    assert ds["tas"].values.tolist() == [[9.5, 8.5]]
    if before != ["#"]:
        assert "before the names skipped" in ds.attrs["assumptions"]
    path.write_text(path.read_text().replace("8.5", "x"))
    number = len(before) + 4
    with pytest.raises(DataError, match=rf"line {number}, column 'tas': 'x' is not"):
        read_stations(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_of_byte_order_and_semicolons(tmp_path, encoding):
    text = f"{HEAD}\nÅ,2021-07-01,46,7,100,9.5\n".replace(",", ";")
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    assert read_stations(tmp_path / "a.csv")["station"].item() == "Å"


@pytest.mark.parametrize(
    ("lat", "lon", "degrees"),
    [
        ("33.98S", "71.46W", (-33.98, -71.46)), ("33,98 s", "71,46 e", (-33.98, 71.46)),
        ("S33.98", "W 71.46", (-33.98, -71.46)),
        ("33°58'48\"S", "71°27'36\"W", (-33.98, -71.46)),
        ("-33:58:48", "-71:27:36", (-33.98, -71.46)),
        ("33 58.8 N", "71 27.6 E", (33.98, 71.46)),
        ("-33,98", "-71,46", (-33.98, -71.46)),
        ("−33.98", "71.46", (-33.98, 71.46)),
    ],
)  # fmt: skip
def test_positions_with_letters_signs_and_commas(tmp_path, lat, lon, degrees):
    row = f"A;2021-07-01;{lat};{lon};307,5;9,5".replace('"', '""').replace("A;", "A;")
    quoted = ";".join(f'"{cell}"' if '"' in cell else cell for cell in row.split(";"))
    ds = one(tmp_path, HEAD.replace(",", ";"), quoted)
    assert (ds["lat"].item(), ds["lon"].item()) == pytest.approx(degrees)
    assert (ds["elevation"].item(), ds["tas"].item()) == (307.5, 9.5)


@pytest.mark.parametrize("lat", ["33.98E", "-33.98S", "33.5 58S", "33 61S", "N33S"])
def test_what_is_no_latitude_is_refused(tmp_path, lat):
    with pytest.raises(
        DataError, match=r"line 2, column 'lat': .*not a latitude. Write"
    ):
        one(tmp_path, HEAD, f"A,2021-07-01,{lat},7,100,9.5")


def test_a_comma_of_thousands_is_not_taken_for_one_of_decimals(tmp_path):
    head = HEAD.replace(",", ";")
    for elevation in ("1,047", "12,047"):
        with pytest.raises(DataError, match=r"'elevation': .*decimals or of thousands"):
            one(tmp_path, head, f"A;2021-07-01;46.5;7.5;{elevation};9.5")


def test_rows_longer_than_the_names_and_names_that_repeat_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"line 2: 7 fields where 6 are named"):
        one(tmp_path, HEAD, "A,2021-07-01,46,7,100,9.5,3")
    with pytest.raises(DataError, match=r"line 2: 5 fields where 6 are named"):
        one(tmp_path, HEAD, "A,2021-07-01,46,7,100")
    with pytest.raises(DataError, match=r"2 columns are called 'tas'"):
        one(tmp_path, HEAD + ",tas", "A,2021-07-01,46,7,100,9.5,3")
    with pytest.raises(DataError, match=r"'tas' and 'TAS' could both be tas"):
        one(tmp_path, HEAD + ",TAS", "A,2021-07-01,46,7,100,9.5,3")


def test_parameters_in_rows(tmp_path):
    head = "station,time,lat,lon,parameter,value,units"
    lines = [f"A,2021-07-01,46,7,{p}" for p in
             ("TMAX,8,C", "TMIN,0,C", "TG,277.25,K", "SNOW,2,mm",
              "dew,4,C")]  # fmt: skip
    path = write(tmp_path, head, *lines)
    assert read_stations(path)["tas"].item() == pytest.approx(4.1, abs=1e-4)
    assert read_stations(path, variable="tasmax")["tasmax"].item() == 8
    assert read_stations(path, columns={"tas": "value"})["tas"].item() == pytest.approx(
        4.1, abs=1e-4
    )
    assert read_stations(path, columns={"tas": "dew"})["tas"].item() == 4
    path.write_text(path.read_text().replace("TG", "t_2"))
    with pytest.raises(
        DataError, match=r"'parameter' names a parameter.*t_2.*--columns"
    ):
        read_stations(path)
    assert read_stations(path, columns={"tas": "t_2"})["tas"].item() == pytest.approx(
        4.1, abs=1e-4
    )


def test_the_mean_or_half_the_sum_of_extremes_station_by_station(tmp_path):
    head = "STATION,DATE,LATITUDE,LONGITUDE,TMAX,TMIN,TAVG"
    lines = [f"{s},2021-07-0{d},{lat},7,20,10,{t}" for s, lat, means in
             (("A", 46, ("14", "14")), ("B", 47, ("", "")), ("C", 48, ("13", "")))
             for d, t in zip((1, 2), means, strict=True)]  # fmt: skip
    ds = read_stations(write(tmp_path, head, *lines))
    assert ds["tas"].values.tolist() == [[14, 14], [15, 15], [15, 15]]
    comment = "(TMAX + TMIN) / 2 at 2 stations, TAVG at 1 station"
    assert ds["tas"].attrs["comment"] == comment
    assert "TAVG less (TMAX + TMIN) / 2 is -1.33" in ds.attrs["quality_control"]


def test_numbers_match_ids_with_leading_zeros(tmp_path):
    listed = write(tmp_path, "id;lat;lon;elev_ft", "007;33,5S;18,5E;1000", "12;46;7;0",
                   name="list.csv")  # fmt: skip
    path = write(tmp_path, "id,time,tas", "7,2021-07-01,9.5", "0012,2021-07-01,8")
    ds = read_stations(path, station_list=listed)
    assert ds["station"].values.tolist() == ["7", "0012"]
    assert ds["lat"].values.tolist() == [-33.5, 46]
    assert ds["elevation"].values.tolist() == pytest.approx([304.8, 0])


def frame():
    return pd.DataFrame(
        {"station": ["A", "A", "B", "B"],
         "time": pd.to_datetime(["2021-07-01", "2021-07-02"] * 2),
         "lat": [46.0, 46, 47, 47], "lon": 7.0, "elevation": 100.0,
         "tas": [1.5, 2, 3, 4]}
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.set_index("time"), lambda f: f.set_index(["station", "time"]),
        lambda f: f.set_index(["time", "lat", "lon"]),
        lambda f: f.set_index("time").rename_axis(None),
        lambda f: f[f["tas"] > 0].iloc[::-1], lambda f: f.convert_dtypes(),
        lambda f: f.assign(time=f["time"].dt.tz_localize("Europe/Vienna")),
        lambda f: f.assign(time=f["time"].dt.date),
        lambda f: f.astype({"lat": "category"}),
        lambda f: f.astype({"tas": str, "time": str}).astype("category"),
        lambda f: f.assign(time=f["time"].dt.to_period("D")),
    ],
)  # fmt: skip
def test_types_and_indices_of_dataframes(tmp_path, change):
    changed = change(frame())
    changed.to_parquet(tmp_path / "a.parquet")
    for ds in (from_table(changed), read_stations(tmp_path / "a.parquet")):
        by = ds.sel(station=["A", "B"])
        np.testing.assert_allclose(by["tas"], [[1.5, 2], [3, 4]])
        assert str(by["time"].values[1])[:10] == "2021-07-02"
        assert by["lat"].values.tolist() == [46, 47]


def test_compressed_text_is_known_by_its_content(tmp_path):
    with gzip.open(tmp_path / "a.dat", "wt") as file:
        file.write(f"{HEAD}\nA,2021-07-01,46,7,100,9.5\n")
    assert read_stations(tmp_path / "a.dat")["tas"].item() == 9.5


def test_a_station_that_moved_up_becomes_two(tmp_path):
    lines = ["A,2021-07-01,46.00,7,300,9", "A,2021-07-02,46.06,7,1750,1",
             "B,2021-07-01,48.00,7,300,8", "B,2021-07-02,48.06,7,340,8"]  # fmt: skip
    ds = read_stations(write(tmp_path, HEAD, *lines))
    assert ds["station"].values.tolist() == ["A", "A#2", "B"]
    assert ds["elevation"].values.tolist() == [300, 1750, 300]


def test_ids_that_count_the_stations_of_each_file_are_made_unique(tmp_path):
    for k, name in enumerate("abc"):
        lines = [f"{i},2021-07-01,{40 + 3 * k + i / 50},7,100,{k}" for i in range(3)]
        write(tmp_path, HEAD, *lines, name=f"{name}.csv")
    ds = read_stations(tmp_path)
    assert ds.sizes["station"] == 9
    assert ds["station"].values[3] == "b:0"
    np.testing.assert_allclose(ds["tas"][:, 0], np.repeat([0, 1, 2], 3))


def test_ships_alone_are_refused(tmp_path):
    lines = [f"SHIP,2021-07-{k + 1:02d},{10 + k},{k},0,25" for k in range(20)]
    with pytest.raises(DataError, match=r"No station is left: 1 moving platform"):
        read_stations(write(tmp_path, HEAD, *lines))


def test_repeated_values_that_differ_are_said_to(tmp_path):
    lines = [*rows([1, 2, 3]), *rows([15])]
    ds = read_stations(write(tmp_path, HEAD, *lines))
    assert "differ by up to 14.0 K (A, 2021-01-01)" in ds.attrs["quality_control"]


def test_codes_for_unknown_elevations_are_known_before_their_units(tmp_path):
    head = HEAD.replace("elevation", "elevation_ft")
    for code in (-999, -999.9, 9999):
        ds = one(tmp_path, head, f"A,2021-07-01,46,7,{code},9.5")
        assert np.isnan(ds["elevation"].item())


def test_repeated_names_are_no_rows_and_infinite_values_are_refused(tmp_path):
    row = "A,2021-07-01,46,7,100,9.5"
    ds = read_stations(write(tmp_path, HEAD, row, HEAD, row.replace("01,46", "02,46")))
    assert ds.sizes["time"] == 2
    with pytest.raises(DataError, match=r"line 2, column 'tas': 'inf' is infinite"):
        one(tmp_path, HEAD, "A,2021-07-01,46,7,100,inf")


def test_local_times_without_an_offset_are_refused(tmp_path):
    head = HEAD.replace("time", "time (LST)")
    with pytest.raises(DataError, match=r"local time, whose offset.*\+01:00"):
        one(tmp_path, head, "A,2021-07-01T06:00,46,7,100,9.5")
    ds = one(tmp_path, head, "A,2021-07-01,46,7,100,9.5")
    assert ds["tas"].attrs["day_interval"] == "00-00 local"
