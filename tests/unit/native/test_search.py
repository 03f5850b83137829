import numpy as np
import pytest
from scipy.spatial import cKDTree

from apnp.native import backend, library, search

pytestmark = pytest.mark.skipif(library() is None, reason=backend())


def places(n, dx, seed):
    return np.random.default_rng(seed).normal(size=(n, dx))


def rows(dx):
    """Targets along lines, as the cells of a grid."""
    lines = np.stack([np.linspace(-2, 2, 90)] * dx, axis=-1)
    return np.concatenate([lines + shift for shift in (0.0, 0.3, 1.1)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dx", [1, 2, 3, 4])
@pytest.mark.parametrize("targets", ["rows", "scattered"])
def test_it_finds_what_a_tree_finds(dtype, dx, targets):
    points = places(103, dx, 0).astype(dtype)
    x = (rows(dx) if targets == "rows" else places(270, dx, 1)).astype(dtype)
    for k in (1, 7, 103):
        for threads in (1, 3):
            found = search(points, x, k, threads)
            _, wanted = cKDTree(points).query(x, k=[*range(1, k + 1)])
            far, true = (
                np.linalg.norm(points[i].astype(float) - x[:, None], axis=-1)
                for i in (found, wanted)
            )
            np.testing.assert_allclose(far, true, rtol=1e-5)
            assert all(len(set(row)) == k for row in found)


def test_of_points_at_one_place_the_first_come_first():
    points = np.array([[3.0], [1.0], [1.0], [1.0], [2.0]])
    assert search(points, np.array([[1.0], [2.9]]), 3).tolist() == [
        [1, 2, 3],
        [0, 4, 1],
    ]


def test_one_target_and_one_point():
    assert search(np.zeros((1, 3)), np.ones((1, 3)), 1).tolist() == [[0]]


def test_no_target_has_no_neighbours():
    assert search(np.zeros((2, 3)), np.ones((0, 3)), 2).shape == (0, 2)


def test_numbers_that_are_not_finite_are_refused():
    x = np.array([[np.nan, 0.0]])
    with pytest.raises(ValueError, match="finite"):
        search(np.zeros((5, 2)), x, 2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_among_thousands_of_points_it_finds_what_a_tree_finds(dtype):
    points = np.concatenate([places(2500, 3, 0), 0.05 * places(2500, 3, 1)])
    points = points.astype(dtype)
    x = np.concatenate([rows(3), places(50, 3, 2), points[:50]]).astype(dtype)
    for k in (1, 33):
        found = search(points, x, k, 2)
        true, _ = cKDTree(points).query(x, k=[*range(1, k + 1)])
        far = np.linalg.norm(points[found].astype(float) - x[:, None], axis=-1)
        np.testing.assert_allclose(far, true, rtol=1e-5, atol=1e-7)
        assert all(len(set(row)) == k for row in found)
