import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from apnp.cli import main
from apnp.errors import DataError
from apnp.evaluation import baseline
from apnp.geometry.station_blocks import StationSplit

DAYS = pd.date_range("2019-06-01", periods=6)
N = 80


@pytest.fixture(scope="module")
def stations(tmp_path_factory):
    rng = np.random.default_rng(0)
    lat, lon = rng.uniform(40, 60, N), rng.uniform(0, 30, N)
    elevation = rng.uniform(0, 1500, N)
    value = 25 - 6 * elevation / 1000 - 0.5 * (lat - 40)
    table = pd.concat(
        pd.DataFrame(
            {
                "station": [f"S{k:02d}" for k in range(N)],
                "time": day,
                "lat": lat.round(4),
                "lon": lon.round(4),
                "elevation": elevation.round(),
                "tas": (value + rng.normal(size=N)).round(2),
            }
        )
        for day in DAYS
    )
    path = tmp_path_factory.mktemp("evaluate") / "stations.csv"
    table.to_csv(path, index=False)
    return str(path)


def model(**changes):
    """A stand-in for a trained model: ordinary kriging under another name."""
    kriging = baseline("ordinary_kriging")
    stand_in = SimpleNamespace(
        **{
            "name": "network",
            "condition": kriging.condition,
            "covariates": lambda sites: np.sin(sites.lon)[:, None],
            "variable": "tas",
            "split": StationSplit(block_km=200, test=0.3),
            "test_times": "2019-06-05/2019-06-06",
            "check_days": lambda times: None,
            "strict": lambda: model(name="network, strict"),
            "self_recalibrating": lambda known=False: stand_in,
            "remembering": lambda stations: stand_in,
            **changes,
        }
    )
    return stand_in


@pytest.fixture
def run(tmp_path, monkeypatch):
    module = SimpleNamespace(load=lambda folder, fields=(): model())
    monkeypatch.setitem(sys.modules, "apnp.prediction", module)
    return str(tmp_path / "run")


def evaluate(capsys, *argv):
    """Exit status and what was printed."""
    status = main(["evaluate", *argv])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_baselines_alone_need_no_model(stations, capsys):
    status, out, err = evaluate(capsys, "--stations", stations, "--context", "30")
    assert status == 0
    assert "of 80 stations held out, 6 times from 2019-06-01 to 2019-06-06" in out
    for name in ("climatology", "inverse distance", "ordinary kriging", "regression"):
        assert f"\n{name}" in out
    assert "6/6" in err
    assert "SIMULATED" not in out


def test_run_is_scored_at_its_own_test_blocks_and_times(
    stations, run, capsys, tmp_path
):
    status, _, _ = evaluate(
        capsys, "--checkpoint", run, "--stations", stations, "--no-fixed-inputs",
        "--baselines", "regression_kriging,informed_kriging",
    )  # fmt: skip
    assert status == 0
    table = pd.read_csv(tmp_path / "run" / "evaluation" / "per_station.csv")
    where = table.drop_duplicates("station")
    assert (model().split.assign(where.lat, where.lon) == "test").all()
    tasks = pd.read_csv(tmp_path / "run" / "evaluation" / "per_task.csv")
    assert set(tasks.time) == {"2019-06-05", "2019-06-06"}
    own, baselines = {"network", "network, strict"}, {"regression kriging"}
    assert set(tasks.model) == own | baselines | {"kriging, model's covariates"}


@pytest.mark.parametrize("rule", ["random", "blocks"])
def test_another_hold_out_says_what_the_model_has_seen(rule, stations, run, capsys):
    status, _, err = evaluate(
        capsys, "--checkpoint", run, "--stations", stations, "--hold-out", rule,
        "--baselines", "none", "--tasks", "1", "--output", run,
    )  # fmt: skip
    assert status == 0
    assert "held-out stations lie in blocks that the model was trained on" in err


@pytest.mark.parametrize("rule", ["run", "random"])
def test_seed_repeats_the_scores(rule, stations, run, capsys):
    tables = []
    for seed in ("1", "1", "2"):
        status, _, _ = evaluate(
            capsys, "--checkpoint", run, "--stations", stations, "--hold-out", rule,
            "--seed", seed, "--baselines", "climatology", "--context", "20",
        )  # fmt: skip
        assert status == 0
        table = pd.read_csv(f"{run}/evaluation/per_task.csv")
        tables.append(table.drop(columns="seconds"))
    assert tables[0].equals(tables[1])
    assert not tables[0].equals(tables[2])


def test_targets_and_context_are_stations_of_the_region(
    stations, run, capsys, tmp_path, monkeypatch
):
    whole = pd.read_csv(stations)
    there = whole[(whole.lon.between(3, 20)) & (whole.lat.between(42, 58))]
    seen = []

    def condition(context):
        seen.append(context.sites)
        return baseline("ordinary_kriging").condition(context)

    module = SimpleNamespace(load=lambda folder, fields=(): model(condition=condition))
    monkeypatch.setitem(sys.modules, "apnp.prediction", module)
    status, out, _ = evaluate(
        capsys, "--checkpoint", run, "--stations", stations, "--baselines", "none",
        "--region", "3,42,20,58",
    )  # fmt: skip
    assert status == 0
    n = there.station.nunique()
    assert f" of {n} stations held out" in out
    assert "region 3 to 20 E, 42 to 58 N" in out
    table = pd.read_csv(tmp_path / "run" / "evaluation" / "per_station.csv")
    lat = np.concatenate([table.lat, *(sites.lat for sites in seen)])
    lon = np.concatenate([table.lon, *(sites.lon for sites in seen)])
    assert set(lon.round(4)) == set(there.lon)
    assert ((lat > 42) & (lat < 58)).all()


