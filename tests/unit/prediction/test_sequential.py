import numpy as np
import pytest
import torch
from scipy import stats

from apnp.data import from_arrays, observations_at
from apnp.errors import ConfigError
from apnp.observations import Sites
from apnp.output.field_output import FieldOutput
from apnp.prediction import Samples, load, region_mean

DAY = "2021-07-01"
WEST, EAST = 176, -176
ASKED = {
    "time": DAY, "grid": 2.0, "region": (WEST, 60, EAST, 68), "recalibration": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def model():
    """The model that ships: a local TNP with a mixture."""
    return load()


@pytest.fixture(scope="module")
def stations():
    rng = np.random.default_rng(2)
    n = 40
    lat, lon = rng.uniform(55, 72, n), (rng.uniform(165, 195, n) + 180) % 360 - 180
    height = rng.uniform(0, 900, n)
    value = 30 - 0.3 * lat - 0.0065 * height + rng.normal(0, 1, n)
    return from_arrays(
        "tas", value[:, None], station=[f"s{i}" for i in range(n)], lat=lat, lon=lon,
        elevation=height, time=np.array([DAY], "datetime64[ns]"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def drawn(model, stations):
    return model.predict_grid(stations, samples=Samples(1500, seed=1), **ASKED)


def scores_of(model, stations, field):
    """Normal scores of all draws under the predicted marginals, (draws, rows, cols)."""
    lat, lon = np.meshgrid(field.lat, field.lon, indexing="ij")
    height = field.elevation.values.astype(float).ravel()
    sites = Sites(lat.ravel(), lon.ravel(), height, np.datetime64(DAY, "ns"))
    context = observations_at(stations, DAY)
    law = model.condition(context).marginals(sites)
    values = field.tas_sample.values[0].reshape(field.sizes["realization"], -1)
    scaled = torch.from_numpy(values - model.inputs.scaling.unscale(np.zeros(1))[0])
    scaled = scaled.double() / model.inputs.std
    level = law.predictive.double().cdf(scaled[:, None, :, None])[:, 0, :, 0].numpy()
    return stats.norm.ppf(level).reshape(-1, *lat.shape)


def test_draws_have_the_predicted_marginals_and_cross_the_date_line(
    model, stations, drawn
):
    z = scores_of(model, stations, drawn)
    k = len(z)
    assert np.abs(z.mean(0)).max() < 4.5 / k**0.5
    assert np.abs(z.var(0) - 1).max() < 4.5 * (2 / k) ** 0.5
    assert stats.kstest(z[:, ::2, ::2].ravel(), "norm").statistic < 0.02
    assert drawn.lon.max() > 180
    east, seam, west = (
        np.mean([np.corrcoef(z[:, i, j], z[:, i, j + 1])[0, 1] for i in range(4)])
        for j in (0, 1, 2)
    )
    assert seam > 0.3
    assert seam == pytest.approx((east + west) / 2, abs=0.15)


def test_draws_follow_the_seed_and_no_chunk_and_no_thread(model, stations):
    asked = {"samples": Samples(3, seed=5), **ASKED}
    whole = model.predict_grid(stations, **asked).tas_sample
    part = model.predict_grid(stations, **asked, output=FieldOutput(chunk_cells=4))
    np.testing.assert_allclose(part.tas_sample, whole, atol=2e-3)
    threads = torch.get_num_threads()
    torch.set_num_threads(3 - min(threads, 2))
    try:
        other = model.predict_grid(stations, **asked).tas_sample
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_allclose(other, whole, atol=2e-3)
    again = model.predict_grid(stations, samples=Samples(3, seed=6), **ASKED)
    assert np.abs(again.tas_sample - whole).min() > 1e-4


def test_draws_without_noise_vary_less_but_their_region_hardly(model, stations, drawn):
    samples = Samples(1500, seed=1, noise=False)
    quiet = model.predict_grid(stations, samples=samples, **ASKED)
    ratio = quiet.tas_sample.std("realization") / drawn.tas_sample.std("realization")
    assert float(ratio.max()) < 1.0
    assert float(ratio.min()) > 0.3
    of_region = [region_mean(each).tas_std.item() for each in (quiet, drawn)]
    assert 0.6 < of_region[0] / of_region[1] < 1.02
    assert "noise is left out" in quiet.tas_sample.comment
    assert "noise of every cell is included" in drawn.tas_sample.comment


def test_masked_cells_have_no_draws_and_others_their_own(model, stations):
    mask = np.ones((4, 4), dtype=bool)
    mask[0, 1] = mask[2, 2:] = False
    found = model.predict_grid(stations, samples=Samples(2), mask=mask, **ASKED)
    values = found.tas_sample.values[0]
    np.testing.assert_array_equal(np.isfinite(values), np.stack([mask, mask]))
    far = np.abs(values - found.tas.values[0])[:, mask]
    assert (far < 7 * found.tas_stderr.values[0][mask]).all()


def test_a_model_without_a_covariance_cannot_leave_out_noise(
    stations, random_run, tmp_path
):
    run = random_run(tmp_path / "run", stations, "sphere")
    with pytest.raises(ConfigError, match="need a local_tnp model"):
        load(run).predict_grid(stations, samples=Samples(2, noise=False), **ASKED)


def test_draws_that_do_not_fit_in_memory_are_refused(model, stations, monkeypatch):
    monkeypatch.setattr("apnp.prediction.sequential.available_memory", lambda: 2**20)
    with pytest.raises(ConfigError, match=r"5,000 draws of 4 x 4 cells.*fewer draws"):
        model.predict_grid(stations, samples=Samples(5000), **ASKED)
