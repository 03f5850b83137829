import numpy as np
import pytest

from apnp.errors import DataError
from apnp.experiments.scaling import PowerLaw, crossing, frontier, resampled

COMPUTE = np.geomspace(1e9, 1e13, 9)


def test_a_fit_recovers_a_power_law_and_leaves_out_what_is_below_the_floor():
    law = PowerLaw(37.0, 0.21)
    found = PowerLaw.fit(COMPUTE, law.at(COMPUTE))
    assert found.factor == pytest.approx(37.0)
    assert found.exponent == pytest.approx(0.21)
    gap = np.append(law.at(COMPUTE), -1e-3)
    again = PowerLaw.fit(np.append(COMPUTE, 1e14), gap)
    assert again == found
    with pytest.raises(DataError, match=r"two points .* Got 1 above it"):
        PowerLaw.fit(COMPUTE, np.where(COMPUTE > 1e9, -1.0, 1.0))


def test_the_frontier_holds_what_no_cheaper_point_beats():
    compute, gap = np.array([4.0, 1, 2, 3, 5]), np.array([0.5, 3, 2, 2.5, 0.6])
    assert frontier(compute, gap).tolist() == [1, 2, 0]


def test_the_bootstrap_error_is_that_of_the_noise_of_tasks():
    law, rng = PowerLaw(200.0, 0.25), np.random.default_rng(3)
    mean = law.at(COMPUTE)

    def drawn(n):
        noise = rng.normal(0, 0.3, (len(mean), n))
        return list(mean[:, None] * (1 + noise))

    found, error = resampled(COMPUTE.tolist(), drawn(400))
    assert found is not None
    assert found.exponent == pytest.approx(0.25, abs=4 * error)
    exponents = [resampled(COMPUTE.tolist(), drawn(400), 2)[0] for _ in range(60)]
    spread = np.std([one.exponent for one in exponents if one is not None])
    assert error == pytest.approx(spread, rel=0.4)
    none, unknown = resampled(COMPUTE.tolist(), [-np.ones(5)] * len(mean))
    assert none is None
    assert np.isnan(unknown)


def test_laws_of_unlike_floors_cross_where_their_losses_are_equal():
    """The first is better early and stops at a higher floor."""
    one, other = PowerLaw(10.0, 0.5), PowerLaw(1000.0, 0.5)
    found = crossing(one, other, (0.08, 0.0), (1.0, 1e12))
    assert found == pytest.approx((990 / 0.08) ** 2, rel=0.01)
    assert np.isnan(crossing(one, other, (0.0, 0.0), (1.0, 1e12)))
