"""`apnp completion`: completion of verbs and options in a shell."""

import argparse
from collections.abc import Sequence
from importlib import import_module

import shtab

from apnp.cli.parser import ApnpParser

_VERBS = (
    "adapt", "check", "data", "evaluate", "experiment", "fill", "place", "plot",
    "predict", "report", "symmetry", "train",
)  # fmt: skip


def main(argv: Sequence[str]) -> None:
    """Print a script that completes verbs and options; evaluate it in the shell."""
    made = ApnpParser(prog="apnp completion", description=main.__doc__)
    made.add_argument("shell", choices=shtab.SUPPORTED_SHELLS, help="the shell")
    shell = made.parse_args(list(argv)).shell
    print(shtab.complete(all_verbs(), shell))


def all_verbs() -> argparse.ArgumentParser:
    """One parser of all verbs with their options."""
    made = argparse.ArgumentParser(prog="apnp")
    verbs = made.add_subparsers()
    for name in _VERBS:
        verb = import_module(f"apnp.cli.{name}")
        of_verb = verb.parser()
        verbs.add_parser(
            name, parents=[of_verb], add_help=False, conflict_handler="resolve",
            help=(verb.__doc__ or "").strip(),
        )  # fmt: skip
    return made
