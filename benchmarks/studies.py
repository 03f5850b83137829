"""The rows of `benchmarks/results/studies.csv` and `studies_runs.csv`.

    python benchmarks/studies.py benchmarks/results gibbs=runs/gibbs smoke=runs/smoke

`apnp experiment` writes `summary.csv` and `runs.csv` to the folder of a study. This
script adds a column with the study's name and replaces the earlier rows of that name.
"""

import argparse
from pathlib import Path

import pandas as pd

from apnp.files import atomic_write

WRITTEN = {"summary.csv": "studies.csv", "runs.csv": "studies_runs.csv"}
"""For each file of a study the file that collects it."""


def merged(kept: pd.DataFrame, study: str, new: pd.DataFrame) -> pd.DataFrame:
    """All rows, with those of one study replaced by new ones.

    Columns that the collected file lacks are left out.
    """
    named = new.assign(study=study).reindex(columns=kept.columns)
    others = kept[kept["study"] != study]
    return pd.concat([others.astype(object), named.astype(object)], ignore_index=True)


def main() -> None:
    """Put the rows of studies into the collected files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="folder of the collected files")
    parser.add_argument("studies", nargs="+", metavar="NAME=FOLDER")
    args = parser.parse_args()
    for source, name in WRITTEN.items():
        path = args.results / name
        table = pd.read_csv(path, dtype=str)
        for pair in args.studies:
            study, _, folder = pair.partition("=")
            rows = pd.read_csv(Path(folder) / source, dtype=str)
            table = merged(table, study, rows)
        with atomic_write(path) as new:
            table.to_csv(new, index=False)


if __name__ == "__main__":
    main()
