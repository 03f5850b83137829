"""Depthwise convolutions of lattices."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from apnp.compiled import compilable

_CONVOLVE = {3: functional.conv1d, 4: functional.conv2d, 5: functional.conv3d}


class Depthwise(nn.Module):
    """A convolution of every channel with a kernel of its own.

    Args:
        channels: Channels of the field.
        kernel: Size of the kernels.
        n_axes: Lattice axes.
        beyond: Nodes beyond every edge that are zero; the kernels stay within them.
    """

    def __init__(
        self, channels: int, kernel: int, n_axes: int, beyond: int = 0
    ) -> None:
        super().__init__()
        self.beyond = beyond
        conv = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[n_axes]
        made = conv(channels, channels, kernel, groups=channels)
        self.weight, self.bias = made.weight, made.bias

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """(b, c, *grid) to (b, c, *grid + 2 beyond - kernel + 1), and z.

        A line may be one row. For what z is returned: `with_input`.
        """
        return with_input(z, kernels_like(self.weight, z), self.bias, self.beyond)


def kernels_like(weight: Tensor, z: Tensor) -> Tensor:
    """Kernels of a line (c, 1, k) as those of one row where the field is one."""
    return weight if weight.ndim == z.ndim else weight[:, :, None]


def depthwise(
    z: Tensor, weight: Tensor, bias: Tensor | None = None, beyond: int = 0
) -> Tensor:
    """Convolve every channel with a kernel of its own.

    Of lines and planes on a processor this is compiled code
    (`apnp.compiled.convolution`), whose double backward raises unless the weights are
    fixed.

    Args:
        z: (b, c, *grid), contiguous channels for speed.
        weight: (c, 1, *kernel).
        bias: (c,).
        beyond: Nodes beyond every edge that are zero, along axes whose kernels have
            more than one.

    Returns:
        (b, c, *grid + 2 beyond - kernel + 1); compiled code makes channels contiguous.
    """
    return with_input(z, weight, bias, beyond)[0]


def with_input(
    z: Tensor, weight: Tensor, bias: Tensor | None = None, beyond: int = 0
) -> tuple[Tensor, Tensor]:
    """Depthwise convolution that also returns its input, for a skip connection.

    The gradient of the skip connection is added inside the backward convolution.
    """
    padding = _padding(weight, beyond)
    fits = all(
        size + 2 * p >= k
        for size, p, k in zip(z.shape[2:], padding, weight.shape[2:], strict=True)
    )
    fixed = torch.is_grad_enabled() and z.requires_grad and not weight.requires_grad
    if z.ndim == 5 or fixed or not fits or not compilable(z, weight):
        return depthwise_reference(z, weight, bias, beyond), z
    return _Depthwise.apply(z, weight, bias, padding)


def depthwise_reference(
    z: Tensor, weight: Tensor, bias: Tensor | None = None, beyond: int = 0
) -> Tensor:
    """The same as `depthwise`, with torch's own convolutions."""
    padding = _padding(weight, beyond)
    return _CONVOLVE[z.ndim](z, weight, bias, padding=padding, groups=len(weight))


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, z: Tensor, weight: Tensor, bias: Tensor | None, padding: list[int]
    ) -> tuple[Tensor, Tensor]:
        from apnp.compiled.convolution import convolve  # it loads llvmlite

        ctx.save_for_backward(z, weight)
        ctx.padding = padding
        ctx.set_materialize_grads(False)
        bias = z.new_zeros(len(weight)) if bias is None else bias
        rows = convolve(_rows(z), _kernels(weight), bias, _two(padding))
        return _like(rows, z), z

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        from apnp.compiled.convolution import by_weights, convolve

        z, weight = ctx.saved_tensors
        by_output, around = grads
        if by_output is None:
            return around, None, None, None
        g, by_z = _rows(by_output), None
        if ctx.needs_input_grad[0]:
            flipped = _kernels(weight.flip(tuple(range(2, z.ndim))))
            # What the kernels reached beyond the edge has no derivative.
            sizes = zip(weight.shape[2:], ctx.padding, strict=True)
            rest = _two([k - 1 - p for k, p in sizes])
            addend = None if around is None else _rows(around)
            none = z.new_zeros(len(weight))
            by_z = _like(convolve(g, flipped, none, rest, addend), z)
        high, wide = _kernels(weight).shape[:2]
        by_weight, by_bias = by_weights(_rows(z), g, (high, wide), _two(ctx.padding))
        by_weight = by_weight.movedim(-1, 0).reshape(weight.shape)
        return by_z, by_weight, by_bias if ctx.needs_input_grad[2] else None, None


def _padding(weight: Tensor, beyond: int) -> list[int]:
    """Zeros at either end of each axis."""
    return [beyond * (k > 1) for k in weight.shape[2:]]


def _two(padding: list[int]) -> tuple[int, int]:
    """Of a plane, which a line is one row of."""
    return padding[-2] if len(padding) == 2 else 0, padding[-1]


def _rows(z: Tensor) -> Tensor:
    """(b, c, *grid) as a plane with contiguous channels, (b, rows, columns, c)."""
    plane = z if z.ndim == 4 else z[:, :, None]
    return plane.movedim(1, -1).contiguous()


def _kernels(weight: Tensor) -> Tensor:
    """(c, 1, *kernel) as those of a plane with contiguous channels."""
    plane = weight if weight.ndim == 4 else weight[:, :, None]
    return plane[:, 0].movedim(0, -1).contiguous()


def _like(rows: Tensor, z: Tensor) -> Tensor:
    """A plane with contiguous channels as (b, c, *grid)."""
    plane = rows.movedim(-1, 1)
    return plane if z.ndim == 4 else plane[:, :, 0]
