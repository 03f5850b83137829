"""Configurations from YAML, dotted overrides and records, and back."""

import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stderr, suppress
from copy import deepcopy
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from apnp.config import yaml_text
from apnp.config.experiment import Config
from apnp.config.messages import one_line
from apnp.config.old_names import renamed, renamed_words
from apnp.config.plain import Unlike, built
from apnp.errors import ConfigError

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser

log = logging.getLogger(__name__)

LEGACY = {
    "data.context": (20, 800),
    "data.targets": 500,
    "model.form": "approximate",
    "model.likelihood": "gaussian",
    "model.coast": False,
    "trainer.max_steps": 20_000,
    "trainer.max_minutes": 0.0,
    "trainer.batch_size": 8,
    "trainer.learning_rate": 1e-3,
    "trainer.warmup": 100,
    "trainer.average": 0.0,
}
"""What a run meant by a key that its record lacks: the default of that time."""
_NAMES = tuple(f.name for f in fields(Config))
_MODE = "apnp"


def parser(
    prog: str = "apnp train", description: str | None = None, *, legacy: bool = False
) -> "ArgumentParser":
    """The parser of YAML files (`--config`) and dotted overrides.

    Args:
        prog: Name of the command.
        description: What it does.
        legacy: Whether keys that are not given have the value that runs of earlier
            versions meant, as of the `config.yaml` of a run to resume.
    """
    from jsonargparse import ArgumentParser, set_loader  # slow to load

    set_loader(_MODE, _load, exceptions=(yaml.YAMLError,))
    made = ArgumentParser(
        prog=prog, description=description, exit_on_error=False, parser_mode=_MODE
    )
    made.add_argument("--config", action="config", help="YAML file; may be repeated")
    made.add_class_arguments(Config)
    # Only `TrainerConfig` knows the default: it depends on `max_steps`.
    made.set_defaults({"trainer.max_minutes": None})
    if legacy:
        made.set_defaults(LEGACY)
    return made


def parse(made: "ArgumentParser", argv: Sequence[str]) -> tuple[Config, dict[str, Any]]:
    """The configuration in `argv`, and the arguments that are none of it.

    Raises:
        ConfigError: If a key is unknown or a value has the wrong type.
    """
    from jsonargparse import ArgumentError  # slow to load

    try:
        words, notes = renamed_words(argv)
        _report(notes)
        for path in _files(words):
            _report(f"{path}: {note}" for note in renamed(yaml_text.read(path))[1])
        with redirect_stderr(io.StringIO()):
            given = made.parse_args(words)
    except (ArgumentError, TypeError, ValueError, OSError, yaml.YAMLError) as error:
        raise ConfigError(one_line(error)) from error
    made_of = made.instantiate(given)
    rest = {k: v for k, v in given.as_dict().items() if k not in (*_NAMES, "config")}
    return _config(made_of), rest


def from_dict(record: dict[str, Any]) -> Config:
    """The configuration that `to_dict` wrote, of this version or an earlier one.

    Old names are understood. A key that the record lacks has the value that it meant
    when the record was written (`LEGACY`), which need not be today's default.

    Raises:
        ConfigError: If a key is unknown or a value has the wrong type.
    """
    # A copy: the parser would turn the entries of lists into its own.
    record = renamed(deepcopy(record))[0]
    with suppress(Unlike, ConfigError):  # which the parser tells in its own words
        whole: Config = built(Config, record, LEGACY)
        return whole
    from jsonargparse import ArgumentError  # slow to load

    made = _parser_once(legacy=True)
    try:
        given = made.parse_object(record)
    except (ArgumentError, TypeError, ValueError) as error:
        raise ConfigError(one_line(error)) from error
    return _config(made.instantiate(given))


def to_dict(config: Config) -> dict[str, Any]:
    """The configuration as JSON and YAML hold it."""
    return _plain(asdict(config))


def to_yaml(config: Config) -> str:
    """Every key with its value, in the order of the classes."""
    return yaml.safe_dump(to_dict(config), sort_keys=False)


def read_yaml(path: str | Path) -> Config:
    """The configuration in a YAML file; keys that it does not name have their defaults.

    Raises:
        ConfigError: If it is absent or breaks a rule.
    """
    return from_words(["--config", str(path)])


def from_words(words: Sequence[str]) -> Config:
    """The configuration in the words of a command, `--config FILE --key value`.

    Raises:
        ConfigError: If a key is unknown or a value breaks a rule.
    """
    return parse(_parser_once(), words)[0]


@cache
def _parser_once(*, legacy: bool = False) -> "ArgumentParser":
    """The parser without options of a verb: it takes a while to make."""
    return parser(legacy=legacy)


def _files(words: Sequence[str]) -> Iterator[str]:
    """The YAML files that arguments name."""
    for position, word in enumerate(words):
        if word == "--config" and position + 1 < len(words):
            yield words[position + 1]
        elif word.startswith("--config="):
            yield word.partition("=")[2]


def _config(made: Any) -> Config:
    return Config(**{name: made[name] for name in _NAMES})


def _load(text: str) -> Any:
    """The value of a YAML text; a whole configuration under today's names."""
    value = yaml_text.load(text)
    if isinstance(value, dict) and not set(value).isdisjoint(_NAMES):
        value, _ = renamed(value)
    return value


def _report(notes: Iterable[str]) -> None:
    for note in dict.fromkeys(notes):
        log.warning("%s; the old name still works.", note)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, tuple | list) else value
