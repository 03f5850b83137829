import hashlib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from apnp.data.simulate import (
    SimulatedClimate,
    simulate_stations,
    write_relief,
    write_simulated,
)
from apnp.data.simulate.bumps import Bumps, fibonacci_lattice
from apnp.geometry.sphere import great_circle_km, unit_vectors

SHIPPED = Path(__file__).parents[3] / "data" / "simulated_stations.nc"


@pytest.fixture(scope="module")
def climate():
    return SimulatedClimate(seed=0)


def scattered(n, seed):
    rng = np.random.default_rng(seed)
    return np.degrees(np.arcsin(rng.uniform(-1, 1, n))), rng.uniform(-180, 180, n)


def test_lattice_is_even():
    lattice = fibonacci_lattice(500.0)
    assert len(lattice) == round(4 * np.pi * (6371 / 500) ** 2)
    np.testing.assert_allclose(np.linalg.norm(lattice, axis=1), 1, atol=1e-12)
    apart = 6371 * np.sqrt(np.sort(2 - 2 * lattice @ lattice.T, axis=1)[:, 1])
    assert apart.min() > 300
    assert apart.max() < 600


def test_bump_has_its_documented_shape():
    centre = unit_vectors(10.0, 20.0)[None]
    here = unit_vectors(10.0 + np.degrees(200 / 6371.0), 20.0)[None]
    bumps = Bumps(np.concatenate([centre, -centre]), np.array([700.0, 100.0]))
    value = bumps._values(here).toarray()
    chord = 2 * np.sin(np.array([200.0, 700.0]) / 6371 / 2)
    assert value[0, 0] == pytest.approx((1 - (chord[0] / chord[1]) ** 2) ** 3, rel=1e-9)
    assert value[0, 1] == 0


def test_every_place_has_its_variance_poles_and_date_line_included(climate):
    lat, lon = scattered(300, 11)
    lat[:6], lon[:6] = [90, -90, 89.9, 0, 60, -60], [0, 5, 180, -180, 180, -180]
    c = climate.covariance(lat, lon, lat, lon)
    np.testing.assert_allclose(np.diag(c), climate.variance(lat, lon), rtol=1e-12)
    assert climate.variance(lat, lon).min() > 0.5
    np.testing.assert_allclose(c, c.T, atol=1e-12)
    assert np.linalg.eigvalsh(c).min() > -1e-9


def test_covariance_is_that_of_the_truth(climate):
    """Whitened by the law's covariance, anomalies of 60 days are unit normals."""
    lat, lon = np.array([50.0, 50.5, 52.0, 46.5]), np.array([10.0, 11.0, 14.0, 9.5])
    h = np.full(4, 300.0)
    days = np.datetime64("1990-01-01") + np.arange(0, 720, 12)
    unit = unit_vectors(lat, lon)
    local = climate._bases(unit, climate._terrain.continentality(unit))[2]
    fixed, still = local @ climate._local[1], (local @ local.T).toarray()
    weather = climate.covariance(lat, lon, lat, lon) - still
    anomaly = (
        climate.truth(lat, lon, h, days) - climate.drift(lat, lon, h, days) - fixed
    )
    root = np.linalg.cholesky(weather)
    white = np.linalg.solve(root, anomaly.T)
    # 240 unit normals: their mean square is 1 with standard error 0.09.
    assert np.mean(white**2) == pytest.approx(1, abs=0.3)
    assert abs(white.mean()) < 0.25


def test_correlation_is_shorter_in_mountains_than_on_plains_than_at_sea(climate):
    def at_600_km(lat, lon):
        other = lon + np.degrees(600 / 6371.0) / np.cos(np.radians(lat))
        c = climate.covariance([lat, lat], [lon, other], [lat, lat], [lon, other])
        return c[0, 1] / np.sqrt(c[0, 0] * c[1, 1])

    tibet, steppe, sea = at_600_km(33, 85), at_600_km(60, 75), at_600_km(45, -170)
    assert tibet < steppe - 0.03
    assert steppe < sea - 0.1
    assert sea > 0.6


def test_weather_remembers_yesterday_and_any_day_can_be_had_alone(climate):
    lat, lon = np.array([45.0, -20.0, 70.0]), np.array([-95.0, 130.0, 179.9])
    h = np.array([200.0, 400.0, 10.0])
    days = np.arange("2020-02-27", "2020-03-03", dtype="datetime64[D]")
    together = climate.truth(lat, lon, h, days)
    assert together.shape == (5, 3)
    for row, day in zip(together, days, strict=True):
        np.testing.assert_allclose(climate.truth(lat, lon, h, day), row, atol=1e-10)
    apart = climate.truth(lat, lon, h, ["2021-07-01T18:00", "2020-03-02", "2020-02-27"])
    np.testing.assert_allclose(apart[1:], together[[4, 0]], atol=1e-10)
    scale = climate._synoptic
    w = scale.weights(np.arange(18000, 18002))
    assert np.mean(w[0] * w[1]) == pytest.approx(0.75, abs=0.06)
    assert np.mean(w**2) == pytest.approx(1, abs=0.06)


