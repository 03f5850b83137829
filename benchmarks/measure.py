"""Time of interleaved repetitions, arithmetic counted, memory in a fresh process."""

import gc
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import (
    AbstractContextManager,
    contextmanager,
    nullcontext,
    redirect_stdout,
)
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from time import perf_counter, process_time
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
from cases import Case, Phase, Points, drawn, quick
from subjects import Subject, Work
from torch.utils.flop_counter import (
    FlopCounterMode,
    sdpa_backward_flop_count,
    sdpa_flop_count,
)

from apnp.compiled import threads

Result = TypeVar("Result")

SIDE = 1024
"""Size of the matrices whose product is the peak that arithmetic is held against."""


def _attention(q, k, v, *_, out_shape=None, **__) -> int:
    return sdpa_flop_count(q, k, v)


def _attention_backward(g, q, k, v, *_, out_shape=None, **__) -> int:
    return sdpa_backward_flop_count(g, q, k, v)


_FUSED = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_FUSED_BACKWARD = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward


class Counted(dict[str, float]):
    """10^9 operations of every operator."""

    @property
    def total(self) -> float:
        """Of all of them."""
        return sum(self.values())


@contextmanager
def counter() -> Iterator[Counted]:
    """Count the arithmetic of torch's operators and of compiled code."""
    counted = Counted()

    def known(name: str, size: int) -> AbstractContextManager:
        counted[name] = counted.get(name, 0.0) + 2 * size / 1e9
        return nullcontext()

    own = {_FUSED: _attention, _FUSED_BACKWARD: _attention_backward}
    with compiled(known), FlopCounterMode(display=False, custom_mapping=own) as torchs:
        yield counted
    for operator, flops in torchs.get_flop_counts().get("Global", {}).items():
        counted[str(operator).replace(".", "::")] = flops / 1e9


@contextmanager
def compiled(around: Callable[[str, int], AbstractContextManager]) -> Iterator[None]:
    """Do every call of compiled code within what `around` makes.

    Args:
        around: Takes the name and the number of multiplications.
    """
    shared = threads.shared

    def watched(work: Callable, jobs: int, size: int) -> list:
        of = work.__module__.rpartition(".")[2]
        with around(f"compiled::{of}", size):
            return shared(work, jobs, size)

    threads.shared = watched
    try:
        yield
    finally:
        threads.shared = shared


@dataclass
class Clock:
    """Times of the phases of one subject, in ms: by the wall and by the processor."""

    wall: dict[Phase, list[float]] = field(default_factory=dict)
    cpu: dict[Phase, list[float]] = field(default_factory=dict)

    def time(self, phase: Phase, function):
        """What the function returns; how long it took is kept."""
        start, busy = perf_counter(), process_time()
        result = function()
        self.cpu.setdefault(phase, []).append(1e3 * (process_time() - busy))
        self.wall.setdefault(phase, []).append(1e3 * (perf_counter() - start))
        return result

    @property
    def seconds(self) -> float:
        """What all phases took, by the wall."""
        return sum(map(sum, self.wall.values())) / 1e3

    def take(self, other: "Clock") -> None:
        """Take the phases of another."""
        self.wall |= other.wall
        self.cpu |= other.cpu


def once(case: Case, work: Work, clock: Clock) -> None:
    """Every phase after the setup, once."""
    if not case.trained:
        assert work.predict is not None
        clock.time("predict", work.predict)
        return
    assert work.loss is not None
    loss = clock.time("forward", work.loss)
    clock.time("backward", loss.backward)


def first(case: Case, work: Work, clock: Clock) -> dict[Phase, float]:
    """Every phase once: its matrix products and convolutions in 10^9 operations."""
    if not case.trained:
        assert work.predict is not None
        with counter() as forward:
            clock.time("predict", work.predict)
        return {"predict": forward.total}
    assert work.loss is not None
    with counter() as forward:
        loss = clock.time("forward", work.loss)
    with counter() as backward:
        clock.time("backward", loss.backward)
    return {
        "forward": forward.total,
        "backward": backward.total,
    }


@dataclass(frozen=True)
class Rounds:
    """How often the subjects take turns.

    Attributes:
        most: Number of rounds.
        seconds: No round of a case begins after so many.
    """

    most: int
    seconds: float

    def __iter__(self) -> Iterator[int]:
        start = perf_counter()
        for i in range(self.most):
            if i == 0 or perf_counter() - start < self.seconds:
                yield i


def measure(case: Case, subjects: Sequence[Subject], rounds: Rounds) -> pd.DataFrame:
    """A row for every phase of every subject; they take turns.

    What takes longer than the seconds of all rounds is done once. Every round also
    multiplies two matrices: the rate of the machine as it is then.
    """
    with redirect_stdout(StringIO()):  # some libraries report every fit
        return _measured(case, subjects, rounds)


def _measured(case: Case, subjects: Sequence[Subject], rounds: Rounds) -> pd.DataFrame:
    points = drawn(case)
    clocks = {subject: Clock() for subject in subjects}
    works: dict[Subject, Work] = {}
    for _ in Rounds(min(rounds.most, 3), rounds.seconds / 4):
        for subject, clock in clocks.items():
            works[subject] = clock.time(
                "setup", lambda s=subject: s.setup(case, points)
            )
    counted, turns = {}, []
    for subject, work in works.items():
        clock = Clock()
        counted[subject] = first(case, work, clock)
        if clock.seconds > rounds.seconds:
            clocks[subject].take(clock)
        else:
            turns.append((subject, work))
            once(case, work, Clock())  # kernels are chosen when first run
    peak, matrix = Clock(), torch.randn(SIDE, SIDE)
    for _ in rounds:
        peak.time("forward", lambda: matrix @ matrix)
        for subject, work in turns:
            gc.collect()
            once(case, work, clocks[subject])
    rate = 2 * SIDE**3 / 1e6 / np.median(peak.cpu["forward"])  # 10^9 a second
    rows = []
    for subject, clock in clocks.items():
        for phase in case.phases:
            low, middle, high = np.quantile(clock.wall[phase], (0.25, 0.5, 0.75))
            rows.append(
                {
                    "case": case.name, "subject": subject.name, "phase": phase,
                    "package": subject.package, "version": subject.version,
                    "parameters": works[subject].parameters,
                    "repeats": len(clock.wall[phase]),
                    "ms": middle, "ms_q1": low, "ms_q3": high,
                    "cpu_ms": float(np.median(clock.cpu[phase])),
                    "gigaflop": counted[subject].get(phase, 0.0),
                    "matmul_gigaflops": rate,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def apart(function: Callable[..., Result], *args: object) -> Result:
    """What the function returns in a fresh process, a copy of this one.

    This one must not have computed anything yet: the copy may hang.

    Raises:
        BrokenProcessPool: If the process died.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        return pool.submit(function, *args).result()


def memory_mb(case: Case, subject: Subject) -> float:
    """Peak memory of a case in a fresh process, above that of its libraries, in MB.

    Nan where it died.
    """
    try:
        return apart(_peak_mb, case, subject)
    except BrokenProcessPool:
        return float("nan")


def _peak_mb(case: Case, subject: Subject) -> float:
    # What libraries load when first used is no part of the work.
    small = quick(case)
    with redirect_stdout(StringIO()):
        once(small, subject.setup(small, drawn(small)), Clock())
        before = _status_mb("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak until now
        points: Points = drawn(case)
        once(case, subject.setup(case, points), Clock())
    return _status_mb("VmHWM") - before


def _status_mb(key: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024
