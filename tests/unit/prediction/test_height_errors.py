"""Unknown heights of stations widen predictions near them, and only there."""

import numpy as np
import pytest

from apnp.data import from_arrays, observations_at
from apnp.data.fill_elevation import fill_elevation
from apnp.observations import Sites
from apnp.prediction import load
from apnp.prediction.height_errors import HeightErrors

DAY = "2021-07-01"
LAT, LON = np.array([46.2, 46.8, 47.4, 52.0]), np.array([7.4, 8.2, 9.1, 5.0])


def network(elevation):
    return from_arrays(
        "tas", np.array([[12.0], [9.0], [15.0], [17.0]]), station=list("abcd"),
        lat=LAT, lon=LON, elevation=elevation, time=[DAY],
    )  # fmt: skip


def asked(lat, lon, elevation=500.0):
    lat = np.asarray(lat, dtype=float)
    return Sites(
        lat, np.asarray(lon, float), np.full(lat.shape, elevation), np.datetime64(DAY)
    )


def test_known_heights_have_no_errors():
    assert HeightErrors.of(fill_elevation(network([500.0] * 4))) is None


def test_the_error_is_that_of_the_station_at_it_and_less_between_stations():
    filled = fill_elevation(network([np.nan, np.nan, 500.0, 0.0]))
    std = 0.0065 * filled["elevation_std"].values
    assert std[0] > 1
    assert (std[2:] == 0).all()
    errors = HeightErrors.of(filled).among(observations_at(filled, DAY).sites)
    at_station = errors.at(asked(LAT, LON))
    np.testing.assert_allclose(at_station, std, atol=1e-3)
    between = errors.at(asked([46.5], [7.8]))[0]
    # Two stations at the same distance, the others far: about std / sqrt(2).
    assert 0.4 * std[:2].max() < between < 0.85 * std[:2].max()
    assert errors.at(asked([30.0], [90.0]))[0] < between


def test_a_station_left_out_has_its_own_error_besides():
    filled = fill_elevation(network([np.nan] * 4))
    sites = observations_at(filled, DAY).sites
    errors = HeightErrors.of(filled)
    left = errors.among(sites.take(np.array([1, 2, 3])))
    own = errors.own(sites.take(np.array([0])))[0]
    assert own == pytest.approx(0.0065 * filled["elevation_std"].values[0])
    found = left.at(sites.take(np.array([0])))[0]
    elsewhere = left.at(asked([LAT[0]], [LON[0]], 123.0))[0]
    assert found == pytest.approx(np.hypot(own, elsewhere))


def test_predictions_are_wider_by_it_and_their_means_are_not_changed(
    tmp_path, random_run
):
    rng = np.random.default_rng(3)
    lat, lon = rng.uniform(45, 48, 20), rng.uniform(6, 12, 20)
    ds = from_arrays(
        "tas", 12 + rng.normal(0, 1, (20, 1)), station=[f"s{i}" for i in range(20)],
        lat=lat, lon=lon, elevation=np.full(20, np.nan), time=[DAY],
    )  # fmt: skip
    model = load(random_run(tmp_path / "run", fill_elevation(ds)))
    whole = {"time": DAY, "grid": 1.0, "region": (6, 45, 12, 48)}
    field = model.predict_grid(ds, **whole, recalibration=False)
    filled = fill_elevation(ds)
    bare = model.predict_grid(
        filled.drop_vars("elevation_std"), **whole, recalibration=False
    )
    np.testing.assert_allclose(field.tas, bare.tas, atol=1e-5)
    errors = HeightErrors.of(filled).among(observations_at(filled, DAY).sites)
    lat, lon = np.meshgrid(bare.lat, bare.lon, indexing="ij")
    noise = errors.at(asked(lat.ravel(), lon.ravel())).reshape(lat.shape)
    assert noise.min() > 0.3
    np.testing.assert_allclose(
        field.tas_stderr[0], np.hypot(bare.tas_stderr[0], noise), rtol=1e-4
    )
