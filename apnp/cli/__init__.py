"""The command line, `apnp VERB`: one module a verb."""

import logging
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib import import_module
from typing import Any, TextIO

from apnp import __version__
from apnp.cli.parser import ApnpParser
from apnp.errors import ApnpError, printable, told
from apnp.process import (
    Stopped,
    collect_seldom,
    leave_out,
    make_fast,
    orderly_stop,
)

log = logging.getLogger(__name__)

VERBS = {
    "data": "convert station files to one CF file, summarise or simulate them",
    "train": "train a model on station files",
    "adapt": "adapt the shipped model to an archive of stations",
    "predict": "predict fields on a grid, or tables of points",
    "check": "check station values against predictions from the other stations",
    "fill": "fill the gaps of station series from the other stations",
    "place": "choose positions for new stations, or stations to remove",
    "influence": "measure the influence of each station on predictions at the others",
    "evaluate": "score a model and the baselines at held-out stations",
    "symmetry": "measure how far a model is from its symmetry, and map it",
    "experiment": "train and score the models of a published study",
    "pretrain": "train the shipped weights on open data",
    "plot": "draw a predicted field as a map",
    "report": "write one web page of a field and of scores",
    "completion": "print the completion script of a shell",
    "models": "list the architectures, the symmetries they keep, and their sizes",
}
"""Every verb, a module of this folder, with the line that tells what it does."""
_CLUSTER = ("--scheduler", "--workers")
"""Options that need dask."""
_OLD_VERBS = {"deviation": "symmetry"}
"""Verbs that have another name now."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit status (0 done, 2 refused, 130 or more stopped).

    Each verb's module is imported only when it is needed and offers
    `main(argv) -> None`.
    """
    if argv is None:  # the process is this command alone
        collect_seldom()
    argv = list(sys.argv[1:] if argv is None else argv)
    name = "apnp"
    try:
        verb = _parser().parse_args(argv[:1]).verb
        if verb in _OLD_VERBS:
            new = _OLD_VERBS[verb]
            log.warning("apnp %s is now called apnp %s.", verb, new)
            verb = new
        name = f"apnp {verb}"
        # Idle threads that spin make a shared machine many times slower; torch reads
        # this when it is first imported.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        make_fast()
        if not any(word.startswith(_CLUSTER) for word in argv):
            leave_out("dask")
        if logging.lastResort is not None:
            logging.lastResort.setFormatter(_Printable())
        with orderly_stop(), redirect_stdout(_Shown(sys.stdout)):
            import_module(f"apnp.cli.{verb}").main(argv[1:])
    except KeyboardInterrupt:
        print(f"{name}: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (ApnpError, OSError) as error:
        print(f"{name}: {told(error)}", file=sys.stderr)
        return 2
    except Stopped as stop:
        print(f"{name}: stopped by {stop.name}", file=sys.stderr)
        return int(stop.code or 1)
    return 0


class _Printable(logging.Formatter):
    """Messages as they are, with no character that a terminal obeys."""

    def format(self, record: logging.LogRecord) -> str:
        """The message of a record."""
        return printable(super().format(record))


class _Shown:
    """A stream that writes no character that a terminal obeys.

    Names of stations, titles and other texts of files are printed by many verbs.

    Args:
        stream: The stream that is written to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text with its control characters written out."""
        return self._stream.write(printable(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _parser() -> ApnpParser:
    width = max(map(len, VERBS)) + 2
    lines = [f"  {verb:<{width}}{text}" for verb, text in VERBS.items()]
    made = ApnpParser(
        prog="apnp",
        description="From station files to maps of mean and uncertainty.",
        epilog="\n".join(
            ["verbs:", *lines, "", "`apnp VERB --help` describes a verb."]
        ),
    )
    made.add_argument("--version", action="version", version=f"apnp {__version__}")
    made.add_argument(
        "verb", choices=(*VERBS, *_OLD_VERBS), metavar="VERB", help="verb to run"
    )
    return made
