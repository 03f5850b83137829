import pytest
import torch
from torch import nn

from apnp.nn.lattice import PlaneLattice, SphereLattice
from apnp.nn.unet import Pointwise, UNet, check_divisible, divisor


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def unet(channels, n_axes, pad, kernel=3, blocks=1):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return UNet(channels, (blocks,) * len(channels), kernel, n_axes, pad).double()


@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("kernel", [3, 5])
def test_shifts_by_whole_coarsest_cells_go_through(levels, kernel):
    net = unet((4, 5, 6)[:levels], 2, SphereLattice(8, 16).pad, kernel)
    z = normal(2, 4, 8, 16)
    step = divisor(levels)
    out = net(z)
    for cells in (step, -3 * step):
        shifted = net(z.roll(cells, -1))
        torch.testing.assert_close(shifted, out.roll(cells, -1), rtol=0, atol=1e-12)
    if step > 1:
        assert (net(z.roll(1, -1)) - out.roll(1, -1)).abs().max() > 1e-3


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_plane_shifts_by_whole_coarsest_cells_go_through_away_from_the_edge(axes):
    g = 24
    shape = (*(4, 8)[: axes - 1], g)
    net = unet((3, 4), axes, PlaneLattice(shape, 1.0).pad)
    z = torch.zeros(1, 3, *shape, dtype=torch.float64)
    z[..., 10:12] = normal(1, 3, *shape[:-1], 2)
    base = net(torch.zeros_like(z))
    response = net(z) - base
    moved = net(z.roll(2, -1)) - base
    reach = (response[..., :-2] - moved[..., 2:])[..., 4:-4]
    assert response.abs().max() > 1e-3
    torch.testing.assert_close(reach, torch.zeros_like(reach), rtol=0, atol=1e-12)


def test_every_level_reaches_the_output():
    net = unet((3, 4, 5), 1, PlaneLattice((16,), 1.0).pad)
    z = torch.zeros(1, 3, 16, dtype=torch.float64)
    z[..., 8] = 1.0
    reach = ((net(z) - net(0 * z)).abs().amax(1) > 1e-9).sum()
    assert reach == 16


def test_pointwise_is_a_linear_map_at_every_node():
    layer = Pointwise(3, 2).double()
    z = normal(2, 3, 4, 5)
    expected = torch.einsum("oc,bcij->boij", layer.weight, z)
    expected = expected + layer.bias[:, None, None]
    torch.testing.assert_close(layer(z), expected)
    assert isinstance(layer, nn.Linear)


def test_even_kernels_are_refused():
    with pytest.raises(ValueError, match=r"`kernel` must be odd\. Got 4\."):
        unet((3,), 1, PlaneLattice((4,), 1.0).pad, kernel=4)


def test_lattices_that_cannot_be_halved_are_refused_with_the_next_sizes():
    check_divisible((8, 12), 3)
    check_divisible((7, 5), 1)
    with pytest.raises(ValueError, match=r"Axis 1 .* 10 nodes.*of 4.* 8 or 12\."):
        check_divisible((8, 10), 3)
    with pytest.raises(ValueError, match=r"Axis 0 .* 3 nodes.*of 4.* 4 or 8\."):
        check_divisible((3,), 3)
