"""Every public name has an entry and an example on the API pages, which all run."""

import doctest
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

import apnp

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "api"
PAGES = ("index", *re.findall(r"^(\w+)$", (FOLDER / "index.md").read_text(), re.M))
BLOCK = re.compile(r"^```pycon\n(.*?)^```$", re.M | re.S)


def blocks(page: str) -> str:
    """The examples of a page, each on its own lines, so that failures name lines."""
    text = (FOLDER / f"{page}.md").read_text()
    kept = [False] * len(text)
    for found in BLOCK.finditer(text):
        kept[found.start(1) : found.end(1)] = [True] * len(found[1])
    return "".join(
        c if keep or c == "\n" else "" for c, keep in zip(text, kept, strict=True)
    )


def test_every_public_name_has_an_entry_and_an_example():
    text = "".join((FOLDER / f"{page}.md").read_text() for page in PAGES)
    code = "".join(map(blocks, PAGES))
    entries = set(re.findall(r"^\.\. auto\w+:: (?:apnp\.)?(\w+)$", text, re.M))
    assert set(apnp.__all__) - entries == set()
    examples = set(re.findall(r"apnp\.(\w+)", code))
    assert set(apnp.__all__) - examples == set()


def run(pages: Iterable[str]) -> str:
    """What fails when the examples of the pages run, one after the other."""
    names: dict[str, object] = {}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    report: list[str] = []
    for page in pages:
        test = doctest.DocTestParser().get_doctest(
            blocks(page), names, page, f"docs/api/{page}.md", 0
        )
        runner.run(test, out=report.append, clear_globs=False)
        names = test.globs
    return "".join(report)


def test_the_examples_without_a_prediction_run(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert run(("index", "stations", "models", "errors")) == ""


@pytest.mark.slow
def test_all_examples_run(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert run(PAGES) == ""


@pytest.mark.slow
def test_the_backbone_of_the_extending_page_keeps_the_laws(monkeypatch):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / "extending.md").read_text()
    code = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    names: dict[str, object] = {}
    for block in code:
        exec(block, names)
    assert len(code) == 2
