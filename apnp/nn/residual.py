"""The pointwise half of a convolutional block.

Normalisation over channels, two linear maps and what lies between them take far more
memory than the field that they change. Compiled code processes blocks of
rows through all steps. The forward pass stores only means and deviations of the rows,
and the backward pass recomputes the rest.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from apnp.compiled import compilable

SLOPE = 0.1
"""Slope below zero of the leaky rectifier between the linear maps."""
_FEW = 2**8
"""Rows below which torch's own layers take less time."""


def residual(
    z: Tensor, u: Tensor, norm: nn.LayerNorm, expand: nn.Linear, contract: nn.Linear
) -> Tensor:
    """Z plus two linear maps of the normalised u, node by node.

    Unless the field is small, this is compiled code on a processor
    (`apnp.compiled.pointwise`), whose double backward raises.

    Args:
        z: (b, c, *grid), contiguous channels for speed, as of u.
        u: The same shape.
        norm: Over channels.
        expand: To the wider layer.
        contract: Back.

    Returns:
        (b, c, *grid), contiguous channels.
    """
    rows = z.movedim(1, -1)
    if rows.shape[:-1].numel() < _FEW or not compilable(z, u, expand.weight):
        return residual_reference(z, u, norm, expand, contract)
    out = _Residual.apply(
        rows.flatten(0, -2),
        u.movedim(1, -1).flatten(0, -2),
        norm.weight, norm.bias, expand.weight, expand.bias,
        contract.weight, contract.bias, norm.eps,
    )  # fmt: skip
    return out.view(rows.shape).movedim(-1, 1)


def residual_reference(
    z: Tensor, u: Tensor, norm: nn.LayerNorm, expand: nn.Linear, contract: nn.Linear
) -> Tensor:
    """The same as `residual`, layer by layer."""
    wide = functional.leaky_relu(expand(norm(u.movedim(1, -1))), SLOPE)
    return z + contract(wide).movedim(-1, 1)


class _Residual(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, z: Tensor, u: Tensor, gain: Tensor, shift: Tensor, w1: Tensor,
        b1: Tensor, w2: Tensor, b2: Tensor, eps: float,
    ) -> Tensor:  # fmt: skip
        from apnp.compiled import pointwise  # it loads llvmlite

        # The normalisation's own gain and shift are part of the first linear map.
        weight, bias = w1 * gain, torch.addmv(b1, w1, shift)
        u = u.contiguous()
        out, mean, rate = pointwise.forward(
            z.contiguous(), u, weight, bias, w2, b2, SLOPE, eps
        )
        ctx.save_for_backward(u, mean, rate, gain, shift, w1, b1, w2)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        from apnp.compiled import pointwise

        u, mean, rate, gain, shift, w1, b1, w2 = ctx.saved_tensors
        weight, bias = w1 * gain, torch.addmv(b1, w1, shift)
        g = grads[0].contiguous()
        by_u, by_weight, by_bias, by_w2, by_b2 = pointwise.backward(
            g, u, mean, rate, weight, bias, w2, SLOPE
        )
        by_w1 = torch.addr(by_weight * gain, by_bias, shift)
        by_gain = (by_weight * w1).sum(0)
        return g, by_u, by_gain, by_bias @ w1, by_w1, by_bias, by_w2, by_b2, None
