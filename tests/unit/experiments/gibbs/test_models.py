from dataclasses import replace

import pytest
import torch

from apnp.build import build_model
from apnp.errors import ConfigError
from apnp.experiments.gibbs.gp import gibbs_tasks
from apnp.experiments.gibbs.models import ABLATED, NAMES, SIZES, entries
from apnp.groups import RigidMotions, Translations, Trivial
from apnp.inputs.coordinates import CoordinateInputs
from apnp.nn.attention import HeadMixingAttention, PlainAttention, WindowAttention
from apnp.nn.steerable import ReflectionCNN
from apnp.types import Task

LINE = CoordinateInputs((-7.0,), (7.0,))


def build(entry):
    torch.manual_seed(0)
    return build_model(entry.model, LINE)


@pytest.mark.parametrize("name", NAMES)
def test_every_model_of_the_study_is_built_and_predicts(name, tiny_size):
    (entry,) = entries([name], tiny_size)
    model = build(entry)
    task = gibbs_tasks("in", 1).task(0)
    assert model(task).mean.shape == (1, 128, 1)
    groups = {"(T": Translations, "(E": RigidMotions}
    kept = next((g for k, g in groups.items() if k in name), Trivial)
    assert type(model.backbone.group) is kept
    loose = model.strict().backbone is not model.backbone
    assert loose is ("~" in name)
    assert (entry.twin is None) is not loose


@pytest.mark.parametrize("name", [n for n in NAMES if n != "TNP"])
def test_models_break_their_symmetry_by_fixed_inputs_alone(name, tiny_size):
    (entry,) = entries([name], tiny_size)
    model = build(entry).double()
    with torch.no_grad():
        for parameter in model.parameters():
            generator = torch.Generator().manual_seed(parameter.numel())
            draw = torch.randn(parameter.shape, generator=generator)
            parameter.add_(0.3 * draw.double())
    task = gibbs_tasks("in", 1).task(3).to(torch.float64)
    shift = 1.37 - task.domain.centre.item()
    sign = -1.0 if "(E" in name else 1.0

    def move(points):
        return replace(points, x=sign * (points.x + shift))

    domain = replace(task.domain, centre=sign * (task.domain.centre + shift))
    moved = Task(move(task.context), move(task.target), domain)
    strict = model.strict()
    assert (strict(task).mean - strict(moved).mean).abs().max() < 1e-10
    assert strict(task).mean.std() > 1e-3
    if "~" in name:
        assert (model(task).mean - model(moved).mean).abs().max() > 1e-4


def test_the_published_sizes(tiny_size):
    def of(name, size):
        model = build(entries([name], SIZES[size])[0])
        return model.backbone

    convcnp = of("ConvCNP(T~)", "paper")
    assert convcnp.fixed_inputs.mix.in_features == 64
    assert len(convcnp.backbone.net.blocks) == 9
    assert convcnp.backbone.lattice.cell == pytest.approx(1 / 46)
    assert (convcnp.fixed_inputs.support.low, convcnp.fixed_inputs.support.high) == (
        (-7,), (7,),
    )  # fmt: skip
    assert isinstance(of("EquivCNP(E)", "small").net, ReflectionCNN)
    layers = {"TNP": PlainAttention, "TNP(T)": WindowAttention}
    for name, kind in layers.items():
        assert isinstance(of(name, "small").reading[0], kind)
    published = of("TNP(T)", "paper").reading
    assert (type(published[0]), len(published)) == (HeadMixingAttention, 9)
    dropouts = {e.name: e.model.fixed_inputs.dropout for e in entries(NAMES, tiny_size)}
    assert (dropouts["ConvCNP(T~)"], dropouts["TNP(T~)"]) == (0.1, 0.5)


def test_ablations_change_one_thing(tiny_size):
    made = entries([], tiny_size, "mixture", ["count", "dropout", "support"])
    names = [e.name for e in made]
    assert names[:2] == [f"{ABLATED} B=0, mixture", f"{ABLATED} B=1, mixture"]
    assert len(set(names)) == 10
    assert {e.twin for e in made} == {"ConvCNP(T), mixture"}
    assert {e.model.likelihood for e in made} == {"mixture"}
    inputs = {e.name: e.model.fixed_inputs for e in made}
    assert made[0].model.form == "strict"
    assert inputs[f"{ABLATED} B=8, mixture"].count == 8
    assert inputs[f"{ABLATED} p=0.5, mixture"].dropout == 0.5
    free = f"{ABLATED} support everywhere, mixture"
    assert inputs[free].support == "everywhere"
    assert build(made[names.index(free)]).backbone.fixed_inputs.support is None


@pytest.mark.parametrize(
    ("names", "ablations", "message"),
    [
        (["GNP"], [], r"--models takes TNP, .* Got GNP"),
        ([], ["depth"], r"--ablation takes count, dropout, support\. Got depth"),
    ],
)
def test_refusals(tiny_size, names, ablations, message):
    with pytest.raises(ConfigError, match=message):
        entries(names, tiny_size, ablations=ablations)