def test_drift_has_seasons_lapse_rate_and_continents(climate):
    july, january = "2021-07-20", "2021-01-20"
    kansas, sydney_like = (39.0, -98.0), (-27.0, 135.0)
    place = np.array([kansas, sydney_like]).T
    swing = climate.drift(*place, 200, july) - climate.drift(*place, 200, january)
    assert swing[0] > 15
    assert swing[1] < -6
    up = climate.drift([10.0], [20.0], 2000, july) - climate.drift(
        [10.0], [20.0], 0, july
    )
    assert up[0] == pytest.approx(-13.0, abs=0.3)
    winter = climate.drift([65.0], [100.0], 1000, january)
    winter -= climate.drift([65.0], [100.0], 0, january)
    s2 = np.sin(np.radians(65.0)) ** 2
    assert winter[0] == pytest.approx(-6.5 + 2.5 * s2, abs=0.02)
    assert climate.drift([0.0], [0.0], 0, july)[0] == pytest.approx(27, abs=0.1)


def test_relief_is_on_land_only_smooth_and_at_most_5000_m(climate):
    lat, lon = scattered(3000, 12)
    relief = climate.relief(lat, lon)
    land = climate.is_land(lat, lon)
    assert (relief[~land] == 0).all()
    assert (relief >= 0).all()
    assert 3000 < relief.max() <= 5000
    step = climate.relief(lat + 0.01, lon)
    slope = np.abs(step - relief) / great_circle_km(lat, lon, lat + 0.01, lon)
    assert slope.max() < 100  # m a km


def test_longitude_convention_does_not_matter(climate):
    a = climate.truth([60.0, -10.0], [-150.0, -70.0], [100.0, 50.0], "2020-05-05")
    b = climate.truth([60.0, -10.0], [210.0, 290.0], [100.0, 50.0], "2020-05-05")
    np.testing.assert_allclose(a, b, atol=1e-9)


def test_seeds_differ_and_repeat(climate):
    args = ([50.0, 20.0], [10.0, 78.0], [100.0, 300.0], "2020-06-01")
    one, again, two = (
        c.truth(*args) for c in (climate, SimulatedClimate(0), SimulatedClimate(1))
    )
    assert np.abs(one - two).min() > 1e-3
    np.testing.assert_array_equal(one, again)


def test_stations_are_the_truth_with_noise_gaps_and_rough_ground(climate):
    ds = simulate_stations(climate, n=60, start="2021-03-01", end="2021-03-20")
    again = simulate_stations(climate, n=60, start="2021-03-01", end="2021-03-20")
    xr.testing.assert_identical(ds, again)
    lat, lon, h = (ds[n].values for n in ("lat", "lon", "elevation"))
    residual = ds["tas"].values.T - climate.truth(lat, lon, h, ds["time"].values)
    assert np.nanstd(residual) == pytest.approx(climate.noise_std, rel=0.08)
    assert abs(np.nanmean(residual)) < 0.06
    assert 0.01 < np.isnan(residual).mean() < 0.35
    assert np.median(np.abs(h - climate.relief(lat, lon))) > 10
    assert "SIMULATED" in ds.attrs["title"]
    assert "SIMULATED" in ds.attrs["source"]
    assert "SIMULATED" in ds.attrs["comment"]


def test_written_bytes_depend_on_nothing_but_the_climate(
    tmp_path, monkeypatch, climate
):
    small = simulate_stations(climate, n=20, start="2020-01-01", end="2020-01-09")
    monkeypatch.setattr(
        "apnp.data.simulate.network.simulate_stations", lambda climate: small.copy()
    )
    digests = set()
    for name in ("a.nc", "b.nc"):
        write_simulated(tmp_path / name)
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.nc", "b.nc"]
    with xr.open_dataset(tmp_path / "a.nc") as back:
        np.testing.assert_allclose(back["tas"], small["tas"], atol=1e-5)
        assert (back["time"].values == small["time"].values).all()


def test_shipped_file_is_what_the_script_makes(climate):
    """Places, gaps and a few days of values, against the file in `data/`."""
    from apnp.data.simulate import network

    with xr.open_dataset(SHIPPED) as ds:
        lat, lon, h = network._place(climate, 2000, np.random.default_rng([0, 5]))
        np.testing.assert_allclose(ds["lat"], lat, atol=1e-9)
        np.testing.assert_allclose(ds["lon"], lon, atol=1e-9)
        np.testing.assert_array_equal(ds["elevation"], h)
        rng = np.random.default_rng([0, 6])
        reports = network._reports(731, 2000, rng)
        np.testing.assert_array_equal(~np.isnan(ds["tas"].values.T), reports)
        noise = climate.noise_std * rng.standard_normal((731, 2000))
        days, some = [0, 365, 730], np.arange(0, 2000, 40)
        truth = climate.truth(lat[some], lon[some], h[some], ds["time"].values[days])
        value = ds["tas"].values.T[np.ix_(days, some)]
        off = np.abs(value - truth - noise[np.ix_(days, some)])
        assert np.nanmax(off) < 0.0501  # rounded to tenths
        assert ds.attrs["title"].startswith("SIMULATED")
    assert SHIPPED.stat().st_size < 4_000_000


def test_relief_is_written_as_the_climate_has_it(climate, tmp_path):
    write_relief(tmp_path / "relief.nc", climate, degrees=6.0)
    with xr.open_dataset(tmp_path / "relief.nc") as ds:
        assert ds["elevation"].shape == (30, 60)
        assert ds["lat"].values[[0, -1]].tolist() == [-87, 87]
        assert "SIMULATED" in ds.attrs["title"]
        here = ds["elevation"].sel(lat=45, lon=[-177, 9, 93])
        relief = climate.relief([45, 45, 45], [-177, 9, 93])
        np.testing.assert_allclose(here, relief, rtol=1e-6)
        assert relief[0] == 0
        assert relief[1:].min() > 100
