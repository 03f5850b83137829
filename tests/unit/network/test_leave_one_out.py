import numpy as np
import pytest
from scipy.spatial import cKDTree

from apnp.geometry.sphere import unit_vectors
from apnp.inputs.covariates import SiteCovariates
from apnp.network.leave_one_out import LeaveOneOut, spread_parts
from apnp.network.remembered_terrain import RememberedTerrain, remembering
from apnp.prediction import load

DAY = np.datetime64("2021-07-02", "ns")


@pytest.fixture(scope="module")
def network():
    from apnp.data import from_arrays

    rng = np.random.default_rng(5)
    n = 24
    return from_arrays(
        "tas", rng.normal(9.0, 4.0, (n, 4)),
        station=[f"s{i}" for i in range(n)], lat=rng.uniform(44, 52, n),
        lon=rng.uniform(2, 17, n), elevation=rng.uniform(0, 900, n),
        time=np.arange("2021-07-01", "2021-07-05", dtype="M8[D]"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def model(network, random_run, tmp_path_factory):
    return load(random_run(tmp_path_factory.mktemp("run"), network))


def test_neighbours_belong_to_different_parts_whatever_the_order():
    rng = np.random.default_rng(0)
    lat, lon = rng.uniform(45, 50, 300), rng.uniform(0, 9, 300)
    part = spread_parts(lat, lon, 4)
    nearest = cKDTree(unit_vectors(lat, lon)).query(unit_vectors(lat, lon), 2)[1][:, 1]
    assert (part == part[nearest]).mean() < 0.05
    assert np.bincount(part, minlength=4).min() >= 60
    order = rng.permutation(300)
    assert (spread_parts(lat[order], lon[order], 4) == part[order]).all()


def test_a_value_has_no_influence_on_its_own_prediction(model, network):
    others = LeaveOneOut.of(model, network)
    value = network["tas"].values[:, 1].astype(float)
    mean, std = others.day(value, DAY)
    changed = value.copy()
    changed[7] += 11.0
    again, std_again = others.day(changed, DAY)
    assert again[7] == mean[7]
    assert std_again[7] == std[7]
    assert (np.delete(again, 7) != np.delete(mean, 7)).any()


def test_what_is_not_trusted_is_predicted_from_all_and_informs_nobody(model, network):
    others = LeaveOneOut.of(model, network)
    value = network["tas"].values[:, 1].astype(float)
    trusted = np.arange(24) != 3
    mean, _ = others.day(value, DAY, trusted)
    value[3] += 50.0
    again, _ = others.day(value, DAY, trusted)
    assert np.array_equal(mean, again)
    value[3] = np.nan
    assert np.array_equal(others.day(value, DAY)[0], mean)


def test_only_what_is_wanted_is_predicted_and_never_from_two_stations(model, network):
    others = LeaveOneOut.of(model, network)
    value = network["tas"].values[:, 1].astype(float)
    wanted = np.arange(24) == 5
    mean, _ = others.day(value, DAY, wanted=wanted)
    assert np.isfinite(mean).tolist() == wanted.tolist()
    value[2:] = np.nan
    assert np.isnan(others.day(value, DAY)[0]).all()


@pytest.mark.parametrize("coast", [False, True])
def test_remembered_terrain_is_the_terrain_there_and_elsewhere(coast):
    rng = np.random.default_rng(2)
    lat, lon = rng.uniform(44, 52, 9), rng.uniform(-3, 17, 9)
    height = rng.uniform(0, 900, 9)
    plain = SiteCovariates(coast=coast)
    known = RememberedTerrain.of(plain, lat[2:], lon[2:])
    for chosen in ([8, 3, 5], [0, 4], [2, 2, 7]):
        there = lat[chosen], lon[chosen], height[chosen]
        assert np.array_equal(known.terrain(*there), plain.terrain(*there))
    assert known.number == plain.number


def test_a_model_that_remembers_answers_the_same(model, network):
    from apnp.data import observations_at

    context = observations_at(network, DAY)
    faster = remembering(model, network["lat"].values, network["lon"].values)
    for one, two in zip(
        model.condition(context).predict(context.sites),
        faster.condition(context).predict(context.sites),
        strict=True,
    ):
        assert np.array_equal(one, two)
