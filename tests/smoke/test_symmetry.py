"""`apnp symmetry` from files to files; the weights are random."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from apnp.cli import main
from apnp.data import read_stations
from apnp.data.heldout import heldout_tasks
from apnp.prediction import load


@pytest.fixture(scope="module")
def folder(tmp_path_factory, random_run):
    """Runs of both forms, and a table of stations on three days."""
    folder = tmp_path_factory.mktemp("deviation")
    rng = np.random.default_rng(6)
    n = 60
    table = pd.DataFrame(
        {
            "station": [f"s{i}" for i in range(n)],
            "time": "2021-07-01",
            "lat": rng.uniform(35, 65, n),
            "lon": rng.uniform(-10, 50, n),
            "elevation": rng.uniform(0, 1500, n),
            "tas": rng.normal(15, 5, n),
        }
    )
    days = [
        table.assign(time=f"2021-07-0{day}", tas=table["tas"] + day)
        for day in (1, 2, 3)
    ]
    pd.concat(days).to_csv(folder / "stations.csv", index=False)
    away = table.assign(lat=table["lat"] - 90, lon=table["lon"] - 120)
    away.to_csv(folder / "away.csv", index=False)
    for form in ("strict", "approximate"):
        random_run(folder / form, table, form=form)
    (folder / "file").touch()
    return folder


@pytest.fixture
def deviation(folder, tmp_path, monkeypatch, capsys):
    """Runs the command in an empty folder: status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def run(form, *words, stations="stations.csv"):
        files = ["--checkpoint", folder / form, "--stations", folder / stations]
        status = main(["symmetry", *map(str, [*files, "--context", "30", *words])])
        return status, *capsys.readouterr()

    return run


def test_both_measures_of_an_approximate_model_are_printed_and_kept(deviation, folder):
    status, out, err = deviation("approximate", "--tasks", "2")
    assert status == 0
    assert "2 times from 2021-07-01 to 2021-07-03, context of 30" in out
    assert "relative to anomalies from the mean of the training values" in out
    assert "fixed inputs off" in out
    assert "data moved by a group element" in out
    assert "±" in out
    assert "2/2" in err
    rows = pd.read_csv(folder / "approximate" / "symmetry" / "per_task.csv")
    assert rows.measure.tolist() == ["fixed_inputs", "moved"] * 2
    assert rows.task.tolist() == [0, 0, 1, 1]
    assert rows.absolute.all()
    assert (rows[["l1", "l2", "difference"]] > 1e-4).all(axis=None)
    assert (rows.n_context == 30).all()
    table = pd.read_csv(folder / "approximate" / "symmetry" / "summary.csv")
    means = rows.groupby("measure")[["l1", "l2", "difference"]].mean()
    found = table.set_index("measure")[["l1", "l2", "difference"]]
    pd.testing.assert_frame_equal(found, means, rtol=1e-4)


def test_the_difference_is_that_of_the_predictions_at_held_out_stations(
    deviation, folder
):
    assert deviation("approximate", "--tasks", "1")[0] == 0
    rows = pd.read_csv(folder / "approximate" / "symmetry" / "per_task.csv")
    model = load(folder / "approximate")
    ds = read_stations([folder / "stations.csv"], variable="tas")
    held_out = model.split.assign(ds.lat.values, ds.lon.values) == "test"
    tasks = heldout_tasks(ds, ds.time.values[:1], held_out, n_context=30, seed=0)
    ((context, target),) = tasks
    with_them, without = (
        m.condition(context).predict(target.sites)[0] for m in (model, model.strict())
    )
    change, anomaly = with_them - without, without - model.inputs.mean
    first = rows.iloc[0]
    assert first.n_targets == len(target)
    assert first.difference == pytest.approx(np.abs(change).mean(), rel=1e-3)
    l1 = np.abs(change).sum() / np.abs(anomaly).sum()
    assert first.l1 == pytest.approx(l1, rel=1e-3)


