"""A plain residual convolutional network on any lattice."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from apnp.nn.padding import Pad
from apnp.nn.unet import Block


class CNN(nn.Module):
    """Residual blocks on one lattice, one after the other.

    Equivariant to shifts by whole cells of the lattice.

    Attributes:
        width: Channels.
        levels: One: nothing is coarsened.
        reach: Nodes that a kernel reaches beyond its own.

    Args:
        channels: Channels of the field.
        depth: Number of blocks.
        kernel: Size of the depthwise kernels, odd.
        n_axes: Lattice axes.
        pad: The lattice's padding.
        expansion: Times as many channels inside a block.
    """

    levels = 1

    def __init__(
        self, channels: int, depth: int, kernel: int, n_axes: int, pad: Pad,
        expansion: int = 2,
    ) -> None:  # fmt: skip
        super().__init__()
        check_sizes(channels, depth, kernel, expansion)
        self.width, self.reach = channels, kernel // 2
        self.blocks = nn.ModuleList(
            Block(channels, kernel, n_axes, pad, expansion) for _ in range(depth)
        )

    def forward(self, z: Tensor, gains: Sequence[Tensor] = ()) -> Tensor:
        """(b, channels, *grid) -> the same shape.

        Args:
            z: The field.
            gains: For every block, (b, 1, *grid): what its convolution multiplies the
                contribution of each node by; none for one everywhere.

        Raises:
            ValueError: If there are gains, but not one a block.
        """
        if gains and len(gains) != len(self.blocks):
            raise ValueError(
                f"`gains` are as many as the blocks, {len(self.blocks)}, or none. Got "
                f"{len(gains)}."
            )
        if z.ndim == 3:  # as one row of a plane, whose channels can lie in a row
            rows = [gain[:, :, None] for gain in gains]
            return self.forward(z[:, :, None], rows)[:, :, 0]
        if z.ndim == 4:  # as the layers between the convolutions want them
            z = z.contiguous(memory_format=torch.channels_last)
        for i, block in enumerate(self.blocks):
            z = block(z, gains[i]) if gains else block(z)
        return z


def check_sizes(channels: int, depth: int, kernel: int, expansion: int = 1) -> None:
    """Refuse sizes that no network has.

    Raises:
        ValueError: Naming the size, the rule and what it is.
    """
    sizes = {"channels": channels, "depth": depth, "expansion": expansion}
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"`{name}` is a number above zero. Got {value}.")
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(f"`kernel` must be odd. Got {kernel}.")
