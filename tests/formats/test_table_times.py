"""Times of tables as people write them: clocks, parts, offsets, months."""

import numpy as np
import pytest

from apnp.data import Daily, read_stations
from apnp.errors import DataError

HEAD = "station,time,lat,lon,elevation,tas"


def write(tmp_path, *lines, name="a.csv"):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return path


def one(tmp_path, head, row, **options):
    """The dataset of one row."""
    return read_stations(write(tmp_path, head, row), **options)


HOURS = ["station,date,{hour},lat,lon,tas"] + [
    f"A,2021-07-0{d},{{}},46,7,{d + h / 8}" for d in (1, 2) for h in range(24)
]


@pytest.mark.parametrize(
    ("name", "clock", "first"),
    [
        ("hour", lambda h: f"{h}", 0), ("HH", lambda h: f"{h:02d}", 0),
        ("time", lambda h: f"{h:02d}:00", 0), ("utc_hour", lambda h: f"{h}.0", 0),
        ("hour", lambda h: f"{h + 1}", 1), ("time", lambda h: f"{h:02d}00", 0),
        ("time", lambda h: f"{h:02d}:00:00Z", 0),
    ],
)  # fmt: skip
def test_date_and_clock_in_two_columns(tmp_path, name, clock, first):
    lines = [HOURS[0].format(hour=name)]
    lines += [line.format(clock(k % 24)) for k, line in enumerate(HOURS[1:])]
    ds = read_stations(write(tmp_path, *lines))
    assert ds.sizes["time"] == 48
    assert ds["time"].values[0] == np.datetime64(f"2021-07-01T{first:02d}")
    assert ds["time"].values[-1] == np.datetime64("2021-07-02T23") + np.timedelta64(
        first, "h"
    )
    assert ds["tas"].attrs["cell_methods"] == "time: point"
    if not first:
        daily = read_stations(tmp_path / "a.csv", daily=Daily())
        np.testing.assert_allclose(daily["tas"][0], [1 + 23 / 16, 2 + 23 / 16])


@pytest.mark.parametrize(
    ("names", "cells", "expected"),
    [
        ("year,month,day", "2021,7,4", "2021-07-04"),
        ("Year,Month,Day,Hour,Minute", "2021,07,04,6,30", "2021-07-04T06:30"),
        ("year,doy", "2021,185", "2021-07-04"),
        ("YYYY,MM,DD,HH", "2021,7,4,18", "2021-07-04T18"),
        ("date,time", "2021-07-04,2021-07-04T12:00", "2021-07-04T12"),
        ("day", "2021-07-04", "2021-07-04"),
        ("date", "04.07.2021", "2021-07-04"), ("date", "2021/07/04", "2021-07-04"),
        ("date", "24/07/2021 06:00", "2021-07-24T06"),
        ("date", "07/24/2021", "2021-07-24"),
        ("time", "2021-07-04T24:00", "2021-07-05"),
    ],
)  # fmt: skip
def test_times_in_other_shapes(tmp_path, names, cells, expected):
    ds = one(tmp_path, f"station,{names},lat,lon,tas", f"A,{cells},46,7,9.5")
    assert ds["time"].values[0] == np.datetime64(expected)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("2021.7", r"line 2, column 'time': '2021.7' is not a time, but a number"),
        ("2021-07", r"'2021-07' is a month or a year.*Give the daily"),
        ("202107", r"a month or a year"), ("2021", r"a month or a year"),
        ("03/07/2021", r"begin with the day or with the month. Write"),
        ("0001-01-01", r"outside the years 1678 to 2261"),
        ("2300-01-01", r"2300-01-01.*outside the years"),
        ("2021-13-01", r"is not a time"), ("12:00", r"is not a time"),
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(tmp_path, cell, message):
    with pytest.raises(DataError, match=message):
        one(tmp_path, HEAD, f"A,{cell},46,7,100,9.5")


