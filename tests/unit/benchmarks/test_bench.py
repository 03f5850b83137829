from dataclasses import dataclass, field

import pandas as pd
import pytest
import torch
from bench import KEY, slower
from cases import CASES, Case, drawn, quick
from measure import Rounds, counter, measure
from subjects import Subject, Work
from subjects.floor import SUBJECTS as FLOOR
from subjects.ours import SUBJECTS as OURS_ALL

OURS = {"package": "apnp", "case": "1-D", "subject": "apnp"}


def table(cpu_ms, rate=80.0, **other):
    row = OURS | {"phase": "forward", "cpu_ms": cpu_ms, "matmul_gigaflops": rate}
    return pd.DataFrame([row | other])


def test_what_is_over_five_per_cent_slower_is_named():
    assert slower(table(10.6), table(10.0))[KEY].values.tolist() == [
        ["1-D", "apnp", "forward"]
    ]
    assert slower(table(10.4), table(10.0)).empty


def test_a_slower_machine_is_no_slower_program():
    assert slower(table(20.0, rate=40.0), table(10.0)).empty
    assert not slower(table(10.0, rate=80.0), table(10.0, rate=40.0)).empty


def test_peers_and_setups_are_not_judged():
    ours = table(10.0)
    new, old = (
        pd.concat([table(t, package="peer", subject="peer"), ours])
        for t in (20.0, 10.0)
    )
    assert slower(new, old).empty
    assert slower(table(20.0, phase="setup"), table(10.0, phase="setup")).empty


def test_tables_without_a_case_in_common_are_not_called_equal():
    with pytest.raises(ValueError, match="no case"):
        slower(table(10.0), table(10.0, case="2-D"))


def test_fused_attention_is_counted_forth_and_back():
    q, k, v = (torch.randn(2, 3, n, 16, requires_grad=True) for n in (7, 5, 5))
    with counter() as forward:
        out = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    with counter() as backward:
        out.sum().backward()
    product = 2 * 2 * 3 * 7 * 5 * 16
    assert forward.total == pytest.approx(2e-9 * product)
    assert backward.total == pytest.approx(5e-9 * product)


@dataclass(frozen=True, eq=False)
class Sleeper(Subject):
    """Moves the clock on, and counts."""

    name: str
    seconds: float
    clock: list
    calls: list = field(default_factory=list)
    package: str = "torch"

    def does(self, case):
        return True

    def setup(self, case, points):
        def predict():
            self.calls.append(case.name)
            self.clock[0] += self.seconds

        return Work(3, predict=predict)


def named(subjects, name):
    return next(s for s in subjects if s.name == name)


def test_what_takes_too_long_is_done_once(monkeypatch):
    case, clock = quick(next(c for c in CASES if not c.trained)), [0.0]
    monkeypatch.setattr("measure.perf_counter", lambda: clock[0])
    slow, fast = Sleeper("slow", 70.0, clock), Sleeper("fast", 2.0, clock)
    table = measure(case, [slow, fast], Rounds(3, 60.0)).set_index(["subject", "phase"])
    assert len(slow.calls) == 1
    assert len(fast.calls) == 5  # counted, warmed up, three rounds
    assert table.loc[("slow", "predict"), "repeats"] == 1
    assert table.loc[("fast", "predict"), "repeats"] == 3
    assert table.loc[("slow", "predict"), "ms"] == pytest.approx(70_000)


def test_days_are_predicted_one_by_one():
    """Of every subject: what it says of two days is what it says of either."""
    case = quick(Case("days", "convcnp", 2, 2, 40, (6, 8), False, 16, 8, 2, 3))
    points = drawn(case)
    assert points.xc.shape == (2, 40, 2)
    assert points.xt.shape == (2, 48, 2)
    assert (points.xc[0] != points.xc[1]).all()
    one = Case("a day", "convcnp", 2, 1, 40, (6, 8), False, 16, 8, 2, 3)
    for subject in (*OURS_ALL, *FLOOR):
        if not subject.does(case) or subject.name in (
            "convolutions alone (dense)",
            "CNN of apnp alone",
        ):
            continue
        both = subject.setup(case, points).predict()
        for day, whole in zip(points.each(), both, strict=True):
            (alone,) = subject.setup(one, day).predict()
            torch.testing.assert_close(alone, whole)


def law(subject, case):
    """Mean and standard deviation of the only day, (nt, 2)."""
    (parts,) = named(FLOOR, subject).setup(case, drawn(case)).predict()
    return torch.cat([torch.cat(part, -1) for part in parts], 1)[0]


def test_a_transformer_says_the_same_of_targets_apart():
    case = Case("t", "tnp", 2, 2, 30, (20,), True, channels=16, layers=2, heads=2)
    losses = [
        named(FLOOR, f"TNP of torch.nn layers{end}").setup(case, drawn(case)).loss()
        for end in ("", ", targets apart")
    ]
    torch.testing.assert_close(*losses)


def test_near_nodes_are_most_of_all_nodes():
    case = Case("near", "convcnp", 2, 1, 50, (30, 40), False, 16, 8, 2, 3)
    near, dense = (
        law(name, case)
        for name in ("ConvCNP that reads near nodes", "ConvCNP as published")
    )
    assert (near - dense).abs().max() < 0.02 * dense.abs().max()
    assert dense.std(0).min() > 0.01
