"""Train the weights that ship with the package, on open and simulated days.

`--data.path` names the file of open observations. Everything else is in
`configs/pretrain.yaml`; docs/model_card.md says what the weights learn from.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jsonargparse import ArgumentParser

from apnp.config import parse, parser
from apnp.errors import CheckpointError


def main(argv: Sequence[str]) -> None:
    """Run `apnp pretrain --config FILE --data.path FILE [--resume RUN | --ship RUN]`.

    Raises:
        ApnpError: If the configuration, the data or a checkpoint is refused.
    """
    made = _parser()
    config, rest = parse(made, argv)
    if rest["ship"] is not None:
        from apnp.pretraining.ship import ship

        print(f"shipped weights: {ship(rest['ship'])}")
        return
    if rest["resume"] is not None:
        run = rest["resume"]
        if not (Path(run) / "config.yaml").is_file():
            raise CheckpointError(
                f"{run} is not a run folder (it has no config.yaml): nothing to resume."
            )
        config, _ = parse(
            _parser(legacy=True), ["--config", f"{run}/config.yaml", *argv]
        )
        config = replace(config, run=run)
    from apnp.pretraining import MixtureLaw, pretrain  # not before: it loads torch

    without = tuple(name for name in rest["without"].split(",") if name)
    law = MixtureLaw(simulated=rest["simulated"], without=without)
    pretrain(config, law, resume=rest["resume"] is not None)


def _parser(legacy: bool = False) -> ArgumentParser:
    """The arguments; `legacy` reads the configuration of a run to resume."""
    made = parser("apnp pretrain", __doc__, legacy=legacy)
    made.add_argument("--resume", metavar="RUN", help="resume an interrupted run")
    made.add_argument(
        "--simulated", type=float, default=0.25, metavar="SHARE",
        help="share of simulated tasks (default 0.25)",
    )  # fmt: skip
    made.add_argument(
        "--without", default="", metavar="A,B",
        help="sources of the open data that are not trained on (default none)",
    )  # fmt: skip
    made.add_argument(
        "--ship", metavar="RUN",
        help="train nothing; write the best weights of RUN into the package",
    )  # fmt: skip
    return made
