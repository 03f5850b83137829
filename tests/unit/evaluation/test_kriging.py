import numpy as np
import pytest

from apnp.errors import DataError
from apnp.evaluation.kriging import (
    MINIMUM_STD,
    UNKNOWN_STD,
    Exponential,
    GaussianLaw,
    Kriging,
    chordal_km,
    elevation_and_latitude,
)
from apnp.geometry.sphere import EARTH_RADIUS_KM, unit_vectors
from apnp.observations import Observations, Sites

TIME = np.datetime64("2019-01-01")
SILL, RANGE, NUGGET = 11.0, 900.0, 0.7
REGRESSION = Kriging("regression kriging", elevation_and_latitude)
ORDINARY = Kriging("ordinary kriging")


def sites(n, seed, spread=15.0):
    rng = np.random.default_rng(seed)
    lat, lon = rng.uniform(50, 50 + spread, n), 175 + rng.uniform(0, 2 * spread, n)
    return Sites(lat, lon, rng.gamma(1.2, 400, n), TIME)


def simulated(n, seed, lapse=-6.0):
    where = sites(n, seed)
    rng = np.random.default_rng(seed + 100)
    law = Exponential(SILL, RANGE)
    field = np.linalg.cholesky(law(where, where) + 1e-9 * np.eye(n)) @ rng.normal(
        size=n
    )
    value = field + 30 + lapse * where.elevation / 1000 - 0.4 * where.lat
    return Observations(where, value + np.sqrt(NUGGET) * rng.normal(size=n))


def columns(where):
    return np.stack([np.ones(len(where)), where.elevation / 1000, where.lat / 10], -1)


def known_law(drift):
    field = Exponential(SILL, RANGE)
    return GaussianLaw(field, field.variance, NUGGET, drift)


def xyz(where):
    return list(EARTH_RADIUS_KM * unit_vectors(where.lat, where.lon).T)


def test_equals_universal_kriging_of_gstools():
    gstools = pytest.importorskip("gstools")
    context, target = simulated(60, 1), sites(25, 2)
    model = gstools.Exponential(dim=3, var=SILL, len_scale=RANGE, nugget=NUGGET)
    peer = gstools.krige.ExtDrift(
        model, xyz(context.sites), context.value, columns(context.sites).T[1:],
    )  # fmt: skip
    mean, variance = peer(xyz(target), ext_drift=columns(target).T[1:])
    ours, std = known_law(columns).condition(context).predict(target)
    np.testing.assert_allclose(ours, mean, rtol=1e-6)
    np.testing.assert_allclose(std**2, variance, rtol=1e-6)


def test_equals_universal_kriging_of_pykrige():
    uk3d = pytest.importorskip("pykrige.uk3d")
    context, target = simulated(60, 3), sites(25, 4)
    peer = uk3d.UniversalKriging3D(
        *xyz(context.sites), context.value,
        variogram_model="exponential",
        variogram_parameters={"psill": SILL, "range": 3 * RANGE, "nugget": NUGGET},
        drift_terms=["specified"],
        specified_drift=list(columns(context.sites).T[1:]),
    )  # fmt: skip
    mean, variance = peer.execute(
        "points", *xyz(target), specified_drift_arrays=list(columns(target).T[1:])
    )
    ours, std = known_law(columns).condition(context).predict(target)
    np.testing.assert_allclose(ours, mean, rtol=1e-6)
    np.testing.assert_allclose(std**2, variance, rtol=1e-6)


def test_equals_conditioning_of_the_joint_normal_law_when_the_mean_is_known():
    context, target = simulated(30, 5), sites(10, 6)
    field = Exponential(SILL, RANGE)
    law = GaussianLaw(
        field, field.variance, NUGGET, mean=lambda s: 12 - s.elevation / 200
    )
    cross = field(target, context.sites)
    inverse = np.linalg.inv(field(context.sites, context.sites) + NUGGET * np.eye(30))
    mean = law.mean(target) + cross @ inverse @ (
        context.value - law.mean(context.sites)
    )
    variance = SILL + NUGGET - np.einsum("ij,jk,ik->i", cross, inverse, cross)
    ours, std = law.condition(context).predict(target)
    np.testing.assert_allclose(ours, mean, rtol=1e-9)
    np.testing.assert_allclose(std**2, variance, rtol=1e-9)


def test_uncertainty_of_the_drift_grows_far_outside_the_covariates():
    context = simulated(40, 7)
    target = Sites(np.full(2, 57.0), np.full(2, -170.0), np.array([500.0, 9e3]), TIME)
    with_drift = known_law(columns).condition(context).predict(target)[1]
    without = (
        known_law(lambda s: columns(s)[:, :1]).condition(context).predict(target)[1]
    )
    assert with_drift[1] > 2 * with_drift[0]
    assert without[1] == pytest.approx(without[0])


