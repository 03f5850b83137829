import numpy as np
import pandas as pd
import pytest
import xarray as xr

from apnp.cli import main
from apnp.data import from_arrays, read_stations, write_stations
from apnp.network import fill
from apnp.network.fill_file import FillRequest, fill_file
from apnp.prediction import load

NT, N, BLOCK = 12, 10, 5


@pytest.fixture(scope="module", autouse=True)
def small_blocks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fill, "DAYS", BLOCK)
        yield


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(8)
    value = rng.normal(9.0, 2.0, (N, NT)).round(1).astype(np.float32)
    value[3, 5:9] = value[6, 10] = np.nan
    value[:8, 2] = np.nan  # two stations are too few
    lat = np.append(rng.uniform(44, 52, N - 1), -50.0)  # the last is far away
    value[9, 7] = np.nan
    return from_arrays(
        "tas", value, station=[f"s{i}" for i in range(N)], lat=lat,
        lon=rng.uniform(2, 17, N), elevation=rng.uniform(0, 900, N),
        time=np.arange("2021-07-01", "2021-07-13", dtype="M8[D]"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(network, random_run, tmp_path_factory):
    return random_run(tmp_path_factory.mktemp("run"), network)


@pytest.fixture(scope="module")
def filled(network, run, tmp_path_factory):
    path = tmp_path_factory.mktemp("filled") / "out.nc"
    count = fill_file(load(run), network, path, FillRequest(draws=3))
    with xr.open_dataset(path) as ds:
        return ds.load(), count, path


def test_observed_values_stay_to_the_last_bit(filled, network):
    ds, count, _ = filled
    known = np.isfinite(network["tas"].values)
    assert np.array_equal(ds["tas"].values[known], network["tas"].values[known])
    assert ds["tas"].dtype == np.float32
    assert np.isnan(ds["tas_stderr"].values[known]).all()
    for draw in ds["tas_sample"].values:
        assert np.array_equal(draw[known], network["tas"].values[known])
    assert count.observed == known.sum()


def test_every_gap_is_filled_or_says_why_not(filled, network):
    ds, count, _ = filled
    origin = ds["tas_origin"].values
    gap = np.isnan(network["tas"].values)
    assert (origin[~gap] == fill.OBSERVED).all()
    assert (origin[:8, 2] == fill.TOO_FEW).all()
    assert origin[9, 7] == fill.TOO_FAR
    full = origin == fill.FILLED
    assert full.sum() == count.filled == 5
    assert np.isfinite(ds["tas"].values[full]).all()
    assert (ds["tas_stderr"].values[full] > 0).all()
    assert np.isnan(ds["tas"].values[origin > fill.FILLED]).all()
    meanings = ds["tas_origin"].attrs["flag_meanings"].split()
    assert meanings[fill.TOO_FAR] == "not_filled_too_far"


def test_draws_differ_in_gaps_and_keep_about_the_mean(filled):
    ds, _, _ = filled
    full = ds["tas_origin"].values == fill.FILLED
    draws = ds["tas_sample"].values[:, full]
    z = (draws - ds["tas"].values[full]) / ds["tas_stderr"].values[full]
    assert np.unique(draws).size == draws.size
    assert np.abs(z).max() < 5
    assert 0.3 < z.std() < 2


def test_the_file_is_read_again_with_its_gaps_filled(filled, network):
    ds, _, path = filled
    again = read_stations(path)
    assert again.sizes["station"] == N
    assert np.array_equal(again["tas"], ds["tas"], equal_nan=True)
    assert "dropped" not in again.attrs["quality_control"].replace(
        "nothing dropped", ""
    )


def test_a_value_that_is_there_does_not_depend_on_history_and_a_gap_does(
    network, run, filled, tmp_path
):
    path = tmp_path / "out.csv"
    fill_file(load(run), network, path, FillRequest(history=False))
    table = pd.read_csv(path).set_index(["time", "station"])["tas"].unstack()
    without = table[[f"s{i}" for i in range(N)]].to_numpy().T
    ds = filled[0]
    observed = ds["tas_origin"].values == fill.OBSERVED
    assert np.allclose(without[observed], ds["tas"].values[observed], atol=1e-6)
    assert not np.allclose(without[3, 5:9], ds["tas"].values[3, 5:9], atol=1e-3)


def test_a_stopped_command_resumes_and_gives_the_same(
    network, run, filled, tmp_path, monkeypatch
):
    model, path = load(run), tmp_path / "out.nc"
    asked = []
    day = fill.LeaveOneOut.day

    def counted(self, value, time, *args, **kwargs):
        asked.append(time)
        if len(asked) == 7:
            raise KeyboardInterrupt
        return day(self, value, time, *args, **kwargs)

    monkeypatch.setattr(fill.LeaveOneOut, "day", counted)
    with pytest.raises(KeyboardInterrupt):
        fill_file(model, network, path)
    assert [p.name for p in tmp_path.iterdir()] == [".out.nc.work"]
    asked.clear()
    asked += [None] * 100
    fill_file(model, network, path)
    assert len(asked) == 100 + NT - BLOCK
    assert [p.name for p in tmp_path.iterdir()] == ["out.nc"]
    with xr.open_dataset(path) as ds:
        assert np.array_equal(ds["tas"], filled[0]["tas"], equal_nan=True)


def test_the_command_fills_and_says_what(network, run, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_stations(network.isel(time=slice(4, 8)), "in.nc")
    arguments = ["fill", "in.nc", "out.csv", "--checkpoint", str(run)]
    assert main([*arguments, "--no-history"]) == 0
    assert "36 values observed, 3 gaps filled, 1 not filled" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["out.zarr"], "the name ends in .nc or .csv"),
        (["in.nc"], "one of the files that are read"),
        (["missing/out.nc"], "does not exist"),
        (["out.nc", "--draws", "0"], "must be an integer"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    arguments, said, network, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    write_stations(network, "in.nc")
    assert main(["fill", "in.nc", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert len(error.splitlines()) == 1
