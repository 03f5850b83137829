import numpy as np
import pandas as pd
import pytest

from apnp.data import Daily, from_table, read_stations, summarise, write_stations
from apnp.data.day import Day, days_text, distinct, mixture, parse_days
from apnp.errors import ConfigError, DataError


@pytest.mark.parametrize(
    ("text", "start", "clock", "utc_start", "canonical"),
    [
        ("UTC", 0, "UTC", 0, "00-00 UTC"),
        ("local", 0, "local", None, "00-00 local"),
        ("6-6", 6, "UTC", 6, "06-06 UTC"),
        ("0900-0900 z", 9, "UTC", 9, "09-09 UTC"),
        ("09-09 end", -15, "UTC", -15, "09-09 UTC, dated by its end"),
        ("18-18", -6, "UTC", -6, "18-18 UTC"),
        ("18-18 utc, dated by its start", 18, "UTC", 18,
         "18-18 UTC, dated by its start"),
        ("00-24 +05:30", 0, "UTC+05:30", -5.5, "00-00 UTC+05:30"),
        ("08:30-08:30 UTC+05:30", 8.5, "UTC+05:30", 3, "08:30-08:30 UTC+05:30"),
        ("07-07 local", 7, "local", None, "07-07 local"),
        ("00-00 UTC-3", 0, "UTC-03:00", 3, "00-00 UTC-03:00"),
    ],
)  # fmt: skip
def test_a_day_is_parsed_and_written_again(text, start, clock, utc_start, canonical):
    day = Day.parse(text)
    assert (day.start, day.clock, day.utc_start) == (start, clock, utc_start)
    assert str(day) == canonical
    assert Day.parse(canonical) == day
    assumed = Day(day.start, day.clock, assumed=True)
    assert Day.parse(str(assumed)) == assumed


@pytest.mark.parametrize("text", ["noon", "06-07", "25-25", "6", "06-06 +20:00", ""])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ConfigError, match=r"`UTC`, `local` or|offset from UTC"):
        Day.parse(text)


def test_several_days_are_kept_and_their_difference_is_said():
    days = distinct([Day(assumed=True), Day(6.0), Day(), Day(-15.0)])
    assert days == (Day(6.0), Day(), Day(-15.0))
    assert parse_days(days_text(days)) == days
    assert "up to 21 of the 24 hours differ" in mixture(days)
    assert "how much is unknown" in mixture([Day(), Day(clock="local")])


def table(*times, tas=10.0):
    return pd.DataFrame(
        {"station": "A", "time": times, "lat": 46.5, "lon": 7.5, "elevation": 400.0,
         "tas": tas}
    )  # fmt: skip


def test_the_day_of_the_user_is_kept_through_files(tmp_path):
    ds = from_table(table("2021-07-01", "2021-07-02"), day="06-06")
    assert ds["tas"].attrs["day_interval"] == "06-06 UTC"
    starts = np.array(["2021-07-01T06", "2021-07-02T06"], "M8[ns]")
    np.testing.assert_array_equal(ds["time"], starts)
    write_stations(ds, tmp_path / "a.nc")
    again = read_stations(tmp_path / "a.nc")
    assert again["tas"].attrs["day_interval"] == "06-06 UTC"
    np.testing.assert_array_equal(again["time"], starts)
    assert "06-06 UTC" in summarise(again)


def test_a_day_that_nobody_states_is_said_to_be_assumed():
    ds = from_table(table("2021-07-01", "2021-07-02"))
    assert ds["tas"].attrs["day_interval"] == "00-00 UTC (assumed)"


def test_readings_at_instants_have_no_day():
    ds = from_table(table("2021-07-01T00", "2021-07-01T06"))
    assert "day_interval" not in ds["tas"].attrs
    with pytest.raises(DataError, match=r"several values on one date.*--daily"):
        from_table(table("2021-07-01T00", "2021-07-01T06"), day="local")


def test_days_made_of_readings_say_which_they_are():
    frame = table(*[f"2021-07-01T{h:02d}" for h in range(24)])
    ds = from_table(frame, daily=Daily("mean", day_start=-3))
    assert ds["tas"].attrs["day_interval"] == "21-21 UTC"
    assert ds["time"].values[0] == np.datetime64("2021-07-01")


def test_files_of_different_days_are_joined_by_date_and_said_to_be_mixed(tmp_path):
    for name, day, place in (("a", "06-06", 7.5), ("b", "UTC", 9.5)):
        frame = table("2021-07-01", "2021-07-02").assign(station=name, lon=place)
        write_stations(from_table(frame, day=day), tmp_path / f"{name}.nc")
    ds = read_stations([tmp_path / "a.nc", tmp_path / "b.nc"])
    assert ds.sizes == {"station": 2, "time": 2}
    assert ds["time"].values[1] == np.datetime64("2021-07-02")
    assert ds["tas"].attrs["day_interval"] == "06-06 UTC; 00-00 UTC"
    assert "mixed: 06-06 UTC, 00-00 UTC (up to 6 of" in ds.attrs["quality_control"]