def test_dates_that_stand_for_many_readings_are_refused(tmp_path):
    lines = [f"A,2021-07-0{d},46,7,100,{v}" for d in (1, 2, 3) for v in (5, 9, 14)]
    with pytest.raises(DataError, match=r"e.g. A on 2021-07-01.*--columns hour=NAME"):
        read_stations(write(tmp_path, HEAD, *lines))
    odd = [f"{line},{k % 3 * 6}" for k, line in enumerate(lines)]
    ds = read_stations(write(tmp_path, HEAD + ",std", *odd), columns={"hour": "std"})
    assert ds["tas"].sel(time="2021-07-02T12").item() == 14


def test_monthly_values_are_known_by_their_spacing(tmp_path):
    lines = [f"A,2021-0{m}-01,46,7,100,{m}" for m in range(1, 7)]
    with pytest.raises(DataError, match=r"one value a month, .*--day UTC"):
        read_stations(write(tmp_path, HEAD, *lines))
    assert read_stations(tmp_path / "a.csv", day="UTC").sizes["time"] == 6


@pytest.mark.parametrize(
    ("offsets", "clock"), [(["+01:00"], "UTC+01:00"), (["+02:00", "+01:00"], "local"),
                           (["-0330"], "UTC-03:30"), (["Z"], "UTC (assumed)")]
)  # fmt: skip
def test_local_midnights_are_local_dates(tmp_path, offsets, clock):
    lines = [f"A,2021-11-0{k + 1}T00:00:00{offsets[k % len(offsets)]},46,7,9,{k + 5}"
             for k in range(4)]  # fmt: skip
    ds = read_stations(write(tmp_path, HEAD, *lines))
    dates = ds["time"].values.astype("M8[D]").astype(str).tolist()
    assert dates == [f"2021-11-0{k}" for k in range(1, 5)]
    np.testing.assert_allclose(ds["tas"][0], [5, 6, 7, 8])
    assert ds["tas"].attrs["day_interval"] == f"00-00 {clock}"


@pytest.mark.parametrize(
    ("cell", "minute"),
    [
        ("01-Jul-2021 06:30", "2021-07-01T06:30"), ("1 July 2021", "2021-07-01T00:00"),
        ("2021-07-01 12:05 AM", "2021-07-01T00:05"),
        ("07/13/2021 3:15 PM", "2021-07-13T15:15"), ("2021063024", "2021-07-01T00:00"),
        ("202106302400", "2021-07-01T00:00"),
    ],
)  # fmt: skip
def test_names_of_months_and_clocks_of_twelve_hours(tmp_path, cell, minute):
    ds = one(tmp_path, HEAD, f"A,{cell},46,7,100,9.5")
    assert str(ds["time"].values[0])[:16] == minute


@pytest.mark.parametrize("half", ["{}:00 {}", "{},{}"])
def test_halves_of_the_day_beside_the_hour(tmp_path, half):
    head = "station,date,hour,ampm" if "," in half else "station,date,hour"
    rows = [
        f"A,2021-07-01,{half.format((h - 1) % 12 + 1, 'AM' if h < 12 else 'PM')}"
        f",46,7,{h}"
        for h in range(24)
    ]
    ds = read_stations(write(tmp_path, head + ",lat,lon,tas", *rows))
    assert ds["tas"].values.ravel().tolist() == list(range(24))


@pytest.mark.parametrize("cell", ["44378", "1625097600", "1625097600000", "2459396.5"])
def test_counts_are_no_times(tmp_path, cell):
    with pytest.raises(DataError, match=r"not a time, but a number.*write dates like"):
        one(tmp_path, HEAD, f"A,{cell},46,7,100,9.5")


def test_hours_from_1_to_24_are_said(tmp_path):
    rows = [f"A,2021-07-01,{h},46,7,{h}" for h in range(1, 25)]
    ds = read_stations(write(tmp_path, "station,date,hour,lat,lon,tas", *rows))
    assert "24 is 00 of the next day" in ds.attrs["assumptions"]
    assert str(ds["time"].values[-1])[:13] == "2021-07-02T00"
