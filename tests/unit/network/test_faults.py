"""Faults planted in a network whose true predictions are known."""

import numpy as np
import pytest

from apnp.network import faults
from apnp.network.faults import Residuals

DAYS, STATIONS = 120, 30
BAD = 7
SPELL = slice(30, 90)


@pytest.fixture(scope="module")
def truth():
    rng = np.random.default_rng(3)
    weather = np.cumsum(rng.normal(0, 2.0, (DAYS, 1)), axis=0)
    weather = weather - np.linspace(0, weather[-1, 0], DAYS)[:, None]
    own = np.cumsum(rng.normal(0, 1.5, (DAYS, STATIONS)), axis=0)
    own -= np.linspace(np.zeros(STATIONS), own[-1], DAYS)
    mean = 8.0 + weather + own
    std = rng.uniform(0.6, 1.2, mean.shape)
    habit = rng.normal(0, 0.5, STATIONS)
    value = mean + habit + std * rng.standard_normal(mean.shape)
    return np.round(value, 1), mean, std


def flags(found):
    gross = faults.gross_errors(found.z)
    return {
        "gross": gross,
        "offset": faults.persistent_offsets(found),
        "stuck": faults.stuck(found.value),
        "swapped": faults.swapped(found)[0],
        "shifted_day": faults.shifted_days(found),
        "wrong_units": faults.wrong_units(found, gross)[0],
    }


def test_almost_nothing_is_found_where_nothing_is_wrong(truth):
    for name, found in flags(Residuals.of(*truth)).items():
        assert found.mean() < 0.002, name


def spoilt(truth, spoil):
    value, mean, std = (a.copy() for a in truth)
    spoil(value, mean)
    return Residuals.of(value, mean, std)


def offset(value, mean):
    value[SPELL, BAD] += 5.5


def stuck(value, mean):
    value[40:52, BAD] = value[40, BAD]


def swapped(value, mean):
    value[SPELL, [BAD, BAD + 5]] = value[SPELL, [BAD + 5, BAD]]


def shifted_day(value, mean):
    value[SPELL, BAD] = value[29:89, BAD]


def wrong_units(value, mean):
    value[SPELL, BAD] = value[SPELL, BAD] * 1.8 + 32


@pytest.mark.parametrize("spoil", [offset, stuck, swapped, shifted_day, wrong_units])
def test_a_spell_is_found_where_it_is_and_named(truth, spoil):
    found = flags(spoilt(truth, spoil))[spoil.__name__]
    spell = slice(40, 52) if spoil is stuck else SPELL
    assert found[spell, BAD].mean() > 0.6
    columns = [BAD, BAD + 5] if spoil is swapped else [BAD]
    others = np.delete(found, columns, axis=1)
    assert others.mean() < 0.002
    assert found[:20, BAD].mean() < 0.3


def test_gross_errors_of_six_deviations_are_found_and_few_others(truth):
    value, mean, std = truth
    rng = np.random.default_rng(1)
    planted = rng.random(value.shape) < 0.005
    sign = rng.choice([-1, 1], value.shape)
    dirty = np.where(planted, value + 7 * std * sign, value)
    found = faults.gross_errors(Residuals.of(dirty, mean, std).z)
    assert found[planted].mean() >= 0.95
    assert found[~planted].mean() <= 0.002


def test_swapped_stations_are_named_with_each_other(truth):
    _, other = faults.swapped(spoilt(truth, swapped))
    assert (other[BAD], other[BAD + 5]) == (BAD + 5, BAD)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda v: v * 1.8 + 32, "degrees Fahrenheit"),
        (lambda v: v + 273.15, "kelvins"),
        (lambda v: v * 10, "tenths"),
    ],
)
def test_the_units_are_named(truth, spoil, what):
    def convert(value, mean):
        value[SPELL, BAD] = spoil(value[SPELL, BAD])

    found = spoilt(truth, convert)
    _, names = faults.wrong_units(found, faults.gross_errors(found.z))
    assert names[BAD] == what
    assert names.count("") == STATIONS - 1


def test_gaps_are_never_flagged(truth):
    value, mean, std = (a.copy() for a in truth)
    value[:, BAD] += 20.0
    value[20:60, BAD] = np.nan
    for found in flags(Residuals.of(value, mean, std)).values():
        assert not found[20:60, BAD].any()
