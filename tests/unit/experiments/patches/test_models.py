from dataclasses import replace

import pytest
import torch

from apnp.build import build_model
from apnp.errors import ConfigError
from apnp.experiments.patches.models import NAMES, SIZES, Patch, entries, names_of
from apnp.groups import RigidMotions, Translations, Trivial
from apnp.inputs.coordinates import CoordinateInputs
from apnp.nn.attention import HeadMixingAttention, PlainAttention, WindowAttention
from apnp.nn.unet import UNet
from apnp.types import Domain, PointSet, Task

PATCH = Patch(6, 0.125)
SPACES = {2: ((0.0, 0.0), (4.0, 4.0)), 4: ((0.0,) * 4, (4.0,) * 4)}


def task(dx=2, seed=0):
    """A few points about the middle of the box, their values, and a box around them."""
    generator = torch.Generator().manual_seed(seed)
    x = 2 + 0.7 * (torch.rand(1, 19, dx, generator=generator) - 0.5)
    y = torch.randn(1, 19, 1, generator=generator)
    domain = Domain(torch.full((1, dx), 2.0), torch.full((1, dx), 0.7),
                    torch.tensor([True]))  # fmt: skip
    context, target = (
        PointSet.observed(x[:, part], y[:, part])
        for part in (slice(12), slice(12, None))
    )
    return Task(context, target, domain).to(torch.float64)


def build(entry, dx=2):
    torch.manual_seed(0)
    return build_model(entry.model, CoordinateInputs(*SPACES[dx]))


@pytest.mark.parametrize(
    ("name", "axes"), [(n, axes) for axes in (2, 4) for n in names_of(axes)]
)
def test_models_keep_their_group_and_break_it_by_fixed_inputs_alone(
    name, axes, tiny_grid_size
):
    patch = replace(PATCH, axes=axes)
    (entry,) = entries([name], tiny_grid_size, patch)
    model = build(entry, axes).double()
    with torch.no_grad():
        for parameter in model.parameters():
            generator = torch.Generator().manual_seed(parameter.numel())
            draw = torch.randn(parameter.shape, generator=generator)
            parameter.add_(0.3 * draw.double())
    groups = {"(T": Translations, "(E": RigidMotions}
    kept = next((g for k, g in groups.items() if k in name), Trivial)
    assert type(model.backbone.group) is kept
    here = task(axes)
    shift = torch.linspace(0.3, 0.9, axes, dtype=torch.float64)
    turn = -1.0 if "(E" in name else 1.0  # of half a circle

    def move(points):
        return replace(points, x=turn * points.x + shift)

    domain = replace(here.domain, centre=turn * here.domain.centre + shift)
    moved = Task(move(here.context), move(here.target), domain)
    strict = model.strict()
    assert strict(here).mean.std() > 1e-3
    away = (strict(here).mean - strict(moved).mean).abs().max()
    assert (away < 1e-10) if kept is not Trivial else (away > 1e-4)
    loose = strict.backbone is not model.backbone
    assert loose is ("~" in name)
    assert (entry.twin is None) is not loose
    if loose:
        assert (model(here).mean - strict(here).mean).abs().max() > 1e-4
        assert entry.model.fixed_inputs.dropout == 0.5


def test_beyond_two_dimensions_there_are_models_of_tokens_alone(tiny_grid_size):
    patch = replace(PATCH, axes=4)
    made = entries(None, tiny_grid_size, patch)
    assert [e.name for e in made] == ["PT-TNP", "PT-TNP(T)", "PT-TNP(T~)"]
    assert [e.name for e in entries(None, tiny_grid_size, PATCH)] == list(NAMES)
    with pytest.raises(ConfigError, match=r"4 axes have no lattice, which Conv"):
        entries(["PT-TNP", "ConvCNP(T)"], tiny_grid_size, patch)
    with pytest.raises(ConfigError, match=r"--models takes ConvCNP.* Got GNP"):
        entries(["GNP"], tiny_grid_size, PATCH)
    variants = entries([], tiny_grid_size, patch, "mixture", ["dropout"])
    assert [e.name for e in variants] == [
        f"PT-TNP(T~) p={p}, mixture" for p in (0.0, 0.1, 0.5)
    ]
    assert {e.twin for e in variants} == {"PT-TNP(T), mixture"}


def test_the_published_sizes():
    def of(name, size):
        return build(entries([name], SIZES[size], Patch(32, 1 / 32))[0]).backbone

    convcnp = of("ConvCNP(T)", "paper")
    assert isinstance(convcnp.net, UNet)
    assert [len(down) for down in convcnp.net.down] == [1] * 5
    assert convcnp.lattice.shape == (48, 48)
    assert convcnp.lattice.cell == 1 / 32
    loose = of("ConvCNP(T~)", "paper").fixed_inputs
    assert (loose.mix.in_features, loose.frequencies.shape[1]) == (16, 0)
    reading = {
        (name, size): of(name, size).reading
        for name, size in (("PT-TNP", "small"), ("PT-TNP(T)", "small"),
                           ("PT-TNP(T)", "paper"))
    }  # fmt: skip
    kinds = [type(layers[0]) for layers in reading.values()]
    assert kinds == [PlainAttention, WindowAttention, HeadMixingAttention]
    assert len(reading["PT-TNP(T)", "paper"]) == 9
    assert of("ConvCNP(T)", "small").lattice.shape == (40, 40)
