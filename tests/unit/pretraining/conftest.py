import numpy as np
import pandas as pd
import pytest
import xarray as xr

from apnp.data.gridded.variable import open_gridded
from apnp.inputs.gridded_covariates import FieldUse
from apnp.inputs.stations import StationInputs
from apnp.observations import Sites
from apnp.pretraining.candidates import Candidates

DAY = np.datetime64("2019-01-05")


@pytest.fixture(scope="session")
def terrain_file(tmp_path_factory):
    """A coarse Earth: land between 60 S and 60 N, hills, a plateau at 30 to 40 N."""
    lat, lon = np.arange(-88.75, 90, 2.5), np.arange(-178.75, 180, 2.5)
    rng = np.random.default_rng(3)
    height = 300 + 200 * rng.random((lat.size, lon.size))
    height[(lat > 30) & (lat < 40)] += 2000
    land = 0.7 + 0.3 * rng.random(height.shape)
    land[np.abs(lat) > 60] = 0
    path = tmp_path_factory.mktemp("terrain") / "terrain.nc"
    xr.Dataset(
        {
            "elevation": (("lat", "lon"), height, {"units": "m"}),
            "land_fraction": (("lat", "lon"), land, {"units": "1"}),
        },
        {"lat": lat, "lon": lon},
    ).to_netcdf(path)
    return path


@pytest.fixture(scope="session")
def sources(terrain_file):
    names = ("elevation", "land_fraction")
    return [open_gridded(terrain_file, name) for name in names]


@pytest.fixture(scope="session")
def places(sources):
    return Candidates.draw(*sources, 3000, seed=5)


@pytest.fixture(scope="session")
def inputs(sources, places):
    few = np.arange(200)
    made = StationInputs.fit(
        "sphere", places.lat[few], places.lon[few], places.lat[few], insolation=True
    )
    sites = Sites(places.lat[few], places.lon[few], places.elevation[few], DAY)
    uses = [FieldUse(True, 0.0, (400.0,)), FieldUse(True)]
    return made.fitted(sources[:1], uses[:1], sites, np.array([DAY]))


def table(source, days, n, lat=(30, 48), lon=(-120, -75), seed=0):
    """Daily values of `n` stations of a source on some days."""
    rng = np.random.default_rng(seed)
    places = pd.DataFrame(
        {
            "station": [f"{source}-{k}" for k in range(n)],
            "lat": rng.uniform(*lat, n),
            "lon": rng.uniform(*lon, n),
            "elevation": rng.uniform(0, 1500, n).astype(np.float32),
            "source": source,
        }
    )
    days = pd.DatetimeIndex(days)
    made = places.merge(pd.DataFrame({"time": days}), how="cross")
    return made.assign(tas=rng.normal(10, 5, len(made)).astype(np.float32))


@pytest.fixture(scope="session")
def open_file(tmp_path_factory):
    """A small file of open observations with every source that has a role."""
    parts = [
        table("GSOD-2019-01", pd.date_range("2019-01-17", "2019-01-25"), 60),
        table("GSOD-2011-07", pd.date_range("2011-07-05", "2011-07-08"), 60, seed=1),
        table("USCRN", ["2012-05-01", "2015-05-01"], 60, seed=2),
        table("KNMI", ["2017-05-01", "2019-05-01"], 30, (44, 58), (-4, 20), seed=3),
        table("GHCND-AU-2020", ["2020-02-01"], 40, (-38, -15), (115, 150), seed=4),
    ]
    path = tmp_path_factory.mktemp("open") / "open.parquet"
    pd.concat(parts).to_parquet(path)
    return path