@pytest.mark.parametrize("given", ["-10,1,2", "0,50,10,40", "a,b,c,d", "0,50,10,95"])
def test_refuses_what_is_no_region(given, stations, capsys):
    status, out, err = evaluate(capsys, "--stations", stations, "--region", given)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert f"Got {given}." in err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--baselines", "none"], "Nothing to score: give --checkpoint or --baselines"),
        (["--baselines", "magic"], "Unknown baseline 'magic'; known are climatology"),
        (["--baselines", "true_law"], "needs stations simulated by apnp"),
        (["--baselines", "informed_kriging"], "uses the covariates of a model"),
        (["--hold-out", "run"], "test blocks of a run: give --checkpoint"),
        (["--no-fixed-inputs"], "--no-fixed-inputs requires --checkpoint"),
        (["--context", "0"], "--context: must be an integer >= 1"),
        (["--seed", "-1"], "--seed: must be an integer >= 0"),
        (["--tasks", "-3"], "--tasks: must be an integer >= 1"),
        (["--context-pool", "all", "--context", "80"], "take a smaller context"),
        (["--time", "2031-01-01"], "2031-01-01"),
        (["--region", "-120,30,-80,50"], "None of 80 stations lies in the region"),
        (["--region", "0,40,9,50", "--field", "a.nc"], "leave --region out"),
        (["--field", "a.nc"], "--field requires stations simulated by apnp"),
        (["--field", "a.nc", "--checkpoint", "run"], "leave --checkpoint out"),
        (["--output", __file__], "cannot be made a folder of results (File exists)"),
    ],
)
def test_refuses(argv, message, stations, capsys):
    status, out, err = evaluate(capsys, "--stations", stations, *argv)
    assert status == 2
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_refuses_a_model_of_another_variable(stations, run, capsys, monkeypatch):
    module = SimpleNamespace(load=lambda folder, fields=(): model(variable="tasmax"))
    monkeypatch.setitem(sys.modules, "apnp.prediction", module)
    status, _, err = evaluate(capsys, "--checkpoint", run, "--stations", stations)
    assert status == 2
    assert "predicts tasmax, and --variable is tas: give --variable tasmax" in err


def test_refuses_test_days_that_another_file_does_not_hold(
    stations, run, capsys, monkeypatch
):
    module = SimpleNamespace(
        load=lambda folder, fields=(): model(test_times="2025-01-01")
    )
    monkeypatch.setitem(sys.modules, "apnp.prediction", module)
    status, _, err = evaluate(capsys, "--checkpoint", run, "--stations", stations)
    assert status == 2
    assert "The run's test days: " in err
    assert "2025-01-01" in err
    assert "Give --time" in err


def test_days_without_fields_are_refused_before_any_is_scored(
    stations, run, capsys, monkeypatch
):
    def check_days(times):
        raise DataError(f"t2m has no {times[-1].astype('datetime64[D]')}")

    def load(folder, fields=()):
        assert fields == ["other.nc"]
        return model(check_days=check_days, condition=None)

    monkeypatch.setitem(sys.modules, "apnp.prediction", SimpleNamespace(load=load))
    status, _, err = evaluate(
        capsys, "--checkpoint", run, "--stations", stations, "--covariates", "other.nc"
    )
    assert status == 2
    assert "t2m has no 2019-06-06" in err
    assert "task" not in err
    status, _, err = evaluate(
        capsys, "--stations", stations, "--covariates", "other.nc"
    )
    assert status == 2
    assert "--covariates requires --checkpoint" in err


def test_refuses_a_file_that_is_not_there(capsys):
    status, _, err = evaluate(capsys, "--stations", "nowhere.nc")
    assert status == 2
    assert "nowhere.nc" in err


def test_known_stations_are_scored_beside_what_knows_their_other_days(
    stations, run, capsys
):
    status, out, err = evaluate(
        capsys, "--checkpoint", run, "--stations", stations, "--at", "known",
        "--context", "20", "--tasks", "2", "--output", run,
        "--baselines", "anomaly_kriging,random_forest",
    )  # fmt: skip
    assert status == 0, err
    assert "stations known, 2 times" in out
    assert "\nanomaly kriging" in out
    assert "\nrandom forest" in out
    table = pd.read_csv(f"{run}/per_station.csv")
    part = model().split.assign(table["lat"].to_numpy(), table["lon"].to_numpy())
    assert set(part) == {"train"}


def test_known_stations_are_chosen_by_one_rule(stations, run, capsys):
    status, _, err = evaluate(
        capsys, "--checkpoint", run, "--stations", stations, "--at", "known",
        "--hold-out", "random",
    )  # fmt: skip
    assert status == 2
    assert "leave --hold-out and --context-pool out" in err
