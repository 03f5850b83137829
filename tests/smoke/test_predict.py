"""`apnp predict` from files to files; the weights are random."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from apnp.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory, random_run):
    """A run, a table of stations on two days, a table of points."""
    folder = tmp_path_factory.mktemp("predict")
    rng = np.random.default_rng(6)
    n = 40
    table = pd.DataFrame(
        {
            "station": [f"s{i}" for i in range(n)],
            "time": "2021-07-01",
            "lat": rng.uniform(-70, 75, n),
            "lon": rng.uniform(-180, 180, n),
            "elevation": rng.uniform(0, 1500, n),
            "tas": rng.normal(15, 5, n),
        }
    )
    both = pd.concat([table, table.assign(time="2021-07-02", tas=table["tas"] + 3)])
    both.to_csv(folder / "stations.csv", index=False)
    pd.DataFrame(
        {
            "town": ["a", "b"],
            "latitude": [47.0, -33],
            "longitude": [8.0, 151],
            "elev": [400, None],
        }
    ).to_csv(folder / "points.csv", index=False)
    random_run(folder / "run", table)
    return folder


@pytest.fixture
def predict(folder, tmp_path, monkeypatch, capsys):
    """Runs the command in an empty folder: status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*words, **changed):
        given = {"checkpoint": "run", "stations": "stations.csv"} | changed
        files = [w for k, v in given.items() if v for w in (f"--{k}", str(folder / v))]
        time = [] if "--time" in words else ["--time", "2021-07-01"]
        status = main(["predict", *files, *time, *map(str, words)])
        return status, *capsys.readouterr()

    return run


