import numpy as np
import pytest
import torch
from scipy import stats

from apnp.inputs.projection import Projection
from apnp.inputs.scaling import ValueScaling
from apnp.inputs.stations import StationInputs
from apnp.likelihoods import (
    LowRankPredictive,
    MixturePredictive,
)
from apnp.prediction.conditioned import ModelMarginals


def inputs(mean, std):
    projection = Projection("sphere", (0.0, 0.0), (0,) * 3, (0,) * 3)
    return StationInputs(projection, ValueScaling(mean, std))


def column(*values):
    return torch.tensor(values, dtype=torch.float64)[None, :, None]


def test_a_mixture_is_scored_in_units():
    law = MixturePredictive(
        column([0.3, 0.7]).log(), column([-1.0, 2.0]), column([0.5, 1.0])
    )
    found = ModelMarginals(law, inputs(10.0, 4.0))
    assert found.mean == pytest.approx([10 + 4 * (0.7 * 2 - 0.3)])
    parts = stats.norm(10 + 4 * np.array([-1, 2]), 4 * np.array([0.5, 1]))
    weight, y = np.array([0.3, 0.7]), 13.0
    score = found.score(np.array([y]))
    assert score.nll == pytest.approx([-np.log(weight @ parts.pdf(y))])
    assert score.upto == pytest.approx([weight @ parts.cdf(y)])
    assert score.below == score.upto
    x = np.linspace(-40, 60, 200_001)
    cdf = weight @ parts.cdf(x[:, None]).T
    crps = np.trapezoid((cdf - (x >= y)) ** 2, x)
    assert score.crps == pytest.approx([crps], rel=1e-3)
    low = found.quantile(0.2)[0]
    assert weight @ parts.cdf(low) == pytest.approx(0.2)


def test_values_predicted_together_are_scored_together_in_units():
    mean, own = np.array([0.3, -0.8, 1.4]), np.array([0.2, 0.5, 0.1])
    factor = np.array([[0.9, 0.1], [-0.4, 0.6], [0.7, 0.3]])
    law = LowRankPredictive(
        column(*mean), column(*own), torch.from_numpy(factor)[None, :, None]
    )
    found = ModelMarginals(law, inputs(10.0, 4.0))
    y = np.array([9.0, 11.0, 17.0])
    covariance = 16 * (np.diag(own) + factor @ factor.T)
    dense = stats.multivariate_normal(10 + 4 * mean, covariance)
    score = found.score(y)
    assert score.joint_nll == pytest.approx(-dense.logpdf(y) / 3)
    alone = stats.norm(10 + 4 * mean, np.sqrt(np.diag(covariance)))
    assert score.nll == pytest.approx(-alone.logpdf(y))
    one_by_one = ModelMarginals(law.marginals, inputs(10.0, 4.0))
    assert np.isnan(one_by_one.score(y).joint_nll)


def test_a_value_at_a_score_is_exceeded_as_the_score_is():
    law = MixturePredictive(
        column([0.3, 0.69, 0.01]).log(), column([-1.0, 2.0, 1.0]),
        column([0.5, 1.0, 9.0]),
    )  # fmt: skip
    z = torch.tensor([-6.0, -3, -0.4, 0, 1.1, 4, 6]).double()[:, None, None, None]
    y = law.at_score(z)
    level = torch.special.ndtr(z)
    torch.testing.assert_close(law.cdf(y), level, rtol=1e-8, atol=1e-12)
    torch.testing.assert_close(y[1:6], law.quantile(level[1:6]), rtol=1e-7, atol=0)
    above = [0.3, 0.69, 0.01] @ stats.norm.sf(
        y[6].numpy(), [-1.0, 2.0, 1.0], [0.5, 1.0, 9.0]
    ).reshape(3)
    assert above == pytest.approx(stats.norm.sf(6.0), rel=1e-7)
