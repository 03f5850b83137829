import pytest
import torch

from apnp.nn.lattice import PlaneLattice, SphereLattice
from apnp.nn.padding import Edge, zero_pad
from apnp.nn.unet import Block


def field(*shape):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("shape", [(9,), (6, 7), (5, 4, 6)])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_zeros_that_a_convolution_adds_are_those_of_a_copy(shape, kernel):
    def copied(z, k):
        return zero_pad(z, k)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        block = Block(3, kernel, len(shape), PlaneLattice(shape, 1.0).pad).double()
        other = Block(3, kernel, len(shape), copied).double()
    other.load_state_dict(block.state_dict())
    z = field(2, 3, *shape)
    assert block.edge.beyond == kernel // 2
    assert other.edge.beyond == 0
    torch.testing.assert_close(block(z), other(z), rtol=0, atol=1e-12)


def test_an_edge_that_is_not_zero_is_padded():
    edge = Edge(SphereLattice(4, 8).pad, 3)
    z = field(1, 2, 4, 8)
    assert edge.beyond == 0
    assert edge(z).shape == (1, 2, 6, 10)
    assert Edge(zero_pad, 3)(z) is z
