"""A U-Net of depthwise-separable residual blocks on any lattice."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from apnp.nn.depthwise import Depthwise
from apnp.nn.mlp import shrink
from apnp.nn.padding import Edge, Pad
from apnp.nn.residual import residual


class Block(nn.Module):
    """Depthwise convolution, normalisation over channels, two pointwise layers.

    The form of ConvNeXt (Liu 2022, section 2), whose cost on a processor is a third of
    a dense convolution of the same kernel. Padding is the lattice's.

    Args:
        channels: Channels of the field.
        kernel: Size of the depthwise kernel, odd.
        n_axes: Lattice axes.
        pad: The lattice's padding.
        expansion: Times as many channels between the pointwise layers.
    """

    def __init__(
        self, channels: int, kernel: int, n_axes: int, pad: Pad, expansion: int = 2
    ) -> None:
        super().__init__()
        self.edge = Edge(pad, kernel)
        self.depthwise = Depthwise(channels, kernel, n_axes, self.edge.beyond)
        self.norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, expansion * channels)
        self.contract = shrink(nn.Linear(expansion * channels, channels))

    def forward(self, z: Tensor, gain: Tensor | None = None) -> Tensor:
        """(b, c, *grid) -> (b, c, *grid).

        With a `gain` (b, 1, *grid) the convolution takes the contribution of each
        node that number of times.
        """
        padded = self.edge(z if gain is None else gain * z)
        mixed, around = self.depthwise(padded)
        if padded is z:
            z = around
        return residual(z, mixed, self.norm, self.expand, self.contract)


class Pointwise(nn.Linear):
    """A linear map of the channels at every node: (b, c, *grid)."""

    def forward(self, z: Tensor) -> Tensor:
        """(b, c, *grid) -> (b, c', *grid)."""
        return super().forward(z.movedim(1, -1)).movedim(-1, 1)


def _coarsen(z: Tensor) -> Tensor:
    for axis in range(2, z.ndim):
        z = z.unflatten(axis, (-1, 2)).mean(axis + 1)
    return z


def _refine(z: Tensor) -> Tensor:
    for axis in range(2, z.ndim):
        z = z.repeat_interleave(2, dim=axis)
    return z


class UNet(nn.Module):
    """Residual blocks on ever coarser lattices and back, with skips between them.

    Equivariant to shifts by whole coarsest cells of the lattice, and exactly so to all
    shifts where the lattice moves with the data.

    Attributes:
        width: Channels of the finest level.
        levels: Number of levels.
        reach: Nodes that a kernel reaches beyond its own.

    Args:
        channels: Channels at each level, finest first.
        blocks: Residual blocks at each level, on the way down and on the way up.
        kernel: Size of the depthwise kernels, odd.
        n_axes: Lattice axes.
        pad: The lattice's padding.
        expansion: Times as many channels inside a block.
    """

    def __init__(
        self,
        channels: Sequence[int],
        blocks: Sequence[int],
        kernel: int,
        n_axes: int,
        pad: Pad,
        expansion: int = 2,
    ) -> None:
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"`kernel` must be odd. Got {kernel}.")
        if expansion < 1:
            raise ValueError(f"`expansion` is a number above zero. Got {expansion}.")
        if len(blocks) != len(channels):
            raise ValueError(
                "`blocks` and `channels` must name as many levels. Got "
                f"{len(blocks)} and {len(channels)}."
            )

        def level(c: int, n: int) -> nn.Sequential:
            made = (Block(c, kernel, n_axes, pad, expansion) for _ in range(n))
            return nn.Sequential(*made)

        self.width, self.levels, self.reach = channels[0], len(channels), kernel // 2
        pairs = list(pairwise(channels))
        self.down = nn.ModuleList(map(level, channels, blocks))
        self.narrow = nn.ModuleList(Pointwise(a, c) for a, c in pairs)
        self.widen = nn.ModuleList(shrink(Pointwise(c, a)) for a, c in pairs)
        self.up = nn.ModuleList(map(level, channels[:-1], blocks))

    def forward(self, z: Tensor) -> Tensor:
        """(b, channels[0], *grid) -> the same shape."""
        if z.ndim == 4:  # pointwise layers then read channels in a row
            z = z.contiguous(memory_format=torch.channels_last)
        skips = []
        for i, blocks in enumerate(self.down):
            z = blocks(z)
            if i < len(self.narrow):
                skips.append(z)
                z = self.narrow[i](_coarsen(z))
        for i in reversed(range(len(self.up))):
            z = self.up[i](skips[i] + _refine(self.widen[i](z)))
        return z


def divisor(levels: int) -> int:
    """Each axis of the lattice must be a multiple of this for a U-Net of `levels`."""
    return 2 ** (levels - 1)


def check_divisible(shape: Sequence[int], levels: int) -> None:
    """Refuse a lattice whose axes cannot be halved as often as the U-Net does.

    Raises:
        ValueError: Naming the axis and the two nearest sizes that can.
    """
    step = divisor(levels)
    for axis, g in enumerate(shape):
        if g % step:
            low = max(g // step, 1) * step
            raise ValueError(
                f"Axis {axis} of the lattice has {g} nodes; with {levels} levels it "
                f"must be a multiple of {step}, for example {low} or "
                f"{low + step}."
            )
