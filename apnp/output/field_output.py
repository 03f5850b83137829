"""Where a predicted field goes, and who computes it."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from apnp.errors import ConfigError
from apnp.maps.predict_field import CHUNK_CELLS
from apnp.output.cluster import Cluster


@dataclass(frozen=True)
class FieldOutput:
    """Where a predicted field goes, and how it is computed.

    Attributes:
        path: CF NetCDF file to make, or Zarr store (`.zarr`), which is resumed where
            it is incomplete; None keeps the field in memory.
        cluster: Who predicts into a Zarr store; None = this process.
        chunk_cells: Cells decoded at once; it does not change the result.
        progress: Whether to show rate and time left on standard error.
        history: What is recorded as the making of the field.

    Raises:
        ConfigError: If a cluster is to write another format than Zarr, or there is no
            folder to write in.
    """

    path: str | PathLike | None = None
    cluster: Cluster | None = None
    chunk_cells: int = CHUNK_CELLS
    progress: bool = False
    history: str = "apnp predict_grid"

    def __post_init__(self) -> None:
        if self.cluster is not None and self.store is None:
            raise ConfigError(
                f"A cluster writes Zarr: `output` must end in .zarr. Got {self.path}."
            )
        if self.path is not None:
            check_folder(Path(self.path))

    @property
    def file(self) -> Path | None:
        """The NetCDF file; None for a Zarr store, or in memory."""
        return None if self.path is None or self.store else Path(self.path)

    @property
    def store(self) -> Path | None:
        """The Zarr store; None for a NetCDF file, or in memory."""
        return Path(self.path) if str(self.path).endswith(".zarr") else None  # type: ignore[arg-type]


def check_folder(path: Path) -> None:
    """Refuse a file whose folder does not exist.

    Raises:
        ConfigError: Naming the folder.
    """
    if not path.parent.is_dir():
        raise ConfigError(
            f"`output` {path}: the folder {path.parent} does not exist. Create "
            "it first."
        )
