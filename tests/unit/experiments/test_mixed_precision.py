import torch

from apnp.build import build_model
from apnp.experiments.gibbs_models import SIZES, entries
from apnp.tasks.coordinates import Coordinates
from apnp.tasks.gp import gibbs_tasks
from apnp.tasks.stations import collate


def test_kriging_keeps_its_digits_in_mixed_precision():
    """At first the kriged field is the mean: what is left is rounding of readings."""
    (entry,) = entries(["ConvCNP(T)"], SIZES["small"])
    torch.manual_seed(0)
    model = build_model(entry.model, Coordinates((-7.0,), (7.0,)))
    tasks = gibbs_tasks("in", 1)
    batch = collate([tasks.task(i) for i in range(8)])
    with torch.no_grad():
        exact = model.encode(batch.context, batch.domain).latent.z[:, :1]
        with torch.autocast("cpu", torch.bfloat16):
            mixed = model.encode(batch.context, batch.domain).latent.z[:, :1]
    error = (mixed - exact).abs()
    assert error.max() < 0.03, error.max()
    assert error.mean() < 0.003, error.mean()
