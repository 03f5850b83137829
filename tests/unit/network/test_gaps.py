"""Hiding values, filling them without a model, and scoring that."""

import numpy as np
import pandas as pd
import pytest

from apnp.cli import main
from apnp.data import from_arrays, write_stations
from apnp.errors import DataError
from apnp.network.fillers import Filled, fill_by_climatology
from apnp.network.gap_scores import advice, by_length, of_series
from apnp.network.hidden import SHARE, gap_lengths, hide, lengths_of
from apnp.network.neighbour_regression import NeighbourRegression

NT, N = 120, 25


@pytest.fixture(scope="module")
def value():
    rng = np.random.default_rng(4)
    weather = np.cumsum(rng.normal(0, 1, (NT, 1)), axis=0)
    value = 5 + weather + rng.normal(0, 2, N) + rng.normal(0, 0.5, (NT, N))
    value[10:15, 3] = value[50, 7] = np.nan
    return value


def test_lengths_of_gaps_leave_out_the_ends():
    known = np.array([[0, 1], [1, 0], [0, 0], [0, 1], [1, 0]], dtype=bool)
    assert sorted(gap_lengths(known).tolist()) == [2, 2]


def test_each_hidden_value_knows_the_length_of_its_gap():
    hidden = np.array([[1, 0], [1, 1], [0, 0], [1, 1]], dtype=bool)
    assert lengths_of(hidden).tolist() == [[2, 0], [2, 1], [0, 0], [1, 1]]


@pytest.mark.parametrize("kind", ["random", "blocks", "stations"])
def test_about_a_tenth_of_what_is_known_is_hidden(value, kind):
    hidden = hide(value, kind, np.random.default_rng(0))
    known = np.isfinite(value)
    assert not (hidden & ~known).any()
    assert hidden.sum() / known.sum() == pytest.approx(SHARE, abs=0.04)
    again = hide(value, kind, np.random.default_rng(0))
    assert np.array_equal(hidden, again)
    if kind == "stations":
        whole = hidden.any(0)
        assert (hidden[:, whole] == known[:, whole]).all()


def test_blocks_have_the_lengths_of_the_files_own_gaps():
    value = np.ones((200, 30))
    for station in range(30):
        value[20 + station : 24 + station, station] = np.nan
    hidden = hide(value, "blocks", np.random.default_rng(1))
    assert set(np.unique(lengths_of(hidden))) == {0, 4}


def test_too_little_to_hide_is_refused():
    with pytest.raises(DataError, match="too few to hide"):
        hide(np.ones((3, 1)), "random", np.random.default_rng(0))


def test_a_station_that_is_a_line_of_another_is_filled_exactly():
    rng = np.random.default_rng(0)
    one = rng.normal(10, 5, 60)
    value = np.stack([one, 0.5 * one + 3, rng.normal(10, 5, 60)], axis=1)
    hidden = value.copy()
    hidden[20:30, 1] = np.nan
    places = np.array([50.0, 50.1, 50.2]), np.array([8.0, 8.1, 8.2])
    mean, std = NeighbourRegression(best=1).estimate(hidden, *places)
    assert mean[20:30, 1] == pytest.approx(value[20:30, 1])
    assert std[25, 1] == pytest.approx(0.05)
    none, _ = NeighbourRegression(common=61).estimate(hidden, *places)
    assert np.isnan(none).all()


def test_climatology_is_the_mean_of_the_time_of_year_in_all_years():
    times = np.arange("2019-01-01", "2021-12-31", dtype="M8[D]").astype("M8[ns]")
    day = np.arange(len(times))
    value = np.cos(2 * np.pi * day / 365.2425)[:, None] * [10.0, 4.0]
    value[700:720, 0] = np.nan
    found = fill_by_climatology(value, times)
    expected = 10 * np.cos(2 * np.pi * day[700:720] / 365.2425)
    assert found.mean[700:720, 0] == pytest.approx(expected, abs=0.3)


def test_scores_are_those_of_the_values_that_all_can_fill():
    truth = np.zeros((40, 2))
    hidden = np.zeros((40, 2), dtype=bool)
    hidden[0:4, 0] = hidden[10, 1] = True
    good = Filled("good", truth + 0.5, np.ones_like(truth))
    half = Filled("half", np.where(hidden[:, ::-1], np.nan, truth - 2.0), truth + 1)
    half.mean[2, 0] = np.nan
    table = by_length(truth, hidden, [good, half]).set_index(["method", "gap"])
    assert table.loc[("good", "2-7"), "values"] == 3
    assert table.loc[("good", "2-7"), "rmse"] == pytest.approx(0.5)
    assert table.loc[("half", "all"), "bias"] == pytest.approx(-2.0)
    assert table.loc[("half", "2-7"), "filled"] == pytest.approx(0.75)
    assert table.loc[("good", "1 day"), "coverage_90"] == 1.0
    assert ("good", "> 90") not in table.index


def test_means_are_too_smooth_and_draws_are_not():
    rng = np.random.default_rng(6)
    truth = rng.normal(0, 3, (300, 8))
    hidden = np.ones_like(truth, dtype=bool)
    smooth = Filled(
        "smooth", np.zeros_like(truth), np.full_like(truth, 3.0),
        rng.normal(0, 3, (4, *truth.shape)),
    )  # fmt: skip
    table = of_series(truth, hidden, [smooth]).set_index("method")
    assert table.loc["smooth", "p95"] < -4
    assert abs(table.loc["smooth, draws", "p95"]) < 0.5
    assert table.loc["smooth", "frost"] == pytest.approx(-50, abs=4)
    lines = advice(by_length(truth, hidden, [smooth]), table.reset_index())
    assert any("warm extremes" in line and "draws" in line for line in lines)


def test_the_command_scores_the_methods_that_need_no_model(value, tmp_path, capsys):
    rng = np.random.default_rng(9)
    ds = from_arrays(
        "tas", value.T, station=[f"s{i}" for i in range(N)],
        lat=rng.uniform(45, 50, N), lon=rng.uniform(5, 12, N),
        elevation=rng.uniform(0, 800, N),
        time=np.arange("2021-01-01", "2021-05-01", dtype="M8[D]"),
    )  # fmt: skip
    path = str(tmp_path / "in.nc")
    write_stations(ds, path)
    command = ["evaluate", "--stations", path, "--gaps", "blocks", "--seed", "2"]
    names = "neighbour_regression,climatology"
    more = ["--baselines", names, "--output", str(tmp_path / "out")]
    assert main([*command, *more]) == 0
    out = capsys.readouterr().out
    assert "Use, by these scores:" in out
    table = pd.read_csv(tmp_path / "out" / "gaps_blocks.csv")
    every = table[table["gap"] == "all"].set_index("method")["rmse"]
    assert every["neighbour regression"] < 0.8 < every["station climatology"]
    assert main([*command, "--baselines", "none"]) == 2
    assert "Nothing to score" in capsys.readouterr().err
    assert main([*command, "--baselines", "idw"]) == 2
    assert "with --gaps there are" in capsys.readouterr().err
