"""Break each property of the models on purpose, and see that a law says so.

    python tests/laws/mutations.py [word [every]]

Each row of `broken/` replaces a text of a copy of the package and runs the tests that
should then fail. A row that survives, or whose text is no longer there, ends the run
with status 1. With `word`, only rows whose property holds it; with `every`, every so
many of these: all rows take a quarter of an hour on two cores.
"""

import contextlib
import io
import multiprocessing
import os
import runpy
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pandas as pd  # noqa: F401
import pytest
import torch
import xarray as xr  # noqa: F401
from mutation import Mutation

ROOT = Path(__file__).parents[2]


def mutations() -> list[Mutation]:
    """Every row of `tests/laws/broken`, one file a family."""
    files = sorted(Path(__file__).with_name("broken").glob("*.py"))
    return [row for path in files for row in runpy.run_path(str(path))["MUTATIONS"]]


def verdict(mutation: Mutation) -> str:
    """What the tests say of the broken copy: "caught", "SURVIVED" or "NO SUCH TEXT"."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("apnp", "tests"):
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignore)
        shutil.copy(ROOT / "pyproject.toml", copy)
        source = copy / mutation.path
        text = source.read_text()
        if text.count(mutation.old) != 1:
            return "NO SUCH TEXT"
        source.write_text(text.replace(mutation.old, mutation.new))
        os.chdir(copy)
        sys.path.insert(0, str(copy))
        arguments = ["-x", "-p", "no:cacheprovider", mutation.tests]
        with contextlib.redirect_stdout(io.StringIO()):
            status = int(pytest.main([*arguments, "-k", mutation.select or "test"]))
        os.chdir(ROOT)
    # Status 1: tests ran and failed. Anything else is a mutation that does not run.
    return {0: "SURVIVED", 1: "caught"}.get(status, f"status {status}")


def _possible(row: Mutation) -> bool:
    return not row.needs or find_spec(row.needs) is not None


def main(word: str = "", every: str = "1") -> int:
    """Print the table; the number of rows that were not caught."""
    missed = 0
    rows = [row for row in mutations() if word in row.breaks][:: int(every)]
    rows = [row for row in rows if _possible(row)]
    torch.set_num_threads(1)  # a process that has started threads cannot be forked
    # Each row has a process of its own, which need not import the libraries again.
    fork = multiprocessing.get_context("fork")
    with fork.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for row, found in zip(rows, pool.imap(verdict, rows, 1), strict=True):
            missed += found != "caught"
            print(f"{found:<14}{row.breaks:<58}{row.path}", flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(min(1, main(*sys.argv[1:])))
