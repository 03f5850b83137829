"""Models with frames, built from a configuration."""

import numpy as np
import pytest

from apnp.errors import ConfigError
from apnp.framing import Framed, PoseSampling
from apnp.groups import (
    LinearMotions,
    LongitudeShifts,
    RigidMotions,
    SphereRotations,
    Translations,
    Trivial,
)
from apnp.observations import Observations, Sites
from apnp.training.station_tasks import observed_task

FRAMES, LEARNED = (f"--model.symmetrise={kind}" for kind in ("frames", "learned"))


@pytest.mark.parametrize(
    ("geometry", "name", "group", "inside"),
    [
        ("plane", "cnp", "rigid_motions", Trivial),
        ("plane", "tnp", "translations", Trivial),
        ("plane", "convcnp", "rigid_motions", Translations),
        ("sphere", "convcnp", "default", LongitudeShifts),
        ("sphere", "local_tnp", "rotations", Trivial),
    ],
)
def test_frames_give_a_backbone_the_group_that_is_named(
    model_of, geometry, name, group, inside
):
    chosen = f"--model.backbone.name={name}", f"--model.group={group}"
    model, inputs = model_of(geometry, FRAMES, *chosen, "--model.form=strict")
    assert isinstance(model.backbone, Framed)
    assert type(model.backbone.backbone.group) is inside
    expected = {
        "rigid_motions": RigidMotions, "translations": Translations,
        "default": LongitudeShifts, "rotations": SphereRotations,
    }  # fmt: skip
    assert type(model.backbone.group) is expected[group]
    assert model.backbone.group.dx == inputs.dx


@pytest.mark.parametrize(
    ("sampling", "count", "n"), [("learned", 5, 10), ("canonical", 5, 2)]
)
def test_learned_frames_are_as_many_as_are_asked_for(model_of, sampling, count, n):
    keys = f"sampling={sampling}", f"count={count}", "width=6", "noise=0.5"
    chosen = "--model.backbone.name=tnp", "--model.group=rigid_motions"
    settings = (f"--model.learned_frames.{key}" for key in keys)
    model, inputs = model_of("plane", LEARNED, *chosen, *settings)
    frames = model.backbone.backbone.frames
    assert frames.sampling == PoseSampling(sampling, count, 6, 0.5)
    sites = Sites(
        np.array([45.0, 50, 48]), np.array([2.0, 9, 4]), np.zeros(3),
        np.datetime64("2020"),
    )  # fmt: skip
    task = observed_task(inputs, *[Observations(sites, np.array([1.0, 3, 2]))] * 2)
    assert model.backbone.encode(task.context, task.domain).poses.n == n


def test_uniform_frames_of_shifts_are_refused(model_of):
    chosen = "--model.backbone.name=tnp", "--model.learned_frames.sampling=uniform"
    with pytest.raises(ConfigError, match="shifts have no uniform distribution"):
        model_of("plane", LEARNED, *chosen)


@pytest.mark.parametrize(
    ("group", "kind"),
    [("affine", "affine"), ("special_linear", "special"), ("similarity", "similarity")],
)
@pytest.mark.parametrize(("name", "inside"), [("tnp", RigidMotions), ("cnp", Trivial)])
def test_frames_give_linear_maps_to_what_keeps_rigid_motions(
    model_of, group, kind, name, inside
):
    chosen = f"--model.backbone.name={name}", f"--model.group={group}"
    model, _ = model_of("plane", FRAMES, *chosen, "--model.form=strict")
    assert isinstance(model.backbone.group, LinearMotions)
    assert model.backbone.group.kind == kind
    assert type(model.backbone.backbone.group) is inside


@pytest.mark.parametrize(
    ("name", "frames"), [("tnp", "none"), ("tnp", "learned"), ("convcnp", "frames")]
)
def test_linear_maps_without_frames_or_on_a_lattice_are_refused(model_of, name, frames):
    chosen = f"--model.backbone.name={name}", f"--model.symmetrise={frames}"
    with pytest.raises(ConfigError, match=r"affine.*frames alone keep it.*or cnp"):
        model_of("plane", "--model.group=affine", *chosen)


@pytest.mark.parametrize("name", ["equivcnp", "relaxed_convcnp"])
def test_frames_of_what_has_a_symmetry_of_its_own_are_refused(model_of, name):
    with pytest.raises(ConfigError, match=rf"symmetrise.* Got {name}, which .* none"):
        model_of("plane", FRAMES, f"--model.backbone.name={name}")


def test_frames_of_no_group_are_refused(model_of):
    chosen = FRAMES, "--model.backbone.name=tnp", "--model.group=none"
    with pytest.raises(ConfigError, match=r"Frames exist for .* Got Trivial"):
        model_of("plane", *chosen)
