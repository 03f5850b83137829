"""Fields from networks unlike those of the training: flagged and said in one line."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from apnp.data import from_arrays, observations_at
from apnp.inputs.network_ranges import NetworkRanges
from apnp.maps.flags import EXTRAPOLATED, INTERPOLATED, MASKED, UNLIKE_TRAINING
from apnp.prediction import load

DAY = "2021-07-01"


def stations(raised_m=0.0):
    rng = np.random.default_rng(2)
    lat, lon = rng.uniform(40, 50, 30), rng.uniform(0, 15, 30)
    value = 30 - 0.3 * lat + rng.normal(0, 1, 30)
    return from_arrays(
        "tas", value[:, None], station=[f"s{i}" for i in range(30)], lat=lat, lon=lon,
        elevation=raised_m + rng.uniform(0, 900, 30), time=[DAY],
    )  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory, random_run):
    return load(random_run(tmp_path_factory.mktemp("runs") / "run", stations()))


def knowing(model, ds):
    ranges = NetworkRanges.of([observations_at(ds, DAY).sites])
    return replace(model, record=replace(model.record, networks=ranges))


def predicted(model, ds):
    return model.predict_grid(
        ds, time=DAY, grid=2.0, region=(-4, 38, 16, 52), mask="land",
        recalibration=False,
    )  # fmt: skip


def test_a_network_of_the_training_is_not_flagged(model, caplog):
    field = predicted(knowing(model, stations()), stations())
    assert field.attrs["unlike_training"] == "no"
    assert "unlike" not in caplog.text
    assert set(np.unique(field.tas_flag)) == {INTERPOLATED, EXTRAPOLATED, MASKED}


def test_a_high_network_is_flagged_where_it_would_be_trusted(model, caplog):
    high = stations(raised_m=5000)
    plain = predicted(model, high)
    assert "unlike_training" not in plain.attrs
    assert "unlike" not in caplog.text
    field = predicted(knowing(model, stations()), high)
    said = field.attrs["unlike_training"]
    assert "highest station (m)" in said
    assert caplog.text.count("unlike those that the model learned from") == 1
    assert said in caplog.text
    as_flagged = plain.tas_flag.where(plain.tas_flag != INTERPOLATED, UNLIKE_TRAINING)
    np.testing.assert_array_equal(field.tas_flag, as_flagged)
    np.testing.assert_array_equal(field.tas, plain.tas)
    meanings = field.tas_flag.attrs["flag_meanings"].split()
    assert meanings[UNLIKE_TRAINING] == "unlike_training"
    assert list(field.tas_flag.attrs["flag_values"]) == [0, 1, 2, 3]


def test_points_from_such_a_network_are_told_of_it(model, caplog):
    table = predicted(model, stations()).tas.isel(time=0).to_dataframe().reset_index()
    with caplog.at_level(logging.WARNING):
        knowing(model, stations()).predict_points(
            stations(raised_m=5000), table[["lat", "lon"]].assign(elevation=9.0),
            time=DAY, recalibration=False,
        )  # fmt: skip
    assert "unlike those that the model learned from" in caplog.text
