"""YAML as configurations use it: no duplicate keys, no aliases, no endless files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from apnp.errors import ConfigError, DataError
from apnp.files import check_regular

LARGEST = 1_000_000
"""Characters of the longest configuration that is read."""


class YamlRuleError(yaml.YAMLError):
    """A text that is YAML, and breaks a rule of configurations."""


def load(text: str) -> Any:
    """The value of a YAML text.

    Raises:
        YAMLError: If it is no YAML, gives a key twice, uses an alias, or is too long.
    """
    if len(text) > LARGEST:
        raise YamlRuleError(
            f"a configuration has at most {LARGEST} characters. Got {len(text)}."
        )
    from jsonargparse import get_loader  # slow to load

    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise YamlRuleError(
                f"line {event.start_mark.line + 1}: the alias *{event.anchor} is not "
                "supported: write the value out."
            )
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is not None:
        for key, line in _repeated(root):
            raise YamlRuleError(
                f"line {line}: the key {key!r} is given twice: remove one of them."
            )
    return get_loader("yaml")(text)


def read(path: str | Path) -> dict[str, Any]:
    """The mapping in a YAML file.

    Raises:
        ConfigError: If it cannot be read or breaks a rule; the file is named.
    """
    try:
        check_regular(Path(path))
        with open(path, encoding="utf-8") as file:
            value = load(file.read(LARGEST + 1))
    except DataError as error:
        raise ConfigError(str(error)) from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is no text in UTF-8 ({error.reason}).") from error
    except (yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).replace('in "<unicode string>", ', "").split())
        raise ConfigError(f"{path}: {reason}") from error
    if not isinstance(value, dict):
        raise ConfigError(
            f"{path}: a configuration must be a mapping of keys such as `data:` to "
            f"values. Got a {type(value).__name__}."
        )
    return value


def _repeated(node: yaml.Node) -> Iterator[tuple[str, int]]:
    """Keys that a mapping holds twice, with the line of the second."""
    if isinstance(node, yaml.MappingNode):
        known = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in known:
                    yield key.value, key.start_mark.line + 1
                known.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated(value)
