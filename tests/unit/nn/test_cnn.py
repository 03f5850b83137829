import pytest
import torch
from torch import nn

from apnp.nn.cnn import CNN
from apnp.nn.lattice import PlaneLattice, SphereLattice
from apnp.nn.unet import UNet


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def cnn(pad, n_axes=2, channels=3, depth=2, kernel=3):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = CNN(channels, depth, kernel, n_axes, pad).double()
        for block in net.blocks:
            nn.init.normal_(block.contract.weight)
    return net


def test_shifts_by_any_whole_cells_go_through():
    net = cnn(SphereLattice(6, 12).pad, kernel=5)
    z = normal(2, 3, 6, 12)
    out = net(z)
    for cells in (1, -3, 4):
        shifted = net(z.roll(cells, -1))
        torch.testing.assert_close(shifted, out.roll(cells, -1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [(9,), (6, 5), (4, 3, 5)])
def test_it_is_a_unet_of_one_level(shape):
    pad = PlaneLattice(shape, 1.0).pad
    net = cnn(pad, len(shape))
    same = UNet((3,), (2,), 3, len(shape), pad).double()
    same.down[0].load_state_dict(net.blocks.state_dict())
    z = normal(2, 3, *shape)
    torch.testing.assert_close(net(z), same(z))


@pytest.mark.parametrize("shape", [(9,), (6, 5), (4, 3, 5)])
def test_it_is_its_blocks_in_turn_in_value_and_gradient(shape, agree):
    net = cnn(PlaneLattice(shape, 1.0).pad, len(shape))
    z = normal(2, 3, *shape).requires_grad_()
    inputs = (z, *net.parameters())
    agree(net(z), net.blocks[1](net.blocks[0](z)), inputs)


@pytest.mark.parametrize("shape", [(7, 6), (9,)])
def test_convolutions_are_given_channels_in_a_row(shape):
    net, given = cnn(PlaneLattice(shape, 1.0).pad, len(shape)), []
    for block in net.blocks:
        block.depthwise.register_forward_pre_hook(lambda _, z: given.append(z[0]))
    net(normal(2, 3, *shape))
    assert len(given) == 2
    for z in given:
        assert z.is_contiguous(memory_format=torch.channels_last)
        assert not z.is_contiguous()


def test_a_gain_weighs_what_a_node_gives_not_what_it_gets():
    net = cnn(PlaneLattice((7, 6), 1.0).pad, depth=1, kernel=5)
    z, gain = normal(1, 3, 7, 6), torch.ones(1, 1, 7, 6, dtype=torch.float64)
    gain[..., 3, 2] = 0
    silent = z.clone()
    silent[..., 3, 2] = 0
    block = net.blocks[0]
    update = block(z, gain) - z
    torch.testing.assert_close(update, block(silent) - silent)
    assert update[..., 3, 2].abs().max() > 1e-3


def test_every_block_has_its_own_gain():
    net = cnn(PlaneLattice((7, 6), 1.0).pad)
    z = normal(1, 3, 7, 6)
    gains = list(normal(2, 1, 1, 7, 6, seed=1))
    first = net.blocks[0](z, gains[0])
    torch.testing.assert_close(net(z, gains), net.blocks[1](first, gains[1]))
    ones = [torch.ones_like(gain) for gain in gains]
    torch.testing.assert_close(net(z, ones), net(z), rtol=0, atol=0)


def test_refusals():
    pad = PlaneLattice((4, 4), 1.0).pad
    for keys, match in (
        ({"channels": 0}, r"`channels` .* above zero. Got 0"),
        ({"depth": 0}, r"`depth` .* above zero. Got 0"),
        ({"kernel": 4}, r"`kernel` must be odd. Got 4"),
        ({"kernel": -1}, r"`kernel` must be odd. Got -1"),
    ):
        with pytest.raises(ValueError, match=match):
            cnn(pad, **keys)
    z = normal(1, 3, 4, 4)
    with pytest.raises(ValueError, match=r"`gains` are as many .* 2, .* Got 1"):
        cnn(pad)(z, [z[:, :1]])
