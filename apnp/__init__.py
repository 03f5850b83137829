"""Approximately equivariant neural processes for spatial observations.

`apnp.load(run)` returns a trained model; `apnp.data` reads station files and
`apnp.plotting` draws maps. Nothing heavy is imported before it is used.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["data", "load", "plotting"]


def __getattr__(name: str) -> Any:
    if name in ("data", "plotting"):
        return import_module(f"apnp.{name}")
    if name == "load":
        return import_module("apnp.prediction").load
    raise AttributeError(f"module 'apnp' has no attribute {name!r}")
