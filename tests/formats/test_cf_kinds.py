"""CF files as people write them: heights, bounds, cell methods, ids, flags."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from apnp.data import Daily, read_stations
from apnp.data.readers.cf_methods import time_method
from apnp.errors import DataError

DAYS = pd.date_range("2021-06-29", periods=3)
VALUES = np.array([[11.5, 12.25, 13.0], [7.0, 6.5, 6.0]])


def dataset(values=VALUES, time=DAYS, **tas):
    n = values.shape[0]
    return xr.Dataset(
        {
            "tas": (("station", "time"), values,
                    {"standard_name": "air_temperature", "units": "degC", **tas}),
            "lat": ("station", 46.5 + np.arange(n), {"units": "degrees_north"}),
            "lon": ("station", 7.5 + np.arange(n), {"units": "degrees_east"}),
            "alt": ("station", 500.0 + 250 * np.arange(n),
                    {"standard_name": "surface_altitude", "units": "m"}),
            "sid": ("station", [f"S{k}" for k in range(n)],
                    {"cf_role": "timeseries_id"}),
        },
        {"time": ("time", time, {"standard_name": "time"})},
    )  # fmt: skip


def read(tmp_path, ds, name="a.nc", **options):
    if "since" not in str(ds["time"].attrs.get("units", "")):
        ds["time"].encoding["units"] = "hours since 2021-01-01"
    ds.to_netcdf(tmp_path / name)
    return read_stations(tmp_path / name, **options)


@pytest.mark.parametrize(
    ("units", "asked", "metres"),
    [("ft", {}, 152.4), ("feet", {}, 152.4), ("km", {}, 500e3), ("m", {}, 500),
     ("", {}, 500), ("m", {"elevation": "ft"}, 152.4)],
)  # fmt: skip
def test_units_of_elevation(tmp_path, units, asked, metres):
    ds = dataset()
    ds["alt"].attrs["units"] = units
    if metres > 9000:  # kilometres: to what is possible
        ds["alt"] = ds["alt"].copy(data=[0.5, 0.75])
        metres = 500
    got = read(tmp_path, ds, units=asked)
    assert got["elevation"].values[0] == pytest.approx(metres)


def test_unknown_units_of_elevation_are_refused(tmp_path):
    ds = dataset()
    ds["alt"].attrs["units"] = "furlong"
    with pytest.raises(
        DataError, match=r"a.nc: 'alt': .*'furlong'.*--units elevation="
    ):
        read(tmp_path, ds)


@pytest.mark.parametrize("dims", [(), ("station",)])
def test_a_height_above_the_ground_is_no_elevation(tmp_path, dims):
    ds = dataset().drop_vars("alt")
    height = np.full([2] * len(dims), 2.0)
    ds["height"] = (dims, height, {"standard_name": "height", "units": "m"})
    got = read(tmp_path, ds)
    assert np.isnan(got["elevation"]).all()
    assert "height above the ground" in got.attrs["assumptions"]
    ds["h"] = ds["alt"] = (dims, height + 400, {"standard_name": "height"})
    assert np.isnan(read(tmp_path, ds, "b.nc")["elevation"]).all()
    if dims:
        got = read_stations(tmp_path / "b.nc", columns={"elevation": "h"})
        assert got["elevation"].values.tolist() == [402, 402]


def bounded(start, hours, stamp, **attrs):
    """Times with bounds: three intervals of some hours, stamped some hours on."""
    begin = pd.DatetimeIndex(DAYS) + pd.Timedelta(hours=start)
    ds = dataset(time=begin + pd.Timedelta(hours=stamp), cell_methods="time: mean")
    ends = begin + pd.Timedelta(hours=hours)
    ds["time"].attrs["bounds"] = "time_bnds"
    ds["time_bnds"] = (("time", "nv"), np.stack([begin, ends], -1))
    return ds.assign_attrs(attrs)


@pytest.mark.parametrize(
    ("start", "stamp", "day", "first"),
    [
        (0, 0, "00-00 UTC", "2021-06-29"), (0, 12, "00-00 UTC", "2021-06-29"),
        (0, 24, "00-00 UTC", "2021-06-29"), (6, 24, "06-06 UTC", "2021-06-29T06"),
        (-6, 24, "18-18 UTC", "2021-06-29"), (9, 0, "09-09 UTC", "2021-06-29T09"),
        (-1, 0, "23-23 UTC", "2021-06-29"),
    ],
)  # fmt: skip
def test_bounds_decide_the_day(tmp_path, start, stamp, day, first):
    got = read(tmp_path, bounded(start, 24, stamp))
    assert got["tas"].attrs["day_interval"] == day
    assert got["time"].values[0] == np.datetime64(first)
    np.testing.assert_allclose(got["tas"], VALUES, atol=1e-5)
    np.testing.assert_allclose(
        got["tas"].sel(time="2021-06-30").squeeze(), VALUES[:, 1]
    )


def test_hourly_means_are_dated_by_their_start_and_averaged(tmp_path):
    values = np.arange(48.0)[None] / 4
    ends = pd.date_range("2021-06-29T01", periods=48, freq="h")
    ds = dataset(values, ends, cell_methods="time: mean")
    ds["time"].attrs["bounds"] = "tb"
    ds["tb"] = (("time", "nv"), np.stack([ends - pd.Timedelta(hours=1), ends], -1))
    got = read(tmp_path, ds)
    assert got["time"].values[0] == np.datetime64("2021-06-29")
    assert "day_interval" not in got["tas"].attrs
    daily = read_stations(tmp_path / "a.nc", daily=Daily("mean"))
    np.testing.assert_allclose(daily["tas"][0], [23 / 8, 71 / 8])


def test_longer_intervals_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"bounds span 30 days.*Give the daily"):
        read(tmp_path, bounded(0, 720, 0))
    ds = dataset()
    ds["time"].attrs["climatology"] = "cb"
    with pytest.raises(DataError, match=r"climatological bounds"):
        read(tmp_path, ds, "b.nc")
    for k, units in enumerate(("months since 2020-01-01", "years since 2020-01-01")):
        ds = dataset().assign_coords(time=("time", [0, 1, 2], {"units": units}))
        with pytest.raises(DataError, match=r"months and years differ.*days since"):
            read(tmp_path, ds, f"{k}.nc")
    stamps = pd.to_datetime(["2021-01-15", "2021-02-15", "2021-03-15"])
    with pytest.raises(DataError, match=r"one value a month, .*--day"):
        read(tmp_path, dataset(time=stamps), "c.nc")
    assert read_stations(tmp_path / "c.nc", day="UTC").sizes["time"] == 3


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("time: point (interval: 1 hour)", "point"), ("time:point", "point"),
        ("area: point time: point", "point"), ("area: mean time: maximum", "maximum"),
        ("lat: lon: mean time: mean (interval: 1 hour comment: (of 24))", "mean"),
        ("area: mean where land time: minimum", "minimum"), ("t: mean", "mean"),
        ("valid: mean", "mean"), ("area: mean", ""), ("", ""),
        ("lat: time: lon: mean", "mean"),
    ],
)  # fmt: skip
def test_cell_methods_are_parsed(text, method):
    assert time_method(text, ["valid"], "a.nc") == method


def test_climatologies_are_refused_and_comments_do_not_tell_files_apart(tmp_path):
    with pytest.raises(DataError, match=r"climatology"):
        time_method("time: mean within days time: mean over years", ["time"], "a.nc")
    read(tmp_path, dataset(cell_methods="time: mean (interval: 1 hour)"), "a.nc")
    other = dataset(cell_methods="time: mean")
    other["lat"] = other["lat"] - 20
    other["sid"] = other["sid"] + "b"
    read(tmp_path, other, "b.nc")
    both = read_stations([tmp_path / "a.nc", tmp_path / "b.nc"])
    assert both.sizes == {"station": 4, "time": 3}
    hours = pd.date_range("2021-06-29", periods=3, freq="h")
    instants = dataset(
        time=hours, cell_methods="area: point time: point (interval: 1 hour)"
    )
    got = read(tmp_path, instants, "c.nc", daily=Daily("mean", min_obs=3))
    assert got["tas"].values[:, 0].tolist() == [12.25, 6.5]


def test_the_midrange_is_a_mean_of_extremes(tmp_path):
    got = read(tmp_path, dataset(cell_methods="time: mid_range"))
    assert got["tas"].attrs["comment"] == "(maximum + minimum) / 2"
    assert got["tas"].attrs["cell_methods"] == "time: mean"


@pytest.mark.parametrize("attribute", ["station_id", None])
def test_files_of_one_station_without_ids_are_different_stations(tmp_path, attribute):
    for k in range(12):
        one = dataset().drop_vars("sid").isel(station=0, drop=True)
        one = one.assign(lat=one["lat"] + k / 3, tas=one["tas"] + k)
        if attribute:
            one.attrs[attribute] = f"X{k:02d}"
        one.to_netcdf(tmp_path / f"place{k:02d}.nc")
    got = read_stations(tmp_path)
    word = "X" if attribute else "place"
    assert got["station"].values.tolist() == [f"{word}{k:02d}" for k in range(12)]
    np.testing.assert_allclose(got["tas"][:, 0], 11.5 + np.arange(12))


def test_files_of_one_name_in_different_folders_are_different_stations(tmp_path):
    paths = []
    for k in range(3):
        one = dataset().drop_vars("sid").isel(station=0, drop=True)
        (tmp_path / f"f{k}").mkdir()
        paths.append(tmp_path / f"f{k}" / "data.nc")
        one.assign(lat=one["lat"] + k * 0.05).to_netcdf(paths[-1])
    ids = read_stations(paths)["station"].values.tolist()
    assert ids == [f"f{k}/data.nc" for k in range(3)]


def test_texts_that_tell_stations_apart_are_their_ids(tmp_path):
    ds = dataset().drop_vars("sid").rename_dims(station="place")
    ds["code"] = ("place", ["K1", "K2"])
    assert read(tmp_path, ds)["station"].values.tolist() == ["K1", "K2"]
    got = read(tmp_path, ds.drop_vars("code"), "b.nc")
    assert got["station"].values.tolist() == ["b:0", "b:1"]


@pytest.mark.parametrize(
    ("attrs", "codes", "kept"),
    [
        ({"flag_values": np.int8([0, 1, 4]), "flag_meanings": "not_checked good bad"},
         [[1, 4, 1], [1, 1, 0]], [[1, 0, 1], [1, 1, 0]]),
        ({"flag_values": np.int8([1, 2]), "flag_meanings": "not_suspect suspect"},
         [[1, 2, 1], [2, 1, 1]], [[1, 0, 1], [0, 1, 1]]),
        ({"flag_masks": np.int8([1, 2, 4]),
          "flag_meanings": "spike_detected estimated failed_range_test"},
         [[0, 1, 2], [4, 3, 6]], [[1, 0, 1], [0, 0, 0]]),
        ({}, [[1, 1, 4], [1, 0, 1]], [[1, 1, 0], [1, 0, 1]]),
        ({}, [[0, 0, 1], [0, 0, 0]], [[1, 1, 0], [1, 1, 1]]),
    ],
)  # fmt: skip
def test_flags_are_obeyed(tmp_path, attrs, codes, kept):
    ds = dataset(ancillary_variables="q")
    ds["q"] = (("station", "time"), np.int8(codes), attrs)
    ds["q"].attrs["standard_name"] = "air_temperature status_flag"
    got = read(tmp_path, ds)
    here = np.isfinite(got["tas"].reindex(station=["S0", "S1"]))
    np.testing.assert_array_equal(here, np.array(kept, dtype=bool))
    every = read_stations(tmp_path / "a.nc", columns={"qc": "none"})
    assert np.isfinite(every["tas"]).all()
    assert "flags ignored: q" in every.attrs["assumptions"]
    chosen = read_stations(tmp_path / "a.nc", good_flags=["1"])
    here = np.isfinite(chosen["tas"].reindex(station=["S0", "S1"]))
    np.testing.assert_array_equal(here, np.array(codes) == 1)


def test_positions_that_repeat_in_time_are_those_of_stations(tmp_path):
    ds = dataset().drop_vars("sid")
    for name in ("lat", "lon", "alt"):
        ds[name] = ds[name].expand_dims(time=3, axis=1).copy()
    got = read(tmp_path, ds)
    assert got["lat"].values.tolist() == [46.5, 47.5]
    assert got["elevation"].values.tolist() == [500, 750]
    ds["lat"][1, 1] += 0.5
    with pytest.raises(DataError, match=r"do not change in time"):
        read(tmp_path, ds, "b.nc")


def test_units_that_nothing_states_are_assumed_and_said(tmp_path):
    ds = dataset()
    del ds["tas"].attrs["units"]
    got = read(tmp_path, ds)
    assert "in degC (assumed: nothing states them)" in got.attrs["assumptions"]


def test_calendars(tmp_path):
    attrs = {"units": "days since 2020-02-27", "calendar": "noleap"}
    ds = dataset().assign_coords(time=("time", [0, 1, 2], attrs))
    days = read(tmp_path, ds)["time"].values.astype("M8[D]").astype(str).tolist()
    assert days == ["2020-02-27", "2020-02-28", "2020-03-01"]
    for k, calendar in enumerate(("360_day", "all_leap", "julian")):
        ds["time"].attrs["calendar"] = calendar
        with pytest.raises(DataError, match=r"convert_calendar"):
            read(tmp_path, ds, f"{k}.nc")


@pytest.mark.parametrize("year", ["0001", "1677", "2262", "2300"])
def test_times_beyond_nanoseconds_are_refused(tmp_path, year):
    attrs = {"units": f"days since {year}-01-01", "calendar": "proleptic_gregorian"}
    ds = dataset().assign_coords(time=("time", [0, 1, 2], attrs))
    with pytest.raises(DataError, match=rf"{year}-01-01.*outside the years 1678 to"):
        read(tmp_path, ds)
