"""The tables of studies in `docs/results.md`, from their folders.

    python benchmarks/studies.py docs/results.md gibbs=runs/gibbs smoke=runs/smoke

`apnp experiment` makes `table.md` of the CSV files in the folder of a study; given
again with the same arguments it does so without training anything. Everything between
the two marks of a name in the document is replaced.
"""

import argparse
from pathlib import Path

from apnp.files import atomic_write


def replaced(document: str, name: str, table: str) -> str:
    """The document with another table between the two marks of a name.

    Raises:
        SystemExit: If it has not two of them.
    """
    mark = f"<!-- made by benchmarks/studies.py: {name} -->"
    parts = document.split(mark)
    if len(parts) != 3:
        raise SystemExit(f"The document has no two marks {mark}.")
    deeper = table.replace("\n### ", "\n#### ").replace("## ", "### ", 1)
    return f"{parts[0]}{mark}\n{deeper}{mark}{parts[2]}"


def main() -> None:
    """Put the tables into the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("document", type=Path)
    parser.add_argument("studies", nargs="+", metavar="NAME=FOLDER")
    args = parser.parse_args()
    text = args.document.read_text()
    for pair in args.studies:
        name, _, folder = pair.partition("=")
        text = replaced(text, name, (Path(folder) / "table.md").read_text())
    with atomic_write(args.document) as new:
        new.write_text(text)


if __name__ == "__main__":
    main()
