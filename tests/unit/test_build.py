import numpy as np
import pytest
import torch

from apnp.approx import ApproximatelyEquivariant
from apnp.backbones import (
    CNP,
    PTTNP,
    RCNP,
    TNP,
    ConvCNP,
    LocalTNP,
)
from apnp.build import build_model
from apnp.config import from_words
from apnp.errors import ConfigError
from apnp.groups import (
    LongitudeShifts,
    RigidMotions,
    SphereRotations,
    Translations,
    Trivial,
)
from apnp.likelihoods import (
    GaussianMixture,
    HeteroscedasticGaussian,
    LowRankGaussian,
)
from apnp.nn.attention import HeadMixingAttention, PlainAttention
from apnp.observations import Observations, Sites
from apnp.training.station_tasks import observed_task

CONVCNP = "--model.backbone.name=convcnp"
LOCAL = "--model.backbone.name=local_tnp"


def test_the_coast_is_a_covariate_of_model_and_stations_alike(model_of):
    with pytest.raises(ConfigError, match=r"`model.coast` is true, .* without the"):
        model_of("plane", "--model.coast=true")


@pytest.mark.parametrize("geometry", ["plane", "sphere"])
def test_forms_and_drift(model_of, geometry):
    approximate, _ = model_of(geometry)
    strict, _ = model_of(
        geometry, "--model.form=strict", "--model.backbone.convcnp.drift=false"
    )
    assert isinstance(approximate.backbone, ApproximatelyEquivariant)
    assert not isinstance(strict.backbone, ApproximatelyEquivariant)
    assert approximate.drift is not None
    assert strict.drift is None


def test_fixed_inputs_act_in_the_training_box_and_vanish_beyond_the_edge(model_of):
    model, inputs = model_of("plane", "--model.fixed_inputs.edge_km=200")
    t = model.backbone.fixed_inputs
    inside = torch.tensor([[inputs.low[0] + 0.01, inputs.low[1] + 0.01]])
    outside = inside - 0.22
    half = inside - 0.11
    assert t.support.weight(inside) == 1
    assert 0 < t.support.weight(half) < 1
    assert t.support.weight(outside) == 0


def test_fixed_inputs_may_act_everywhere_and_be_a_perceptron_of_location(model_of):
    settings = ("support=everywhere", "frequencies=0")
    model, _ = model_of("plane", *(f"--model.fixed_inputs.{s}" for s in settings))
    t = model.backbone.fixed_inputs
    assert t.support is None
    assert t.functions[0].in_features == 2
    far = torch.tensor([[50.0, -80.0], [51.0, -80.0]])
    assert (t(far)[0] - t(far)[1]).abs().max() > 1e-4


def test_scale_of_fixed_inputs_is_in_kilometres_in_both_geometries(model_of):
    plane, _ = model_of("plane", "--model.fixed_inputs.scale_km=250")
    wide, _ = model_of("plane", "--model.fixed_inputs.scale_km=500")
    a, b = (m.backbone.fixed_inputs.frequencies for m in (plane, wide))
    assert torch.allclose(a, 2 * b)
    sphere, _ = model_of("sphere", "--model.fixed_inputs.scale_km=6371")
    unit = sphere.backbone.fixed_inputs.frequencies / (2 * np.pi)
    assert unit.std() == pytest.approx(1, abs=0.3)


def test_lattice_of_the_plane_is_spaced_in_kilometres(model_of):
    model, _ = model_of("plane", "--model.backbone.convcnp.lattice.spacing_km=60")
    assert model.backbone.backbone.lattice.cell == pytest.approx(0.06)


@pytest.mark.parametrize("form", ["strict", "approximate"])
@pytest.mark.parametrize(("geometry", "unit"), [("plane", 1000), ("sphere", 6371)])
def test_local_tnp_has_lengths_in_kilometres_and_guesses_the_spread(
    model_of, geometry, unit, form
):
    torch.manual_seed(0)
    model, inputs = model_of(
        geometry, LOCAL, f"--model.form={form}",
        "--model.backbone.local_tnp.lengthscales_km=[900,200]",
        "--model.backbone.local_tnp.neighbours=5",
        "--model.backbone.local_tnp.layers=3",
    )  # fmt: skip
    assert isinstance(model.backbone, ApproximatelyEquivariant) is (
        form == "approximate"
    )
    local = model.strict().backbone
    assert isinstance(local, LocalTNP)
    lengths = local.kriging.log_lengths.exp().tolist()
    assert lengths == pytest.approx([900 / unit, 200 / unit], rel=1e-3)
    assert local.reach == pytest.approx(900 / unit, rel=1e-3)
    assert (local.neighbours, len(local.reading), local.dz) == (5, 3, 8)
    sites = Sites(
        np.array([45.0, 50]), np.array([2.0, 9]), np.zeros(2), np.datetime64("2020")
    )
    task = observed_task(
        inputs, Observations(sites, np.array([1.0, 3])),
        Observations(sites, np.array([1.0, 3])),
    )  # fmt: skip
    predictive = model(task)
    assert predictive.mean.isfinite().all()
    assert model.likelihood.head is None


