"""The sample of real days that ships with the project."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd

from apnp.data import read_stations
from apnp.geometry.station_blocks import StationSplit

ROOT = Path(__file__).parents[3]
FILE = ROOT / "data/us_two_days.nc"


def test_the_sample_holds_two_days_of_many_stations_in_little_space():
    ds = read_stations([FILE])
    days = ds["time"].values.astype("datetime64[D]").astype(str).tolist()
    assert days == ["2011-07-07", "2019-01-22"]
    count = np.isfinite(ds["tas"].values).sum(axis=ds["tas"].dims.index("station"))
    assert (count > 1500).all()
    assert float(ds["tas"].sel(time=days[0]).mean()) > 20
    assert float(ds["tas"].sel(time=days[1]).mean()) < 10
    assert "Public domain" in ds.attrs["license"]
    part = StationSplit().assign(ds["lat"].values, ds["lon"].values)
    assert (part == "test").sum() > 150
    assert FILE.stat().st_size < 300_000


def test_only_public_domain_rows_of_the_two_days_are_taken():
    sample_of = runpy.run_path(str(ROOT / "scripts/make_sample.py"))["sample_of"]
    good = {
        "station": "a", "time": pd.Timestamp("2019-01-22"), "lat": 40.0, "lon": -100.0,
        "elevation": 300.0, "tas": 1.0, "source": "GSOD-2019-01", "rights": "US-PD",
        "country": "US",
    }  # fmt: skip
    changes = [
        {}, {"rights": "CC-BY-4.0"}, {"country": "CA"}, {"lat": 61.0},
        {"time": pd.Timestamp("2019-01-23")}, {"source": "USCRN"},
    ]  # fmt: skip
    table = pd.DataFrame([good | change for change in changes])
    assert sample_of(table).index.tolist() == [0]
