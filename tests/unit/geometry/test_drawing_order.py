import numpy as np
import pytest

from apnp.geometry.drawing_order import drawing_order
from apnp.geometry.sphere import unit_vectors


@pytest.mark.parametrize("n", [0, 1, 2, 700])
def test_every_point_comes_once(n):
    x = np.random.default_rng(0).normal(size=(n, 3))
    groups = list(drawing_order(x))
    found = np.concatenate(groups) if groups else np.zeros(0)
    np.testing.assert_array_equal(np.sort(found), np.arange(n))


def test_points_at_one_place_come_at_last_but_for_one():
    x = np.random.default_rng(0).normal(size=(50, 2))
    x[10:20] = x[10]
    *_, last = drawing_order(x)
    np.testing.assert_array_equal(np.sort(last), np.arange(11, 20))


def test_early_points_cover_the_globe_and_groups_are_wide_apart():
    lat, lon = np.meshgrid(np.arange(-89.0, 90, 2), np.arange(1.0, 360, 2))
    x = unit_vectors(lat.ravel(), lon.ravel()).reshape(-1, 3)
    groups = list(drawing_order(x))
    early = np.concatenate(groups)[:400]
    nearest = np.linalg.norm(x[:, None] - x[early], axis=-1).min(1)
    assert nearest.max() < 0.4
    for group in groups[:76]:
        apart = np.linalg.norm(x[group, None] - x[group], axis=-1)
        assert (apart + np.eye(len(group))).min() > 0.1