@pytest.mark.parametrize("backbone", [LOCAL, CONVCNP])
@pytest.mark.parametrize(
    ("argument", "kind"),
    [
        ("gaussian", HeteroscedasticGaussian),
        ("low_rank --model.rank=5", LowRankGaussian),
        ("mixture --model.components=4", GaussianMixture),
    ],
)
def test_likelihoods_read_the_guesses_of_their_backbone(
    model_of, backbone, argument, kind
):
    argv = f"--model.likelihood={argument} --model.floor=0.3".split()
    model, inputs = model_of("plane", backbone, *argv)
    assert type(model.likelihood) is kind
    local = backbone == LOCAL
    marginal = getattr(model.likelihood, "marginal", model.likelihood)
    assert (marginal.head is None) is local
    assert marginal.floor == 0.3
    if kind is LowRankGaussian:
        assert model.likelihood.n_shared == 5
    if kind is GaussianMixture:
        assert model.likelihood.components == 4
    sites = Sites(
        np.array([45.0, 50]), np.array([2.0, 9]), np.zeros(2), np.datetime64("2020")
    )
    seen = Observations(sites, np.array([1.0, 0]))
    predictive = model(observed_task(inputs, seen, seen))
    y = observed_task(inputs, seen, seen).target.y
    assert predictive.log_prob(y, torch.ones_like(y, dtype=torch.bool)).isfinite()


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("low_rank --model.rank=0", r"`model.rank` must.*Got 0"),
        ("mixture --model.components=1", r"`model.components` must.*>= 2.*Got 1"),
        ("gaussian --model.floor=0", r"`model.floor` must.*Got 0"),
    ],
)
def test_impossible_likelihoods_are_refused_as_configuration(
    model_of, argument, message
):
    with pytest.raises(ConfigError, match=message):
        model_of("plane", *f"--model.likelihood={argument}".split())


def test_sections_of_other_backbones_say_nothing(model_of):
    for argv, kind in (
        ((LOCAL, "--model.backbone.convcnp.lattice.shape=[9,16]"), LocalTNP),
        (("--model.backbone.local_tnp.width=9",), ConvCNP),
    ):
        model, _ = model_of("plane", *argv)
        assert isinstance(model.strict().backbone, kind)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("width=10 heads=4", r"model: .*`width` .* `heads` 4. Got 10"),
        ("neighbours=0", r"local_tnp.neighbours` must .*>= 1.* Got 0"),
        ("layers=0", r"local_tnp.layers` must .*>= 1.* Got 0"),
    ],
)
def test_impossible_local_tnps_are_refused_as_configuration(
    model_of, argument, message
):
    argv = [f"--model.backbone.local_tnp.{part}" for part in argument.split()]
    with pytest.raises(ConfigError, match=message):
        model_of("plane", LOCAL, *argv)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--model.backbone.convcnp.lattice.shape=[9,16]", r"Axis 0 .* 9 nodes"),
        (
            "--model.backbone.convcnp.lattice.spacing_km=-1",
            r"spacing_km` must be .* Got -1",
        ),
        ("--model.fixed_inputs.edge_km=-5", r"edge_km` must be .* Got -5"),
    ],
)
def test_impossible_models_are_refused_as_configuration(model_of, argument, message):
    with pytest.raises(ConfigError, match=message):
        model_of("plane", argument)


def test_geometry_must_be_that_of_the_inputs(model_of):
    _, inputs = model_of("plane")
    config = from_words(["--model.geometry=sphere"])
    with pytest.raises(ConfigError, match=r"is sphere, but .* plane"):
        build_model(config.model, inputs)


