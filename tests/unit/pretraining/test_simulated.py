import numpy as np

from apnp.pretraining.climates import simulated_day
from apnp.pretraining.networks import NetworkLaw
from apnp.pretraining.sampling import SamplingLaw
from apnp.pretraining.simulated_days import SimulatedDays

JANUARY, JULY = np.datetime64("2001-01-20"), np.datetime64("2001-07-20")
LAW = SamplingLaw(context=(8, 100), targets=40)


def days(places, time, n=60):
    few = places.take(np.arange(300))
    return few, np.stack(
        [simulated_day(np.random.default_rng([6, k]), few, time) for k in range(n)]
    )


def slope(sites, values):
    """Mean slope per kilometre of height, latitude taken out, in K/km."""
    s2 = np.sin(np.radians(sites.lat)) ** 2
    columns = np.column_stack([np.ones(len(sites)), sites.elevation / 1000, s2, s2**2])
    return np.linalg.lstsq(columns, values.T)[0][1].mean()


def test_the_mean_lapse_rate_is_near_that_of_the_law(places):
    sites, values = days(places, JULY)
    north = sites.take(np.flatnonzero(sites.lat > 0))
    rate = slope(north, values[:, sites.lat > 0])
    assert -6.5 < rate < -4.0


def test_winter_is_in_january_in_the_north_and_in_july_in_the_south(places):
    sites, january = days(places, JANUARY)
    _, july = days(places, JULY)
    difference = (july - january).mean(0)
    assert difference[sites.lat > 35].mean() > 5
    # The coasts are real, so these southern places lie in a mild ocean.
    assert difference[sites.lat < -35].mean() < -1
    assert abs(difference[np.abs(sites.lat) < 4].mean()) < 2


def test_climates_differ_in_spread_and_in_lapse_rate(places):
    _, values = days(places, JULY)
    spreads = values.std(1)
    assert np.quantile(spreads, 0.9) > 1.3 * np.quantile(spreads, 0.1)
    assert np.isfinite(values).all()
    assert -95 < np.quantile(values, 0.001) < np.quantile(values, 0.999) < 65


def test_networks_have_log_uniform_sizes(places):
    law = NetworkLaw(stations=(20, 2000), global_share=1.0)
    unit = places.unit
    sizes = [len(law.draw(np.random.default_rng(k), places, unit)) for k in range(200)]
    assert min(sizes) >= 19
    assert max(sizes) <= 2000
    assert 120 < np.median(sizes) < 330  # sqrt(20 * 2000) = 200


def test_a_task_follows_from_seed_and_index_alone(inputs, places):
    one = SimulatedDays(inputs, places, LAW, seed=8)
    two = SimulatedDays(inputs, places, LAW, seed=8)
    other = SimulatedDays(inputs, places, LAW, seed=9)
    two.task(1)
    for index in (0, 3):
        a, b = one.task(index), two.task(index)
        np.testing.assert_array_equal(a.context.y, b.context.y)
        np.testing.assert_array_equal(a.target.w, b.target.w)
    assert one.task(0).context.y.sum() != other.task(0).context.y.sum()


def test_no_task_repeats(inputs, places):
    source = SimulatedDays(inputs, places, LAW, seed=8)
    first = {float(source.task(i).target.y[0, 0, 0]) for i in range(25)}
    assert len(first) == 25
