"""Speed and memory of apnp and its peers on the same work, in one run.

    python benchmarks/bench.py --output runs/bench.csv [--quick] [--only WORD ...]
        [--without SUBJECT ...] [--reference-csv OLD.csv]

Every case of `cases.py` is done by every subject of `subjects/` that has a model for
it; a package that is absent is named and left out. They take turns; medians and
quartiles are of the rounds. Times of the processor are told beside those of the clock:
with one thread (OMP_NUM_THREADS=1) they hardly feel other work on the machine. With a
reference, what apnp does over 5 % slower than in it, relative to the machine's matrix
product in the same rounds, is told, and the exit code is 1. Needs the extra `bench`
and Linux.
"""

import argparse
import os
import platform
import sys
import warnings
from pathlib import Path

import pandas as pd
import torch
from cases import CASES, quick
from measure import Rounds, apart, measure, memory_mb
from subjects import found

from apnp.process import make_fast
from apnp.provenance import processor, provenance

SLOWER = 1.05
KEY = ["case", "subject", "phase"]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="CSV to write")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round")
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="WORD",
        help="cases whose name holds one of the words",
    )  # fmt: skip
    parser.add_argument(
        "--without", nargs="+", default=[], metavar="SUBJECT", help="not done this time"
    )
    parser.add_argument("--repeat", type=int, default=5, help="rounds (default 5)")
    parser.add_argument(
        "--seconds", type=float, default=60.0,
        help="no round of a case begins after so many (default 60)",
    )  # fmt: skip
    parser.add_argument("--reference-csv", type=Path, help="an earlier CSV")
    return parser.parse_args()


def machine() -> dict[str, object]:
    """Where and with what the run is made."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": processor(), "cores": os.cpu_count(),
        "memory_gb": round(pages / 2**30), "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 1), "python": platform.python_version(),
        "torch": torch.__version__, "commit": provenance()["commit"],
    }  # fmt: skip


def slower(new: pd.DataFrame, old: pd.DataFrame) -> pd.DataFrame:
    """What apnp does over 5 % slower, in units of the matrix product of either run."""
    both = new.merge(old, on=KEY, suffixes=("", "_old"))
    if not (both["package"] == "apnp").any():
        raise ValueError("The two tables have no case of apnp in common.")
    cost, cost_old = (
        both[f"cpu_ms{end}"] * both[f"matmul_gigaflops{end}"] for end in ("", "_old")
    )
    both["ratio"] = cost / cost_old
    worse = (both["package"] == "apnp") & (both["ratio"] > SLOWER)
    return both.loc[worse & (both["phase"] != "setup"), [*KEY, "ratio"]]


def main() -> None:
    """Measure, write, compare."""
    args = arguments()
    subjects, absent = found()
    warnings.simplefilter("ignore")  # what libraries warn of while they work
    make_fast()  # as the commands of apnp do, here for all subjects
    for line in absent:
        print(line, file=sys.stderr)
    rounds = Rounds(1 if args.quick else args.repeat, args.seconds)
    tables = []
    for case in CASES:
        if not any(word in case.name for word in args.only):
            continue
        made = quick(case) if args.quick else case
        able = [
            subject
            for subject in subjects
            if subject.does(case) and subject.name not in args.without
        ]
        table = apart(measure, made, able, rounds)
        peaks = {subject.name: memory_mb(made, subject) for subject in able}
        table["memory_mb"] = table["subject"].map(peaks)
        tables.append(table.assign(**machine()))
        shown = table[["case", "subject", "phase", "ms", "cpu_ms", "memory_mb"]]
        print(shown.round(1).to_string(index=False, header=False), flush=True)
        args.output.parent.mkdir(parents=True, exist_ok=True)
        pd.concat(tables).to_csv(args.output, index=False)
    if args.reference_csv is not None:
        try:
            worse = slower(pd.concat(tables), pd.read_csv(args.reference_csv))
        except ValueError as error:
            sys.exit(f"{args.reference_csv}: {error}")
        print("Slower than before:" if len(worse) else "Nothing is slower than before.")
        if len(worse):
            sys.exit(worse.round(2).to_string(index=False))


if __name__ == "__main__":
    main()
