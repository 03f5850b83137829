"""From a run folder to the weights in the package."""

from pathlib import Path

from apnp.checkpoint import find_checkpoint, read_checkpoint, write_checkpoint
from apnp.config import from_dict, to_dict
from apnp.errors import CheckpointError
from apnp.pretrained import PRETRAINED, run_path

LARGEST_BYTES = 5_000_000
_WRITTEN_ANEW = ("format", "versions", "provenance", "files", "hash")


def ship(run: str | Path, folder: str | Path | None = None) -> Path:
    """Write the best checkpoint of a run as the weights that ship; return the folder.

    Of the path of the open data only the file's name is kept, so that the same weights
    from another place are the same files.

    Args:
        run: Run folder of `apnp pretrain`.
        folder: Where to write; the package's own folder unless given.

    Raises:
        CheckpointError: If the run has no best checkpoint, or it is too large.
    """
    record, weights, _ = read_checkpoint(find_checkpoint(run), with_state=False)
    size = sum(value.numel() * value.element_size() for value in weights.values())
    if size > LARGEST_BYTES:
        raise CheckpointError(
            f"The weights of {run} take {size} bytes; those that ship must take at "
            f"most {LARGEST_BYTES}. Train a smaller model."
        )
    config = to_dict(from_dict(record["config"]))
    config["data"]["path"] = Path(config["data"]["path"]).name
    config["run"] = PRETRAINED
    kept = {key: record[key] for key in record if key not in _WRITTEN_ANEW}
    target = run_path(PRETRAINED) if folder is None else Path(folder)
    write_checkpoint(target, kept | {"config": config}, weights)
    return target
