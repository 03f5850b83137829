"""Where a predicted field goes, and who computes it."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from apnp.errors import ConfigError
from apnp.maps.predict_field import CHUNK_CELLS
from apnp.output.cluster import Cluster

ZARR_FORMATS = (2, 3)


@dataclass(frozen=True)
class FieldOutput:
    """Where a predicted field goes, and how it is computed.

    Attributes:
        path: CF NetCDF file to make, GeoTIFF (`.tif`) of one time, or Zarr store
            (`.zarr`), which is resumed where it is incomplete; None keeps the field in
            memory.
        cluster: Who predicts into a Zarr store; None = this process.
        chunk_cells: Cells decoded at once; it does not change the result.
        progress: Whether to show rate and time left on standard error.
        history: What is recorded as the making of the field.
        zarr_format: Format of a Zarr store: 3, or 2 for programs that cannot read 3,
            GDAL 3.10 among them.

    Raises:
        ConfigError: If a cluster is to write another format than Zarr, there is no
            folder to write in, or no such format of Zarr.
    """

    path: str | PathLike | None = None
    cluster: Cluster | None = None
    chunk_cells: int = CHUNK_CELLS
    progress: bool = False
    history: str = "apnp predict_grid"
    zarr_format: int = 3

    def __post_init__(self) -> None:
        if self.cluster is not None and self.store is None:
            raise ConfigError(
                f"A cluster writes Zarr: `output` must end in .zarr. Got {self.path}."
            )
        if self.zarr_format not in ZARR_FORMATS:
            raise ConfigError(f"`zarr_format` is 2 or 3. Got {self.zarr_format!r}.")
        if self.zarr_format != 3 and self.store is None:
            raise ConfigError(
                "`zarr_format` goes with a Zarr store: `output` must end in .zarr. Got "
                f"{self.path}."
            )
        if self.path is not None:
            check_folder(Path(self.path))

    @property
    def file(self) -> Path | None:
        """The NetCDF file; None for a GeoTIFF, a Zarr store, or in memory."""
        other = self.path is None or self.store or self.geotiff
        return None if other else Path(self.path)  # type: ignore[arg-type]

    @property
    def geotiff(self) -> Path | None:
        """The GeoTIFF; None for a NetCDF file, a Zarr store, or in memory."""
        path = Path(self.path) if self.path is not None else Path()
        return path if path.suffix.lower() in (".tif", ".tiff") else None

    @property
    def store(self) -> Path | None:
        """The Zarr store; None for another file, or in memory."""
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
