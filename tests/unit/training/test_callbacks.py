from types import SimpleNamespace

import pytest
import torch

from apnp.config import TrainerConfig
from apnp.training.callbacks import CheckpointAndStop, ProgressLines


class Trainer(SimpleNamespace):
    should_stop = False
    is_global_zero = True

    def __init__(self):
        super().__init__(saved=[])

    def save_checkpoint(self, path, weights_only):
        self.saved.append((path.name, weights_only))


def validated(keeper, trainer, score):
    keeper.module.scores = {"crps": score, "nll": -score}
    trainer.saved.clear()
    keeper.on_validation_end(trainer, None)
    keeper.on_train_epoch_end(trainer, None)
    return [name for name, _ in trainer.saved]


@pytest.fixture
def module():
    return SimpleNamespace(settings=TrainerConfig(patience=3), step=4, elapsed=20.0)


def test_best_is_saved_when_the_score_is_better_and_last_always(module, tmp_path):
    keeper, trainer = CheckpointAndStop(tmp_path, module), Trainer()
    assert validated(keeper, trainer, 2.0) == ["best", "last"]
    assert trainer.saved == [("best", True), ("last", False)]
    assert validated(keeper, trainer, 2.5) == ["last"]
    assert validated(keeper, trainer, 1.5) == ["best", "last"]
    assert keeper.best == 1.5


def test_the_score_to_choose_by_may_be_the_likelihood(module, tmp_path):
    module.settings = TrainerConfig(monitor="nll")
    keeper, trainer = CheckpointAndStop(tmp_path, module), Trainer()
    validated(keeper, trainer, 2.0)
    assert validated(keeper, trainer, 2.5) == ["best", "last"]
    assert keeper.best == -2.5


def test_best_score_and_patience_go_on_after_a_resumption(module, tmp_path):
    keeper, trainer = CheckpointAndStop(tmp_path, module), Trainer()
    for score in (2.0, 2.5, 2.4):
        validated(keeper, trainer, score)
    again = CheckpointAndStop(tmp_path, module)
    again.load_state_dict(keeper.state_dict())
    assert not trainer.should_stop
    assert validated(again, trainer, 2.1) == ["last"]
    assert trainer.should_stop
    assert "3 validations" in again.ended


def test_rate_and_time_left_count_from_where_training_went_on(module, capsys):
    module.settings = TrainerConfig(max_steps=100)
    module.progress = lambda elapsed: module.step / 100
    lines = ProgressLines(module)
    module.step, module.elapsed = 20, 500.0
    lines.on_train_start(Trainer(), None)
    module.step, module.elapsed = 40, 510.0
    lines.on_train_batch_end(Trainer(), None, {"loss": torch.tensor(1.25)}, None, 0)
    line = capsys.readouterr().err
    assert line == "step 40 (40 %), 2.00 steps/s, 0.5 min left, loss 1.2500\n"
    lines.on_train_batch_end(Trainer(), None, {"loss": torch.tensor(1.0)}, None, 1)
    assert capsys.readouterr().err == ""


class Broadcast:
    """What the first process sends, every process receives."""

    def __init__(self):
        self.sent = None

    def broadcast(self, value):
        self.sent = value if self.sent is None else self.sent
        return self.sent


@pytest.mark.parametrize("waited", [(301.0, 0.0), (0.0, 301.0)])
def test_the_first_process_decides_for_all_when_to_save(module, tmp_path, waited):
    module.progress = lambda elapsed: 0.5
    strategy, saved = Broadcast(), []
    for seconds in waited:
        keeper, trainer = CheckpointAndStop(tmp_path, module), Trainer()
        trainer.strategy = strategy
        keeper._saved -= seconds
        keeper.on_train_batch_end(trainer, None, None, None, 0)
        saved.append(trainer.saved)
    assert saved[0] == saved[1]
    assert bool(saved[0]) == (waited[0] > 300)
