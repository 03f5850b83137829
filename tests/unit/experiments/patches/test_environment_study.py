from dataclasses import replace

import numpy as np
import pytest

from apnp.errors import ConfigError
from apnp.experiments.patches.environment_study import Environment, Split, read_grid
from apnp.experiments.patches.models import entries
from apnp.experiments.patches.patch_tasks import PatchSampling
from apnp.experiments.study import Study

FLAT, DEEP = PatchSampling((4, 5), 0.1, 0.3), PatchSampling((2, 4, 5), 0.1, 0.3)
WEST, EAST = (0.0, 45.0, 11.0, 60.0), (12.0, 45.0, 19.0, 60.0)
DEEPER = {"out": "2019-03-09/2019-03-10", "least": 2}
TIMES = {"train": "2019-03-01/2019-03-08", "test": "2019-03-09/2019-03-12"}


@pytest.fixture
def grid(reanalysis):
    return read_grid([reanalysis / "t2m.nc"], relief=reanalysis / "relief.nc")


def split(grid, **changes):
    options = {**TIMES, "out": "2019-03-10", **changes}
    return Split.cut(grid, grid, (WEST, EAST), **options)


def days(grid):
    return (grid.time.astype("M8[D]") - np.datetime64("2019-03-01")).astype(int)


def test_parts_are_of_other_times_and_places(grid):
    parts = split(grid)
    found = {n: list(days(getattr(parts, n))) for n in ("train", "validation", "test")}
    assert found == {"train": [*range(7)], "validation": [7], "test": [8, 9, 10, 11]}
    assert list(days(parts.out)) == [9]
    for part in (parts.train, parts.validation, parts.test):
        assert (part.lon[0], part.lon[-1]) == (0, 11)
    assert (parts.out.lon[0], parts.out.lon[-1]) == (12, 19)
    named = split(grid, train="2019-03-01/2019-03-04", validation="2019-03-05")
    assert list(days(named.train)) == [0, 1, 2, 3]
    assert list(days(named.validation)) == [4]


def test_the_relief_is_read_at_the_cells_and_times_are_thinned(reanalysis):
    files = [reanalysis / "t2m.nc"]
    thin = read_grid(files, relief=reanalysis / "relief.nc", every=5, land=True)
    assert list(days(thin)) == [0, 5, 10]
    expected = np.broadcast_to(100.0 * (thin.lon + 1), (10, 20))
    assert thin.elevation == pytest.approx(expected)
    whole = read_grid(files)
    assert np.isfinite(whole.values).all()
    assert whole.elevation is None
    # Munich, and the North Sea.
    assert np.isfinite(thin.values[:, thin.lat == 48, thin.lon == 12]).all()
    assert np.isnan(thin.values[:, thin.lat == 52, thin.lon == 3]).all()


@pytest.mark.parametrize("law", [FLAT, DEEP])
def test_absolute_location_is_known_in_the_region_of_training_alone(grid, law):
    experiment = Environment(split(grid, **DEEPER), law, "t2m.nc")
    axes = len(law.shape) * 2 - 2
    assert experiment.patch.axes == axes == experiment.inputs.dx
    low, high = (np.array(e) for e in (experiment.inputs.low, experiment.inputs.high))
    outermost, half = experiment.station_inputs, experiment.patch.cell / 2
    np.testing.assert_allclose(low[:2], np.array(outermost.low) - half)
    np.testing.assert_allclose(high[:2], np.array(outermost.high) + half)
    for part in ("train", "validation", "in", "out"):
        tasks = experiment.tasks(part, 3)
        for i in range(5):
            task = tasks.task(i)
            assert task.domain.absolute.all() == (part != "out")
            x = task.target.x[0].numpy()
            if part != "out":  # the fixed inputs act on every cell
                assert ((low <= x) & (x <= high)).all()
    hidden = experiment.tasks("train", 3, dropout=1.0)
    assert not hidden.task(0).domain.absolute.any()


@pytest.mark.parametrize(("law", "name"), [(FLAT, "ConvCNP(T~)"), (DEEP, "PT-TNP(T~)")])
def test_a_model_is_trained_scored_and_mapped(
    grid, law, name, tiny_grid_size, tmp_path
):
    size = tiny_grid_size
    experiment = Environment(split(grid, **DEEPER), law, "t2m.nc")
    study = Study(tmp_path, size.trainer, 3, experiment)
    (entry,) = entries([name], size, experiment.patch)
    study.train(entry, 0)
    table = study.score(entry, 0)
    away = table.groupby("regime")["deviation"].max()
    assert away["out"] == 0
    assert away["in"] > 1e-6
    ds, context = experiment.mapped(study, entry, 0)
    here = experiment.split.test
    assert np.array_equal(ds["lat"], here.lat)
    assert ds["tas"].shape == (10, 12)
    assert np.isfinite(ds["tas"]).all()
    # Untrained it is the mean of the training, or kriged: in degrees Celsius.
    assert abs(ds["tas"].mean() - experiment.split.train.values.mean()) < 5
    assert abs(ds["tas_difference"]).max() > 1e-6
    assert ds["time"].values in here.time
    assert (ds["elevation"].values == here.elevation).all()
    assert 3 <= context.sizes["station"] <= 24


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test": "2019-03-08"}, None),
        ({"test": "2019-03-07"}, r"--train-time and --test-time share times"),
        ({"validation": "2019-03-02"}, r"--train-time and --validation-time share"),
        (
            {"train": "2019-03-01"},
            r"is 2 times or more.* Got 1 in 2019-03-01",
        ),
        ({"test": "2020"}, r"Nothing of the grid lies in .* from 2020 to 2020"),
        ({"out": "soon"}, r"Not a time: 'soon'"),
    ],
)
def test_times_that_cannot_be(grid, changes, message):
    if message is None:  # of the validation's times another may make a test
        split(grid, **changes)
        return
    with pytest.raises(ConfigError, match=message):
        split(grid, **changes)


def test_another_region_that_is_none(grid):
    parts = split(grid)
    with pytest.raises(ConfigError, match=r"--out-region lies in the region of train"):
        Environment(replace(parts, out=parts.test), FLAT, "t2m.nc")
