"""The run folder's checkpoints as Lightning reads and writes them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.fabric.plugins import CheckpointIO

from apnp.checkpoint import find_checkpoint, read_checkpoint, write_checkpoint
from apnp.errors import CheckpointError

_PREFIX = "model."


class RunCheckpointIO(CheckpointIO):
    """Lightning's checkpoints without pickle.

    Args:
        record: Plain data for `model.json`: configuration, inputs, variable.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.record = record

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | Path,
        storage_options: Any | None = None,
    ) -> None:
        """Write the weights and, where training may go on from it, all other state."""
        state = {k: v for k, v in checkpoint.items() if k != "state_dict"}
        weights = {
            name.removeprefix(_PREFIX): value
            for name, value in checkpoint["state_dict"].items()
        }
        progress = {k: checkpoint["progress"][k] for k in ("step", "elapsed", "scores")}
        record = dict(self.record) | {"progress": progress}
        whole = "optimizer_states" in state
        write_checkpoint(Path(path), record, weights, state if whole else None)

    def load_checkpoint(
        self,
        path: str | Path,
        map_location: Any | None = None,
        weights_only: bool | None = None,
    ) -> dict[str, Any]:
        """Read a checkpoint that training may go on from, on the CPU."""
        folder = find_checkpoint(path, "last")
        _, weights, state = read_checkpoint(folder)
        if state is None:
            raise CheckpointError(
                f"{folder} holds weights alone: go on from the run's last checkpoint, "
                "or start from these weights with --init-from."
            )
        named = {_PREFIX + name: value for name, value in weights.items()}
        return state | {"state_dict": named}

    def remove_checkpoint(self, path: str | Path) -> None:
        """Nothing is removed: each save replaces the one before it."""
