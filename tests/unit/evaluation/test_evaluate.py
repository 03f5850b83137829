from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import norm

from apnp import scores
from apnp.errors import DataError
from apnp.evaluation import as_text, evaluate, write
from apnp.evaluation.kriging import GaussianConditioned
from apnp.observations import Observations, Scores, Sites

SIZES = (3, 5, 8)


@dataclass(frozen=True)
class Shift:
    """Predicts the mean of the context plus a shift."""

    name: str
    shift: float
    std: float

    def condition(self, context):
        self_, mean = self, context.value.mean() + self.shift

        class Conditioned(GaussianConditioned):
            def predict(self, sites):
                return np.full(len(sites), mean), np.full(len(sites), self_.std)

        return Conditioned()


def observations(n, seed, day):
    rng = np.random.default_rng(seed)
    lat, lon = 40.0 + np.arange(n), 10.0 + np.arange(n)
    time = np.datetime64("2019-01-01") + day
    return Observations(Sites(lat, lon, 100.0 * np.arange(n), time), rng.normal(size=n))


def tasks():
    return [
        (observations(6, 10 + day, day), observations(n, 20 + day, day))
        for day, n in enumerate(SIZES)
    ]


MODELS = (Shift("good", 0.1, 1.1), Shift("biased", 0.8, 0.9))


@pytest.fixture
def evaluation():
    return evaluate(MODELS, tasks(), reference="good")


def expected(model, score):
    """Scores of every point, a list of one array a task, computed again."""
    out = []
    for context, target in tasks():
        mean = context.value.mean() + model.shift
        out.append(score(target.value, mean, model.std))
    return out


def test_summary_weighs_every_task_alike(evaluation):
    table = evaluation.summary().set_index("model")
    assert list(table.index) == ["good", "biased"]
    for model in MODELS:
        row = table.loc[model.name]
        crps = [np.mean(s) for s in expected(model, scores.crps_gaussian)]
        assert row.crps == pytest.approx(np.mean(crps))
        assert row.crps_se == pytest.approx(np.std(crps, ddof=1) / np.sqrt(3))
        nll = [-np.mean(s) for s in expected(model, scores.log_density_gaussian)]
        assert row.nll == pytest.approx(np.mean(nll))
        error = expected(model, lambda y, mean, std: mean - y)
        assert row.bias == pytest.approx(np.mean([e.mean() for e in error]))
        squares = [np.mean(e**2) for e in error]
        assert row.rmse == pytest.approx(np.sqrt(np.mean(squares)))
        inside = expected(
            model, lambda *a: scores.covered(scores.pit_gaussian(*a), 0.9)
        )
        assert row.coverage_90 == pytest.approx(np.mean([c.mean() for c in inside]))
        assert (row.n_tasks, row.n_targets) == (3, sum(SIZES))


def test_differences_are_paired_with_the_reference(evaluation):
    table = evaluation.summary().set_index("model")
    a, b = (
        np.array([np.mean(s) for s in expected(m, scores.crps_gaussian)])
        for m in MODELS[::-1]
    )
    row = table.loc["biased"]
    assert row.crps_difference == pytest.approx((a - b).mean())
    assert row.crps_difference_se == pytest.approx((a - b).std(ddof=1) / np.sqrt(3))
    assert row.crps_ratio == pytest.approx(a.mean() / b.mean())
    assert table.loc["good"].crps_ratio == 1
    assert table.loc["good"].nll_difference == 0
    alone = evaluate(MODELS, tasks(), reference="absent").summary()
    assert "crps_ratio" not in alone


def test_tables_by_task_and_station_hold_every_target_once(evaluation):
    per_task = evaluation.per_task()
    assert list(per_task[per_task.model == "good"].n_targets) == list(SIZES)
    assert (per_task.n_context == 6).all()
    times = pd.to_datetime(["2019-01-01", "2019-01-02", "2019-01-03"])
    assert list(per_task[per_task.model == "biased"].time) == list(times)
    per_station = evaluation.per_station().query("model == 'biased'")
    assert list(per_station.n_tasks) == [3, 3, 3, 2, 2, 1, 1, 1]
    last = expected(MODELS[1], scores.crps_gaussian)[2][7]
    assert per_station.crps.iloc[7] == pytest.approx(last)


def test_files_are_complete_and_carry_station_ids(evaluation, tmp_path):
    n = 8
    stations = xr.Dataset(
        coords={
            "station": [f"S{k}" for k in range(n)],
            "lat": ("station", 40.0 + np.arange(n)),
            "lon": ("station", 10.0 + np.arange(n)),
            "elevation": ("station", 100.0 * np.arange(n)),
        }
    )
    folder = tmp_path / "a" / "b"
    write(evaluation, folder, stations)
    assert {f.name for f in folder.iterdir()} == {
        "summary.csv", "per_task.csv", "per_station.csv", "pit.csv", "calibration.png",
    }  # fmt: skip
    summary = pd.read_csv(folder / "summary.csv")
    pd.testing.assert_frame_equal(
        summary, evaluation.summary(), rtol=1e-4, check_dtype=False
    )
    per_station = pd.read_csv(folder / "per_station.csv")
    assert list(per_station.station) == 2 * [f"S{k}" for k in range(n)]
    pit = pd.read_csv(folder / "pit.csv")
    assert pit.groupby("model").share.sum().to_list() == pytest.approx([1, 1])
    assert pit.upper.max() == 1


