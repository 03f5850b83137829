"""The incomplete gamma function, with a derivative in its shape."""

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable


class _Gammainc(Function):
    """`torch.special.gammainc`, which knows no derivative in its first argument."""

    @staticmethod
    def forward(ctx, shape: Tensor, x: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(shape, x)
        return torch.special.gammainc(shape, x)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        shape, x = ctx.saved_tensors
        density = torch.exp((shape - 1) * x.log() - x - torch.lgamma(shape))
        # Differences in double precision: 1e-4 apart they are good to eight digits.
        a, z = shape.double(), x.double()
        step = 1e-4 * a
        rise = torch.special.gammainc(a + step, z) - torch.special.gammainc(a - step, z)
        return gradient * (rise / (2 * step)).to(shape), gradient * density


def gamma_cdf(shape: Tensor, x: Tensor) -> Tensor:
    """Probability that a standard gamma variable is at most `x`, elementwise.

    Args:
        shape: Shapes above zero.
        x: Values above zero, of the same size.
    """
    return _Gammainc.apply(*torch.broadcast_tensors(shape, x))
