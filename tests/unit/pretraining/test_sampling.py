from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from apnp.errors import ConfigError
from apnp.geometry.sphere import km_to_chord
from apnp.pretraining.sampling import SamplingLaw

LAW = SamplingLaw(context=(8, 200), targets=50)


@pytest.fixture
def x():
    """A cap of stations some 6000 km wide."""
    rng = np.random.default_rng(1)
    unit = rng.normal(size=(900, 3)) * 0.35 + [1, 0, 0]
    return (unit / np.linalg.norm(unit, axis=1, keepdims=True)).astype(np.float32)


def draws(law, x, n=60):
    for k in range(n):
        rng = np.random.default_rng(k)
        yield law.divide(rng, x, rng.random())


def test_context_and_targets_are_different_stations_within_the_limits(x):
    for context, target in draws(LAW, x):
        assert not np.intersect1d(context, target).size
        assert len(np.unique(context)) == len(context)
        assert 1 <= len(target) <= 50
        assert len(context) <= 200


def test_the_number_of_context_stations_is_log_uniform(x):
    law = replace(LAW, region_share=0.0, gap_share=0.0)
    rng = np.random.default_rng(0)
    for size, expected in ((0.0, 8), (0.5, 40), (1.0, 200)):
        assert len(law.divide(rng, x, size)[0]) == expected


def test_few_stations_leave_a_third_as_targets(x):
    law = replace(LAW, region_share=0.0, gap_share=0.0)
    context, target = law.divide(np.random.default_rng(0), x[:30], 1.0)
    assert (len(context), len(target)) == (20, 10)


def test_a_region_is_a_disc(x):
    law = replace(LAW, region_share=1.0, region_km=(400.0, 400.0), gap_share=0.0)
    for context, target in draws(law, x, 20):
        taken = x[np.concatenate([context, target])]
        apart = np.sqrt(np.square(taken[:, None] - taken).sum(-1))
        assert len(taken) <= 40 or apart.max() <= 2 * km_to_chord(400.0)


def test_targets_in_gaps_are_farther_from_the_context(x):
    def distance(gap_share):
        law = replace(LAW, region_share=0.0, gap_share=gap_share, gap_km=(900.0, 900.0))
        found = []
        for k in range(20):
            context, target = law.divide(np.random.default_rng(k), x, 1.0)
            apart = np.square(x[target][:, None] - x[context]).sum(-1).min(1)
            found.append(np.sqrt(apart).mean())
        return np.mean(found)

    assert distance(1.0) > 1.3 * distance(0.0)


def test_a_plane_parts_targets_beyond_the_edge_from_all_context(x):
    law = SamplingLaw(
        context=(8, 900), targets=900, region_share=0.0, gap_share=0.0, edge_share=1.0
    )
    for context, target in draws(law, x, 12):
        assert 0.09 * len(x) < len(target) < 0.41 * len(x)
        sides = np.repeat([-1.0, 1.0], [len(target), len(context)])
        both = np.concatenate([x[target], x[context]])
        columns = -1e3 * sides[:, None] * np.column_stack([both, np.ones(len(both))])
        found = linprog(np.zeros(4), columns, -np.ones(len(both)), bounds=(None, None))
        assert found.success


def test_impossible_laws_are_refused():
    with pytest.raises(ConfigError, match="least and the largest"):
        SamplingLaw(context=(0, 5))
    with pytest.raises(ConfigError, match="`least` must exceed"):
        SamplingLaw(context=(20, 50), least=20)
