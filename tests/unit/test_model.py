from dataclasses import replace

import pytest
import torch

from apnp.approx import ApproximatelyEquivariant, FixedInputs
from apnp.backbones import ConvCNP
from apnp.groups import Translations
from apnp.likelihoods import HeteroscedasticGaussian
from apnp.model import NeuralProcess
from apnp.nn.cnn import CNN
from apnp.nn.drift import LinearDrift
from apnp.nn.lattice import PlaneLattice
from apnp.types import Domain, PointSet, Task

F = torch.float64


def model(drift=True, approximate=True, dy=1, dw=2, n_drift=1):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        lattice = PlaneLattice((8,), 0.5)
        net = CNN(4, 1, 3, 1, lattice.pad)
        backbone = ConvCNP(lattice, Translations(1), dy, dw, net, (1.0,))
        if approximate:
            backbone = ApproximatelyEquivariant(backbone, FixedInputs(1, 4, 2))
        made = NeuralProcess(
            backbone,
            HeteroscedasticGaussian(backbone.d_out, dy),
            LinearDrift(n_drift, 1, dy, (2.0, 0.7)) if drift else None,
        )
    return made.double()


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def task():
    def points(n, seed):
        return PointSet.observed(
            normal(2, n, 1, seed=seed),
            normal(2, n, 1, seed=seed + 1),
            normal(2, n, 2, seed=seed + 2),
        )

    zeros = torch.zeros(2, 1, dtype=F)
    box = Domain(zeros, zeros + 4, torch.ones(2, dtype=torch.bool))
    return Task(points(6, 0), points(4, 10), box)


def test_a_widened_model_keeps_its_means_and_so_does_its_strict_component():
    made, given = model(), task()
    plain = made(given), made.strict()(given)
    made.std_inflation = 1.4
    for before, after in zip(plain, (made(given), made.strict()(given)), strict=True):
        torch.testing.assert_close(after.mean, before.mean, rtol=0, atol=0)
        torch.testing.assert_close(after.variance, 1.96 * before.variance)


def test_a_drift_in_the_data_is_a_drift_in_the_prediction():
    """y + slope w + level in the context: the same in the mean, with a weak prior."""
    made, given = model(), task()
    with torch.no_grad():
        made.drift.ridge = 1e-12
    before = made(given)
    lifted = replace(
        given,
        context=replace(
            given.context, y=given.context.y + 3 * given.context.w[..., :1] - 7
        ),
    )
    after = made(lifted)
    expected = before.mean + 3 * given.target.w[..., :1] - 7
    torch.testing.assert_close(after.mean, expected, rtol=0, atol=1e-8)
    torch.testing.assert_close(after.variance, before.variance, rtol=0, atol=1e-8)


def test_context_values_without_the_covariate_do_not_move_the_drift():
    made, given = model(), task()
    w_mask = given.context.w_mask.clone()
    w_mask[:, 2, 0] = False
    given = replace(given, context=replace(given.context, w_mask=w_mask))
    y = given.context.y.clone()
    y[:, 2] += 5
    moved = replace(given.context, y=y)
    one, other = (made.encode(c, given.domain) for c in (given.context, moved))
    torch.testing.assert_close(one.coefficients, other.coefficients)
    assert (one.latent.z - other.latent.z).abs().max() > 1e-3


def test_unknown_and_zero_covariates_of_a_target_are_told_apart():
    made, given = model(), task()
    zero = replace(given.target, w=torch.zeros_like(given.target.w))
    unknown = replace(zero, w_mask=torch.zeros_like(zero.w_mask))
    a, b = (made(replace(given, target=t)).mean for t in (zero, unknown))
    assert (a - b).abs().max() > 1e-4


def test_strict_shares_every_weight_but_the_fixed_inputs():
    made = model()
    strict = made.strict()
    assert strict.backbone is made.backbone.backbone
    assert strict.likelihood is made.likelihood
    assert strict.drift is made.drift
    missing = {n for n, _ in made.named_parameters() if "fixed_inputs" in n}
    assert len(list(strict.parameters())) == len(list(made.parameters())) - len(missing)
    assert missing


def test_forward_is_decode_after_encode():
    made, given = model(), task()
    encoding = made.encode(given.context, given.domain)
    t = given.target
    read = made.decode(encoding, t.x, t.w, t.w_mask)
    torch.testing.assert_close(made(given).mean, read.mean, rtol=0, atol=0)
    assert model(drift=False).encode(given.context, given.domain).coefficients is None


def test_saved_weights_give_the_same_prediction():
    made, given = model(), task()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        other = model()
        for p in other.parameters():
            torch.nn.init.normal_(p)
    other.load_state_dict(made.state_dict())
    torch.testing.assert_close(other(given).mean, made(given).mean, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("drift", "match"),
    [
        (LinearDrift(1, 5, 1, (1.0,)), r"n_trend = 1 .*Got 1, 5 and 1"),
        (LinearDrift(1, 1, 3, (1.0,)), r"dy = 1.*Got 3, 1 and 1"),
        (LinearDrift(3, 1, 1, (1.0,)), r"at most dw = 2.*Got 1, 1 and 3"),
    ],
)
def test_a_drift_that_does_not_fit_is_refused(drift, match):
    backbone = model().backbone
    with pytest.raises(ValueError, match=match):
        NeuralProcess(backbone, HeteroscedasticGaussian(4, 1), drift)
