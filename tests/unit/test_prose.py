"""Plain English in what people read: a list of words and phrases with replacements.

The list holds phrases that readers had to read twice, each with what to write instead.
"""

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTEAD = {
    r"forth and back|back and forth": "in both directions; forward and backward pass",
    r"by heart": "overfit, memorise",
    r"goes on where|go on where|gone on with": "resume",
    r"kinder to": "easier for",
    r"\bstations tell\b|\btells? (?:the|a) model\b": "inform; give the model as input",
    r"\bis told (?:of|that|by|so)\b|\bare told\b": "is given, uses",
    r"\bunless told\b": "by default",
    r"\bis none of\b": "is not",
    r"\bso many\b": "this many; name the number",
    r"\bin whatever\b|\bby whatever\b|\bwhatever side\b": "however, from any",
    r"\blikewise\b": "say it again",
    r"\bas above\b": "name the thing",
    r"\banew\b": "again",
    r"\bfar ahead\b": "much better; give the number",
    r"\bwhereof\b|\bwherein\b|\bthereof\b|\bhitherto\b|\bwhilst\b": "modern words",
    r"\bmade again\b": "recomputed, reproduced",
    r"\bsurer of itself\b|\bsure of itself\b": "over-confident",
    r"\bsome (?:two|three|ten|hundred) ": "about",
    r"\butilis\w+|\butiliz\w+": "use",
    r"\bin order to\b": "to",
    r"\bdue to the fact\b": "because",
    r"\bit should be noted\b|\bplease note\b": "leave it out",
    r"\btells? of\b|\btells? more\b|\bsays? nothing of\b": "describes, informs",
    r"\bknows? nothing of\b": "does not use",
    r"\bforth\b(?! and)": "forward",
    r"\bplaces? of stations\b": "positions of stations",
    r"\bbeside its peers\b|\bthe peers\b": "other packages",
    r"\bby hand of\b|\bat hand\b": "available",
    r"\bis taken off\b|\btaken off\b": "subtracted",
    r"\bstands? in\b(?! the way)": "replaces",
    r"\bway out\b": "remedy",
    r"\bone key away\b|\bone key apart\b": "name the key",
    r"\bgoes? farther than\b|\bfor ever\b": "name the limit",
    r"\bis asked for\b|\bwas asked for\b": "the aim was; is requested",
    r"\ba (?:row|task|step|model|axis) a (?:task|row|model|step)\b": "per",
    r"\bspoil(?:s|ed|t)?\b": "corrupted, distorts",
    r"\bsome \d": "about",
    r"\bseamless\w*|\bcutting-edge\b|\bpowerful\b|\bblazing\w*": "say what it does",
}
PAGES = [
    ROOT / name
    for name in ("README.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "data/README.md")
] + sorted((ROOT / "docs").rglob("*.md"))
PAGES = [p for p in PAGES if not {"_build", "notebooks"} & set(p.parts)]
SOURCES = sorted((ROOT / "apnp").rglob("*.py"))
RULES = {re.compile(p, re.I): better for p, better in INSTEAD.items()}


def found(text, first_line=1) -> list[str]:
    """Each breach with its line, the words, and what to write instead."""
    # Line breaks count as spaces, so that a phrase may run over two lines.
    flat = text.replace("\n", " ")
    return [
        f"{first_line + text[: hit.start()].count(chr(10))}: {hit[0]!r}: {better}"
        for rule, better in RULES.items()
        for hit in rule.finditer(flat)
    ]


def prose(path: Path) -> list[tuple[int, str]]:
    """Comments and strings of a module (docstrings, help and messages), with lines."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    kinds = (tokenize.COMMENT, tokenize.STRING)
    kinds += (getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING),)
    return [(t.start[0], t.string) for t in tokens if t.type in kinds]


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_pages_are_plain(path):
    assert found(path.read_text()) == []


def test_sources_are_plain():
    breaches = [
        f"{path.relative_to(ROOT)}:{breach}"
        for path in SOURCES
        for line, text in prose(path)
        for breach in found(text, line)
    ]
    assert breaches == []


def test_the_list_finds_a_phrase_across_lines():
    assert found("A\nmodel is\ntold that") == ["2: 'is told that': is given, uses"]
    assert found("Over-confident away from stations.") == []
