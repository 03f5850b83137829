import pytest
import torch

from apnp.backbones import ConvCNP, EquivCNP
from apnp.groups import RigidMotions, Translations
from apnp.nn.cnn import CNN
from apnp.nn.lattice import PlaneLattice
from apnp.nn.steerable import PointGroup, ReflectionCNN, SteerableCNN
from apnp.types import Domain, PointSet

F = torch.float64


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=F)


def seeded(make):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make().double()


def equivcnp(lattice, turns=None, widths=(2.0, 1.0)):
    turns = turns or PointGroup(8)

    def make():
        net = SteerableCNN(4, 2, 5, turns, lattice.pad)
        return EquivCNP(lattice, 1, 1, net, widths)

    return seeded(make)


def predict(model, motion, extent):
    """What is read at ten points when all is moved by a 2 x 2 matrix."""
    x, y = normal(1, 20, 2) @ motion.mT, normal(1, 20, 1, seed=1)
    context = PointSet.observed(x, y, normal(1, 20, 1, seed=2))
    domain = Domain(torch.zeros(1, 2, dtype=F), extent, torch.tensor([True]))
    latent = model.process(model.encode(context, domain))
    xt = normal(1, 10, 2, seed=3) @ motion.mT
    return model.decode(latent, xt, torch.ones(1, 10, 2, dtype=F))


def turned(degrees):
    angle = torch.tensor(degrees, dtype=F).deg2rad()
    cos, sin = torch.cos(angle), torch.sin(angle)
    return torch.stack((cos, -sin, sin, cos)).unflatten(0, (2, 2))


def test_a_domain_may_be_longer_than_wide_and_lie_or_stand():
    model = equivcnp(PlaneLattice((8, 8), 0.4))
    wide = torch.tensor([[6.1, 3.0]], dtype=F)
    lying = predict(model, turned(0.0), wide)
    standing = predict(model, turned(90.0), wide.flip(-1))
    torch.testing.assert_close(standing, lying, rtol=0, atol=1e-11)
    domain = Domain(0 * wide, wide, torch.tensor([True]))
    assert model.placed(domain).shape == (16, 16)


def test_the_group_has_the_mirrors_of_the_network():
    lattice = PlaneLattice((8, 8), 0.4)
    for turns in (PointGroup(4), PointGroup(4, mirrors=False)):
        model = equivcnp(lattice, turns)
        assert model.group.mirrors == turns.mirrors
        assert model.exact == turns.exact


def awake(model):
    """The network's updates as large as what they are added to."""
    with torch.no_grad():
        for name, p in model.net.blocks.named_parameters():
            if "contract" in name:
                p.copy_(10 * p if p.ndim > 1 else normal(*p.shape))
    return model


def test_turns_between_those_of_the_lattice_deviate_less_on_finer_cells():
    """By how much is printed: `pytest -rP -k finer_cells`."""
    extent = torch.full((1, 2), 4.4, dtype=F)

    def deviation(model, degrees):
        before = predict(model, turned(0.0), extent)
        after = predict(model, turned(degrees), extent)
        return ((after - before).square().mean() / before.var()).sqrt().item()

    found = {}
    for cell in (0.4, 0.2, 0.1):
        lattice = PlaneLattice((int(4.8 / cell),) * 2, cell)
        widths = (0.8 / cell, 0.4 / cell)
        plain = seeded(
            lambda lattice=lattice, widths=widths: ConvCNP(
                lattice, Translations(2), 1, 1, CNN(4, 2, 5, 2, lattice.pad), widths
            )
        )
        steerable, plain = awake(equivcnp(lattice, widths=widths)), awake(plain)
        for degrees in (45.0, 22.5, 10.0):
            ours, other = deviation(steerable, degrees), deviation(plain, degrees)
            print(
                f"cells of {cell}, {degrees} degrees: {ours:.1e} of the spread; "
                f"{other:.1e} without steerable kernels"
            )
            found[cell, degrees] = ours
            assert 1e-8 < ours < 0.5 * other
    for degrees in (45.0, 22.5, 10.0):
        assert found[0.1, degrees] < 0.5 * found[0.2, degrees]
        assert found[0.2, degrees] < 0.5 * found[0.4, degrees]


@pytest.mark.parametrize(
    ("shape", "match"),
    [
        ((8, 10), r"as many nodes .* Got \(8, 10\): take 10 along both"),
        ((8,), r"axes of the network, 2. Got 1"),
        ((8, 8, 8), r"axes of the network, 2. Got 3"),
    ],
)
def test_lattices_that_no_quarter_turn_keeps_are_refused(shape, match):
    with pytest.raises(ValueError, match=match):
        equivcnp(PlaneLattice(shape, 0.4))


def test_a_line_takes_mirrored_kernels():
    line = PlaneLattice((8,), 0.4)
    model = EquivCNP(line, 1, 1, ReflectionCNN(3, 1, 3, line.pad), (1.0,))
    assert isinstance(model.group, RigidMotions)
    plane = PlaneLattice((8, 8), 0.4)
    with pytest.raises(ValueError, match=r"axes of the network, 1. Got 2"):
        EquivCNP(plane, 1, 1, ReflectionCNN(3, 1, 3, plane.pad), (1.0,))
