"""Train the weights that ship with the package, on open and simulated days.

`--data.path` names the file of open observations. Everything else is in
`configs/pretrain.yaml`; docs/model_card.md says what the weights learn from.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jsonargparse import ArgumentParser

from apnp.config import parse
from apnp.config import parser as config_parser
from apnp.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from apnp.pretraining import MixtureLaw


def parser(legacy: bool = False) -> ArgumentParser:
    """The arguments; `legacy` reads the configuration of a run to resume."""
    made = config_parser("apnp pretrain", __doc__, legacy=legacy)
    made.add_argument("--resume", metavar="RUN", help="resume an interrupted run")
    made.add_argument(
        "--simulated", type=float, metavar="SHARE",
        help="share of simulated tasks (default 0.1; a resumed run keeps its own)",
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

        print(f"shipped weights: {ship(rest['ship'])}")
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
    law = _law(Path(resumed) if resumed else None, rest["simulated"], rest["without"])
    pretrain(config, law, resume=bool(resumed))


def _law(
    resumed: Path | None, simulated: float | None, without: str | None
) -> "MixtureLaw":
    """The mixture that is asked for; that of the run where a run is resumed.

    Raises:
        ConfigError: If a run is to be resumed with another mixture.
    """
    from apnp.pretraining import MixtureLaw

    law = MixtureLaw() if resumed is None else MixtureLaw.of_run(resumed)
    asked = law
    if simulated is not None:
        asked = replace(asked, simulated=simulated)
    if without is not None:
        names = tuple(name for name in without.split(",") if name)
        asked = replace(asked, without=names)
    if resumed is not None and asked != law:
        raise ConfigError(
            f"A resumed run keeps its mixture; {resumed} was begun with --simulated "
            f"{law.simulated:g} --without '{','.join(law.without)}'. Leave both "
            "options out, or begin another run."
        )
    return asked
