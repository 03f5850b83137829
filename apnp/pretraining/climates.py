"""The law of the simulated climates that shipped weights learn from.

It is broad on purpose: every task is a day of another climate on the real relief. The
law was fixed before any score at the places of `benchmarks/pretrained.py` was seen.

A station at place x, with height h and s its height above its surroundings, reports

    mean of the latitude and season + continentality        `_background`
    - lapse rate(x) h + curvature h^2                       `_lapse`
    - inversion and cold pools(x, h, s) + exposure(s)       `_stable_layers`
    + coastal gradient(x, distance to the coast)            `_coast`
    + weather at three scales(x, h)                         `_weather`
    + day definition and bias of its country                `_countries`
    + noise of its own, and rare gross errors               `_noise`

All random fields are sums of cosines (`random_fields`), so a day of a thousand
stations takes milliseconds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apnp.geometry.sphere import EARTH_RADIUS_KM
from apnp.inputs.season import time_of_year
from apnp.pretraining.candidates import Candidates
from apnp.pretraining.networks import log_uniform
from apnp.pretraining.random_fields import CosineField, matern_field, stretched

Floats = NDArray[np.float64]

_SCALES = {
    # name: (least and largest std in K, least and largest lengthscale in km)
    "synoptic": ((0.7, 6.0), (300.0, 2500.0)),
    "mesoscale": ((0.2, 2.5), (60.0, 400.0)),
    "local": ((0.1, 1.5), (10.0, 80.0)),
}
_LARGEST_MODULATION = 1.2
_ROUNDING_K = (0.0, 0.1, 5 / 9, 1.0)


@dataclass(frozen=True, eq=False)
class Day:
    """A day of one simulated climate at the stations of a network.

    Attributes:
        rng: Draws the climate.
        sites: The stations.
        unit: Their unit vectors, (n, 3).
        winter: 1 in the depth of the local winter, -1 in high summer, (n,).
    """

    rng: np.random.Generator
    sites: Candidates
    unit: Floats
    winter: Floats

    def field(self, km: float, smoothness: float = 1.5) -> Floats:
        """An isotropic random field of unit variance at the stations, (n,)."""
        scales = np.full(3, km / EARTH_RADIUS_KM)
        return matern_field(self.rng, scales, smoothness)(self.unit)

    def regional(self, low_km: float = 300.0, high_km: float = 2500.0) -> Floats:
        """A number in (0, 1) that varies from region to region, (n,)."""
        field = self.field(log_uniform(self.rng, low_km, high_km))
        return 1 / (1 + np.exp(-2 * field - self.rng.normal(0, 1)))


def simulated_day(
    rng: np.random.Generator, sites: Candidates, time: np.datetime64
) -> Floats:
    """What the stations of a network report on a day of a newly drawn climate, degC.

    Args:
        rng: Draws the climate and the reports.
        sites: The stations.
        time: The day; it sets the season.
    """
    sine, cosine = time_of_year(time)
    # The depth of winter is 20 January in the north, half a year later in the south.
    lag = 2 * np.pi * 20 / 365.2425
    january = cosine * np.cos(lag) + sine * np.sin(lag)
    winter = january * np.tanh(sites.lat / 8)
    day = Day(rng, sites, sites.unit, winter)
    inland = np.tanh(np.maximum(sites.coast_km, 0) / 500)
    value = _background(day, inland) + _lapse(day) + _coast(day)
    value += _stable_layers(day) + _weather(day, inland) + _countries(day)
    return _reported(day, value)


def _background(day: Day, inland: Floats) -> Floats:
    rng, s = day.rng, np.abs(np.sin(np.radians(day.sites.lat)))
    mean = 27 + rng.normal(0, 5) - rng.uniform(25, 60) * s**2.6
    amplitude = rng.uniform(1, 8) + rng.uniform(2, 20) * inland
    return mean - amplitude * day.winter * s**1.2


def _lapse(day: Day) -> Floats:
    """Lapse rates vary by climate, season and place, and change with height."""
    rng, km = day.rng, day.sites.elevation / 1000
    rate = rng.normal(5.5, 1.5) - rng.uniform(0, 2.5) * np.maximum(day.winter, 0)
    spread = log_uniform(rng, 0.1, 2.0)
    rate = rate + spread * day.field(log_uniform(rng, 200.0, 2500.0))
    return -rate * km + rng.normal(0, 0.4) * km**2


def _stable_layers(day: Day) -> Floats:
    """Inversions, cold pools in valleys, and the exposure of summits and slopes."""
    rng, sites = day.rng, day.sites
    cold = np.clip(0.35 + 0.65 * day.winter, 0, 1)
    value = np.zeros(len(sites))
    if rng.random() < 0.5:
        floor = sites.wide_m - sites.wide_spread_m
        above = np.maximum(sites.elevation - floor, 0)
        strength = abs(rng.normal(0, 7)) * cold * day.regional()
        value -= strength * np.exp(-above / log_uniform(rng, 100.0, 1500.0))
    above = sites.elevation - sites.near_m
    rugged = 1 - np.exp(-sites.near_spread_m / 120)
    if rng.random() < 0.6:
        sheltered = 1 / (1 + np.exp(above / log_uniform(rng, 40.0, 300.0)))
        pools = abs(rng.normal(0, 4)) * (0.3 + 0.7 * cold) * day.regional(100, 1000)
        value -= pools * rugged * sheltered
    return value + rng.normal(0, 0.8) * np.tanh(above / 200)


def _coast(day: Day) -> Floats:
    """A gradient inland, of other signs in summer and winter, and a sea breeze."""
    rng, coast = day.rng, day.sites.coast_km
    contrast = rng.normal(0, 2) - rng.uniform(0, 5) * day.winter
    contrast = contrast * (0.5 + day.regional(500, 4000))
    far = np.tanh(coast / log_uniform(rng, 20.0, 400.0))
    near = np.exp(-np.abs(coast) / log_uniform(rng, 5.0, 40.0))
    return contrast * far + rng.normal(0, 1) * near


def _weather(day: Day, inland: Floats) -> Floats:
    """Weather at three scales, its amplitude and its lengthscale changing over land.

    Each scale is a mixture of two fields of different lengthscale whose shares change
    with height, distance from the sea or region; the smaller scales also decorrelate
    with height. With probability 1/2 a scale is stretched in a random direction.
    """
    rng, value = day.rng, np.zeros(len(day.sites))
    cold = 1 + rng.uniform(0, 0.5) * day.winter
    for name, (stds, lengths) in _SCALES.items():
        std, km = log_uniform(rng, *stds), log_uniform(rng, *lengths)
        smoothness = log_uniform(rng, 0.5, 2.5)
        depth = None if name == "synoptic" else log_uniform(rng, 300.0, 3000.0)
        longer = km * log_uniform(rng, 1.0, 3.0)
        direction = _tangent(rng, day.unit)
        factor = log_uniform(rng, 0.4, 2.5) if rng.random() < 0.5 else 1.0
        fields = [
            _anisotropic(rng, each, direction, factor, smoothness, depth)
            for each in (km, longer)
        ]
        x = _with_height(day, depth)
        share = _modulation(day, inland) / _LARGEST_MODULATION
        angle = np.pi / 4 * (1 + share)
        mixed = np.cos(angle) * fields[0](x) + np.sin(angle) * fields[1](x)
        value += std * cold * np.exp(0.5 * _modulation(day, inland)) * mixed
    return value


def _modulation(day: Day, inland: Floats) -> Floats:
    """A bounded function of distance from the sea, height and region, (n,)."""
    rng, sites = day.rng, day.sites
    rugged = 1 - np.exp(-sites.near_spread_m / 150)
    value = rng.normal(0, 0.6) * inland + rng.normal(0, 0.6) * rugged
    value += rng.normal(0, 0.3) * sites.elevation / 1000
    value += rng.normal(0, 0.5) * day.field(log_uniform(rng, 500.0, 4000.0))
    return np.clip(value, -_LARGEST_MODULATION, _LARGEST_MODULATION)


def _tangent(rng: np.random.Generator, unit: Floats) -> Floats:
    """A random horizontal direction at the first station, (3,)."""
    normal = rng.standard_normal(3)
    normal -= normal @ unit[0] * unit[0]
    return normal / np.linalg.norm(normal)


def _anisotropic(
    rng: np.random.Generator,
    km: float,
    direction: Floats,
    factor: float,
    smoothness: float,
    depth_m: float | None,
) -> CosineField:
    """A field of place, and of height where it has a depth."""
    matrix = stretched(km / EARTH_RADIUS_KM, direction, factor)
    if depth_m is not None:
        matrix = np.block([[matrix, np.zeros((3, 1))], [np.zeros((1, 3)), 1.0]])
    return matern_field(rng, matrix, smoothness)


def _with_height(day: Day, depth_m: float | None) -> Floats:
    if depth_m is None:
        return day.unit
    return np.column_stack([day.unit, day.sites.elevation / depth_m])


def _countries(day: Day) -> Floats:
    """Countries end their days at different hours and form means in different ways.

    Each country lets in a share of the change to the neighbouring day, a smooth field,
    and has a bias.
    """
    rng, unit = day.rng, day.unit
    if rng.random() < 0.4:
        return np.zeros(len(unit))
    centres = unit[rng.integers(len(unit), size=rng.integers(1, 16))]
    country = np.square(unit[:, None] - centres).sum(-1).argmin(1)
    share = rng.uniform(0, 0.6, len(centres)) * (rng.random(len(centres)) < 0.5)
    bias = rng.normal(0, log_uniform(rng, 0.05, 0.6), len(centres))
    change = log_uniform(rng, 0.5, 5.0) * day.field(log_uniform(rng, 500.0, 2500.0))
    return share[country] * change + bias[country]


def _reported(day: Day, value: Floats) -> Floats:
    """Values with noise of each station, rare gross errors, and rounding."""
    rng, n = day.rng, len(value)
    rugged = 1 - np.exp(-day.sites.near_spread_m / 150)
    spread = log_uniform(rng, 0.15, 1.2) * (1 + rng.uniform(0, 1) * rugged)
    noise = spread * np.exp(0.4 * rng.standard_normal(n)) * rng.standard_normal(n)
    value = value + noise
    if rng.random() < 0.5:
        wrong = rng.random(n) < log_uniform(rng, 0.001, 0.02)
        size = log_uniform(rng, 3.0, 15.0)
        value = value + np.where(wrong, size * rng.standard_normal(n), 0.0)
    step = rng.choice(_ROUNDING_K)
    return np.round(value / step) * step if step else value
