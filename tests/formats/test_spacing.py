"""Means of weeks, months and years that come without bounds are no daily values."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from apnp.data import read_stations
from apnp.errors import DataError


def table(times, stations="AB"):
    """Values of stations at times; several lists of times are those of each station."""
    return pd.DataFrame(
        [
            {"station": s, "time": t, "lat": 46.0 + k, "lon": 7.0, "elevation": 9.0,
             "tas": 5.0 + k + i % 7}
            for k, s in enumerate(stations) for i, t in enumerate(times[k % len(times)])
        ]
    )  # fmt: skip


def written(tmp_path, frame, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        frame.assign(time=frame["time"].dt.strftime("%Y-%m-%d")).to_csv(path)
    elif kind == "parquet":
        frame.to_parquet(path)
    else:
        wide = frame.pivot(index="station", columns="time", values="tas")
        sites = frame.drop_duplicates("station")
        ds = xr.Dataset(
            {"tas": (("station", "time"), wide.to_numpy(), {"units": "degC"})},
            {"time": ("time", wide.columns, {"standard_name": "time"}),
             "station": ("station", wide.index.to_numpy(object)),
             "lat": ("station", sites["lat"], {"units": "degrees_north"}),
             "lon": ("station", sites["lon"], {"units": "degrees_east"})},
        )  # fmt: skip
        ds["time"].encoding["units"] = "hours since 2000-01-01"
        (ds.to_zarr(path, zarr_format=2) if kind == "zarr" else ds.to_netcdf(path))
    return path


def dates(spacing, n=9, shift=0):
    return list(
        pd.date_range("2021-01-01", periods=n, freq=spacing) + pd.Timedelta(days=shift)
    )


DEKADS = [pd.Timestamp(2021, m, d) for m in (1, 2, 3) for d in (1, 11, 21)]


@pytest.mark.parametrize("kind", ["csv", "parquet", "nc", "zarr"])
@pytest.mark.parametrize(
    ("times", "every"),
    [
        ([dates("7D")], "a week"), ([DEKADS], "every 10 days"),
        ([dates("5D"), dates("5D", shift=2)], "every 5 days"),
        ([dates("MS")], "a month"), ([dates("QS")], "a quarter"),
    ],
)  # fmt: skip
def test_long_means_are_refused_and_read_when_declared(tmp_path, kind, times, every):
    path = written(tmp_path, table(times), kind)
    with pytest.raises(DataError, match=rf"one value {every}, .*--day UTC"):
        read_stations(path)
    ds = read_stations(path, day="UTC")
    assert ds.sizes["time"] == len({t for each in times for t in each})


def test_means_with_gaps_and_stamps_at_noon_are_refused(tmp_path):
    weeks = [t for k, t in enumerate(dates("7D", 12)) if k not in (3, 8)]
    noon = [t + pd.Timedelta(hours=12) for t in weeks]
    for times in (weeks, noon):
        with pytest.raises(DataError, match="one value a week"):
            read_stations(written(tmp_path, table([times]), "parquet"))


def test_daily_values_with_gaps_are_read(tmp_path):
    some = [t for k, t in enumerate(dates("D", 60)) if k % 7 < 2 or k in (20, 31)]
    picked = [pd.Timestamp(t) for t in ("2021-01-22", "2021-03-07", "2021-03-20")]
    two = [pd.Timestamp(t) for t in ("2011-07-07", "2019-01-22")]
    for times in (some, picked, two):
        ds = read_stations(written(tmp_path, table([times]), "csv"))
        assert ds["tas"].attrs["cell_methods"] == "time: mean"


def test_a_weekly_station_among_daily_ones_is_noted(tmp_path):
    frame = table([dates("D", 57), dates("7D", 9)])
    ds = read_stations(written(tmp_path, frame, "csv"))
    said = ds.attrs["quality_control"]
    assert "1 station with one value a week, such as B, among daily values" in said
    assert np.isfinite(ds["tas"].sel(station="B")).sum() == 9


def test_files_of_one_month_each_are_judged_together(tmp_path):
    for k, t in enumerate(dates("MS", 6)):
        written(tmp_path, table([[t]]), "csv").rename(tmp_path / f"m{k}.csv")
    with pytest.raises(DataError, match="one value a month"):
        read_stations(tmp_path)


def test_what_was_declared_stays_declared(tmp_path):
    ds = read_stations(written(tmp_path, table([dates("7D")]), "csv"), day="UTC")
    ds.to_netcdf(tmp_path / "kept.nc")
    assert read_stations(tmp_path / "kept.nc").sizes["time"] == 9
