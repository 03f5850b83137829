"""What a trained model is on disk: run folders and their checkpoints, nothing pickled.

Training writes them, prediction reads them.
"""

from apnp.checkpoint.run_folder import (
    find_checkpoint,
    has_checkpoint,
    load_model,
    load_run,
    load_weights,
    read_checkpoint,
    write_checkpoint,
)

__all__ = [
    "find_checkpoint",
    "has_checkpoint",
    "load_model",
    "load_run",
    "load_weights",
    "read_checkpoint",
    "write_checkpoint",
]
