"""What training starts from: nothing, a run to resume, or the weights of another."""

import sys
from dataclasses import dataclass
from pathlib import Path

from lightning.pytorch.utilities import rank_zero_only

from apnp.checkpoint import (
    RunRecord,
    find_checkpoint,
    has_checkpoint,
    load_model,
    load_run,
    read_checkpoint,
)
from apnp.config import Config, to_dict
from apnp.errors import CheckpointError, ConfigError
from apnp.inputs.coordinates import CoordinateInputs
from apnp.inputs.stations import StationInputs
from apnp.model import NeuralProcess

_PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")


@dataclass(frozen=True, eq=False)
class Start:
    """What training starts from.

    Attributes:
        run: The run folder.
        begun: The record of the run's last checkpoint, if it is resumed from one.
        model: The model whose weights training starts from, if any.
        inputs: Those of the model that training starts from or learns to repeat, or
            None.
    """

    run: Path
    begun: RunRecord | None = None
    model: NeuralProcess | None = None
    inputs: StationInputs | CoordinateInputs | None = None


def begin(
    config: Config, *, resume: bool = False, init_from: str | Path | None = None
) -> Start:
    """Check a configuration, and find what training starts from.

    Args:
        config: The experiment; `config.run` names the folder.
        resume: Go on with the run in that folder, which must exist.
        init_from: A run whose weights and inputs training starts from.

    Raises:
        ConfigError: If the configuration is impossible, or the folder exists already.
        CheckpointError: If there is nothing to go on with, or it is damaged.
    """
    run = Path(config.run)
    if resume and init_from is not None:
        raise ConfigError("Give --resume or --init-from, not both.")
    if config.trainer.precision not in _PRECISIONS:
        raise ConfigError(
            f"`trainer.precision` is one of {', '.join(_PRECISIONS)}. "
            f"Got {config.trainer.precision!r}."
        )
    teacher = config.trainer.clone
    if resume:
        begun = _begun(run, config)
        if begun is not None:
            return Start(run, begun, None, begun.inputs)
    else:
        _refuse_existing(run)
    if resume or init_from is None:
        return Start(run, inputs=None if teacher is None else load_model(teacher)[1])
    model, inputs, _ = load_run(init_from)
    return Start(run, None, model, inputs)


def _refuse_existing(run: Path) -> None:
    if is_first_process() and run.exists() and any(run.iterdir()):
        raise ConfigError(
            f"{run} exists already and nothing is overwritten: go on with "
            f"--resume {run}, or name another folder with --run."
        )


def _begun(run: Path, config: Config) -> RunRecord | None:
    """The record of the run's last checkpoint; None before its first.

    Raises:
        CheckpointError: If there is no such run, or its checkpoint is damaged.
        ConfigError: If its model or data are not those of `config`.
    """
    if not (run / "config.yaml").is_file():
        raise CheckpointError(
            f"{run} is no run folder (it has no config.yaml): there is nothing to "
            "resume."
        )
    if not has_checkpoint(run, "last"):
        return None
    folder = find_checkpoint(run, "last")
    record = RunRecord.parse(read_checkpoint(folder, with_state=False)[0], folder)
    then, now = to_dict(record.config), to_dict(config)
    for part in ("model", "data"):
        if then[part] != now[part]:
            raise ConfigError(
                f"A resumed run keeps its `{part}`; {run} was begun with another. "
                f"Leave --{part}.* out, or begin another run with --init-from {run}."
            )
    return record


def is_first_process() -> bool:
    """Whether this process speaks for all that train together."""
    return getattr(rank_zero_only, "rank", 0) == 0


def say(text: str) -> None:
    """Tell the user, once for all processes."""
    if is_first_process():
        print(text, file=sys.stderr, flush=True)