def test_chunks_of_targets_do_not_matter(monkeypatch):
    context, target = simulated(30, 8), sites(23, 9)
    whole = REGRESSION.condition(context).predict(target)
    monkeypatch.setattr("apnp.evaluation.kriging._CHUNK", 5)
    np.testing.assert_allclose(REGRESSION.condition(context).predict(target), whole)


def test_distance_is_the_chord_in_kilometres():
    a = Sites(np.array([0.0, 90.0]), np.array([-90.0, 12.0]), np.zeros(2), TIME)
    b = Sites(np.array([0.0]), np.array([450.0]), np.zeros(1), TIME)
    expected = [[2 * EARTH_RADIUS_KM], [np.sqrt(2) * EARTH_RADIUS_KM]]
    np.testing.assert_allclose(chordal_km(a, b), expected)


def test_estimated_law_predicts_as_the_true_one_and_covers():
    z = []
    for seed in range(20, 32):
        everything = simulated(300, seed)
        context = everything.take(np.arange(200))
        target = everything.take(np.arange(200, 300))
        mean, std = REGRESSION.condition(context).predict(target.sites)
        best, best_std = known_law(columns).condition(context).predict(target.sites)
        assert np.sqrt(np.mean((mean - best) ** 2)) < 0.5
        z.append((target.value - mean) / std)
    assert np.std(z) == pytest.approx(1, abs=0.06)
    assert best_std.mean() == pytest.approx(std.mean(), rel=0.15)


def test_elevation_is_used_by_regression_kriging_alone():
    context = simulated(150, 40, lapse=-9.0)
    where = sites(1, 41)
    pair = Sites(np.repeat(where.lat, 2), np.repeat(where.lon, 2), [0.0, 1000.0], TIME)
    low, high = REGRESSION.condition(context).predict(pair)[0]
    assert low - high == pytest.approx(9, abs=1)
    low, high = ORDINARY.condition(context).predict(pair)[0]
    assert low == high


def test_stations_that_share_a_place_are_averaged():
    context = simulated(40, 50)
    twice = context.take(np.r_[np.arange(40), 0, 0, 1])
    mean, std = REGRESSION.condition(twice).predict(twice.sites)
    assert np.isfinite(mean).all()
    assert (std >= MINIMUM_STD).all()


@pytest.mark.parametrize("kriging", [ORDINARY, REGRESSION])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 12])
def test_few_stations_give_a_finite_prediction_that_knows_little(kriging, n):
    context = simulated(n, 60)
    mean, std = kriging.condition(context).predict(sites(5, 61))
    assert np.isfinite(mean).all()
    assert (std > 0.5).all()
    if n == 1:
        assert (mean == context.value[0]).all()
        assert (std == UNKNOWN_STD).all()


@pytest.mark.parametrize("kriging", [ORDINARY, REGRESSION])
@pytest.mark.parametrize("value", [0.0, 7.3])
@pytest.mark.parametrize("n", [2, 4, 8, 40])
def test_constant_values_give_that_constant(kriging, n, value):
    context = Observations(sites(n, 70), np.full(n, value))
    mean, std = kriging.condition(context).predict(sites(5, 71))
    np.testing.assert_allclose(mean, value, atol=1e-6)
    assert (std >= MINIMUM_STD).all()
    assert (std < 1).all()


def test_covariates_that_do_not_vary_are_left_out():
    context = simulated(50, 80)
    flat = Observations(
        Sites(context.sites.lat, context.sites.lon, np.full(50, 321.5), TIME),
        context.value,
    )
    low, high = (
        REGRESSION.condition(flat).predict(
            Sites(np.array([58.0]), np.array([-170.0]), np.array([h]), TIME)
        )
        for h in (0.0, 2500.0)
    )
    assert low == high
    tilted = Observations(
        Sites(context.sites.lat, context.sites.lon, 30 * context.sites.lat, TIME),
        context.value,
    )
    assert np.isfinite(REGRESSION.condition(tilted).predict(sites(5, 81))).all()


def test_refuses_an_empty_context_and_one_that_fills_memory():
    with pytest.raises(DataError, match=r"has none. Give at least one station"):
        ORDINARY.condition(simulated(3, 0).take(np.arange(0)))
    small = Kriging("regression kriging", max_stations=10)
    with pytest.raises(DataError, match=r"at most 10 stations. Take a smaller context"):
        small.condition(simulated(11, 0))
