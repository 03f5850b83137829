"""Which operators of torch a case of the benchmark spends its time in.

    OMP_NUM_THREADS=1 python benchmarks/operators.py [--subject apnp] [--only WORD ...]

One pass of every case, forward and backward or a prediction, as `bench.py` runs it,
after one that is not counted: the largest shares of the processor's time, without what
an operator calls.
"""

import argparse

from cases import CASES, Case, drawn
from measure import Clock, once
from subjects import Work, found
from torch.profiler import ProfilerActivity, profile

from apnp.process import make_fast


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subject", default="apnp")
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD")
    parser.add_argument("--most", type=int, default=6, help="operators that are named")
    return parser.parse_args()


def shares(case: Case, work: Work) -> dict[str, float]:
    """The share of every operator, largest first."""
    once(case, work, Clock())
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        once(case, work, Clock())
    spent = {e.key: e.self_cpu_time_total for e in profiler.key_averages()}
    total = sum(spent.values())
    return {k: spent[k] / total for k in sorted(spent, key=lambda k: -spent[k])}


def main() -> None:
    """Print a line a case."""
    args = arguments()
    make_fast()
    for case in CASES:
        for subject in found()[0]:
            asked = subject.name == args.subject and subject.does(case)
            if not asked or not any(word in case.name for word in args.only):
                continue
            work = subject.setup(case, drawn(case))
            top = list(shares(case, work).items())[: args.most]
            told = ", ".join(
                f"{name.removeprefix('aten::')} {share:.0%}" for name, share in top
            )
            print(f"{case.name}: {told}", flush=True)


if __name__ == "__main__":
    main()