def test_a_field_and_its_map_come_from_station_files(predict, tmp_path):
    status, out, err = predict(
        "--grid", "10", "--region", "-10,30,20,50", "--mask", "land",
        "--quantiles", "0.05,0.95", "--output", "field.nc", "--map", "map.png",
    )  # fmt: skip
    assert status == 0, err
    assert out.split() == ["field.nc", "map.png"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["field.nc", "map.png"]
    assert "cells/s" in err
    with xr.open_dataset("field.nc") as ds:
        assert ds.tas.shape == (1, 2, 3)
        assert ds.lon.values.tolist() == [-5, 5, 15]
        assert ds["quantile"].values.tolist() == [0.05, 0.95]
        assert "apnp predict --checkpoint" in ds.attrs["history"]
        assert "--region -10,30,20,50" in ds.attrs["history"]


def test_a_range_gives_a_field_a_day_and_the_map_shows_the_first(predict):
    status, _, err = predict(
        "--time", "2021-07-01/2021-07-02", "--grid=30", "--output", "field.nc",
        "--map", "map.png", "--no-fixed-inputs", "--samples", "3", "--anchors", "9",
        "--seed", "2",
    )  # fmt: skip
    assert status == 0, err
    with xr.open_dataset("field.nc") as ds:
        assert ds.tas.shape == (2, 6, 12)
        assert ds.tas_sample.shape == (2, 3, 6, 12)
        assert ds.time.dt.day.values.tolist() == [1, 2]
        assert (ds.tas[0] != ds.tas[1]).any()
        assert "without fixed inputs" in ds.attrs["source"]


def test_a_period_goes_into_a_store_and_is_not_predicted_twice(predict, caplog):
    words = ["--time", "2021-07-01/2021-07-02", "--grid=30", "--mask", "land"]
    status, out, err = predict(*words, "--output", "f.zarr", "--map", "map.png")
    assert status == 0, err
    assert out.split() == ["f.zarr", "map.png"]
    assert predict(*words, "--output", "field.nc")[0] == 0
    with (
        xr.open_dataset("f.zarr", engine="zarr") as store,
        xr.open_dataset("field.nc") as file,
    ):
        for name in ("tas", "tas_stderr", "tas_flag", "elevation", "time_bnds"):
            np.testing.assert_array_equal(store[name], file[name])
        assert "apnp predict --checkpoint" in store.attrs["history"]
    assert predict(*words, "--output", "f.zarr")[0] == 0
    assert "f.zarr is complete already" in caplog.text
    status, _, err = predict(*words, "--output", "f.zarr", "--no-fixed-inputs")
    assert status == 2
    assert "f.zarr was made with other model" in err
    drawn = ["plot", "f.zarr", "--time", "2021-07-02", "--output", "again.png"]
    assert main(drawn) == 0


def test_points_get_predictions_beside_their_own_columns(predict, folder):
    status, out, err = predict("--output", "out.csv", points="points.csv")
    assert status == 0, err
    assert out.split() == ["out.csv"]
    table = pd.read_csv("out.csv")
    assert list(table)[:4] == ["town", "latitude", "longitude", "elev"]
    assert list(table)[4:] == ["time", "elevation", "mean", "std", "q05", "q50", "q95"]
    assert table["elevation"][0] == 400
    assert np.isfinite(table["elevation"][1])
    assert (table["q05"] < table["mean"]).all()
    assert (table["mean"] < table["q95"]).all()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "either --grid (a cell size such as 1.0, or a reference system"),
        (("--grid", "1", "--points", "p.csv"), "either --grid"),
        (("--grid", "1"), "--output FILE or --map FILE"),
        (("--grid", "0", "--output", "f.nc"), "positive cell size in degrees"),
        (
            ("--grid", "7", "--output", "f.nc"),
            "do not fill the 180 degrees of latitude",
        ),
        (("--grid", "x.nc", "--output", "f.nc"), "Got 'x.nc', which is neither"),
        (
            ("--grid", "1", "--region", "-10,60,10,50", "--output", "f.nc"),
            "with S < N in [-90, 90]",
        ),
        (
            ("--grid", "1", "--region", "a,b", "--output", "f.nc"),
            "must be numbers separated by commas. Got a,b",
        ),
        (("--grid", "9", "--quantiles", "5,95", "--output", "f.nc"), "Got 5, 95"),
        (("--grid", "9", "--mask", "sea", "--output", "f.nc"), "invalid choice: 'sea'"),
        (
            ("--grid", "9", "--elevation", "x.nc", "--output", "f.nc"),
            "x.nc: cannot be read",
        ),
        (
            ("--grid", "9", "--output", "absent/f.nc"),
            "folder absent does not exist",
        ),
        (
            ("--grid", "9", "--output", "f.nc", "--time", "1999-01-01"),
            "from 2021-07-01 to 2021-07-02",
        ),
        (("--grid", "9", "--output", "f.nc", "--time", "June"), "Not a time: 'June'"),
        (("--grid", "9", "--output", "f.nc", "--gird", "1"), "--gird"),
        (("--points", "p.csv", "--output", "o.csv"), "p.csv: no such file"),
        (
            ("--points", "p.csv", "--output", "o.csv", "--map", "m.png"),
            "--map goes with",
        ),
        (
            ("--points", "p.csv", "--output", "o.csv", "--samples", "4"),
            "--samples goes with",
        ),
        (("--grid", "9", "--output", "f.nc", "--samples", "0"), "Got 0"),
        (("--points", "p.csv"), "--output FILE."),
        (("--grid", "9", "--output", "f.nc", "--workers", "2"), "ends in .zarr"),
        (("--grid", "9", "--output", "f.zarr", "--workers", "0"), "Got 0"),
        (
            ("--grid", "9", "--output", "absent/f.zarr"),
            "folder absent does not exist",
        ),
        (
            ("--points", "p.csv", "--output", "o.csv", "--workers", "2"),
            "--workers goes with",
        ),
        (
            ("--grid", "9", "--output", "f.nc", "--covariates", "absent.nc"),
            "absent.nc: cannot be read",
        ),
        (("--grid", "9", "--output", "f.nc", "--variable", "tasmax"), "tasmax"),
    ],
)
def test_bad_arguments_end_with_one_line_and_status_2(
    predict, tmp_path, words, message
):
    status, out, err = predict(*words)
    assert status == 2
    assert not out
    assert message in err
    assert err.strip().splitlines()[-1].startswith("apnp predict: ")
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


def test_an_absent_run_ends_with_one_line_and_status_2(predict):
    status, _, err = predict("--grid", "9", "--output", "f.nc", checkpoint="nowhere")
    assert status == 2
    assert "nowhere: check --checkpoint" in err


def test_a_file_that_is_read_is_never_the_one_written(predict, folder):
    before = (folder / "stations.csv").read_bytes()
    status, _, err = predict("--grid", "9", "--output", folder / "stations.csv")
    assert status == 2
    assert "one of the files that are read" in err
    assert (folder / "stations.csv").read_bytes() == before


def test_a_table_with_a_bad_point_leaves_the_former_output_alone(predict, tmp_path):
    (tmp_path / "points.csv").write_text("lat,lon\n47,8\n147,8\n")
    (tmp_path / "out.csv").write_text("what stood here")
    status, _, err = predict("--points", "points.csv", "--output", "out.csv")
    assert status == 2
    assert "points.csv: line 3, column 'lat': '147'" in err
    assert (tmp_path / "out.csv").read_text() == "what stood here"
