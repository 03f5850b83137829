"""The tables of `docs/performance.md`, from the CSV files of `bench.py`.

    python benchmarks/table.py runs/bench.csv docs/performance.md

Everything between the two marks in the document is replaced.
"""

import argparse
from pathlib import Path

import pandas as pd

MARK = "<!-- made by benchmarks/table.py -->"
COLUMNS = (
    "case", "subject", "weights", "setup, ms", "ms (quartiles)", "CPU ms",
    "to apnp", "share of peak", "MB", "rounds",
)  # fmt: skip


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


def markdown(table: pd.DataFrame) -> str:
    """Where it was measured, and the rows."""
    first = table.iloc[0]
    packages = table.drop_duplicates("package")
    versions = ", ".join(
        f"{package} {version}"
        for package, version in zip(
            packages["package"], packages["version"], strict=True
        )
    )
    load = f"{table['load'].min():.0f} to {table['load'].max():.0f}"
    commits = ", ".join(map(str, table["commit"].unique()))
    lines = [
        f"{first['cpu']}, {first['cores']} cores, {first['memory_gb']} GB, "
        f"{first['threads']} thread(s); {table['repeats'].min()} to "
        f"{table['repeats'].max()} rounds; one thread's matrix product "
        f"{table['matmul_gigaflops'].median():.0f} Gflop/s; load average {load} while "
        f"it ran. Python {first['python']}, {versions}. Commit {commits}.",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|---|---|" + "---:|" * (len(COLUMNS) - 2),
        *("| " + " | ".join(row) + " |" for row in rows(table)),
    ]
    return "\n".join(lines)


def main() -> None:
    """Put the tables into the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", type=Path, nargs="+")
    parser.add_argument("document", type=Path)
    args = parser.parse_args()
    table = pd.concat([pd.read_csv(path) for path in args.csv], ignore_index=True)
    before, _, after = args.document.read_text().split(MARK)
    text = MARK.join((before, f"\n{markdown(table)}\n", after))
    args.document.write_text(text)


if __name__ == "__main__":
    main()
