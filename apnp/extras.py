"""Packages that only some tasks need, imported when they are asked for."""

from importlib import import_module
from typing import Any

from apnp.errors import ConfigError


def import_optional(package: str, purpose: str, extra: str) -> Any:
    """The module of an optional package.

    Args:
        package: The package to import.
        purpose: What needs it, as the user asked for it.
        extra: The extra of this package that installs it.

    Raises:
        ConfigError: If it is not installed.
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{purpose} needs {error.name}: pip install 'apnp[{extra}]'."
        ) from None
