"""The subjects whose packages are here, one module a package."""

from importlib import import_module

from subjects.subject import Subject, Work

__all__ = ["Subject", "Work", "found"]

_MODULES = (
    "ours", "floor", "neuralprocesses", "deepsensor", "pykrige", "gstools", "gpytorch",
)  # fmt: skip


def found() -> tuple[list[Subject], list[str]]:
    """The subjects, ours first, and a line on each package that is absent."""
    subjects, absent = [], []
    for name in _MODULES:
        try:
            subjects += import_module(f"subjects.{name}").SUBJECTS
        except ModuleNotFoundError as error:
            absent.append(f"{name} is left out: there is no package {error.name!r}.")
    return subjects, absent
