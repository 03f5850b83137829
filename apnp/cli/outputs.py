"""Refusing names of outputs before anything is computed."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from apnp.errors import ConfigError


def check_outputs(made: Mapping[str, str | None], inputs: Iterable[str | None]) -> None:
    """Refuse a file to make whose folder is absent, or that would overwrite an input.

    Args:
        made: Names of the files to make, by flag; None = not asked for.
        inputs: Names of the files that are read.

    Raises:
        ConfigError: Naming the flag and the file.
    """
    read = {Path(name).resolve() for name in inputs if name}
    for flag, name in made.items():
        if name and not Path(name).parent.is_dir():
            raise ConfigError(
                f"--{flag} {name}: there is no folder {Path(name).parent}. Make it "
                "first."
            )
        if name and (Path(name).is_dir() or Path(name).resolve() in read):
            raise ConfigError(
                f"--{flag} {name} is a folder, or one of the files that are read. "
                "Choose another name."
            )
