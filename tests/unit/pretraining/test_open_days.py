from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from apnp.errors import DataError
from apnp.geometry.station_blocks import StationSplit
from apnp.pretraining.altered_days import Alterations
from apnp.pretraining.open_days import (
    EUROPE,
    KINDS,
    OpenDays,
    OpenStations,
    divided,
    validation_draws,
    within,
)
from apnp.pretraining.sampling import SamplingLaw

SPLIT = StationSplit(validation=0.25, test=0.25)
LAW = SamplingLaw(context=(4, 30), targets=20, least=5)


@pytest.fixture(scope="module")
def stations(open_file):
    return OpenStations.read(open_file)


def test_every_observation_keeps_its_day_place_and_value(stations, open_file):
    table = pd.read_parquet(open_file)
    found = pd.DataFrame(
        {
            "time": stations.day_of(), "lat": stations.lat[stations.site],
            "source": stations.source[stations.site], "tas": stations.value,
        }
    )  # fmt: skip
    names = ["time", "lat", "source"]
    both = table.merge(found, on=names, suffixes=("", "_found"))
    assert len(both) == len(table) == len(stations.value)
    np.testing.assert_array_equal(both["tas"], both["tas_found"])


def test_training_never_sees_test_blocks_test_days_or_europe_in_2019(stations):
    train, validation, part = divided(stations, SPLIT)
    assert set(part[train.site]) == {"train"}
    days = train.day_of()
    assert not within(days, "2019-01-19/2019-01-25", "2011-07-06/2011-07-08").any()
    assert not (days == np.datetime64("2012-05-01")).any()
    european = np.isin(train.source[train.site], EUROPE)
    assert european.any()
    assert not within(days[european], "2019-01-01/2019-12-31").any()
    assert "test" not in part[validation.site]
    assert not np.intersect1d(validation.days, train.days).size
    assert not within(validation.days, "2019-01-21/2019-01-25").any()


def test_a_source_can_be_left_out_of_training_alone(stations):
    train, validation, _ = divided(stations, SPLIT, without=("USCRN",))
    assert "USCRN" not in train.source[train.site]
    assert "USCRN" in validation.source[validation.site]


def test_a_day_is_of_the_first_kind_it_fits(stations):
    kinds = stations.kinds()
    days = {name: stations.days[number].astype(str) for name, number in kinds.items()}
    assert "2019-01-18" in days["winter 2019"]
    assert list(days["Australia 2020"]) == ["2020-02-01"]
    assert sum(map(len, days.values())) == len(stations.days)
    assert set(days) == {name for name, _, _ in KINDS}


def test_tasks_follow_from_seed_and_index_and_differ(stations, inputs):
    train, _, _ = divided(stations, SPLIT)
    source = OpenDays(inputs, train, LAW, seed=2)
    again = OpenDays(inputs, train, LAW, seed=2)
    for index in (0, 17):
        one, two = source.task(index), again.task(index)
        np.testing.assert_array_equal(one.context.y, two.context.y)
        np.testing.assert_array_equal(one.target.w, two.target.w)
    sums = {float(source.task(i).context.y.sum()) for i in range(30)}
    assert len(sums) == 30


def test_kinds_of_day_come_in_their_shares(stations, inputs):
    train, _, _ = divided(stations, SPLIT)
    source = OpenDays(inputs, train, LAW, seed=2)
    drawn = [source.day(np.random.default_rng(k)) for k in range(1500)]
    possible = {n: share for n, _, share in KINDS if source.kinds[n].size}
    total = sum(possible.values())
    for name, share in possible.items():
        found = np.isin(drawn, source.kinds[name]).mean()
        assert abs(found - share / total) < 0.04


def test_a_task_holds_the_values_of_one_day(stations, inputs):
    train, _, _ = divided(stations, SPLIT)
    task = OpenDays(inputs, train, LAW, seed=2).task(5)
    values = inputs.scaling.unscale(task.context.y[0, :, 0].numpy())
    days = train.day_of()[np.abs(train.value[:, None] - values).argmin(0)]
    assert np.unique(days).size == 1


def test_altered_days_follow_from_the_index_and_keep_networks(stations, inputs):
    train, _, _ = divided(stations, SPLIT)
    plain = OpenDays(inputs, train, LAW, seed=2)
    law = Alterations(share=1.0, season_days=3)
    one, two = (OpenDays(inputs, train, LAW, 2, 1, law) for _ in range(2))
    for index in range(12):
        task, before = one.task(index), plain.task(index)
        np.testing.assert_array_equal(task.context.y, two.task(index).context.y)
        assert np.isin(task.context.x.numpy(), before.context.x.numpy()).all()
        assert not np.isclose(
            task.target.y.numpy().mean(), before.target.y.numpy().mean()
        )
        np.testing.assert_array_equal(one.network(index).lat, plain.network(index).lat)


def test_days_are_mixed_with_days_of_their_kind_and_season(stations, inputs):
    train, _, _ = divided(stations, SPLIT)
    source = OpenDays(inputs, train, LAW, 2, 1, Alterations(season_days=1))
    day = int(source.kinds["summer 2011"][0])
    assert str(train.days[day]) == "2011-07-05"
    assert source._other(np.random.default_rng(0), day) is None
    day = int(source.kinds["winter 2019"][0])
    site = train.site[train.on(day)]
    found = source._other(np.random.default_rng(0), day)
    known = {(s, v) for s, v in zip(train.site, train.value, strict=True)}
    assert all((s, v) in known for s, v in zip(site, found, strict=True))
    assert not np.isclose(found, train.value[train.on(day)]).any()


def test_validation_targets_lie_in_validation_blocks_alone(stations):
    _, validation, part = divided(stations, SPLIT)
    validation = replace(validation)
    found = list(validation_draws(validation, part, 3))
    assert {kind for kind, *_ in found} >= {"winter 2019", "summer 2011"}
    for _, day, context, target in found:
        assert set(part[validation.site[target]]) == {"validation"}
        assert set(part[validation.site[context]]) == {"train"}
        here = validation.on(day)
        assert (target >= here.start).all()
        assert (target < here.stop).all()


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "other.parquet"
    pd.DataFrame({"station": ["a"]}).to_parquet(path)
    with pytest.raises(DataError, match="columns station, time, lat"):
        OpenStations.read(path)