def test_candidate_symmetries_are_measured_by_name(deviation, folder):
    """A strict model keeps shifts of longitude, and neither mirror nor rotations."""
    words = "--tasks", "2", "--groups", "longitude_shifts,mirror,rotations"
    status, out, _ = deviation("strict", *words)
    assert status == 0
    assert "moved: mirror" in out
    table = pd.read_csv(folder / "strict" / "symmetry" / "summary.csv")
    found = table.set_index("measure")["l2"]
    assert found["moved: longitude_shifts"] < 1e-10
    assert min(found["moved: mirror"], found["moved: rotations"]) > 1e-3
    status, _, err = deviation("strict", "--groups", "turns")
    assert status == 2
    assert "`--groups` names symmetries of a sphere" in err


def test_contexts_far_from_the_training_stations_are_counted(deviation):
    status, out, _ = deviation("approximate", stations="away.csv")
    assert status == 0
    assert "1 of these contexts lie outside the box of the training stations" in out


def test_the_seed_repeats_the_elements_of_the_group(deviation, folder):
    seen = []
    for seed in (1, 1, 2):
        assert deviation("approximate", "--tasks", "1", "--seed", seed)[0] == 0
        seen.append(pd.read_csv(folder / "approximate" / "symmetry" / "per_task.csv"))
    assert seen[0].equals(seen[1])
    assert not seen[0].equals(seen[2])


def test_a_strict_model_is_moved_and_nothing_is_switched_off(
    deviation, folder, tmp_path
):
    status, out, _ = deviation(
        "strict", "--tasks", "2", "--grid", "30", "--output", "map.nc"
    )
    assert status == 0
    assert "no fixed inputs, so there is no map" in out
    rows = pd.read_csv(folder / "strict" / "symmetry" / "per_task.csv")
    assert rows.measure.tolist() == ["moved", "moved"]
    assert (rows[["l1", "l2"]] < 1e-10).all(axis=None)
    assert not list(tmp_path.iterdir())


def test_the_map_is_that_of_the_first_day(deviation, folder, tmp_path):
    status, out, _ = deviation(
        "approximate", "--tasks", "1", "--time", "2021-07-02/2021-07-03",
        "--grid", "5", "--output", "map.nc", "--map", "map.png",
    )  # fmt: skip
    assert status == 0
    assert out.splitlines()[-2:] == ["map.nc", "map.png"]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["map.nc", "map.png"]
    with xr.open_dataset("map.nc") as ds:
        assert ds.time.values == [np.datetime64("2021-07-02", "ns")]
        assert np.abs(ds.tas_difference).max() > 1e-3
        assert "apnp symmetry --checkpoint" in ds.attrs["history"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--tasks", "0"], "--tasks: must be an integer >= 1"),
        (["--context", "-3"], "--context: must be an integer >= 1"),
        (["--seed", "-1"], "--seed: must be an integer >= 0"),
        (["--map", "map.png"], "--map requires --grid: a cell size"),
        (["--elevation", "relief.nc"], "--elevation requires --grid"),
        (["--grid", "2"], "--output FILE or --map FILE"),
        (["--grid", "2", "--map", "map.xyz"], "ends in .png"),
        (
            ["--grid", "2", "--output", "absent/map.nc"],
            "folder absent does not exist",
        ),
        (["--grid", "0", "--output", "map.nc"], "a positive cell size in degrees"),
        (["--grid", "big", "--output", "map.nc"], "Got 'big'"),
        (
            ["--grid", "9", "--map", "m.png", "--elevation", "no.nc"],
            "no.nc: cannot be rea",
        ),
        (["--time", "2030-01-01"], "No observations at 2030-01-01"),
        (["--variable", "tasmax"], "give --variable tas."),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    deviation, tmp_path, words, message
):
    status, out, err = deviation("approximate", *words)
    assert status == 2
    *_, last = err.splitlines()
    assert last.startswith("apnp symmetry: ")
    assert message in last
    assert "data moved" not in out
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_that_is_none_and_an_input_to_overwrite_are_refused(
    deviation, folder
):
    status, _, err = deviation("file")
    assert status == 2
    assert "file" in err
    stations = folder / "stations.csv"
    status, _, err = deviation("approximate", "--grid", "2", "--output", stations)
    assert status == 2
    assert "one of the files that are read" in err
