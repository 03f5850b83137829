import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from apnp.nn.lattice import PlaneLattice
from apnp.nn.steerable import (
    PointGroup,
    ReflectionCNN,
    RegularLinear,
    SteerableCNN,
    SteerableDepthwise,
)

F = torch.float64
GROUPS = [PointGroup(n, m) for n in (2, 3, 4, 6, 8) for m in (False, True)]


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=F)


def steerable(turns, shape, depth=2, kernel=5):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        pad = PlaneLattice(shape, 1.0).pad
        net = SteerableCNN(3, depth, kernel, turns, pad).double()
        for block in net.blocks:
            nn.init.normal_(block.contract.mix.weight)
    return net


def moves(turns):
    """The turns and mirrors of arrays that belong to the group."""
    quarters = range(0, 4, 4 // math.gcd(turns.number, 4))
    for k in quarters:
        yield lambda z, k=k: z.rot90(k, (-2, -1))
        if turns.mirrors:
            yield lambda z, k=k: z.flip(-1).rot90(k, (-2, -1))


@pytest.mark.parametrize("turns", GROUPS, ids=str)
def test_elements_are_a_group_and_quotients_their_table(turns):
    elements = turns.matrices()
    assert elements.shape == (turns.order, 2, 2)
    torch.testing.assert_close(elements[0], torch.eye(2, dtype=F))
    mirrored = torch.linalg.det(elements) < 0
    assert mirrored.sum() == (turns.number if turns.mirrors else 0)
    products = torch.einsum("hji,gjk->hgik", elements, elements)
    torch.testing.assert_close(elements[turns.quotients()], products)
    step = torch.tensor(2 * math.pi / turns.number, dtype=F)
    torch.testing.assert_close(elements[1, :, 0], torch.stack((step.cos(), step.sin())))


@pytest.mark.parametrize("turns", GROUPS, ids=str)
def test_turns_and_mirrors_of_the_lattice_go_through(turns):
    net, z = steerable(turns, (7, 7)), normal(2, 3, 7, 7)
    out = net(z)
    assert (out - z).abs().max() > 1e-2
    for move in moves(turns):
        torch.testing.assert_close(net(move(z)), move(out), rtol=0, atol=1e-11)


@pytest.mark.parametrize("turns", [PointGroup(4, False), PointGroup(8, False)], ids=str)
def test_mirrors_do_not_where_they_do_not_belong(turns):
    net, z = steerable(turns, (7, 7)), normal(2, 3, 7, 7)
    assert (net(z.flip(-1)) - net(z).flip(-1)).abs().max() > 1e-2


def test_quarter_turns_do_not_where_they_do_not_belong():
    net, z = steerable(PointGroup(6), (7, 7)), normal(2, 3, 7, 7)
    turned = net(z.rot90(1, (-2, -1)))
    assert (turned - net(z).rot90(1, (-2, -1))).abs().max() > 1e-2


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_kernels_have_a_wave_and_its_quarter_for_every_frequency(kernel):
    """One without frequency, and two for each above zero, on every ring."""
    basis = SteerableDepthwise(2, kernel, PointGroup(4)).basis
    expected = sum(1 + 2 * rho for rho in range(kernel // 2 + 1))
    for turned in basis:
        assert torch.linalg.matrix_rank(turned.flatten(1).double()) == expected
    assert basis.shape == (8, expected, kernel, kernel)


@pytest.mark.parametrize("kernel", [5, 7])
@pytest.mark.parametrize("turns", [PointGroup(8), PointGroup(16, False)], ids=str)
def test_kernels_turned_by_other_angles_see_a_smooth_field_turned(kernel, turns):
    """The convolution of the turned field with the turned kernel, at one node."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layer = SteerableDepthwise(60, kernel, turns).double()
    steps = torch.arange(kernel).to(F) - kernel // 2
    nodes = torch.stack(torch.meshgrid(steps, steps, indexing="ij"), dim=-1)
    waves = 0.7 * functional.normalize(normal(40, 2), dim=-1)
    phases, strengths = normal(40, seed=1), normal(40, seed=2)

    def field(x):
        return (strengths * torch.cos(x @ waves.T + phases)).sum(-1)

    order = turns.order
    responses = []
    for i, h in enumerate(turns.matrices()):
        z = field(nodes @ h).expand(1, 60 * order, -1, -1)
        responses.append(layer(z).reshape(60, order)[:, i])
    first = responses[0]
    worst = max(((r - first).norm() / first.norm()).item() for r in responses)
    assert worst < 0.03
    assert (layer(z).reshape(60, order)[:, 1] - first).norm() > 0.1 * first.norm()


@pytest.mark.parametrize("turns", GROUPS, ids=str)
def test_mixtures_of_fields_commute_with_the_group(turns):
    layer = RegularLinear(2, 3, turns).double()
    nn.init.normal_(layer.mix.bias)
    z, table = normal(5, 2, turns.order), turns.quotients()
    out = layer(z.flatten(1)).unflatten(1, (3, -1))
    for element in table:
        moved = layer(z[..., element].flatten(1)).unflatten(1, (3, -1))
        torch.testing.assert_close(moved, out[..., element])
    # The first channel of each field out, by the formula with h the identity.
    weight = layer.mix.weight.unflatten(1, (2, -1))
    expected = torch.einsum("dcg,ncg->nd", weight, z) + layer.mix.bias
    torch.testing.assert_close(out[..., 0], expected)


def test_mirrors_of_the_line_go_through():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = ReflectionCNN(3, 2, 5, PlaneLattice((9,), 1.0).pad).double()
        for block in net.blocks:
            nn.init.normal_(block.contract.weight)
    z = normal(2, 3, 9)
    out = net(z)
    assert (out - z).abs().max() > 1e-2
    torch.testing.assert_close(net(z.flip(-1)), out.flip(-1), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        (PointGroup(8), "every shift with turns by 90 degrees and mirrors across axes "
         "and diagonals"),
        (PointGroup(4, False), "every shift with turns by 90 degrees"),
        (PointGroup(6),
         "every shift with turns by 180 degrees and mirrors across axes"),
        (PointGroup(3), "every shift and mirrors across the first axis"),
        (PointGroup(3, False), "every shift"),
    ],
)  # fmt: skip
def test_what_is_exact_is_said_in_words(turns, words):
    assert turns.exact == words


def test_refusals():
    for number in (1, 0, -4):
        with pytest.raises(ValueError, match=rf"`turns` are two or more.*Got {number}"):
            PointGroup(number)
    pad = PlaneLattice((4, 4), 1.0).pad
    for sizes, match in (
        ((0, 1, 3), r"`channels` .* Got 0"),
        ((2, 0, 3), r"`depth` .* Got 0"),
        ((2, 1, 4), r"`kernel` must be odd. Got 4"),
    ):
        with pytest.raises(ValueError, match=match):
            SteerableCNN(*sizes, PointGroup(4), pad)
        with pytest.raises(ValueError, match=match):
            ReflectionCNN(*sizes, pad)
