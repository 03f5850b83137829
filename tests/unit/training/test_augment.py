"""Augmentation moves training tasks, whole and reproducibly, and nothing else."""

import math
from dataclasses import dataclass

import pytest
import torch

from apnp.backbones import TNP, TokenLayers
from apnp.config import AugmentConfig, TrainerConfig
from apnp.errors import ConfigError
from apnp.groups import (
    LinearMotions,
    LongitudeShifts,
    RigidMotions,
    Rotations,
    SphereRotations,
    Translations,
    Trivial,
)
from apnp.groups.candidates import Mirror
from apnp.inputs.batching import collate
from apnp.inputs.coordinates import CoordinateInputs
from apnp.likelihoods import HeteroscedasticGaussian
from apnp.model import NeuralProcess
from apnp.training import fit as fitting
from apnp.training.augment import AugmentedTasks, augmented, element
from apnp.training.data import prepare
from apnp.training.module import TrainingModule
from apnp.training.start import begin
from apnp.types import Domain, GriddedField, PointSet, Task

FLAT = CoordinateInputs((-2.0, -2.0), (2.0, 2.0))


@dataclass(frozen=True)
class Plane:
    """Tasks of a plane in double precision, of sizes that follow from the index."""

    auxiliary: bool = False

    def task(self, index):
        generator = torch.Generator().manual_seed(index)

        def points(n):
            x = torch.randn(1, n, 2, generator=generator, dtype=torch.float64)
            return PointSet.observed(x, x[..., :1].sin() + x[..., 1:])

        centre = torch.zeros(1, 2, dtype=torch.float64)
        domain = Domain(centre, centre + 4.0, torch.tensor([True]))
        axes = torch.arange(3.0).double()[None], torch.arange(2.0).double()[None]
        grid = GriddedField.observed(axes, torch.ones(1, 3, 2, 1).double())
        sets = (grid,) if self.auxiliary else ()
        return Task(points(3 + index % 4), points(6), domain, sets)


class Batches(Plane):
    """The same, made as a batch."""

    def batch(self, indices):
        return collate([self.task(i) for i in indices])


def same(one, other):
    for points in ("context", "target"):
        for name in ("x", "y", "y_mask"):
            a, b = (getattr(getattr(t, points), name) for t in (one, other))
            torch.testing.assert_close(a, b, rtol=0.0, atol=1e-12)
    torch.testing.assert_close(one.domain.centre, other.domain.centre)


@pytest.mark.parametrize(
    "group", [Translations(2), Rotations(), RigidMotions(2), LinearMotions()]
)
def test_the_identity_reproduces_the_task(group):
    same(AugmentedTasks(Plane(), group, 1.0, 0.0, 0).task(5), Plane().task(5))


def test_a_share_of_tasks_is_moved_and_the_same_one_again():
    made = AugmentedTasks(Plane(), Translations(2), 0.3, 1.0, 7)
    tasks, plain = ([s.task(i) for i in range(100)] for s in (made, Plane()))
    moved = [bool(t.domain.centre.any()) for t in tasks]
    assert 0.2 < sum(moved) / 100 < 0.4
    same(made.task(3), made.task(3))
    shifts = [t.domain.centre for t, m in zip(tasks, moved, strict=True) if m]
    assert len({tuple(s[0].tolist()) for s in shifts}) == len(shifts)
    for task, before in zip(tasks, plain, strict=True):  # all parts move together
        step = task.domain.centre[:, None]
        torch.testing.assert_close(task.context.x, before.context.x + step)
        torch.testing.assert_close(task.target.x, before.target.x + step)
        assert torch.equal(task.target.y, before.target.y)


@pytest.mark.parametrize("source", [Plane(), Batches()])
def test_a_batch_is_its_tasks(source):
    made = AugmentedTasks(source, RigidMotions(2), 0.5, 1.0, 3)
    indices = [4, 9, 2]
    batch, tasks = made.batch(indices), collate([made.task(i) for i in indices])
    mask = tasks.context.y_mask
    assert torch.equal(batch.context.y_mask, mask)
    a, b = (torch.where(mask, t.context.x, 0.0) for t in (batch, tasks))
    torch.testing.assert_close(a, b)
    torch.testing.assert_close(batch.target.x, tasks.target.x)


