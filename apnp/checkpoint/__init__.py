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
    read_record,
    write_checkpoint,
)
from apnp.checkpoint.run_record import FORGERY, Progress, RunRecord

__all__ = [
    "FORGERY",
    "Progress",
    "RunRecord",
    "find_checkpoint",
    "has_checkpoint",
    "load_model",
    "load_run",
    "load_weights",
    "read_checkpoint",
    "read_record",
    "write_checkpoint",
]
