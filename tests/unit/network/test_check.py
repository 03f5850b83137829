import numpy as np
import pandas as pd
import pytest
import xarray as xr

from apnp.cli import main
from apnp.data import from_arrays, read_stations, write_stations
from apnp.network import check_output
from apnp.network.check import Checked, named


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(8)
    n = 14
    value = rng.normal(9.0, 2.0, (n, 6)).astype(np.float32)
    value[3, 2] = 41.0
    value[5, 1] = np.nan
    return from_arrays(
        "tas", value, station=[f"s{i}" for i in range(n)],
        lat=rng.uniform(44, 52, n), lon=rng.uniform(2, 17, n),
        elevation=rng.uniform(0, 900, n),
        time=np.arange("2021-07-01", "2021-07-07", dtype="M8[D]"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def checked(network):
    value = network["tas"].values.T.astype(float)
    flag = np.zeros(value.shape, np.int8)
    flag[2, 3], flag[4, 0] = 1 | 4, 8
    mean = np.where(np.isfinite(value), 9.0, np.nan)
    return Checked(
        network, "tas", mean, np.full_like(mean, 2.0), (value - mean) / 2.0,
        np.zeros(14), flag, ["swapped with s1", *[""] * 13],
    )  # fmt: skip


def test_every_value_stays_and_readers_leave_the_flagged_ones_out(
    checked, network, tmp_path
):
    path = tmp_path / "flags.nc"
    check_output.write_flags(checked, path)
    with xr.open_dataset(path) as ds:
        assert np.array_equal(ds["tas"], network["tas"], equal_nan=True)
        assert np.array_equal(ds["tas_check"].values.T, checked.flag)
        assert ds["tas_check"].attrs["flag_meanings"].split()[3] == "swapped"
        assert list(ds["tas_check"].attrs["flag_masks"]) == [1, 2, 4, 8, 16, 32]
        assert ds["tas_expected"].attrs["units"] == "degC"
    again = read_stations(path)
    expected = network["tas"].values.copy()
    expected[3, 2] = expected[0, 4] = np.nan
    assert np.array_equal(again["tas"], expected, equal_nan=True)
    assert "2 values with a failed quality flag" in again.attrs["quality_control"]


def test_a_table_holds_the_flagged_values_the_worst_first(checked, tmp_path):
    path = tmp_path / "flags.csv"
    check_output.write_flags(checked, path)
    table = pd.read_csv(path)
    assert table["station"].tolist() == ["s3", "s0"]
    assert table["faults"].tolist() == ["gross stuck", "swapped"]
    assert table["z"][0] == pytest.approx(16.0)
    assert table["note"][1] == "swapped with s1"


def test_a_report_counts_and_names(checked, tmp_path):
    text = check_output.as_text(checked, 5.0)
    assert "83 values on 6 days from 2021-07-01 to 2021-07-06" in text
    assert "2 are flagged (2.41%)" in text
    assert "| swapped | 1 | 1 |" in text
    figure = tmp_path / "map.png"
    check_output.draw_map(checked, figure)
    assert figure.stat().st_size > 10_000


def test_flags_have_names():
    assert named(0) == ""
    assert named(0b101000) == "swapped wrong_units"


def test_the_command_flags_a_gross_error_and_writes_all(
    network, random_run, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    write_stations(network, "in.nc")
    run = str(random_run(tmp_path / "run", network))
    assert main(["check", "in.nc", "--checkpoint", run, "--report", "r.md"]) == 0
    out = capsys.readouterr().out
    assert "flags: in_check.csv" in out
    table = pd.read_csv("in_check.csv")
    worst = table.iloc[0]
    assert (worst["station"], worst["time"]) == ("s3", "2021-07-03")
    assert "gross" in worst["faults"]
    assert "## Worst stations" in (tmp_path / "r.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--output", "flags.txt"], "flags.txt: flags are written as CF NetCDF or CSV"),
        (["--output", "in.nc"], "one of the files that are read"),
        (["--report", "r.pdf"], "r.pdf: a report is text"),
        (["--limit", "0"], "must be a number"),
        (["--map", "map.bmp"], "a figure's name ends in"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    arguments, said, network, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    write_stations(network, "in.nc")
    assert main(["check", "in.nc", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert len(error.splitlines()) == 1


def test_three_stations_are_too_few(network, random_run, tmp_path, capsys):
    few = tmp_path / "few.nc"
    write_stations(network.isel(station=slice(0, 3)), few)
    run = str(random_run(tmp_path / "run", network))
    out = str(tmp_path / "out.nc")
    assert main(["check", str(few), "--checkpoint", run, "--output", out]) == 2
    assert "more than 3" in capsys.readouterr().err
    assert not (tmp_path / "out.nc").exists()
