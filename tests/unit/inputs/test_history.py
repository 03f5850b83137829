from dataclasses import replace

import numpy as np
import pytest

from apnp.inputs.history import HistorySettings, StationHistory
from apnp.inputs.stations import StationInputs
from apnp.observations import Archive, Observations, Sites

N, DAYS = 30, 40
FIRST = np.datetime64("2020-01-01")
SETTINGS = HistorySettings(days=12, last=2, neighbours=5, scale=2.0)


def archive(seed=0, lon_shift=0.0):
    rng = np.random.default_rng(seed)
    lat, lon = rng.uniform(40, 50, N), rng.uniform(0, 20, N)
    height = rng.uniform(0, 2000, N)
    value = 10 - 5e-3 * height + 2 * rng.normal(size=N) + rng.normal(size=(DAYS, N))
    value[rng.random(value.shape) < 0.2] = np.nan
    sites = Sites(lat, lon + lon_shift, height, FIRST)
    return Archive(sites, FIRST + np.arange(DAYS), value)


def before(history, day=20):
    return history.before(FIRST + day)


class Leaking(StationHistory):
    """Broken: it reads the predicted day too."""

    def _before(self, day):
        return super()._before(day + np.timedelta64(1, "D"))


class OfAllDays(StationHistory):
    """Broken: later days enter by a mean over all of the archive."""

    def _before(self, day):
        return super()._before(day) + np.nanmean(self.archive.value)


def check_no_leak(kind=StationHistory, day=20):
    known = archive()
    value = known.value.copy()
    value[day:] += 30 * np.random.default_rng(1).normal(size=value[day:].shape)
    changed = Archive(known.sites, known.times, value)
    a, b = (before(kind(SETTINGS, each), day) for each in (known, changed))
    np.testing.assert_array_equal(a, b)
    value[day - 1, :5] += 30
    other = before(kind(SETTINGS, Archive(known.sites, known.times, value)), day)
    assert np.nanmax(np.abs(other - a)) > 0.1


def test_nothing_of_the_predicted_day_or_later_is_read():
    check_no_leak()


@pytest.mark.parametrize("kind", [Leaking, OfAllDays])
def test_a_leak_is_noticed(kind):
    with pytest.raises(AssertionError):
        check_no_leak(kind)


def test_two_stations_in_numbers():
    """Residuals of two stations at one height are their difference, either way."""
    sites = Sites(np.array([45.0, 46.0]), np.zeros(2), np.full(2, 100.0), FIRST)
    value = np.array([[1.0, 4.0], [2.0, 9.0], [0.0, np.nan], [3.0, 5.0], [7.0, 7.0]])
    known = Archive(sites, FIRST + np.arange(5), value)
    row = StationHistory(replace(SETTINGS, days=4), known).before(FIRST + 4)
    rest = np.array([3.0, 7.0, 2.0])
    unit = 0.25 / SETTINGS.scale
    expected = [unit * rest.mean(), unit * rest.std(), 0.25 / 4, unit * 2.0, np.nan]
    np.testing.assert_allclose(row[1], expected)
    expected = [-unit * rest.mean(), unit * rest.std(), 0.0, unit * -2.0, np.nan]
    np.testing.assert_allclose(row[0], expected)


def test_a_lapse_rate_is_taken_off():
    known = archive()
    height = known.sites.elevation
    value = np.broadcast_to(15 - 6.5e-3 * height, known.value.shape).copy()
    rows = before(StationHistory(SETTINGS, Archive(known.sites, known.times, value)))
    np.testing.assert_allclose(rows[:, :2], 0.0, atol=1e-12)


def test_the_order_of_stations_has_no_part_in_it():
    known, order = archive(), np.random.default_rng(3).permutation(N)
    turned = Archive(known.sites.take(order), known.times, known.value[:, order])
    a, b = (StationHistory(SETTINGS, each) for each in (known, turned))
    np.testing.assert_allclose(before(b), before(a)[order], rtol=0, atol=1e-12)
    at = replace(known.sites, time=FIRST + 20)
    parts = [b.at(at.take(np.arange(k, N, 3))) for k in range(3)]
    for k in range(3):
        np.testing.assert_allclose(parts[k], before(a)[k::3], rtol=0, atol=1e-12)


def test_it_moves_with_the_data():
    here, there = archive(), archive(lon_shift=77.7)
    np.testing.assert_allclose(
        before(StationHistory(SETTINGS, there)), before(StationHistory(SETTINGS, here)),
        rtol=0, atol=1e-10,
    )  # fmt: skip


def test_unknown_places_and_first_days_have_none():
    known = archive()
    history = StationHistory(SETTINGS, known)
    assert np.isnan(before(history, 0)).all()
    strange = replace(known.sites, lat=known.sites.lat + 0.01, time=FIRST + 20)
    assert np.isnan(history.at(strange)).all()
    assert np.isfinite(history.at(replace(known.sites, time=FIRST + 20))[:, :3]).all()


def test_inputs_carry_it_as_the_last_covariates_and_forget_it():
    known = archive()
    plain = StationInputs.fit("sphere", known.sites.lat, known.sites.lon, known.value)
    inputs = replace(plain, history=SETTINGS).remembering(known)
    sites = replace(known.sites, time=FIRST + 20)
    assert inputs.dw == plain.dw + 5
    w = inputs.covariates(sites)
    np.testing.assert_array_equal(w[:, : plain.dw], plain.covariates(sites))
    np.testing.assert_array_equal(w[:, plain.dw :], before(inputs.memory))
    points = inputs.forgetting().point_set(Observations(sites, np.zeros(N)))
    assert not points.w_mask[..., plain.dw :].any()
    again = StationInputs.from_dict(inputs.to_dict())
    assert again == inputs.forgetting()
    assert again.history == SETTINGS


def test_older_records_have_neither_sites_nor_history():
    record = StationInputs.fit("sphere", [40.0, 50.0], [0.0, 5.0], [1.0, 2.0]).to_dict()
    for name in ("known_sites", "history"):
        record.pop(name)
    inputs = StationInputs.from_dict(record)
    assert inputs.known_sites == ()
    assert inputs.n_history == 0
