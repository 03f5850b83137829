"""Which operators of torch a case of the benchmark spends its time in.

    OMP_NUM_THREADS=1 python benchmarks/operators.py [--subject apnp] [--only WORD ...]

One pass of every case, forward and backward or a prediction, as `bench.py` runs it,
after one that is not counted: the largest shares of the processor's time, without what
an operator calls. Then what convolutions, the pointwise layers between them (compiled
with their normalisation), matrix products (those of other linear layers among them) and
fused attention reach while they run, with what they call: their arithmetic a second, as
a share of a matrix product's in the same minute.
"""

import argparse
from dataclasses import dataclass

from cases import CASES, Case, drawn
from measure import Clock, compiled, counter, once
from parts import peak
from subjects import Work, found
from torch.profiler import ProfilerActivity, profile, record_function

from apnp.process import make_fast

KINDS = {
    "convolutions": (
        "aten::convolution", "aten::convolution_backward", "compiled::convolution",
    ),
    "pointwise layers": ("compiled::pointwise",),
    "matrix products": ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm"),
    "attention": (
        "aten::_scaled_dot_product_flash_attention_for_cpu",
        "aten::_scaled_dot_product_flash_attention_for_cpu_backward",
    ),
}  # fmt: skip
"""Operators of a kind: none calls another."""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subject", default="apnp")
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD")
    parser.add_argument("--most", type=int, default=6, help="operators that are named")
    return parser.parse_args()


@dataclass(frozen=True)
class Spent:
    """Where one pass of a case went.

    Attributes:
        own: Seconds of every operator without what it calls, largest first.
        whole: Seconds of every operator with what it calls.
        gigaflop: Its arithmetic in 10^9 operations, where that is counted.
    """

    own: dict[str, float]
    whole: dict[str, float]
    gigaflop: dict[str, float]

    @property
    def seconds(self) -> float:
        """Of all operators."""
        return sum(self.own.values())

    def of(self, kind: str) -> tuple[float, float]:
        """Share of the time that a kind of operators takes, and 10^9 a second."""
        names = KINDS[kind]
        seconds = sum(self.whole.get(name, 0.0) for name in names)
        done = sum(self.gigaflop.get(name, 0.0) for name in names)
        return seconds / self.seconds, done / seconds if seconds else 0.0


def spent(case: Case, work: Work) -> Spent:
    """Measure one pass, after one in which the arithmetic is counted."""
    with counter() as counted:
        once(case, work, Clock())
    named = compiled(lambda name, _: record_function(name))
    with profile(activities=[ProfilerActivity.CPU]) as profiler, named:
        once(case, work, Clock())
    events = sorted(profiler.key_averages(), key=lambda e: -e.self_cpu_time_total)
    return Spent(
        {event.key: event.self_cpu_time_total / 1e6 for event in events},
        {event.key: event.cpu_time_total / 1e6 for event in events},
        counted,
    )


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
            found_out, rate = spent(case, work), peak()
            top = list(found_out.own.items())[: args.most]
            told = [
                f"{name.removeprefix('aten::')} {s / found_out.seconds:.0%}"
                for name, s in top
            ]
            print(f"{case.name}: {', '.join(told)}")
            for kind in KINDS:
                share, reached = found_out.of(kind)
                if reached:
                    print(
                        f"  {kind}: {share:.0%} of the time, at {reached:.0f} of "
                        f"{rate:.0f} Gflop/s, {reached / rate:.0%}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
