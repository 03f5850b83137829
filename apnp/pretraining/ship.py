"""From a run folder to the weights in the package."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from apnp.checkpoint import find_checkpoint, read_checkpoint, write_checkpoint
from apnp.config import Config, from_dict, to_dict
from apnp.errors import CheckpointError
from apnp.inputs.network_ranges import NetworkRanges
from apnp.pretrained import PRETRAINED, run_path
from apnp.pretraining.mixture import MixedTasks, MixtureLaw
from apnp.pretraining.open_days import OpenDays
from apnp.pretraining.prepare import prepare_pretraining

LARGEST_BYTES = 5_000_000
NETWORKS = 4_000
"""Training tasks whose networks give the ranges of networks; a minute."""
_WRITTEN_ANEW = ("format", "versions", "provenance", "files", "hash")


def ship(
    run: str | Path,
    folder: str | Path | None = None,
    average_with: str | Path | None = None,
) -> Path:
    """Write the best checkpoint of a run as the weights that ship; return the folder.

    With `average_with`, the weights are the mean of the last ones of the run and the
    best ones of the run that it was trained further from. Both lie in one basin of the
    loss, and their mean is as good as either or better (Wortsman et al., 2022, "Model
    soups").

    The checkpoint is given the ranges of the networks of the first `NETWORKS` training
    tasks (`network_ranges`). Of the path of the open data only the file's name is kept,
    so that the same weights from another place are the same files.

    Args:
        run: Run folder of `apnp pretrain`.
        folder: Where to write; the package's own folder unless given.
        average_with: The run that `run` started from.

    Raises:
        CheckpointError: If a run has no such checkpoint, or it is too large, or the two
            runs hold different models.
        DataError: If the open data that it was trained on are no longer there.
    """
    which = "best" if average_with is None else "last"
    found = find_checkpoint(run, which)
    record, weights, _ = read_checkpoint(found, with_state=False)
    if average_with is not None:
        weights = _mean(weights, find_checkpoint(average_with))
    size = sum(value.numel() * value.element_size() for value in weights.values())
    if size > LARGEST_BYTES:
        raise CheckpointError(
            f"The weights of {run} take {size} bytes; those that ship must take at "
            f"most {LARGEST_BYTES}. Train a smaller model."
        )
    trained = from_dict(record["config"])
    ranges = network_ranges(trained, MixtureLaw.of_run(Path(run)), NETWORKS)
    config = to_dict(trained)
    config["data"]["path"] = Path(config["data"]["path"]).name
    config["run"] = PRETRAINED
    kept = {key: record[key] for key in record if key not in _WRITTEN_ANEW}
    target = run_path(PRETRAINED) if folder is None else Path(folder)
    added = {"config": config, "networks": ranges.to_dict()}
    write_checkpoint(target, kept | added, weights)
    return target


def _mean(weights: Mapping[str, Tensor], other: Path) -> dict[str, Tensor]:
    """The mean of weights and those of another checkpoint of the same model.

    Raises:
        CheckpointError: If it holds another model.
    """
    others = read_checkpoint(other, with_state=False)[1]
    shapes, theirs = (
        {k: v.shape for k, v in each.items()} for each in (weights, others)
    )
    if shapes != theirs:
        raise CheckpointError(
            f"{other} holds another model than the run that ships. Name the run that "
            "it was trained further from."
        )
    return {
        name: ((value.double() + others[name].double()) / 2).to(value.dtype)
        if value.is_floating_point()
        else value
        for name, value in weights.items()
    }


def network_ranges(config: Config, law: MixtureLaw, number: int) -> NetworkRanges:
    """The ranges of the networks of real days among the first training tasks.

    Networks of simulated climates do not count: they are no evidence of how good a
    model is on a real network of their kind.

    Args:
        config: The experiment; `config.data.path` is the file of open observations.
        law: What its tasks are mixed from.
        number: How many tasks are drawn.

    Raises:
        DataError: If the open observations cannot be read.
    """
    tasks = prepare_pretraining(config, replace(law, simulated=0.0)).tasks
    assert isinstance(tasks, MixedTasks)
    days = tasks.sources["open"]
    assert isinstance(days, OpenDays)
    return NetworkRanges.of(days.network(index) for index in range(number))
