"""Train a model on the station files that a configuration names."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from apnp.config import parse, parser
from apnp.errors import CheckpointError


def main(argv: Sequence[str]) -> None:
    """Run `apnp train --config FILE [--key value] [--resume RUN | --init-from RUN]`.

    Raises:
        ApnpError: If the configuration, the data or a checkpoint is refused.
    """
    made = parser("apnp train", __doc__)
    made.add_argument("--resume", metavar="RUN", help="go on with a run that stopped")
    made.add_argument(
        "--init-from", metavar="RUN", help="start from the best weights of a run"
    )
    config, rest = parse(made, argv)
    if rest["resume"] is not None:
        run = rest["resume"]
        if not (Path(run) / "config.yaml").is_file():
            raise CheckpointError(
                f"{run} is no run folder (it has no config.yaml): nothing to resume."
            )
        config, _ = parse(made, ["--config", f"{run}/config.yaml", *argv])
        config = replace(config, run=run)
    from apnp.training.fit import train  # not before: --help needs no torch

    train(config, resume=rest["resume"] is not None, init_from=rest["init_from"])
