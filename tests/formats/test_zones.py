"""Local times of tables, made UTC by a column of time zones."""

import numpy as np
import pytest

from apnp.data import Daily, read_stations
from apnp.errors import DataError

HOURS = np.arange("2021-03-27T20", "2021-03-29T06", dtype="datetime64[h]")
OFFSETS = {"B": 60, "N": -240, "K": 330}  # minutes; B is put forward in that night
ZONES = {"B": "Europe/Berlin", "N": "America/New_York", "K": "Asia/Kolkata"}


def local(station, hour):
    forward = station == "B" and hour >= np.datetime64("2021-03-28T01")
    return hour.astype("M8[m]") + OFFSETS[station] + 60 * forward


def write(tmp_path, head, cell, clock=local):
    lines = [f"station,{head},lat,lon,tas"]
    lines += [
        f"{s},{str(clock(s, h)).replace('T', ' ')},{cell(s, h)},{46 + k},7,{k + i / 4}"
        for k, s in enumerate(OFFSETS) for i, h in enumerate(HOURS)
    ]  # fmt: skip
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def minutes(station, hour):
    return int((local(station, hour) - hour) / np.timedelta64(1, "m"))


def clock_offset(station, hour):
    size = abs(minutes(station, hour))
    sign = "-" if minutes(station, hour) < 0 else "+"
    return f"{sign}{size // 60:02d}:{size % 60:02d}"


@pytest.mark.parametrize(
    ("head", "cell"),
    [
        ("time,timezone", lambda s, h: ZONES[s]),
        ("time,utc_offset", clock_offset),
        ("timestamp,tz", lambda s, h: "UTC" + clock_offset(s, h)),
        ("time,UTC Offset (hours)", lambda s, h: minutes(s, h) / 60),
        ("local_time,utc_offset_seconds", lambda s, h: minutes(s, h) * 60),
    ],
)
def test_local_times_become_utc_before_days_are_formed(tmp_path, head, cell):
    path = write(tmp_path, head, cell)
    ds = read_stations(path)
    assert (ds["time"].values == HOURS).all()
    assert ds["tas"].sel(station="K", time="2021-03-28T20").item() == 2 + 24 / 4
    assert "converted to UTC by column" in ds.attrs["assumptions"]
    day = read_stations(path, daily=Daily("mean")).sel(time="2021-03-28", station="B")
    assert day["tas"].item() == pytest.approx((4 + 27) / 2 / 4)


def test_names_and_offsets_that_win_over_the_column(tmp_path):
    def utc(station, hour):
        return hour.astype("M8[m]")

    for head in ("time_utc,timezone", "valid (GMT),timezone"):
        ds = read_stations(write(tmp_path, head, lambda s, h: ZONES[s], utc))
        assert (ds["time"].values == HOURS).all()
        assert "are UTC (column timezone is not needed)" in ds.attrs["assumptions"]
    path = write(tmp_path, "time,timezone", lambda s, h: ZONES[s], utc)
    path.write_text(path.read_text().replace(":00,", ":00Z,"))
    assert (read_stations(path)["time"].values == HOURS).all()
    path = write(tmp_path, "time,timezone", lambda s, h: ZONES[s], utc)
    ds = read_stations(path, columns={"zone": "none"})
    assert (ds["time"].values == HOURS).all()


def test_dates_of_stations_with_zones_are_local(tmp_path):
    lines = ["station,date,timezone,lat,lon,tas"] + [
        f"A,2021-07-0{d},Asia/Kolkata,46,7,{d}" for d in (1, 2, 3)
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    ds = read_stations(tmp_path / "a.csv")
    assert ds["tas"].attrs["day_interval"] == "00-00 local"
    assert ds["tas"].sel(time="2021-07-02").item() == 2


@pytest.mark.parametrize("zone", ["EST", "IST", "Europe", "Mars/Base", "330", "+25:00"])
def test_zones_that_are_none_are_refused(tmp_path, zone):
    path = write(tmp_path, "time,timezone", lambda s, h: zone)
    with pytest.raises(
        DataError, match=r"line 2, column 'timezone': .* is no time zone.*zone=none"
    ):
        read_stations(path)


def test_hours_that_clocks_show_twice_are_left_out(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f"A,2021-10-31 0{h}:30,Europe/Berlin,46,7,{h}" for h in range(5)]
    path.write_text("\n".join(["station,time,tz,lat,lon,tas", *rows]))
    ds = read_stations(path)
    assert ds["tas"].values.ravel().tolist() == [0, 1, 3, 4]
    assert str(ds["time"].values[-1])[:16] == "2021-10-31T03:30"
    assert "1 of them left out" in ds.attrs["assumptions"]


def test_local_times_without_a_zone_are_refused(tmp_path):
    path = write(tmp_path, "local_time,code", lambda s, h: 1)
    with pytest.raises(DataError, match=r"local time.*--columns zone=NAME"):
        read_stations(path)
    path = write(tmp_path, "time,code", lambda s, h: 1)
    path.write_text(path.read_text().replace("21:00,", "21:00+01:00,", 1))
    with pytest.raises(DataError, match=r"states no offset from UTC, and other times"):
        read_stations(path)
