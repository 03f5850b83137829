import pytest
import torch

from apnp.backbones import ConvCNP, EquivCNP
from apnp.build import build_model, km_per_unit
from apnp.config import from_words
from apnp.errors import ConfigError
from apnp.groups import GROUPS
from apnp.inputs.coordinates import CoordinateInputs
from apnp.nn.steerable import ReflectionCNN, SteerableCNN
from apnp.types import Domain, PointSet, Task

BOX = (
    "--model.geometry=box", "--model.form=approximate", "--model.likelihood=gaussian",
    "--model.coast=false",
)  # fmt: skip


def build(dx, *argv):
    config = from_words([*BOX, *argv])
    return build_model(config.model, CoordinateInputs((-1.0,) * dx, (1.0,) * dx))


def lattice(name, shape):
    return (
        f"--model.backbone.name={name}", f"--model.backbone.{name}.drift=false",
        f"--model.backbone.{name}.lattice.shape={shape}",
        f"--model.backbone.{name}.lattice.spacing_km=0.25",
    )  # fmt: skip


@pytest.mark.parametrize(("dx", "shape"), [(1, [16]), (2, [8, 8]), (3, [8, 8, 8])])
def test_lattices_of_any_dimension_whose_lengths_are_coordinates(dx, shape):
    small = "--model.backbone.convcnp.channels=[4]", "--model.backbone.convcnp.net=cnn"
    model = build(dx, *lattice("convcnp", shape), *small)
    backbone = model.backbone.backbone
    assert isinstance(backbone, ConvCNP)
    assert backbone.lattice.shape == tuple(shape)
    assert backbone.lattice.cell == 0.25
    support = model.backbone.fixed_inputs.support
    assert support.edge == 100.0
    assert (support.low, support.high) == ((-1.0,) * dx, (1.0,) * dx)
    x = torch.rand(2, 5, dx)
    points = PointSet.observed(x, torch.rand(2, 5, 1))
    domain = Domain(torch.zeros(2, dx), torch.ones(2, dx), torch.ones(2).bool())
    assert model(Task(points, points, domain)).mean.shape == (2, 5, 1)


def test_an_equivcnp_has_mirrored_kernels_on_a_line_and_steerable_ones_on_a_plane():
    for dx, shape, net in ((1, [16], ReflectionCNN), (2, [8, 8], SteerableCNN)):
        backbone = build(
            dx, *lattice("equivcnp", shape), "--model.form=strict"
        ).backbone
        assert isinstance(backbone, EquivCNP)
        assert isinstance(backbone.net, net)


def test_a_box_has_the_groups_of_the_plane_and_its_own_unit():
    assert list(GROUPS["box"]) == list(GROUPS["plane"])
    assert km_per_unit("box") == 1.0
    assert km_per_unit("plane") == 1000.0


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (lattice("convcnp", [8, 8]), "agree in dx. Got 2 and 1"),
        (
            ("--model.group=rotations",),
            "is one of translations, rigid_motions, similarity",
        ),
    ],
)
def test_refusals(argv, message):
    with pytest.raises(ConfigError, match=message):
        build(1, *argv)


def test_a_lattice_on_a_sphere_has_rows_and_columns():
    from apnp.inputs.stations import StationInputs

    argv = [*lattice("convcnp", [16]), "--model.coast=false"]
    config = from_words(argv)
    earth = StationInputs.fit("sphere", [40.0, 60.0], [0.0, 9.0], [1.0, 2.0])
    with pytest.raises(ConfigError, match=r"is two numbers\. Got \[16\]"):
        build_model(config.model, earth)
