"""`apnp completion`: completion of verbs and options in a shell."""

import argparse
from collections.abc import Sequence
from importlib import import_module

import shtab

from apnp.cli import VERBS
from apnp.cli.parser import ApnpParser


def parser() -> ApnpParser:
    """The arguments of the verb."""
    made = ApnpParser(prog="apnp completion", description=main.__doc__)
    made.add_argument("shell", choices=shtab.SUPPORTED_SHELLS, help="the shell")
    return made


def main(argv: Sequence[str]) -> None:
    """Print a script that completes verbs and options; evaluate it in the shell."""
    print(shtab.complete(all_verbs(), parser().parse_args(list(argv)).shell))


def all_verbs() -> argparse.ArgumentParser:
    """One parser of all verbs with their options."""
    made = argparse.ArgumentParser(prog="apnp")
    verbs = made.add_subparsers()
    for name, text in VERBS.items():
        of_verb = import_module(f"apnp.cli.{name}").parser()
        verbs.add_parser(
            name, parents=[of_verb], add_help=False, conflict_handler="resolve",
            help=text,
        )  # fmt: skip
    return made
