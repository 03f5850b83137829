"""Train the weights that ship with the package, on open and simulated days.

`--data.path` names the file of open observations. Everything else is in
`configs/pretrain.yaml` and `configs/pretrain_further.yaml`: the shipped weights are
trained in two parts. docs/model_card.md describes the training data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonargparse import ArgumentParser

from apnp.config import parse
from apnp.config import parser as config_parser
from apnp.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from apnp.pretraining import MixtureLaw

_SHARES = {
    "simulated": ("simulated tasks", 0.3),
    "altered": ("real days that are altered", 0.6),
    "edges": ("tasks whose targets lie beyond all context stations", 0.1),
}


def parser(legacy: bool = False) -> ArgumentParser:
    """The arguments; `legacy` reads the configuration of a run to resume."""
    made = config_parser("apnp pretrain", __doc__, legacy=legacy)
    made.add_argument("--resume", metavar="RUN", help="resume an interrupted run")
    made.add_argument(
        "--init-from", metavar="RUN", help="start from the best weights of a run"
    )
    for name, (meaning, default) in _SHARES.items():
        made.add_argument(
            f"--{name}", type=float, metavar="SHARE",
            help=f"share of {meaning} (default {default}; a resumed run keeps its own)",
        )  # fmt: skip
    made.add_argument(
        "--without", metavar="A,B",
        help="sources of the open data that are not trained on (default none; a "
        "resumed run keeps its own)",
    )  # fmt: skip
    made.add_argument(
        "--ship", metavar="RUN",
        help="train nothing; write the best weights of RUN into the package",
    )  # fmt: skip
    made.add_argument(
        "--average-with", metavar="RUN",
        help="with --ship: the mean of the last weights of that run and the best of "
        "this one, from which it started",
    )  # fmt: skip
    return made


def main(argv: Sequence[str]) -> None:
    """Run `apnp pretrain --config FILE --data.path FILE [--resume RUN | --ship RUN]`.

    Raises:
        ApnpError: If the configuration, the data or a checkpoint is refused.
    """
    made = parser()
    config, rest = parse(made, argv)
    if rest["ship"] is not None:
        from apnp.pretraining.ship import ship

        folder = ship(rest["ship"], average_with=rest["average_with"])
        print(f"shipped weights: {folder}")
        return
    if rest["resume"] is not None:
        run = rest["resume"]
        if not (Path(run) / "config.yaml").is_file():
            raise CheckpointError(
                f"{run} is not a run folder (it has no config.yaml): nothing to resume."
            )
        config, _ = parse(
            parser(legacy=True), ["--config", f"{run}/config.yaml", *argv]
        )
        config = replace(config, run=run)
    from apnp.pretraining import pretrain  # not before: it loads torch

    resumed = rest["resume"]
    law = _law(Path(resumed) if resumed else None, rest)
    pretrain(config, law, resume=bool(resumed), init_from=rest["init_from"])


def _law(resumed: Path | None, rest: Mapping[str, Any]) -> "MixtureLaw":
    """The mixture that the options ask for; that of the run where one is resumed.

    Raises:
        ConfigError: If a run is to be resumed with another mixture.
    """
    from apnp.pretraining import MixtureLaw

    law = MixtureLaw() if resumed is None else MixtureLaw.of_run(resumed)
    given = {name: rest[name] for name in _SHARES if rest[name] is not None}
    if rest["without"] is not None:
        given["without"] = tuple(name for name in rest["without"].split(",") if name)
    asked = replace(law, **given)
    if resumed is not None and asked != law:
        options = " ".join(f"--{name} {getattr(law, name):g}" for name in _SHARES)
        raise ConfigError(
            f"A resumed run keeps its mixture; {resumed} was begun with {options} "
            f"--without '{','.join(law.without)}'. Leave these options out, or begin "
            "another run."
        )
    return asked
