import pytest
import torch

from apnp.approx import ApproximatelyEquivariant
from apnp.backbones import ConvCNP, EquivCNP, RelaxedConvCNP
from apnp.errors import ConfigError
from apnp.groups import RigidMotions
from apnp.nn.cnn import CNN
from apnp.nn.unet import Block, UNet


@pytest.mark.parametrize("geometry", ["plane", "sphere"])
def test_a_convcnp_has_a_unet_or_a_cnn_of_the_size_that_is_set(model_of, geometry):
    unet, _ = model_of(geometry, "--model.form=strict")
    assert isinstance(unet.backbone.net, UNet)
    cnn, _ = model_of(
        geometry, "--model.form=strict", "--model.backbone.convcnp.net=cnn",
        "--model.backbone.convcnp.depth=3", "--model.backbone.convcnp.kernel=7",
    )  # fmt: skip
    net = cnn.backbone.net
    assert isinstance(net, CNN)
    assert (net.width, len(net.blocks), net.reach) == (4, 3, 3)


@pytest.mark.parametrize("net", ["unet", "cnn"])
def test_the_width_of_blocks_and_the_channels_that_are_read_can_be_set(model_of, net):
    same = ("--model.form=strict", f"--model.backbone.convcnp.net={net}")
    usual, _ = model_of("plane", *same)
    lean, _ = model_of(
        "plane", *same, "--model.backbone.convcnp.expansion=1",
        "--model.backbone.convcnp.read=3", "--model.backbone.convcnp.embedded=0",
    )  # fmt: skip

    def wide(model):
        blocks = [m for m in model.modules() if isinstance(m, Block)]
        return {m.expand.out_features / m.expand.in_features for m in blocks}

    assert (wide(usual), wide(lean)) == ({2}, {1})
    assert usual.backbone.lift[0].out_features == 2 * 4
    assert usual.backbone.readout[0].out_features == 2 * 4
    assert lean.backbone.lift[0].out_features == 4
    assert (usual.backbone.d_out, lean.backbone.d_out) == (4, 3)
    assert usual.backbone.embed is not None
    assert lean.backbone.embed is None
    for wrong in (
        "--model.backbone.convcnp.expansion=0",
        "--model.backbone.convcnp.read=-1",
        "--model.backbone.convcnp.embedded=-1",
    ):
        with pytest.raises(ConfigError, match=r"convcnp.\w+` must be an integer >="):
            model_of("plane", *same, wrong)


RELAXED = (
    "--model.backbone.name=relaxed_convcnp",
    "--model.backbone.relaxed_convcnp.lattice.shape=[8,16]",
    "--model.backbone.relaxed_convcnp.channels=4",
    "--model.backbone.relaxed_convcnp.depth=3",
)
EQUIV = (
    "--model.backbone.name=equivcnp",
    "--model.backbone.equivcnp.lattice.shape=[8,8]",
    "--model.backbone.equivcnp.channels=4",
    "--model.backbone.equivcnp.depth=2",
)


@pytest.mark.parametrize("geometry", ["plane", "sphere"])
def test_a_relaxed_convcnp_has_one_function_a_block_and_none_if_strict(
    model_of, geometry
):
    loose, inputs = model_of(geometry, *RELAXED, "--model.fixed_inputs.edge_km=200")
    assert isinstance(loose.backbone, RelaxedConvCNP)
    assert len(loose.backbone.relaxations) == 3
    low = torch.tensor([inputs.low]) - 0.3
    for relaxation in loose.backbone.relaxations:
        assert relaxation.support.weight(low) == 0
        assert relaxation(low).shape == (1, 1)
    assert loose.drift is not None
    strict, _ = model_of(geometry, *RELAXED, "--model.form=strict")
    assert isinstance(strict.backbone, ConvCNP)
    assert type(loose.strict().backbone) is ConvCNP
    bare, _ = model_of(
        geometry, *RELAXED, "--model.backbone.relaxed_convcnp.drift=false"
    )
    assert bare.drift is None


def test_an_equivcnp_keeps_the_turns_that_are_set(model_of):
    loose, _ = model_of("plane", *EQUIV)
    assert isinstance(loose.backbone, ApproximatelyEquivariant)
    assert loose.drift is not None
    model, _ = model_of(
        "plane", *EQUIV, "--model.form=strict", "--model.group=rigid_motions",
        "--model.backbone.equivcnp.rotations=6",
        "--model.backbone.equivcnp.reflections=false",
        "--model.backbone.equivcnp.lattice.spacing_km=60",
        "--model.backbone.equivcnp.drift=false",
    )  # fmt: skip
    backbone = model.backbone
    assert isinstance(backbone, EquivCNP)
    assert isinstance(backbone.group, RigidMotions)
    assert not backbone.group.mirrors
    assert (backbone.net.order, len(backbone.net.blocks), backbone.dz) == (6, 2, 4)
    assert backbone.lattice.cell == pytest.approx(0.06)
    assert model.drift is None


@pytest.mark.parametrize(
    ("geometry", "arguments", "message"),
    [
        ("sphere", EQUIV, r"EquivCNP keeps turns of a plane.* Got .* sphere: set it"),
        (
            "plane", (*EQUIV, "--model.group=translations"),
            r"EquivCNP keeps .* rigid_motions.* Got translations",
        ),
        (
            "plane", (*EQUIV, "--model.backbone.equivcnp.lattice.shape=[8,10]"),
            r"model: .* as many nodes .* Got \(8, 10\)",
        ),
        (
            "plane", (*EQUIV, "--model.backbone.equivcnp.rotations=1"),
            r"model: `turns` are two or more.* Got 1",
        ),
        (
            "plane", (*RELAXED, "--model.group=rigid_motions"),
            r"ConvCNP keeps .* Got rigid_motions",
        ),
        (
            "plane", (*RELAXED, "--model.backbone.relaxed_convcnp.depth=0"),
            r"relaxed_convcnp.depth` must .*>= 1.* Got 0",
        ),
    ],
)  # fmt: skip
def test_impossible_lattice_models_are_refused(model_of, geometry, arguments, message):
    with pytest.raises(ConfigError, match=message):
        model_of(geometry, *arguments)


def without_kriging(model_of, name):
    made, _ = model_of(
        "plane", *RELAXED, *EQUIV, f"--model.backbone.name={name}",
        f"--model.backbone.{name}.kriging=false",
    )  # fmt: skip
    return made.state_dict()


@pytest.mark.parametrize("name", ["convcnp", "relaxed_convcnp", "equivcnp"])
def test_kriging_is_left_out_where_it_is_switched_off(model_of, name):
    kriged, _ = model_of("plane", *RELAXED, *EQUIV, f"--model.backbone.name={name}")
    kept = {key.split("backbone.")[-1] for key in kriged.state_dict()}
    left = {key.split("backbone.")[-1] for key in without_kriging(model_of, name)}
    prefix = "convcnp." if name == "relaxed_convcnp" else ""
    gone = {f"{prefix}covariance.log_{k}" for k in ("widths", "weights", "noise")}
    assert kept - left == gone
    assert left - kept == {f"{prefix}log_widths"}
