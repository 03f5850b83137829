"""What convolutions see beyond the edge of a lattice."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

Pad = Callable[[Tensor, int], Tensor]
"""The channels (b, c, *grid) with more nodes at every edge."""


def zero_pad(z: Tensor, k: int) -> Tensor:
    """Zeros beyond the edge."""
    return functional.pad(z, (k, k) * (z.ndim - 2))


class Edge:
    """The padding of a field for a convolution that leaves its size.

    Zeros a convolution adds by itself, without a copy of the field.

    Attributes:
        beyond: Zeros that the convolution is to add at every edge.

    Args:
        pad: The lattice's padding.
        kernel: Size of the kernel, odd.
    """

    def __init__(self, pad: Pad, kernel: int) -> None:
        self.pad, reach = pad, kernel // 2
        self.beyond = reach if pad is zero_pad else 0
        self._rest = reach - self.beyond

    def __call__(self, z: Tensor) -> Tensor:
        """The field, with what lies beyond its edge unless that is zero."""
        return self.pad(z, self._rest) if self._rest else z
