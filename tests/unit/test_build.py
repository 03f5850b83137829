import numpy as np
import pytest
import torch

from apnp.approx import ApproximatelyEquivariant
from apnp.build import build_model
from apnp.config import parse, parser
from apnp.errors import ConfigError
from apnp.tasks.representation import Representation

SMALL = ("--model.backbone.channels=[4,4]", "--model.backbone.blocks=[1,1]")


def model_of(geometry, *argv):
    representation = Representation.fit(
        geometry, [40.0, 60.0, 50.0], [0.0, 10.0, 20.0], np.arange(4.0)
    )
    shape = "[8,16]"
    config, _ = parse(
        parser(),
        [f"--model.geometry={geometry}", f"--model.backbone.lattice.shape={shape}",
         *SMALL, *argv],
    )  # fmt: skip
    return build_model(config.model, representation), representation


@pytest.mark.parametrize("geometry", ["plane", "sphere"])
def test_forms_and_drift(geometry):
    approximate, _ = model_of(geometry)
    strict, _ = model_of(geometry, "--model.form=strict", "--model.drift=false")
    assert isinstance(approximate.backbone, ApproximatelyEquivariant)
    assert not isinstance(strict.backbone, ApproximatelyEquivariant)
    assert approximate.drift is not None
    assert strict.drift is None


def test_fixed_inputs_act_in_the_training_box_and_vanish_beyond_the_edge():
    model, representation = model_of("plane", "--model.fixed_inputs.edge_km=200")
    t = model.backbone.fixed_inputs
    inside = torch.tensor(
        [[representation.low[0] + 0.01, representation.low[1] + 0.01]]
    )
    outside = inside - 0.22
    half = inside - 0.11
    assert t.support.weight(inside) == 1
    assert 0 < t.support.weight(half) < 1
    assert t.support.weight(outside) == 0


def test_scale_of_fixed_inputs_is_in_kilometres_in_both_geometries():
    plane, _ = model_of("plane", "--model.fixed_inputs.scale_km=250")
    wide, _ = model_of("plane", "--model.fixed_inputs.scale_km=500")
    a, b = (m.backbone.fixed_inputs.frequencies for m in (plane, wide))
    assert torch.allclose(a, 2 * b)
    sphere, _ = model_of("sphere", "--model.fixed_inputs.scale_km=6371")
    unit = sphere.backbone.fixed_inputs.frequencies / (2 * np.pi)
    assert unit.std() == pytest.approx(1, abs=0.3)


def test_lattice_of_the_plane_is_spaced_in_kilometres():
    model, _ = model_of("plane", "--model.backbone.lattice.spacing_km=60")
    assert model.backbone.backbone.lattice.cell == pytest.approx(0.06)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--model.backbone.lattice.shape=[9,16]", r"Axis 0 .* 9 nodes"),
        ("--model.backbone.lattice.spacing_km=-1", r"`spacing` .* Got -0.001"),
        ("--model.fixed_inputs.edge_km=-5", r"`edge` .* Got -0.005"),
    ],
)
def test_impossible_models_are_refused_as_configuration(argument, message):
    with pytest.raises(ConfigError, match=message):
        model_of("plane", argument)


def test_geometry_must_be_that_of_the_representation():
    _, representation = model_of("plane")
    config, _ = parse(parser(), ["--model.geometry=sphere"])
    with pytest.raises(ConfigError, match=r"is sphere, but .* plane"):
        build_model(config.model, representation)