def test_text_gives_ratio_and_error(evaluation):
    row = evaluation.summary().set_index("model").loc["biased"]
    text = as_text(evaluation).splitlines()[-1]
    assert text.startswith("biased")
    assert f"{row.crps:.3f} ±{row.crps_se:.3f}" in text
    assert f"{row.crps_ratio:.3f} ±{row.crps_ratio_se:.3f}" in text


def test_refuses_predictions_that_are_none():
    with pytest.raises(
        DataError, match=r"worse predicts nan .* 40.000 N 10.000 E on 20"
    ):
        evaluate([Shift("worse", np.nan, 1.0)], tasks())
    with pytest.raises(DataError, match=r"with standard deviation 0.0 at"):
        evaluate([Shift("sure", 0.0, 0.0)], tasks())


def test_refuses_no_task_and_equal_names():
    with pytest.raises(DataError, match=r"`tasks` is empty"):
        evaluate(MODELS, [])
    with pytest.raises(ValueError, match=r"different names. Got \['good', 'good'\]"):
        evaluate([MODELS[0], MODELS[0]], tasks())


def test_gaussians_are_scored_as_by_their_formulas(evaluation):
    """Number by number, not only on average."""
    for model in MODELS:
        points = evaluation.points.query("model == @model.name")
        for name, score, sign in (
            ("crps", scores.crps_gaussian, 1), ("pit", scores.pit_gaussian, 1),
            ("nll", scores.log_density_gaussian, -1),
        ):  # fmt: skip
            by_hand = sign * np.concatenate(expected(model, score))
            np.testing.assert_array_equal(points[name], by_hand)
        inside = expected(model, lambda y, m, std: abs(y - m) <= norm.ppf(0.95) * std)
        np.testing.assert_array_equal(points["coverage_90"], np.concatenate(inside))


@dataclass(frozen=True)
class Dice:
    """One of four values alike: no Gaussian."""

    name: str = "dice"

    def condition(self, context):
        return self

    def marginals(self, sites):
        return DiceMarginals(np.full(len(sites), 1.5), np.full(len(sites), 5**0.5 / 2))


@dataclass(frozen=True)
class DiceMarginals:
    mean: np.ndarray
    std: np.ndarray

    def score(self, y):
        return Scores(2 * y, 3 * y, y / 4, (y + 1) / 4)


def test_a_prediction_is_scored_by_its_own_law():
    context, face = observations(4, 0, 0), np.arange(400) % 4
    where = np.linspace(0, 80, 400)
    sites = Sites(where, where, where, context.sites.time)
    task = context, Observations(sites, face.astype(float))
    points = evaluate([Dice()], [task]).points
    np.testing.assert_array_equal(points["crps"], 2 * face)
    np.testing.assert_array_equal(points["nll"], 3 * face)
    assert (points["pit"] >= face / 4).all()
    assert (points["pit"] <= (face + 1) / 4).all()
    assert points["pit"].std() == pytest.approx(12**-0.5, abs=0.02)
    inside = np.abs(points["pit"] - 0.5) <= 0.45
    np.testing.assert_array_equal(points["coverage_90"], inside)
    again = evaluate([Dice()], [task]).points
    np.testing.assert_array_equal(points["pit"], again["pit"])


@dataclass(frozen=True)
class Together:
    """A shift that says a joint density of its own."""

    name: str

    def condition(self, context):
        inner = Shift(self.name, 0.2, 1.3).condition(context)

        class Conditioned:
            def marginals(self, sites):
                alone = inner.marginals(sites)

                class Marginals:
                    mean, std = alone.mean, alone.std

                    def score(self, y):
                        return replace(alone.score(y), joint_nll=float(len(y)) ** 2)

                return Marginals()

        return Conditioned()


def test_a_joint_score_is_told_beside_those_of_values_one_by_one(tmp_path):
    evaluation = evaluate((Together("together"), MODELS[0]), tasks(), reference="good")
    table = evaluation.summary().set_index("model")
    squares = np.array(SIZES) ** 2.0
    assert table.loc["together"].joint_nll == pytest.approx(squares.mean())
    error = squares.std(ddof=1) / np.sqrt(3)
    assert table.loc["together"].joint_nll_se == pytest.approx(error)
    assert np.isnan(table.loc["good"].joint_nll)
    text = as_text(evaluation)
    assert "joint NLL" in text
    assert "32.667 ±" in text
    assert list(evaluation.per_task()["joint_nll"][:3]) == list(squares)
    assert "joint_nll" not in evaluation.per_station()
    alone = evaluate(MODELS, tasks(), reference="good")
    assert "joint_nll" not in alone.points
    assert "joint_nll" not in alone.summary()
    assert "joint NLL" not in as_text(alone)
