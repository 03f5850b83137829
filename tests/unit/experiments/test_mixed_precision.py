from dataclasses import replace

import pytest
import torch

from apnp.build import build_model
from apnp.experiments.gibbs.gp import gibbs_tasks
from apnp.experiments.gibbs.models import NAMES, SIZES, entries
from apnp.inputs.batching import collate
from apnp.inputs.coordinates import CoordinateInputs


def test_kriging_keeps_its_digits_in_mixed_precision():
    """At first the kriged field is the mean: what is left is rounding of readings."""
    (entry,) = entries(["ConvCNP(T)"], SIZES["small"])
    torch.manual_seed(0)
    model = build_model(entry.model, CoordinateInputs((-7.0,), (7.0,)))
    tasks = gibbs_tasks("in", 1)
    batch = collate([tasks.task(i) for i in range(8)])
    with torch.no_grad():
        exact = model.encode(batch.context, batch.domain).latent.z[:, :1]
        with torch.autocast("cpu", torch.bfloat16):
            mixed = model.encode(batch.context, batch.domain).latent.z[:, :1]
    error = (mixed - exact).abs()
    assert error.max() < 0.03, error.max()
    assert error.mean() < 0.003, error.mean()


@pytest.mark.filterwarnings("ignore:Initializing zero-element")  # no covariates
@pytest.mark.parametrize(
    "name", ["ConvCNP(T)", "EquivCNP(E)", "TNP(T)", "pt_tnp", "rcnp", "local_tnp"]
)
def test_a_law_holds_in_mixed_precision_as_far_as_it_rounds(name):
    """Moved tasks differ by no more than half precision differs from single."""
    studied = name in NAMES
    (entry,) = entries([name if studied else "TNP(T)"], SIZES["small"])
    config = entry.model
    if not studied:  # the same, with another backbone
        config = replace(config, backbone=replace(config.backbone, name=name))
    torch.manual_seed(0)
    model = build_model(config, CoordinateInputs((-7.0,), (7.0,))).eval()
    tasks = gibbs_tasks("in", 1)
    batch = collate([tasks.task(i) for i in range(8)])
    far = torch.tensor(5.375)  # as exact in a sum as the locations themselves
    moved = replace(
        batch,
        context=replace(batch.context, x=batch.context.x + far),
        target=replace(batch.target, x=batch.target.x + far),
        domain=replace(batch.domain, centre=batch.domain.centre + far),
    )
    with torch.no_grad():
        exact = model(batch).mean
        with torch.autocast("cpu", torch.bfloat16):
            half, half_moved = model(batch).mean.float(), model(moved).mean.float()
    rounding, law = (half - exact).abs().mean(), (half - half_moved).abs().mean()
    assert 0 < rounding < 0.003
    assert law < rounding