@pytest.mark.parametrize("group", [Translations(2), RigidMotions(2), Mirror(2)])
def test_the_loss_of_a_model_that_keeps_the_group_does_not_change(group):
    keeps = RigidMotions(2) if isinstance(group, Mirror) else group
    module = {}
    for inside in (keeps, Trivial(2)):
        torch.manual_seed(0)
        backbone = TNP(inside, 1, 0, (2.0, 0.5), TokenLayers(8, 2, 2))
        model = NeuralProcess(backbone, HeteroscedasticGaussian(8, 1)).double()
        module[inside] = TrainingModule(model, TrainerConfig(), 1.0)
    made = AugmentedTasks(Plane(), group, 1.0, 1.0, 2)
    for inside, one in module.items():
        losses = [
            one.training_step(collate([s.task(i) for i in range(4)]), 0)
            for s in (Plane(), made)
        ]
        difference = (losses[0] - losses[1]).abs().item()
        assert (difference < 1e-10) == (inside is keeps)


def test_turns_are_bounded_and_shifts_scale_with_the_size():
    generator = torch.Generator().manual_seed(1)
    like = torch.zeros(1, dtype=torch.float64)

    def angles(group):
        for _ in range(300):
            e = element(group, 0.25, generator, like)
            if isinstance(group, LongitudeShifts):
                yield e.item()
            elif isinstance(group, SphereRotations):
                yield math.acos((e.reshape(3, 3).trace().item() - 1) / 2)
            else:
                turn = e[:4].reshape(2, 2)
                yield math.atan2(turn[1, 0], abs(turn[0, 0]))

    no_mirror = RigidMotions(2, mirrors=False)
    for group in (LongitudeShifts(), SphereRotations(), Rotations(), no_mirror):
        found = [abs(a) for a in angles(group)]
        assert 0.24 * math.pi < max(found) <= 0.25 * math.pi + 1e-9
    shifts = torch.stack(
        [element(Translations(1, scale=2.0), 0.5, generator, like) for _ in range(900)]
    )
    assert shifts.std().item() == pytest.approx(1.0, rel=0.1)
    flips = [element(RigidMotions(1), 0.5, generator, like)[0] for _ in range(200)]
    assert 0.35 < sum(f < 0 for f in flips) / 200 < 0.65


@pytest.mark.parametrize("kind", ["affine", "special", "similarity"])
def test_stretches_grow_with_the_size(kind):
    generator = torch.Generator().manual_seed(4)
    group = LinearMotions(kind, condition=9.0, factor=4.0)
    like = torch.zeros(1, dtype=torch.float64)
    drawn = [element(group, 0.5, generator, like)[:4] for _ in range(200)]
    matrices = torch.stack(drawn).reshape(-1, 2, 2)
    condition = torch.linalg.cond(matrices)
    lengths = torch.linalg.det(matrices).abs().sqrt()
    if kind == "similarity":
        torch.testing.assert_close(condition, torch.ones_like(condition))
    else:
        assert 2.8 < condition.max() <= 3.0 + 1e-9
    if kind == "special":
        torch.testing.assert_close(torch.linalg.det(matrices), torch.ones_like(lengths))
    else:
        assert 0.5 - 1e-9 <= lengths.min() < 0.53 < 1.9 < lengths.max() <= 2.0 + 1e-9


def test_a_gridded_auxiliary_set_becomes_points_moved_or_not():
    made = AugmentedTasks(Plane(True), Rotations(), 0.5, 1.0, 3)
    sets = [made.task(i).auxiliary[0] for i in range(6)]
    assert all(isinstance(s, PointSet) for s in sets)
    turned = [bool((s.x - s.x.round()).abs().max() > 1e-6) for s in sets]
    assert 0 < sum(turned) < 6


def test_training_tasks_are_moved_and_validation_is_not(tiny, stations):
    config = tiny("--data.augment.group=translations", "--data.augment.size=0.5")
    data = prepare(config, stations)
    before = [t.context.x.clone() for t in data.validation]
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "_fit", lambda *given: seen.append(given[2].prepared))
        fitting.fit(config, data, begin(config))
    (used,) = seen
    assert isinstance(used.tasks, AugmentedTasks)
    assert used.validation is data.validation
    for task, x in zip(used.validation, before, strict=True):
        assert torch.equal(task.context.x, x)
    centre = used.tasks.task(0).domain.centre - data.tasks.task(0).domain.centre
    assert centre.abs().max() > 1e-3


def test_groups_that_a_geometry_lacks_are_refused_and_none_changes_nothing():
    source = Plane()
    assert augmented(AugmentConfig(), source, FLAT, 0) is source
    assert augmented(AugmentConfig("turns", share=0.0), source, FLAT, 0) is source
    made = augmented(AugmentConfig("turns", 0.5, 0.1), source, FLAT, 4)
    assert (made.share, made.size, made.seed) == (0.5, 0.1, 4)
    with pytest.raises(ConfigError, match=r"`data.augment.group` .* Got rotations"):
        augmented(AugmentConfig("rotations"), source, FLAT, 0)
