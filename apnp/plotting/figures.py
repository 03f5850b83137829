"""Writing figures to files."""

from os import PathLike
from pathlib import Path

from matplotlib.figure import Figure

from apnp.errors import ConfigError
from apnp.files import atomic_write

_FORMATS = (".png", ".pdf", ".svg", ".jpg")


def check_path(path: str | PathLike[str] | None) -> None:
    """Refuse a file that no figure can be written to, before anything is drawn.

    Raises:
        ConfigError: If its ending names no known format or its folder does not exist.
    """
    if path is None:
        return
    path = Path(path)
    if path.suffix.lower() not in _FORMATS:
        raise ConfigError(
            f"{path}: a figure's name ends in {', '.join(_FORMATS)}. "
            f"Got {path.suffix or 'no ending'!r}."
        )
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.parent}. Make it first.")


def save(figure: Figure, path: str | PathLike[str] | None, dpi: int = 150) -> Figure:
    """Write a figure, if there is a path; return it.

    The file appears under its name only when it is complete.

    Raises:
        ConfigError: If `path` cannot be written or its ending names no known format.
    """
    if path is None:
        return figure
    check_path(path)
    path = Path(path)
    try:
        with atomic_write(path) as temporary:
            figure.savefig(temporary, format=path.suffix[1:].lower(), dpi=dpi)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}).") from error
    return figure
