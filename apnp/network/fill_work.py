"""What is predicted before the output is written, in a folder that survives a kill."""

import hashlib
import json
import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apnp.files import atomic_write

log = logging.getLogger(__name__)

_ARRAYS = ("mean", "std", "filled_mean", "filled_std")
Stored = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Work:
    """Predictions of all days and stations, (time, station), in files.

    Attributes:
        folder: Where they lie.
        mean: Means from the other stations.
        std: Standard deviations.
        filled_mean: Means in gaps, corrected by the station's history.
        filled_std: Standard deviations of these.
    """

    folder: Path
    mean: Stored
    std: Stored
    filled_mean: Stored
    filled_std: Stored

    @classmethod
    def beside(
        cls, output: Path, shape: tuple[int, int], identity: dict[str, Any]
    ) -> "Work":
        """The work for an output: what is there already, if it is of the same input.

        Args:
            output: The file that is made in the end.
            shape: Numbers of times and of stations.
            identity: What tells input and model from others.
        """
        folder = output.with_name(f".{output.name}.work")
        text = json.dumps(identity, sort_keys=True)
        told = folder / "identity.json"
        if folder.exists() and not (told.is_file() and told.read_text() == text):
            log.warning("%s: of another input or model, so it begins again.", folder)
            shutil.rmtree(folder)
        if not folder.exists():
            folder.mkdir()
            for name in _ARRAYS:
                made = np.lib.format.open_memmap(
                    folder / f"{name}.npy", "w+", np.float32, shape
                )
                made.flush()
            with atomic_write(told) as temporary:
                temporary.write_text(text)
        arrays = [
            np.lib.format.open_memmap(folder / f"{name}.npy", "r+") for name in _ARRAYS
        ]
        return cls(folder, *arrays)

    def done(self) -> NDArray[np.bool_]:
        """Which days are predicted, (time,)."""
        path = self.folder / "done.npy"
        return np.load(path) if path.is_file() else np.zeros(len(self.mean), dtype=bool)

    def finish(self, rows: slice) -> None:
        """Remember that some days are predicted, once they are on the disk."""
        for array in (self.mean, self.std):
            if isinstance(array, np.memmap):
                array.flush()
        done = self.done()
        done[rows] = True
        path = self.folder / "done.npy"
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.save(file, done)

    def remove(self) -> None:
        """Remove the folder: the output is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)


def digest(parts: Sequence[NDArray]) -> str:
    """A hash of arrays."""
    found = hashlib.sha256()
    for part in parts:
        found.update(np.ascontiguousarray(part).tobytes())
    return found.hexdigest()
