import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from apnp.config import TrainerConfig
from apnp.errors import ConfigError
from apnp.inputs.batching import collate
from apnp.likelihoods import GaussianPredictive
from apnp.training.data import prepare
from apnp.training.module import STD_INFLATIONS, TrainingModule, learning_rate


class Constant(nn.Module):
    """Predicts the same Gaussian everywhere."""

    def __init__(self, mean=0.3, std=1.7):
        super().__init__()
        self.mean = nn.Parameter(torch.tensor(mean))
        self.matrix = nn.Parameter(torch.ones(1, 1))
        self.std = std

    def forward(self, task):
        mean = torch.ones_like(task.target.y) * self.mean * self.matrix
        return GaussianPredictive(mean, torch.full_like(mean, self.std**2))


@pytest.fixture
def batch(tiny, stations):
    tasks = prepare(tiny("--data.targets=60"), stations).tasks
    return collate([tasks.task(i) for i in range(3)])


def per_task(batch, score):
    rows = zip(batch.target.y, batch.target.y_mask, strict=True)
    return [score(y[m]).mean() for y, m in rows]


@pytest.mark.parametrize("loss", ["nll", "crps"])
def test_loss_is_the_mean_over_tasks_of_means_over_observed_values(batch, loss):
    normal = torch.distributions.Normal(0.3, 1.7)
    u = torch.linspace(1e-5, 1 - 1e-5, 20001)
    draws = normal.icdf(u)

    def crps(y):
        spread = 2 * ((u - 0.5) * draws).mean()
        return (draws[None] - y[:, None]).abs().mean(1) - spread

    score = {"nll": lambda y: -normal.log_prob(y), "crps": crps}[loss]
    expected = torch.stack(per_task(batch, score)).mean().item()
    module = TrainingModule(Constant(), TrainerConfig(loss=loss), std=9.0)
    assert len(set(batch.target.y_mask.sum((1, 2)).tolist())) > 1
    assert module.training_step(batch, 0).item() == pytest.approx(expected, rel=1e-3)


def test_validation_scores_are_in_physical_units(batch):
    module = TrainingModule(Constant(0.9, 1.2), TrainerConfig(), std=9.0)
    strategy = SimpleNamespace(reduce=lambda value, reduce_op: value)
    module._trainer = SimpleNamespace(strategy=strategy)
    module.on_validation_epoch_start()
    for _ in range(2):
        module.validation_step(batch, 0)
    module.on_validation_epoch_end()

    def nll(factor):
        normal = torch.distributions.Normal(0.9 * 9, 1.2 * 9 * factor)
        return torch.stack(per_task(batch, lambda y: -normal.log_prob(9 * y))).mean()

    best = min(STD_INFLATIONS, key=nll)
    assert best != 1
    assert module.scores["std_inflation"] == best
    assert module.scores["nll"] == pytest.approx(nll(best).item(), rel=1e-5)
    normal = GaussianPredictive(
        *[torch.full_like(batch.target.y, v) for v in (0.9 * 9, (1.2 * 9 * best) ** 2)]
    )
    values = normal.crps(9 * batch.target.y)
    mask = batch.target.y_mask
    crps = torch.stack([v[m].mean() for v, m in zip(values, mask, strict=True)]).mean()
    assert module.scores["crps"] == pytest.approx(crps.item(), rel=1e-5)


def test_spreads_that_need_no_change_are_left_as_they_are():
    assert STD_INFLATIONS[0] == 1
    assert sorted(STD_INFLATIONS) == pytest.approx(
        [math.exp(k / 40) for k in range(-12, 21)]
    )


def test_learning_rate_rises_and_falls_to_zero():
    settings = TrainerConfig(learning_rate=0.1, warmup=10)
    assert learning_rate(settings, 0, 0.0) == pytest.approx(0.01)
    assert learning_rate(settings, 4, 0.0) == pytest.approx(0.05)
    assert learning_rate(settings, 500, 0.5) == pytest.approx(0.05)
    assert learning_rate(settings, 500, 1 / 3) == pytest.approx(0.075)
    assert learning_rate(settings, 500, 1.0) == pytest.approx(0.0)
    assert learning_rate(TrainerConfig(warmup=0), 0, 0.0) == 2e-3


def test_progress_is_that_of_steps_or_minutes_whichever_is_more():
    module = TrainingModule(Constant(), TrainerConfig(max_steps=10, max_minutes=2), 1.0)
    module.step = 3
    assert module.progress(elapsed=30.0) == pytest.approx(0.3)
    assert module.progress(elapsed=60.0) == pytest.approx(0.5)
    assert module.progress(elapsed=1000.0) == 1.0
    only_time = TrainingModule(
        Constant(), TrainerConfig(max_steps=0, max_minutes=2), 1.0
    )
    only_time.step = 999
    assert only_time.progress(elapsed=30.0) == pytest.approx(0.25)


def test_vectors_and_scalars_are_not_decayed():
    module = TrainingModule(Constant(), TrainerConfig(weight_decay=0.2), 1.0)
    groups = module.configure_optimizers().param_groups
    decay = {p.ndim: g["weight_decay"] for g in groups for p in g["params"]}
    assert decay == {0: 0.0, 2: 0.2}


def test_a_loss_that_is_not_finite_is_loud(batch):
    module = TrainingModule(Constant(mean=math.nan), TrainerConfig(), 1.0)
    module.training_step(batch, 0)
    with pytest.raises(ConfigError, match=r"loss became nan at step 0.*learning_rate"):
        module.on_save_checkpoint({"loops": {}})


def test_average_follows_the_weights_and_is_what_is_kept():
    module = TrainingModule(Constant(mean=1.0), TrainerConfig(average=0.5), 1.0)
    module.on_fit_start()
    with torch.no_grad():
        module.model.mean.fill_(3.0)
    module.step = 98
    module._update_average()
    checkpoint = {"loops": {}, "state_dict": module.state_dict()}
    module.on_save_checkpoint(checkpoint)
    assert checkpoint["state_dict"]["model.mean"] == 2.0
    assert checkpoint["raw"]["model.mean"] == 3.0
    again = TrainingModule(Constant(), TrainerConfig(average=0.5), 1.0)
    again.on_load_checkpoint(checkpoint)
    assert checkpoint["state_dict"]["model.mean"] == 3.0
    assert again._average["mean"] == 2.0
    assert again.step == 98


def test_the_average_is_validated_and_the_weights_go_on(batch):
    module = TrainingModule(Constant(mean=1.0), TrainerConfig(average=0.5), 1.0)
    module.on_fit_start()
    with torch.no_grad():
        module.model.mean.fill_(3.0)
    module._trainer = SimpleNamespace(
        strategy=SimpleNamespace(reduce=lambda value, reduce_op: value)
    )
    module.on_validation_epoch_start()
    assert module.model.mean == 1.0
    module.validation_step(batch, 0)
    module.on_validation_epoch_end()
    assert module.model.mean == 3.0


def test_randomness_in_a_step_follows_from_seed_step_and_process():
    module = TrainingModule(Constant(), TrainerConfig(seed=2, max_steps=9), 1.0)
    optimizer = module.configure_optimizers()

    def draw(step, rank):
        module.step = step
        module._trainer = SimpleNamespace(optimizers=[optimizer], global_rank=rank)
        module.on_train_batch_start(None, 0)
        return torch.rand(()).item()

    first = draw(5, 0)
    assert len({first, draw(6, 0), draw(5, 1)}) == 3
    assert draw(5, 0) == first
