"""Configurations from YAML, dotted overrides and records, and back."""

import io
from collections.abc import Sequence
from contextlib import redirect_stderr
from copy import deepcopy
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from jsonargparse import ArgumentError, ArgumentParser

from apnp.config.experiment import Config
from apnp.errors import ConfigError

Record = TypeVar("Record")


def parser(prog: str = "apnp train", description: str | None = None) -> ArgumentParser:
    """The parser of YAML files (`--config`) and dotted overrides."""
    made = ArgumentParser(prog=prog, description=description, exit_on_error=False)
    made.add_argument("--config", action="config", help="YAML file; may be repeated")
    made.add_class_arguments(Config)
    return made


def parse(made: ArgumentParser, argv: Sequence[str]) -> tuple[Config, dict[str, Any]]:
    """The configuration in `argv`, and the arguments that are none of it.

    Raises:
        ConfigError: If a key is unknown or a value has the wrong type.
    """
    try:
        with redirect_stderr(io.StringIO()):
            given = made.parse_args(list(argv)).as_dict()
    except (ArgumentError, TypeError, ValueError, OSError) as error:
        raise ConfigError(
            f"{' '.join(str(error).split())} (--print_config shows every key)"
        ) from error
    names = {f.name for f in fields(Config)}
    rest = {k: v for k, v in given.items() if k not in names and k != "config"}
    return _build(Config, {k: given[k] for k in names}), rest


def from_dict(record: dict[str, Any]) -> Config:
    """The configuration that `to_dict` wrote.

    Raises:
        ConfigError: If a key is unknown or a value has the wrong type.
    """
    made = parser()
    try:
        # A copy: the parser would turn the entries of lists into its own.
        given = made.parse_object(deepcopy(record)).as_dict()
    except (ArgumentError, TypeError, ValueError) as error:
        raise ConfigError(" ".join(str(error).split())) from error
    return _build(Config, {f.name: given[f.name] for f in fields(Config)})


def to_dict(config: Config) -> dict[str, Any]:
    """The configuration as JSON and YAML hold it."""
    return _plain(asdict(config))


def to_yaml(config: Config) -> str:
    """Every key with its value, in the order of the classes."""
    return yaml.safe_dump(to_dict(config), sort_keys=False)


def read_yaml(path: Path) -> Config:
    """The configuration in a file that `to_yaml` wrote.

    Raises:
        ConfigError: If it is absent or breaks a rule.
    """
    return parse(parser(), ["--config", str(path)])[0]


def _build(kind: type[Record], values: dict[str, Any]) -> Record:
    made: dict[str, Any] = {}
    for f in fields(kind):  # type: ignore[arg-type]
        if isinstance(f.type, type) and is_dataclass(f.type):
            made[f.name] = _build(f.type, values[f.name])
        elif any(is_dataclass(part) for part in get_args(f.type)):
            (part,) = get_args(f.type)
            made[f.name] = [_build(part, each) for each in values[f.name]]
        else:
            made[f.name] = values[f.name]
    return kind(**made)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, tuple | list) else value
