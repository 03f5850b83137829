"""The ways that docs/design.md describes exist, and are short."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_STOPS = 12


def ways():
    text = (ROOT / "docs" / "design.md").read_text()
    parts = re.split(r"^## ", text, flags=re.M)
    return [part for part in parts if re.match(r"A (prediction|training)", part)]


def stops(way):
    return re.findall(r"^\d+\. `([\w/]+\.py)`\s+`([\w.]+)`", way, flags=re.M)


def defined(path):
    """Functions and methods of a module, by their qualified names."""
    names = set()
    for node in ast.parse((ROOT / path).read_text()).body:
        names.add(getattr(node, "name", ""))
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{getattr(f, 'name', '')}" for f in node.body}
    return names


@pytest.mark.parametrize("way", ways(), ids=lambda way: way.split(":")[0])
def test_every_stop_is_there_and_there_are_few(way):
    found = stops(way)
    assert len(found) == len(re.findall(r"^\d+\. ", way, flags=re.M))
    assert 8 <= len(found) <= MOST_STOPS
    for path, name in found:
        assert name in defined(path), f"{path} has no {name}"


def test_both_ways_are_described():
    assert [way.split(":")[0] for way in ways()] == ["A prediction", "A training task"]
