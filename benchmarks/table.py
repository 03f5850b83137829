"""The rows of `benchmarks/results/steps.csv`, from the CSV files of `bench.py`.

    python benchmarks/table.py runs/bench.csv benchmarks/results/steps.csv

Rows of the same machine, commit, case and subject are replaced, the others kept.
"""

import argparse
from pathlib import Path

import pandas as pd

COLUMNS = (
    "case", "subject", "weights", "setup_ms", "ms_quartiles", "cpu_ms", "to_apnp",
    "share_of_peak", "mb", "rounds",
)  # fmt: skip
PLACE = ["machine", "commit"]


def rows(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """One row for every subject of every case: a whole step, or a prediction."""
    made = []
    for case, own in table.groupby("case", sort=False):
        work = own[own["phase"] != "setup"]
        sums = work.groupby("subject", sort=False)[
            ["ms", "ms_q1", "ms_q3", "cpu_ms", "gigaflop"]
        ].sum()
        base = sums["cpu_ms"].get("apnp", float("nan"))
        setups = own[own["phase"] == "setup"].set_index("subject")["ms"]
        facts = own.drop_duplicates("subject").set_index("subject")
        for subject, row in sums.iterrows():
            rate = 1e3 * row["gigaflop"] / row["cpu_ms"]
            share = rate / facts["matmul_gigaflops"][subject]
            made.append(
                (
                    str(case), str(subject), f"{facts['parameters'][subject]:,}",
                    f"{setups[subject]:,.0f}",
                    f"{row['ms']:,.0f} ({row['ms_q1']:,.0f} to {row['ms_q3']:,.0f})",
                    f"{row['cpu_ms']:,.1f}", f"{row['cpu_ms'] / base:.2f}",
                    f"{100 * share:.0f} %" if row["gigaflop"] else "",
                    f"{facts['memory_mb'][subject]:,.0f}",
                    f"{own[own['phase'] != 'setup']['repeats'].max()}",
                )
            )  # fmt: skip
    return made


def merged(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The old rows that are not measured anew, then the new ones."""
    key = [*PLACE, "case", "subject"]
    again = old[key].apply(tuple, axis=1).isin(set(new[key].apply(tuple, axis=1)))
    return pd.concat([old[~again], new], ignore_index=True)


def main() -> None:
    """Put the rows into the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", type=Path, nargs="+")
    parser.add_argument("results", type=Path)
    args = parser.parse_args()
    table = pd.concat([pd.read_csv(path) for path in args.csv], ignore_index=True)
    machine = f"{table['cpu'][0]}, {table['cores'][0]} cores"
    new = pd.DataFrame(rows(table), columns=list(COLUMNS))
    new = new.assign(machine=machine, commit=str(table["commit"][0]))
    old = pd.read_csv(args.results, dtype=str, keep_default_na=False)
    merged(old, new).to_csv(args.results, index=False)


if __name__ == "__main__":
    main()
