"""Depthwise convolutions whose weight gradient is itself a convolution."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

_CONVOLVE = {3: functional.conv1d, 4: functional.conv2d, 5: functional.conv3d}
_LEAST = 5
"""Smallest kernel for which the way below pays, in nodes."""
_CACHED = 2**18
"""Numbers of a field that are taken at once on the way back."""
_FEW = 4
"""Fewer tasks than these are taken one by one."""


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

    def forward(self, z: Tensor) -> Tensor:
        """(b, c, *grid) to (b, c, *grid + 2 beyond - kernel + 1).

        A line may be one row.
        """
        return depthwise(z, kernels_like(self.weight, z), self.bias, self.beyond)


def kernels_like(weight: Tensor, z: Tensor) -> Tensor:
    """Kernels of a line (c, 1, k) as those of one row where the field is one."""
    return weight if weight.ndim == z.ndim else weight[:, :, None]


def depthwise(
    z: Tensor, weight: Tensor, bias: Tensor | None = None, beyond: int = 0
) -> Tensor:
    """Convolve every channel with a kernel of its own.

    On a processor the derivative of the weights is a convolution of the input by the
    derivative of the output, one group a task and channel, where kernels are large
    enough for that to pay, and not those of a line: torch's own costs ten forward
    passes. It has no second derivatives, and says so.

    Args:
        z: (b, c, *grid), channels in a row or not: so is the result.
        weight: (c, 1, *kernel), kernels of one size along every axis but those of one
            node.
        bias: (c,).
        beyond: Nodes beyond every edge that are zero, along axes whose kernels have
            more than one.

    Returns:
        (b, c, *grid + 2 beyond - kernel + 1).
    """
    if (
        z.device.type != "cpu"
        or z.numel() == 0
        or not (torch.is_grad_enabled() and weight.requires_grad)
        or torch.is_autocast_enabled("cpu")
    ):
        return depthwise_reference(z, weight, bias, beyond)
    line = weight[0].numel() == weight.shape[-1]
    if line and bias is not None:
        # Torch's derivative of the bias takes as long as all the rest.
        added = bias.reshape(-1, *(1,) * (z.ndim - 2))
        return depthwise_reference(z, weight, None, beyond) + added
    if line or weight.shape[-1] < _LEAST:
        return depthwise_reference(z, weight, bias, beyond)
    return _Depthwise.apply(z, weight, bias, beyond)


def depthwise_reference(
    z: Tensor, weight: Tensor, bias: Tensor | None = None, beyond: int = 0
) -> Tensor:
    """The same as `depthwise`, with torch's own derivatives."""
    return _convolve(z, weight, bias, _padding(weight, beyond))


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, z: Tensor, weight: Tensor, bias: Tensor | None, beyond: int
    ) -> Tensor:
        ctx.save_for_backward(z, weight)
        ctx.padding = _padding(weight, beyond)
        return _convolve(z, weight, bias, ctx.padding)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        z, weight = ctx.saved_tensors
        (g,) = grads
        by_z = _by_input(g, weight, ctx.padding) if ctx.needs_input_grad[0] else None
        step = _CACHED // z[0].numel()
        step = step if step >= _FEW else 1
        by_weight = torch.zeros_like(weight)
        for some, theirs in zip(z.split(step), g.split(step), strict=True):
            by_weight += _by_weight(some, theirs, ctx.padding)
        by_bias = g.transpose(0, 1).flatten(1).sum(1)
        return by_z, by_weight, by_bias if ctx.needs_input_grad[2] else None, None


def _padding(weight: Tensor, beyond: int) -> list[int]:
    """Zeros at either end of each axis."""
    return [beyond * (k > 1) for k in weight.shape[2:]]


def _convolve(
    z: Tensor, weight: Tensor, bias: Tensor | None, padding: list[int]
) -> Tensor:
    return _CONVOLVE[z.ndim](z, weight, bias, padding=padding, groups=len(weight))


def _by_input(g: Tensor, weight: Tensor, padding: list[int]) -> Tensor:
    """The derivative g of the output, taken back to the input by turned kernels."""
    turned = weight.flip(tuple(range(2, g.ndim)))
    # What the kernels reached beyond the edge has no derivative.
    rest = [k - 1 - p for k, p in zip(weight.shape[2:], padding, strict=True)]
    return _convolve(g, turned, None, rest)


def _by_weight(z: Tensor, g: Tensor, padding: list[int]) -> Tensor:
    """The derivative by the weights, (c, 1, *kernel), summed over tasks."""
    # One task keeps its channels in a row: the faster way, if its field is large.
    image = z if len(z) == 1 else z.flatten(0, 1)[None]
    each = _convolve(image, g.flatten(0, 1)[:, None], None, padding)
    return each.unflatten(1, z.shape[:2]).sum(1).movedim(0, 1)
