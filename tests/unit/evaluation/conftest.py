import numpy as np
import pytest

from apnp.observations import Archive, Sites


@pytest.fixture(scope="session")
def offset_archive():
    """50 days of 60 stations: a daily plane, and an offset of each station's own."""
    rng = np.random.default_rng(0)
    n, days = 60, 50
    lat, lon = rng.uniform(45, 55, n), rng.uniform(0, 15, n)
    sites = Sites(lat, lon, rng.uniform(0, 800, n), np.datetime64("2020-01-01"))
    times = np.datetime64("2020-01-01") + np.arange(days)
    slope = rng.normal(size=(days, 2)) / 3
    value = 10 * rng.normal(size=(days, 1)) + slope @ np.stack([lat - 50, lon - 7])
    offset = 2.0 * rng.normal(size=n)
    noise = 0.1 * rng.normal(size=(days, n))
    return Archive(sites, times, value + offset + noise), offset
