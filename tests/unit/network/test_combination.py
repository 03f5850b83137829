import numpy as np
import pytest

from apnp.network.combination import Combination, hidden_errors
from apnp.network.history import ResidualCovariance


def test_predictions_of_equal_and_independent_errors_are_averaged():
    law = Combination(1.0, 1.0, 0.0, 500)
    mean, std = law.of(*np.array([[3.0], [0.8], [5.0], [0.8]]))
    assert mean == pytest.approx([4.0])
    assert std == pytest.approx([0.8 / np.sqrt(2)])


def test_the_weights_are_those_of_the_least_variance():
    law = Combination(1.2, 0.7, 0.4, 500)
    v1, v2 = 1.2 * 0.9**2, 0.7 * 1.3**2
    shared = 0.4 * np.sqrt(v1 * v2)
    matrix = np.linalg.inv([[v1, shared], [shared, v2]])
    weight = matrix.sum(0) / matrix.sum()
    mean, std = law.of(*np.array([[3.0], [0.9], [5.0], [1.3]]))
    assert mean == pytest.approx(weight @ [3.0, 5.0])
    assert std**2 == pytest.approx(1 / matrix.sum())


def test_the_first_stands_alone_without_the_second_or_without_evidence():
    law = Combination(2.0, 1.0, 0.0, 500)
    mean, std = law.of(*np.array([[3.0], [0.8], [np.nan], [np.nan]]))
    assert (mean, std) == (3.0, 0.8)
    nothing = Combination.fit(np.ones(99), np.ones(99))
    assert nothing.values == 0
    assert nothing.of(*np.array([[3.0], [0.8], [5.0], [0.1]])) == (3.0, 0.8)


def test_the_covariance_of_errors_is_found():
    rng = np.random.default_rng(1)
    cov = [[1.5, 0.6], [0.6, 0.8]]
    first, second = rng.multivariate_normal([0, 0], cov, 20_000).T
    first[::7] = np.nan
    found = Combination.fit(first, second)
    assert found.first == pytest.approx(1.5, rel=0.05)
    assert found.second == pytest.approx(0.8, rel=0.05)
    assert found.correlation == pytest.approx(0.6 / np.sqrt(1.2), abs=0.03)


def test_hidden_days_have_no_part_in_their_own_errors():
    rng = np.random.default_rng(2)
    day = np.arange(150.0)
    others = rng.normal(10, 4, (150, 6))
    value = others[:, 0] + rng.normal(0, 0.5, 150)
    own = value, np.full(150, 10.0), np.full(150, 4.0)
    law = ResidualCovariance(0.2, 0.3, 4.0, 0.5)
    first, second = hidden_errors(law, day, own, others, 12)
    rows = np.flatnonzero(np.isfinite(first))
    assert len(rows) == 30
    assert np.isfinite(second).tolist() == np.isfinite(first).tolist()
    assert np.nanstd(second) < 2.0 < np.std(value[rows] - 10)
    changed = value.copy()
    changed[rows[4]] += 9.0
    again = hidden_errors(law, day, (changed, *own[1:]), others, 12)
    for old, new in zip((first, second), again, strict=True):
        assert np.delete(new, rows[4]) == pytest.approx(
            np.delete(old, rows[4]), nan_ok=True
        )
        assert new[rows[4]] > old[rows[4]]
