from dataclasses import replace

import numpy as np
import pytest

from apnp.errors import DataError
from apnp.evaluation import baseline
from apnp.evaluation.anomaly_kriging import AnomalyKriging
from apnp.observations import Archive, Observations, Sites

DAY = 30
CONTEXT, TARGET = np.arange(40), np.arange(40, 60)


def task(archive):
    sites = replace(archive.sites, time=archive.times[DAY])
    every = Observations(sites, archive.value[DAY])
    return every.take(CONTEXT), every.take(TARGET)


def predicted(archive, context, target):
    return AnomalyKriging(archive).condition(context).predict(target.sites)


def without(archive, stations):
    return Archive(archive.sites.take(stations), archive.times,
                   archive.value[:, stations])  # fmt: skip


def test_known_stations_are_predicted_with_their_own_offsets(offset_archive):
    archive, _ = offset_archive
    context, target = task(archive)
    mean, std = predicted(archive, context, target)
    kriged, _ = baseline("regression_kriging").condition(context).predict(target.sites)
    assert np.abs(kriged - target.value).mean() > 1.0
    assert np.abs(mean - target.value).mean() < 0.3
    assert np.abs((mean - target.value) / std).max() < 4


def test_an_unseen_place_has_the_mean_of_its_surroundings(offset_archive):
    archive, offset = offset_archive
    context, target = task(archive)
    mean, std = predicted(without(archive, CONTEXT), context, target)
    _, known_std = predicted(archive, context, target)
    assert (std > 2 * known_std).all()
    rest = target.value - mean
    assert np.corrcoef(rest, offset[TARGET])[0, 1] > 0.9


def test_the_predicted_day_is_not_read(offset_archive):
    archive, _ = offset_archive
    context, target = task(archive)
    value = archive.value.copy()
    value[DAY] += 50.0
    changed = predicted(Archive(archive.sites, archive.times, value), context, target)
    np.testing.assert_array_equal(changed, predicted(archive, context, target))


def test_means_are_of_the_time_of_year_in_all_years(offset_archive):
    archive, _ = offset_archive
    years = np.array(["2019-02-01", "2020-02-01", "2021-02-01"], dtype="M8[D]")
    times = np.concatenate([year + np.arange(0, 90, 3) for year in years])
    day = np.tile(np.arange(0, 90, 3), 3)
    value = np.repeat(day[:, None].astype(float), len(archive.sites), axis=1)
    rule = AnomalyKriging(Archive(archive.sites, times, value), half_window=10.0)
    asked = years[1] + np.timedelta64(30, "D")
    # Days 21 to 39 of each year, without day 30 of the one asked for.
    assert rule.means(asked) == pytest.approx(30.0)


def test_a_station_that_missed_cold_days_is_not_warm(offset_archive):
    archive, _ = offset_archive
    value = archive.value.copy()
    cold = archive.value.mean(1) < np.median(archive.value.mean(1))
    value[cold, 0] = np.nan
    full = AnomalyKriging(archive).means(archive.times[DAY])
    gappy = AnomalyKriging(Archive(archive.sites, archive.times, value))
    assert gappy.means(archive.times[DAY])[0] == pytest.approx(full[0], abs=0.6)
    plain = np.nanmean(value[:, 0])
    assert abs(plain - full[0]) > 3


def test_an_archive_of_one_day_leaves_regression_kriging(offset_archive):
    archive, _ = offset_archive
    context, target = task(archive)
    one = Archive(archive.sites, archive.times[[DAY]], archive.value[[DAY]])
    kriged = baseline("regression_kriging").condition(context).predict(target.sites)
    np.testing.assert_array_equal(predicted(one, context, target), kriged)


def test_an_empty_context_is_refused(offset_archive):
    archive, _ = offset_archive
    context, _ = task(archive)
    with pytest.raises(DataError, match="the context has none"):
        AnomalyKriging(archive).condition(context.take(np.arange(0)))


def test_an_archive_finds_its_stations_across_the_date_line():
    sites = Sites(np.array([10.0, 10.0]), np.array([179.99999, 20.0]), np.zeros(2),
                  np.datetime64("2020-01-01"))  # fmt: skip
    archive = Archive(sites, np.array(["2020-01-01"], "M8[D]"), np.zeros((1, 2)))
    asked = Sites(np.array([10.0, 10.0, 10.001]), np.array([-340.0, -180.0, 20.0]),
                  np.zeros(3), sites.time)  # fmt: skip
    assert archive.find(asked).tolist() == [1, 0, -1]


@pytest.mark.parametrize(
    ("times", "shape", "message"),
    [
        (["2020-01-02", "2020-01-01"], (2, 1), "must ascend"),
        (["2020-01-01"], (1, 2), r"shape \(time, station\)"),
    ],
)
def test_an_archive_of_wrong_shape_or_order_is_refused(times, shape, message):
    sites = Sites(np.zeros(1), np.zeros(1), np.zeros(1), np.datetime64("2020-01-01"))
    with pytest.raises(ValueError, match=message):
        Archive(sites, np.array(times, "M8[D]"), np.zeros(shape))
