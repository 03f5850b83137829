"""The table of formats of station files that are read."""

from apnp.data.readers import READERS
from apnp.data.readers.about import About

_HEADINGS = ("format", "provider", "what is read", "day", "units in the file",
             "quality codes", "positions")  # fmt: skip


def formats_table(markdown: bool = False) -> str:
    """One line a format: what is read, and which 24 hours a daily value stands for.

    Args:
        markdown: A table with all columns, as the documentation has it; otherwise the
            first four, aligned for a terminal.
    """
    rows = [_row(reader.ABOUT) for reader in READERS]
    if markdown:
        lines = [_HEADINGS, tuple("---" for _ in _HEADINGS), *rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    lines = [row[:4] for row in (_HEADINGS, *rows)]
    width = [max(len(line[k]) for line in lines) for k in range(3)]
    return "\n".join(
        "  ".join([*(line[k].ljust(width[k]) for k in range(3)), line[3]])
        for line in lines
    )


def _row(about: About) -> tuple[str, ...]:
    return (about.name, about.provider, about.reads, about.day, about.units,
            about.quality, about.positions)  # fmt: skip
