"""What a checkpoint says of its run, typed: `model.json`, read once."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apnp import __version__
from apnp.config import Config, from_dict
from apnp.errors import ApnpError, CheckpointError
from apnp.inputs.coordinates import CoordinateInputs
from apnp.inputs.network_ranges import NetworkRanges
from apnp.inputs.stations import StationInputs

FORGERY = (
    ArithmeticError, AttributeError, LookupError, RecursionError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
"""What content of the wrong kind raises where a checkpoint is read."""


@dataclass(frozen=True)
class Progress:
    """How far training had come.

    Attributes:
        step: Steps done.
        elapsed: Seconds of training.
        scores: Validation scores, and the factor `std_inflation` of standard
            deviations; none before the first validation.
    """

    step: int = 0
    elapsed: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        numbers = (self.step, self.elapsed, *self.scores.values())
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError("the numbers of its progress must be finite")
        if self.step < 0 or self.elapsed < 0 or self.std_inflation <= 0:
            raise ValueError(
                "steps and seconds must be at least 0 and the std_inflation above 0. "
                f"Got {self.step}, {self.elapsed} and {self.std_inflation}"
            )

    @property
    def std_inflation(self) -> float:
        """The factor by which standard deviations are multiplied in predictions."""
        return self.scores.get("std_inflation", 1.0)


@dataclass(frozen=True)
class RunRecord:
    """What a checkpoint says of its run.

    Attributes:
        config: The experiment, under today's names.
        inputs: How stations, or coordinates, become inputs of the model.
        progress: How far training had come.
        variable: Name of what is predicted.
        units: Its units.
        summary: Stations and days that were used and kept out, in one line.
        hash: Hash of the record, which holds those of the weights.
        versions: Versions of apnp, torch and python that wrote it.
        provenance: Commit, machine and time.
        networks: The kinds of networks that it learned from; None where not recorded.
    """

    config: Config
    inputs: StationInputs | CoordinateInputs
    progress: Progress = field(default_factory=Progress)
    variable: str = ""
    units: str = ""
    summary: str = ""
    hash: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    networks: NetworkRanges | None = None

    @classmethod
    def parse(cls, record: Mapping[str, Any], place: object) -> "RunRecord":
        """The record in `model.json`, of this version or an earlier one.

        Args:
            record: The record, its hash verified (`read_checkpoint`).
            place: The checkpoint's folder, for errors.

        Raises:
            CheckpointError: If it is not understood; it names the version of apnp that
                wrote it.
        """
        try:
            config = from_dict(record["config"])
            kind = CoordinateInputs if config.model.geometry == "box" else StationInputs
            inputs = kind.from_dict(record["inputs"])
            progress = Progress(**record.get("progress", {}))
            networks = record.get("networks")
            ranges = None if networks is None else NetworkRanges.from_dict(networks)
        except (ApnpError, *FORGERY) as error:
            raise unreadable(record, place, error) from error
        known = ("variable", "units", "summary", "hash", "versions", "provenance")
        rest = {name: record[name] for name in known if name in record}
        return cls(config, inputs, progress, **rest, networks=ranges)


def unreadable(
    record: Mapping[str, Any], place: object, error: Exception
) -> CheckpointError:
    """The refusal of a checkpoint of another version, with the remedy."""
    versions = record.get("versions")
    known = isinstance(versions, Mapping) and versions.get("apnp")
    wrote, why = known or "of an unknown version", str(error).removesuffix(".")
    return CheckpointError(
        f"{place} was written by apnp {wrote} and this is {__version__}, which cannot "
        f"read it: {why}. Load it with apnp {wrote}, or train again."
    )
