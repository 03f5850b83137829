import numpy as np
import pandas as pd
import pytest

from apnp.cli import main
from apnp.data import from_arrays, write_stations
from apnp.errors import DataError
from apnp.evaluation.kriging import Exponential, GaussianLaw
from apnp.network.influence import (
    influence,
    linear_influence,
    station_column,
)
from apnp.observations import Observations, Sites
from apnp.prediction import load

TIME = np.datetime64("2021-07-02", "ns")
COVARIANCE = Exponential(4.0, 300.0)


def observations(n: int = 12) -> Observations:
    rng = np.random.default_rng(5)
    lat, lon = rng.uniform(40, 50, n), rng.uniform(0, 15, n)
    return Observations(
        Sites(lat, lon, rng.uniform(0, 900, n), TIME), rng.normal(15, 4, n)
    )


def law(noise: float = 0.7) -> GaussianLaw:
    return GaussianLaw(COVARIANCE, COVARIANCE.variance, noise)


def without(context: Observations, i: int) -> Observations:
    keep = np.arange(len(context.value)) != i
    return Observations(context.sites.take(keep), context.value[keep])


def test_influence_is_mutual_for_gaussian_process_regression():
    found = linear_influence(law().condition, observations())
    assert found.reciprocity < 1e-10
    assert 0 < found.degrees_of_freedom < 12
    assert ((found.self_sensitivity > 0) & (found.self_sensitivity < 1)).all()


def test_left_out_residuals_are_those_of_predicting_without_the_station():
    context = observations()
    found = linear_influence(law().condition, context)
    for i in range(len(context.value)):
        one = context.sites.take(np.array([i]))
        (mean,), _ = law().condition(without(context, i)).predict(one)
        assert found.left_out[i] == pytest.approx(context.value[i] - mean, abs=1e-9)


def test_inverse_distances_are_not_mutual():
    """A station in a cluster tells less of a lonely one than the other way round."""

    class Weighted:
        def condition(self, context):
            class Read:
                def predict(self, sites):
                    apart = np.hypot(
                        sites.lat[:, None] - context.sites.lat,
                        sites.lon[:, None] - context.sites.lon,
                    )
                    weight = 1 / (5 + apart**2)
                    mean = weight @ context.value / weight.sum(1)
                    return mean, np.ones(len(sites))

            return Read()

    assert linear_influence(Weighted().condition, observations()).reciprocity > 0.05


@pytest.fixture(scope="module")
def model():
    return load("pretrained")


def test_derivatives_are_differences_of_predicted_fields(model):
    context = observations()
    found = influence(model, context)
    for j in (0, 7):
        column = station_column(model, context, j, context.sites)
        np.testing.assert_allclose(found.matrix[:, j], column, atol=5e-3)
    assert np.abs(found.matrix).max() > 0.05


def test_a_single_station_is_refused(model):
    context = observations(1)
    with pytest.raises(DataError, match=r"two of them at least. Got 1"):
        influence(model, context)


@pytest.fixture
def station_file(tmp_path):
    context = observations()
    sites = context.sites
    path = tmp_path / "stations.nc"
    ds = from_arrays(
        "tas", context.value[:, None], station=[f"S{i}" for i in range(12)],
        lat=sites.lat, lon=sites.lon, elevation=sites.elevation, time=[TIME],
    )  # fmt: skip
    write_stations(ds, path)
    return path


def test_the_command_writes_a_row_for_each_station(station_file, tmp_path, capsys):
    output = tmp_path / "influence.csv"
    argv = ["influence", str(station_file), "--output", str(output)]
    assert main([*argv, "--map", str(tmp_path / "map.png")]) == 0
    table = pd.read_csv(output)
    assert sorted(table["station"]) == sorted(f"S{i}" for i in range(12))
    assert table["influence_on_others"].is_monotonic_decreasing
    assert "degrees of freedom for signal" in capsys.readouterr().out
    assert (tmp_path / "map.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--station", "S99", "--map", "m.png"], "No station 'S99' reports"),
        (["--station", "S1"], "name a file for it with --map"),
    ],
)
def test_impossible_requests_are_refused(
    station_file, tmp_path, monkeypatch, capsys, more, told
):
    monkeypatch.chdir(tmp_path)
    argv = ["influence", str(station_file), "--output", "t.csv", *more]
    assert main(argv) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "t.csv").exists()