@pytest.mark.parametrize("backbone", ["local_tnp", "tnp", "rcnp"])
@pytest.mark.parametrize(
    ("geometry", "name", "group"),
    [
        ("plane", "default", Translations),
        ("plane", "rigid_motions", RigidMotions),
        ("plane", "none", Trivial),
        ("sphere", "default", LongitudeShifts),
        ("sphere", "rotations", SphereRotations),
        ("sphere", "none", Trivial),
    ],
)
def test_a_backbone_of_pairs_keeps_the_group_that_is_named(
    model_of, geometry, name, group, backbone
):
    model, inputs = model_of(
        geometry, f"--model.group={name}", f"--model.backbone.name={backbone}"
    )
    assert type(model.backbone.group) is group
    assert model.backbone.group.dx == inputs.dx


@pytest.mark.parametrize(("name", "made"), [("tnp", TNP), ("pt_tnp", PTTNP)])
def test_a_tnp_has_lengths_in_map_units_and_windows_unless_told(model_of, name, made):
    arguments = [f"--model.backbone.name={name}"]
    arguments.append(f"--model.backbone.{name}.lengthscales_km=[900,200]")
    model, _ = model_of("plane", *arguments)
    backbone = model.strict().backbone
    assert isinstance(backbone, made)
    lengths = backbone.reading[0].log_lengths.exp()
    assert lengths.tolist() == pytest.approx([0.9, 0.2, 0.9, 0.2])
    for kind, layer in (("plain", PlainAttention), ("te_tnp", HeadMixingAttention)):
        told = f"--model.backbone.{name}.attention={kind}"
        other, _ = model_of("plane", *arguments, told)
        assert isinstance(other.strict().backbone.reading[0], layer)


def test_an_rcnp_has_its_settings_and_lengths_in_map_units(model_of):
    name = "--model.backbone.name=rcnp"
    settings = ["lengthscales_km=[900,200]", "width=12", "layers=3", "full=true"]
    model, _ = model_of(
        "plane", name, *(f"--model.backbone.rcnp.{s}" for s in settings)
    )
    made = model.strict().backbone
    assert isinstance(made, RCNP)
    assert made.relation.lengths == pytest.approx((0.9, 0.2))
    assert (made.dz, len(made.perceptron), made.full) == (12, 5, True)
    assert isinstance(model.backbone, ApproximatelyEquivariant)


CNP_STRICT = ("--model.backbone.name=cnp", "--model.form=strict")


@pytest.mark.parametrize("geometry", ["plane", "sphere"])
@pytest.mark.parametrize("group", ["default", "none"])
def test_a_cnp_keeps_no_group(model_of, geometry, group):
    sizes = "--model.backbone.cnp.width=12", "--model.backbone.cnp.layers=1"
    model, inputs = model_of(geometry, *CNP_STRICT, f"--model.group={group}", *sizes)
    assert isinstance(model.backbone, CNP)
    assert type(model.backbone.group) is Trivial
    assert model.backbone.group.dx == inputs.dx
    assert (model.backbone.dz, len(model.backbone.embed)) == (12, 3)
    assert model.drift is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (CNP_STRICT[:1], r"model: CNP has no sites .* `form: strict`"),
        ((*CNP_STRICT, "--model.group=translations"), r"CNP .* none. Got translations"),
        ((*CNP_STRICT, "--model.backbone.cnp.layers=0"), r"cnp.layers` must .* Got 0"),
        (
            ("--model.backbone.name=rcnp", "--model.backbone.rcnp.width=0"),
            "rcnp.width` must",
        ),
        (("--model.backbone.name=rcnp", "--model.group=rotations"), "one of transl"),
    ],
)
def test_an_impossible_cnp_or_rcnp_is_refused(model_of, arguments, message):
    with pytest.raises(ConfigError, match=message):
        model_of("plane", *arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model.group=rotations"], r"`model.group` is one of translations.* plane"),
        (["--model.group=rigid_motions"], r"ConvCNP keeps .* Got rigid_motions"),
        (
            ["--model.backbone.name=tnp", "--model.backbone.tnp.layers=0"],
            r"tnp.layers` must",
        ),
        (
            ["--model.backbone.name=tnp", "--model.backbone.tnp.lengthscales_km=[-1]"],
            r"tnp.lengthscales_km` must .* Got \[-1",
        ),
    ],
)
def test_a_group_or_a_tnp_that_cannot_be_is_refused(model_of, arguments, message):
    with pytest.raises(ConfigError, match=message):
        model_of("plane", *arguments)
