"""From a run folder to the weights in the package."""

from dataclasses import replace
from pathlib import Path

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


def ship(run: str | Path, folder: str | Path | None = None) -> Path:
    """Write the best checkpoint of a run as the weights that ship; return the folder.

    The checkpoint is given the ranges of the networks of the first `NETWORKS` training
    tasks (`network_ranges`). Of the path of the open data only the file's name is kept,
    so that the same weights from another place are the same files.

    Args:
        run: Run folder of `apnp pretrain`.
        folder: Where to write; the package's own folder unless given.

    Raises:
        CheckpointError: If the run has no best checkpoint, or it is too large.
        DataError: If the open data that it was trained on are no longer there.
    """
    record, weights, _ = read_checkpoint(find_checkpoint(run), with_state=False)
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
