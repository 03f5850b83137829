import argparse

import pytest
import torch
from cases import CASES, drawn, quick
from gpu import measured, studies
from measure import Clock, counter, once
from operators import KINDS, spent
from parts import cost, parts
from subjects.ours import SUBJECTS

from apnp.inputs.batching import collate


@pytest.mark.parametrize("name", ["1-D step: ConvCNP", "2-D step: ConvCNP 500 context"])
def test_parts_of_a_step_are_those_of_the_step(name):
    case = quick(next(c for c in CASES if c.name == name))
    found, leaves = parts(case, SUBJECTS[0])
    model, task = SUBJECTS[0].model(case, drawn(case))
    latent = model.backbone.encode(task.context, task.domain)
    processed = model.backbone.process(latent).z
    loss = -model(task).log_prob(task.target.y, task.target.y_mask).mean()
    for part, value in (
        ("onto the lattice", latent.z), ("network", processed),
        ("off the lattice, loss", loss),
    ):  # fmt: skip
        torch.testing.assert_close(found[part](), value)
    for part in found.values():
        found_out = cost(part, leaves, 1)
        assert found_out.forth > 0
        assert found_out.back > 0
        assert found_out.share > 0 or found_out.gigaflop == 0


def test_a_part_sums_no_derivatives():
    leaf = torch.ones(3, requires_grad=True)
    cost(lambda: 2 * leaf, [leaf], 4)
    assert leaf.grad is None


def test_a_step_is_measured_in_either_precision_and_a_failure_is_told(tmp_path):
    args = argparse.Namespace(size="small", smoke=None, device="cpu", repeat=1, side=64)
    found = {name: rest for name, *rest in studies(args, tmp_path)}
    assert list(found) == ["gibbs", "environment", "environment, 4-D"]
    experiment, entries, _ = found["gibbs"]
    entry = next(e for e in entries if e.name == "ConvCNP(T~)")
    tasks = experiment.tasks("train", 0)
    batch = collate([tasks.task(i) for i in range(2)])
    for precision in ("float32", "bfloat16"):
        row = measured(entry, experiment.inputs, batch, args, precision, False)
        assert row["steps_per_s"] > 0
        assert row["share_of_peak"] > 0
    broken = measured(entry, experiment.inputs, None, args, "float32", False)
    assert "error" in broken


def test_operators_are_told_the_largest_first_and_their_arithmetic_is_all_of_it():
    case = quick(next(c for c in CASES if c.name == "2-D step: ConvCNP 500 context"))
    work = SUBJECTS[0].setup(case, drawn(case))
    found = spent(case, work)
    assert list(found.own.values()) == sorted(found.own.values(), reverse=True)
    assert {
        "compiled::convolution",
        "compiled::pointwise",
        "aten::addmm",
    } <= found.own.keys()
    with counter() as counted:
        once(case, work, Clock())
    done = 0.0
    for kind in KINDS:
        share, rate = found.of(kind)
        assert 0 <= share < 1
        done += rate * share * found.seconds
    assert done == pytest.approx(counted.total)


@pytest.mark.parametrize(
    ("study", "axes"), [("environment", 2), ("environment, 4-D", 4)]
)
def test_patches_of_the_published_grids_are_stepped_through(tmp_path, study, axes):
    args = argparse.Namespace(size="small", smoke=None, device="cpu", repeat=1, side=64)
    found = {name: rest for name, *rest in studies(args, tmp_path)}
    experiment, entries, _ = found[study]
    tasks = experiment.tasks("train", 0)
    batch = collate([tasks.task(i) for i in range(2)])
    assert batch.context.x.shape[-1] == axes
    assert ("ConvCNP(T~)" in [e.name for e in entries]) == (axes == 2)
    entry = next(e for e in entries if e.name == "PT-TNP(T~)")
    row = measured(entry, experiment.inputs, batch, args, "float32", False)
    assert row["steps_per_s"] > 0
