"""Train a model on the station files that a configuration names."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from apnp.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser

_USAGE = """usage: apnp train --config FILE [--SECTION.KEY VALUE ...]
       apnp train --resume RUN | --init-from RUN ...

Train a model on station files. A configuration names the station file (data.path) and
the days (data.train_times, data.validation_times, data.test_times). Every other key has
a default, which is the recommended value.

options:
  --help [SECTION]    show this text, or the keys of a section
  --config FILE       YAML file; may be repeated, later files override earlier ones
  --run FOLDER        folder to write (default runs/run)
  --SECTION.KEY VALUE any key of the sections below, e.g. --trainer.max_minutes 10
  --resume RUN        resume an interrupted run from its last checkpoint
  --init-from RUN     start from the best weights of a run
  --print_config      print the resolved configuration as YAML, and stop

sections (apnp train --help SECTION lists the keys with ranges and defaults):
"""


def parser(legacy: bool = False) -> "ArgumentParser":
    """The arguments; `legacy` reads the configuration of a run to resume."""
    from apnp.config import parser as config_parser

    made = config_parser("apnp train", __doc__, legacy=legacy)
    made.add_argument("--resume", metavar="RUN", help="resume an interrupted run")
    made.add_argument(
        "--init-from", metavar="RUN", help="start from the best weights of a run"
    )
    return made


def main(argv: Sequence[str]) -> None:
    """Run `apnp train --config FILE [--key value] [--resume RUN | --init-from RUN]`.

    Raises:
        ApnpError: If the configuration, the data or a checkpoint is refused.
    """
    if any(word in ("-h", "--help") for word in argv):
        _help(argv)
    from apnp.config import parse  # not before: --help need not parse

    config, rest = parse(parser(), argv)
    if rest["resume"] is not None:
        run = rest["resume"]
        if not (Path(run) / "config.yaml").is_file():
            raise CheckpointError(
                f"{run} is no run folder (it has no config.yaml): nothing to resume."
            )
        words = ["--config", f"{run}/config.yaml", *argv]
        config, _ = parse(parser(legacy=True), words)
        config = replace(config, run=run)
    from apnp.training.fit import train  # not before: a refusal needs no torch

    train(config, resume=rest["resume"] is not None, init_from=rest["init_from"])


def _help(argv: Sequence[str]) -> None:
    """Print the help, or the keys of a section, and exit.

    Raises:
        ConfigError: If there is no such section.
        SystemExit: Otherwise, with status 0.
    """
    from apnp.config.describe import overview, section

    position = next(i for i, word in enumerate(argv) if word in ("-h", "--help"))
    named = list(argv[position + 1 :])
    if len(named) > 1:
        raise ConfigError(f"--help takes one section. Got {' '.join(named)}.")
    print(section(named[0]) if named else _USAGE + overview())
    raise SystemExit(0)
